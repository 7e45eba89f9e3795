//! Which form the times of a whole column have.
//!
//! The first cell decides where it can, as for nearly every file: its form has one meaning only. Otherwise the column is looked
//! at before it is read:
//!
//! - Digits: if most of the first thousand fit a calendar time without separators, they are that where pandas takes them for it
//!   (`%Y%m%d%H%M`, `%Y%m%d%H%M%S`), and have two meanings otherwise. If not, they are counts since 1970.
//! - `02/03/2024`: the numbers above 12 of the other dates decide, if 99 of 100 dates agree; else `dayfirst`.
//! - Midnights with an offset are local dates if all cells are, with one offset, or two that differ by at most two hours.

use super::{
    calendar::DAY,
    cell::Cell,
    digits::{self, READINGS, Reading},
    time_form::{TimeForm, TimeSettings},
    timestamp,
    written_date::{self, Order},
};
use crate::input::data_error::{DataError, Position};

/// The number of cells of digits that are looked at.
const SAMPLE: u32 = 1000;
/// The most that two offsets of one zone differ.
const LARGEST_SHIFT: u64 = 2 * 3_600_000;

/// What the cells of a column have shown.
#[derive(Debug, Default)]
pub(crate) struct ColumnTimes {
    seen: Seen,
    /// The first cell of a form with more than one meaning.
    example: Option<(Position, String)>,
}

#[derive(Debug, Default)]
enum Seen {
    #[default]
    Nothing,
    /// No other cell can change it.
    Decided(TimeForm),
    Digits {
        cells: u32,
        /// How many fit each of the readings.
        fits: [u32; READINGS.len()],
        /// Whether all are counts of our days, …
        of_our_days: bool,
        /// … and equal.
        equal: bool,
    },
    Dates {
        cells: u64,
        /// How many fit each order.
        fits: [u64; 3],
        /// Whether the orders differ in any.
        differ: bool,
    },
    Midnights {
        offsets: [Option<i64>; 2],
    },
}

/// What was decided about a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) form: TimeForm,
    /// What to tell people, if the form is not a matter of course.
    pub(crate) note: Option<String>,
}

impl ColumnTimes {
    /// Takes a cell into account. Returns whether more cells are needed.
    pub(crate) fn see(&mut self, cell: Cell<'_>, position: Position) -> bool {
        let mut buffer = Vec::new();
        let digits = match cell {
            Cell::Text(b"") => return true,
            Cell::Text(text) if timestamp::is_number(text) => digits::digits_of(text, &mut buffer),
            Cell::Text(text) => return self.see_text(text, position),
            Cell::Number(number) if number.is_nan() => return true,
            Cell::Number(number) => digits::whole_digits(number, &mut buffer),
            Cell::Integer(number) => {
                buffer = number.to_string().into_bytes();
                Some(&*buffer)
            }
            Cell::Time(_) | Cell::Other => return self.decide_by(TimeForm::Usual),
        };
        match digits {
            Some(digits) => self.see_digits(digits, position),
            None => self.see_other_number(),
        }
    }

    fn decide_by(&mut self, form: TimeForm) -> bool {
        if matches!(self.seen, Seen::Nothing | Seen::Midnights { .. }) {
            self.seen = Seen::Decided(form);
        }
        !matches!(self.seen, Seen::Decided(_))
    }

    fn see_other_number(&mut self) -> bool {
        match &mut self.seen {
            Seen::Digits { cells, .. } => {
                *cells += 1;
                *cells < SAMPLE
            }
            _ => self.decide_by(TimeForm::Epoch),
        }
    }

    fn see_digits(&mut self, text: &[u8], position: Position) -> bool {
        if matches!(self.seen, Seen::Nothing) {
            let is_day = text.len() == 8;
            if is_day || !READINGS.into_iter().any(|reading| reading.time(text).is_some()) {
                return self.decide_by(if is_day { TimeForm::Usual } else { TimeForm::Epoch });
            }
            self.seen = Seen::Digits { cells: 0, fits: [0; READINGS.len()], of_our_days: true, equal: true };
            self.example = Some((position, String::from_utf8_lossy(text).into_owned()));
        }
        let Seen::Digits { cells, fits, of_our_days, equal } = &mut self.seen else {
            return self.decide_by(TimeForm::Usual);
        };
        *cells += 1;
        for (count, reading) in fits.iter_mut().zip(READINGS) {
            *count += u32::from(reading.time(text).is_some());
        }
        *of_our_days &= digits::count(text).is_some_and(digits::is_of_our_days);
        *equal &= self.example.as_ref().is_some_and(|(_, first)| first.as_bytes() == text);
        *cells < SAMPLE
    }

    fn see_text(&mut self, text: &[u8], position: Position) -> bool {
        if let Seen::Nothing | Seen::Midnights { .. } = self.seen
            && timestamp::fixed_form(text).is_some()
        {
            return self.see_fixed_form(text);
        }
        if !matches!(self.seen, Seen::Nothing | Seen::Dates { .. }) {
            return self.decide_by(TimeForm::Usual);
        }
        let Some(written) = written_date::read(text).filter(super::written_date::Written::is_date) else {
            // A cell that is no time decides nothing, unless it is one in another form.
            return if timestamp::parse(text).is_ok() { self.decide_by(TimeForm::Usual) } else { true };
        };
        if matches!(self.seen, Seen::Nothing) {
            if written.has_no_order() {
                return self.decide_by(TimeForm::Usual);
            }
            self.seen = Seen::Dates { cells: 0, fits: [0; 3], differ: false };
            self.example = Some((position, String::from_utf8_lossy(text).into_owned()));
        }
        let Seen::Dates { cells, fits, differ } = &mut self.seen else { return false };
        *cells += 1;
        for (count, order) in fits.iter_mut().zip(Order::ALL) {
            *count += u64::from(written.time(order).is_some());
        }
        if !*differ && written.certain().is_none() {
            *differ = true;
            self.example = Some((position, String::from_utf8_lossy(text).into_owned()));
        }
        true
    }

    fn see_fixed_form(&mut self, text: &[u8]) -> bool {
        let last = text.last().copied().unwrap_or_default();
        let ahead = match timestamp::local_time(text) {
            Some((local, ahead)) if last.is_ascii_digit() && has_offset(text) && local % DAY == 0 => ahead,
            _ => return self.decide_by(TimeForm::Usual),
        };
        if matches!(self.seen, Seen::Nothing) {
            self.seen = Seen::Midnights { offsets: [Some(ahead), None] };
        }
        let Seen::Midnights { offsets } = &mut self.seen else { return false };
        match *offsets {
            [first, second] if first == Some(ahead) || second == Some(ahead) => true,
            [Some(first), None] if first.abs_diff(ahead) <= LARGEST_SHIFT => {
                offsets[1] = Some(ahead);
                true
            }
            _ => self.decide_by(TimeForm::Usual),
        }
    }

    /// Whether the cells so far leave no doubt, though others may disagree.
    pub(crate) fn is_settled(&self) -> bool {
        match &self.seen {
            Seen::Nothing | Seen::Midnights { .. } => false,
            Seen::Decided(_) => true,
            Seen::Digits { cells, .. } => *cells >= SAMPLE,
            Seen::Dates { cells, fits, .. } => fits.iter().filter(|count| *count == cells).count() == 1,
        }
    }

    /// The form of the column.
    ///
    /// # Errors
    /// With the first cell that leaves a doubt, and the choice. `column` is its name.
    #[expect(
        clippy::match_same_arms,
        reason = "digits that fit no form, and those that fit one which one cell alone cannot show"
    )]
    pub(crate) fn decide(self, settings: &TimeSettings, column: &[u8]) -> Result<Decision, DataError> {
        if let Some(format) = &settings.format {
            return Ok(Decision { form: format.form(), note: None });
        }
        let doubt = |complaint: &str| {
            let (position, value) = self.example.as_ref().map_or((Position::Row(1), ""), |(at, text)| (*at, text));
            DataError::cell(position, column, value.as_bytes(), complaint)
        };
        let (form, note) = match &self.seen {
            Seen::Nothing => (TimeForm::Usual, None),
            Seen::Decided(form) => (form.clone(), None),
            Seen::Digits { cells, fits, of_our_days, equal } => {
                let fits: Vec<Reading> = READINGS
                    .into_iter()
                    .zip(fits)
                    .filter(|(_, count)| *count * 2 > *cells)
                    .map(|(one, _)| one)
                    .collect();
                match fits.first() {
                    None => (TimeForm::Epoch, None),
                    Some(Reading::Compact(form)) if fits[0].is_certain() => {
                        (TimeForm::Compact(form), Some(format!("timestamps read as {form}")))
                    }
                    Some(reading) if reading.is_doubtful_alone() && fits.len() == 1 && *of_our_days && *equal => {
                        (TimeForm::Epoch, None)
                    }
                    Some(_) => return Err(doubt(&self.choice(&fits))),
                }
            }
            Seen::Dates { cells, fits, differ } => {
                let order = match settings.dayfirst {
                    Some(true) => Order::DayFirst,
                    Some(false) => Order::MonthFirst,
                    None => {
                        let most = fits.iter().copied().max().unwrap_or_default();
                        let best: Vec<Order> =
                            Order::ALL.into_iter().filter(|order| fits[*order as usize] == most).collect();
                        if (cells - most) * 100 > *cells {
                            return Err(doubt(&format!(
                                "is in a column with dates in different orders: {} of {cells} are dates as day/month and {} as \
                                 month/day; set dayfirst to true or false, or write timestamps as YYYY-MM-DD",
                                fits[0], fits[1]
                            )));
                        }
                        if best.len() > 1 && *differ {
                            let names: Vec<&str> = best.into_iter().map(Order::name).collect();
                            return Err(doubt(&format!("could be {}: {}", names.join(" or "), timestamp::SET_ORDER)));
                        }
                        best[0]
                    }
                };
                let others = cells - fits[order as usize];
                let disagreeing =
                    if others > 0 { format!(", and {others} of {cells} cannot be") } else { String::new() };
                let note = format!("timestamps read as {}{disagreeing}", order.name());
                (TimeForm::Ordered(order), Some(note))
            }
            Seen::Midnights { offsets } if offsets.iter().flatten().any(|ahead| *ahead != 0) => {
                let form = TimeForm::LocalDates(None);
                let note = format!("timestamps read as {form}");
                (form, Some(note))
            }
            Seen::Midnights { .. } => (TimeForm::Usual, None),
        };
        Ok(Decision { form, note })
    }

    /// The readings of the first cell, as a choice.
    fn choice(&self, readings: &[Reading]) -> String {
        let digits = self.example.as_ref().map_or("", |(_, text)| text);
        let count = digits::count(digits.as_bytes()).map(|time| {
            let word = match digits.len() {
                ..=10 => "epoch_s",
                11..=13 => "epoch_ms",
                14..=16 => "epoch_us",
                _ => "epoch_ns",
            };
            (word, time)
        });
        let calendar = readings.iter().filter_map(|reading| Some((reading.name(), reading.time(digits.as_bytes())?)));
        let meanings: Vec<String> =
            calendar.chain(count).map(|(name, time)| format!("{name} ({})", timestamp::format(time))).collect();
        format!("could be {}: set timestamp_format to the one that is meant", meanings.join(" or "))
    }
}

/// The times of texts that stand alone, such as those of a request, by the rules of a column. `local_dates`: midnights of a
/// time zone are local dates.
///
/// # Errors
/// A text, and a complaint to follow it.
pub(crate) fn parse_timestamps<'t>(texts: &[&'t str], local_dates: bool) -> Result<Vec<i64>, (&'t str, &'static str)> {
    let mut column = ColumnTimes::default();
    let _ = texts.iter().zip(1..).all(|(text, row)| column.see(Cell::Text(text.as_bytes()), Position::Row(row)));
    let form = match column.decide(&TimeSettings::default(), b"") {
        Ok(Decision { form: TimeForm::LocalDates(_), .. }) if !local_dates => TimeForm::Usual,
        Ok(decision) => decision.form,
        Err(_) => {
            let is_bad = |text: &&&str| timestamp::parse(text.as_bytes()).is_err();
            let text = texts.iter().find(is_bad).or(texts.first()).copied().unwrap_or_default();
            return Err((text, "has more than one meaning: write YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS"));
        }
    };
    let time = |text: &&'t str| form.time(Cell::Text(text.as_bytes())).map_err(|complaint| (*text, complaint));
    texts.iter().map(time).collect()
}

/// Whether a number of milliseconds is rather a calendar time without separators.
pub(crate) fn is_compact_time(number: i64) -> bool {
    let digits = number.to_string();
    digits.len() == 12 && digits::lone(digits.as_bytes()).is_ok_and(|time| time != number)
}

/// Whether a fixed form that ends in a digit ends in an offset.
fn has_offset(text: &[u8]) -> bool {
    text.get(10..).is_some_and(|rest| rest.iter().any(|byte| matches!(byte, b'+' | b'-')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is decided of a column, and the time of each cell; or the complaint.
    fn decided(cells: &[&str], settings: &TimeSettings) -> Result<(Option<String>, Vec<String>), String> {
        let mut column = ColumnTimes::default();
        for (cell, line) in cells.iter().zip(2..) {
            if !column.see(Cell::Text(cell.as_bytes()), Position::Line(line)) {
                break;
            }
        }
        let Decision { form, note } = column.decide(settings, b"ds").map_err(|error| error.in_file("f").to_string())?;
        let time =
            |cell: &&str| form.time(Cell::Text(cell.as_bytes())).map_or_else(|_| "bad".to_owned(), timestamp::format);
        Ok((note, cells.iter().map(time).collect()))
    }

    fn times(cells: &[&str]) -> Vec<String> {
        decided(cells, &TimeSettings::default()).unwrap().1
    }

    fn refusal(cells: &[&str]) -> String {
        decided(cells, &TimeSettings::default()).unwrap_err()
    }

    #[test]
    fn one_day_above_twelve_settles_the_order_of_the_column() {
        let (note, times) = decided(&["01/02/2020", "02/02/2020", "13/02/2020"], &TimeSettings::default()).unwrap();
        assert_eq!(note.as_deref(), Some("timestamps read as day/month/year"));
        assert_eq!(times, ["2020-02-01", "2020-02-02", "2020-02-13"]);
        assert_eq!(self::times(&["1/2/2020", "1/31/2020"]), ["2020-01-02", "2020-01-31"]);
        assert_eq!(self::times(&["01.02.2020", "", "oops", "31.01.2020"]), ["2020-02-01", "bad", "bad", "2020-01-31"]);
        assert_eq!(self::times(&["05/05/2020", "06/06/2020"]), ["2020-05-05", "2020-06-06"]);
    }

    #[test]
    fn dates_that_leave_a_doubt_are_refused_with_the_choice() {
        let expected =
            r#"f: line 3, column "ds": "01/02/2020" could be day/month/year or month/day/year: set dayfirst"#;
        assert!(refusal(&["01/01/2020", "01/02/2020"]).starts_with(expected));
        assert!(refusal(&["31/01/20", "01/02/20"]).contains("could be day/month/year or year/month/day"));
        assert!(refusal(&["31/01/2020", "01/31/2020", "01/02/2020"]).contains("in different orders: 2 of 3"));
        for (dayfirst, expected) in [(true, "2020-02-01"), (false, "2020-01-02")] {
            let settings = TimeSettings { dayfirst: Some(dayfirst), ..TimeSettings::default() };
            assert_eq!(decided(&["01/02/2020"], &settings).unwrap().1, [expected]);
        }
        let settings = TimeSettings { dayfirst: Some(false), ..TimeSettings::default() };
        assert_eq!(decided(&["01/02/2020", "31/01/2020"], &settings).unwrap().1, ["2020-01-02", "bad"]);
    }

    #[test]
    fn one_mistaken_date_among_hundreds_is_bad_and_changes_no_other() {
        let mut cells: Vec<String> = (0..200).map(|at| format!("{:02}/{:02}/2020", at % 28 + 1, at / 28 + 1)).collect();
        cells[7] = "01/31/2020".into();
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        let (note, times) = decided(&cells, &TimeSettings::default()).unwrap();
        assert_eq!(note.as_deref(), Some("timestamps read as day/month/year, and 1 of 200 cannot be"));
        assert_eq!((&*times[1], &*times[7]), ("2020-01-02", "bad"));
    }

    #[test]
    fn digits_are_calendar_times_where_pandas_takes_them_for_it() {
        assert_eq!(times(&["202401310600", "202401310700"]), ["2024-01-31T06:00:00", "2024-01-31T07:00:00"]);
        assert_eq!(times(&["20240131060000", "oops"]), ["2024-01-31T06:00:00", "bad"]);
        assert_eq!(times(&["202401310600.0"]), ["2024-01-31T06:00:00"]);
        assert_eq!(times(&["20240131", "20240201"]), ["2024-01-31", "2024-02-01"]);
    }

    #[test]
    fn digits_with_two_readings_are_refused_with_the_choice() {
        assert_eq!(
            refusal(&["2024013106", "2024013107"]),
            "f: line 2, column \"ds\": \"2024013106\" could be %Y%m%d%H (2024-01-31T06:00:00) or epoch_s \
             (2034-02-20T01:51:46): set timestamp_format to the one that is meant"
        );
        for (cells, forms) in [
            (["2401310600", "2401310700"], "%y%m%d%H%M"),
            (["1501310600", "1501310700"], "%y%m%d%H%M"),
            (["202403106", "202403107"], "%Y%j%H"),
            (["240131060000", "240131070000"], "%y%m%d%H%M%S"),
            (["2024031060000", "2024031070000"], "%Y%j%H%M%S"),
            (["2024013106.0", "2024013107.0"], "%Y%m%d%H"),
            (["638422992000000000", "638423028000000000"], "dotnet_ticks"),
            (["133511328000000000", "133511364000000000"], "filetime"),
            (["202401", "202402"], "%Y%m"),
        ] {
            assert!(refusal(&cells).contains(&format!("could be {forms} (20")), "{cells:?}: {}", refusal(&cells));
        }
        // A garbled cell does not make epoch times of the others.
        assert!(refusal(&["2024013106", "2024013107", "2024013125"]).contains("%Y%m%d%H"));
    }

    #[test]
    fn epoch_times_that_fit_a_calendar_time_by_chance_stay_epoch_times() {
        // The first is 15-01-31 06:00, and the others are no calendar time.
        assert_eq!(times(&["1501310600", "1501397000", "1501483400"])[0], "2017-07-29T06:43:20");
        assert_eq!(times(&["1501310600"])[0], "2017-07-29T06:43:20");
        assert_eq!(times(&["1325376000", "1325376000.5"]), ["2012-01-01", "2012-01-01T00:00:00.5"]);
    }

    #[test]
    fn midnights_of_one_zone_are_local_dates() {
        let (note, times) = decided(
            &["2021-03-27 00:00:00+01:00", "2021-03-28T00:00+01", "2021-03-29 00:00:00+02:00"],
            &TimeSettings::default(),
        )
        .unwrap();
        assert_eq!(times, ["2021-03-27", "2021-03-28", "2021-03-29"]);
        assert!(note.unwrap().contains("local dates"));
        let (note, times) = decided(&["2021-01-01 00:00:00-05:00"], &TimeSettings::default()).unwrap();
        assert_eq!((times, note.is_some()), (vec!["2021-01-01".to_owned()], true));
        for cells in [
            ["2021-01-01 00:00:00+01:00", "2021-01-01 01:00:00+01:00"],
            ["2021-01-01 00:00:00+01:00", "2021-01-02 00:00:00Z"],
            ["2021-01-01 00:00:00+01:00", "2021-01-02 00:00:00+09:00"],
            ["2021-01-01 00:00:00+01:00", "2021-01-02"],
        ] {
            assert_eq!(self::times(&cells)[0], "2020-12-31T23:00:00", "{cells:?}");
        }
        assert_eq!(decided(&["2021-01-01 00:00:00+00:00"], &TimeSettings::default()).unwrap().0, None);
    }
}
