//! Dates as people and spreadsheets write them: `31/01/2020`, `Jan 31, 2020 6:30 PM`, `Jan-2020`, `2015Q1`, `1/2020`.

use super::calendar::{DAY, days, full_year, offset};

/// In which order a date of three numbers is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "as the setting dayfirst and pandas call them")]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
    /// Only where the year has two digits; four digits are never a day.
    YearFirst,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::DayFirst, Self::MonthFirst, Self::YearFirst];

    /// The order in words.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DayFirst => "day/month/year",
            Self::MonthFirst => "month/day/year",
            Self::YearFirst => "year/month/day",
        }
    }
}

/// What a text may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The time for each order of [`Order::ALL`]; none where there is no such date.
    by_order: [Option<i64>; 3],
    /// Whether it has an offset, so that it is in UTC.
    pub(super) absolute: bool,
}

impl Written {
    pub(super) fn time(&self, order: Order) -> Option<i64> {
        self.by_order[order as usize]
    }

    /// The time, if it does not depend on the order.
    pub(super) fn certain(&self) -> Option<i64> {
        let mut times = self.by_order.into_iter().flatten();
        let first = times.next()?;
        times.all(|time| time == first).then_some(first)
    }

    /// Whether there is such a date in any order.
    pub(super) fn is_date(&self) -> bool {
        self.by_order.iter().any(Option::is_some)
    }

    /// Whether all orders have the same date.
    pub(super) fn has_no_order(&self) -> bool {
        let [first, second, third] = self.by_order;
        first.is_some() && first == second && second == third
    }
}

/// A part of a date.
#[derive(Clone, Copy, Debug)]
enum Part {
    Number { value: u32, digits: usize },
    Month(u32),
    Quarter(u32),
}

/// Reads a date with or without a time of day and an offset; `None`: the text has no such form.
pub(super) fn read(text: &[u8]) -> Option<Written> {
    let mut rest = text;
    if let Some((word, after)) = word(rest)
        && is_weekday(word)
    {
        rest = skip(after, b"., ");
    }
    let (mut parts, mut separators) = (Vec::with_capacity(3), Vec::with_capacity(2));
    while let Some((part, after)) = part(rest) {
        parts.push(part);
        let next = skip(after, b",./- ");
        let separator = &after[..after.len() - next.len()];
        if separator.len() > 2 {
            return None;
        }
        rest = after;
        if parts.len() == 3 || begins_clock(next) || part_of(next).is_none() {
            break;
        }
        separators.push(separator);
        rest = next;
    }
    let by_order = dates(&parts, &separators)?;
    let (time_of_day, ahead, absolute) = clock(rest)?;
    Some(Written { by_order: by_order.map(|day| day.map(|day| day * DAY + time_of_day - ahead)), absolute })
}

fn part_of(text: &[u8]) -> Option<Part> {
    part(text).map(|(part, _)| part)
}

/// The days that the parts may mean, by order; `None` if they are not those of a date.
fn dates(parts: &[Part], separators: &[&[u8]]) -> Option<[Option<i64>; 3]> {
    use Part::{Month, Number, Quarter};
    let one = |year, month, day| Some([days(year, month, day); 3]);
    let year_of = |value, digits| if digits == 4 { value } else { full_year(value) };
    match *parts {
        [Number { value: year, digits: 4 }, Quarter(quarter)]
        | [Quarter(quarter), Number { value: year, digits: 4 }] => one(year, 3 * quarter - 2, 1),
        [Number { value: year, digits: 4 }, Month(month)] | [Month(month), Number { value: year, digits: 4 }] => {
            one(year, month, 1)
        }
        [Number { value: year, digits: 4 }, Number { value: month, digits: 1 | 2 }]
        | [Number { value: month, digits: 1 | 2 }, Number { value: year, digits: 4 }]
            if matches!(separators, [b"-" | b"/"]) =>
        {
            one(year, month, 1)
        }
        [Number { value: year, digits: 4 }, Month(month), Number { value: day, digits: 1 | 2 }] => {
            one(year, month, day)
        }
        [Number { value: day, digits: 1 | 2 }, Month(month), Number { value: year, digits: digits @ (2 | 4) }]
        | [Month(month), Number { value: day, digits: 1 | 2 }, Number { value: year, digits: digits @ (2 | 4) }] => {
            one(year_of(year, digits), month, day)
        }
        [
            Number { value: first, digits: width },
            Number { value: second, digits: 1 | 2 },
            Number { value: third, digits },
        ] if matches!(separators, [b"-", b"-"] | [b"/", b"/"] | [b".", b"."]) => match (width, digits) {
            (4, 1 | 2) => one(first, second, third),
            (1 | 2, 2 | 4) => {
                let year = year_of(third, digits);
                let year_first = (width == 2 && digits == 2).then(|| days(full_year(first), second, third));
                Some([days(year, second, first), days(year, first, second), year_first.flatten()])
            }
            _ => None,
        },
        _ => None,
    }
}

/// The part of a date that the text begins with, and what follows.
fn part(text: &[u8]) -> Option<(Part, &[u8])> {
    if let Some((value, digits, rest)) = number(text) {
        let rest = match word(rest) {
            Some((b"st" | b"nd" | b"rd" | b"th", after)) => after,
            _ => rest,
        };
        return matches!(digits, 1 | 2 | 4).then_some((Part::Number { value, digits }, rest));
    }
    if let [b'Q' | b'q', quarter @ b'1'..=b'4', rest @ ..] = text
        && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
    {
        return Some((Part::Quarter(u32::from(quarter - b'0')), rest));
    }
    let (word, rest) = word(text)?;
    month(word).map(|month| (Part::Month(month), rest))
}

/// Milliseconds since midnight, milliseconds ahead of UTC, and whether an offset is given.
fn clock(text: &[u8]) -> Option<(i64, i64, bool)> {
    let text = skip(text, b", ");
    let text = match text {
        [b'T' | b't', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => rest,
        text => text,
    };
    let Some((mut hour, 1 | 2, mut rest)) = number(text) else { return text.is_empty().then_some((0, 0, false)) };
    let mut parts = [0_u32; 2];
    for part in &mut parts {
        let [b':', after @ ..] = rest else { break };
        let (value, 2, after) = number(after)? else { return None };
        (*part, rest) = (value, after);
    }
    let [minute, second] = parts;
    let mut millisecond = 0;
    if let [b'.', after @ ..] = rest {
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digit = |place: usize| if place < digits { u32::from(after[place] - b'0') } else { 0 };
        (millisecond, rest) = (digit(0) * 100 + digit(1) * 10 + digit(2), &after[digits..]);
    }
    if let Some((word, after)) = word(skip(rest, b" ")) {
        let noon = if word.eq_ignore_ascii_case(b"pm") { 12 } else { 0 };
        if noon == 12 || word.eq_ignore_ascii_case(b"am") {
            if !(1..=12).contains(&hour) {
                return None;
            }
            (hour, rest) = (hour % 12 + noon, after);
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = skip(rest, b" ");
    let time = i64::from(((hour * 60 + minute) * 60 + second) * 1000 + millisecond);
    Some((time, offset(rest)?, !rest.is_empty()))
}

/// Whether the text begins with a time of day: `6:30` or `6 PM`.
fn begins_clock(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"T").unwrap_or(text);
    let Some((_, 1 | 2, rest)) = number(text) else { return false };
    let is_half = |(word, _): (&[u8], &[u8])| word.eq_ignore_ascii_case(b"am") || word.eq_ignore_ascii_case(b"pm");
    rest.starts_with(b":") || word(skip(rest, b" ")).is_some_and(is_half)
}

/// Milliseconds since midnight of a time of day in a column of its own: `06:30`, `6:30:15 PM`, or a whole hour.
pub(super) fn time_of_day(text: &[u8]) -> Option<i64> {
    let (time, _, absolute) = clock(text)?;
    (!text.is_empty() && !absolute).then_some(time)
}

/// The number that the text begins with, its number of digits, and what follows.
fn number(text: &[u8]) -> Option<(u32, usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    Some((str::from_utf8(number).ok()?.parse().ok()?, digits, rest))
}

/// The letters that the text begins with, and what follows.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    (letters > 0).then(|| text.split_at(letters))
}

fn skip<'a>(text: &'a [u8], skipped: &[u8]) -> &'a [u8] {
    &text[text.iter().take_while(|byte| skipped.contains(byte)).count()..]
}

fn month(word: &[u8]) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_name =
        |name: &&str| word.eq_ignore_ascii_case(name.as_bytes()) || word.eq_ignore_ascii_case(&name.as_bytes()[..3]);
    let at = NAMES.iter().position(is_name);
    at.or_else(|| word.eq_ignore_ascii_case(b"sept").then_some(8)).map(|at| at as u32 + 1)
}

fn is_weekday(word: &[u8]) -> bool {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    NAMES
        .iter()
        .any(|name| word.eq_ignore_ascii_case(name.as_bytes()) || word.eq_ignore_ascii_case(&name.as_bytes()[..3]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The time for each order, as ISO 8601.
    fn times(text: &str) -> Option<[String; 3]> {
        read(text.as_bytes()).map(|written| {
            written.by_order.map(|time| {
                let time = time.map(|time| jiff::Timestamp::from_millisecond(time).unwrap().to_string());
                time.unwrap_or_default().trim_end_matches("T00:00:00Z").to_owned()
            })
        })
    }

    #[test]
    fn three_numbers_have_an_order() {
        for (text, day, month, year) in [
            ("31/01/2020", "2020-01-31", "", ""),
            ("1/31/2020", "", "2020-01-31", ""),
            ("01.02.2020", "2020-02-01", "2020-01-02", ""),
            ("5-6-2020 6:30", "2020-06-05T06:30:00Z", "2020-05-06T06:30:00Z", ""),
            ("31/01/20", "2020-01-31", "", "2031-01-20"),
            ("24-01-31", "2031-01-24", "", "2024-01-31"),
            ("31/02/2020", "", "", ""),
            ("01/02/2020 12:00 AM", "2020-02-01", "2020-01-02", ""),
            ("13/02/2020, 12:05:09 pm", "2020-02-13T12:05:09Z", "", ""),
            ("13/02/2020T06:00:00.25Z", "2020-02-13T06:00:00.25Z", "", ""),
            ("13/02/2020 06:00 +0100", "2020-02-13T05:00:00Z", "", ""),
        ] {
            assert_eq!(times(text), Some([day, month, year].map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_pandas_reads_alike_in_any_order_is_certain() {
        // pandas 3.1: pd.to_datetime(text); Q1 2015 and 1st are beyond it.
        for (text, expected) in [
            ("2024.01.31", "2024-01-31"),
            ("Jan-2020", "2020-01-01"),
            ("january 2020", "2020-01-01"),
            ("2020-Sep", "2020-09-01"),
            ("Sept 2020", "2020-09-01"),
            ("2015Q1", "2015-01-01"),
            ("2015-Q3", "2015-07-01"),
            ("2015q4", "2015-10-01"),
            ("Q2 2015", "2015-04-01"),
            ("2020-1", "2020-01-01"),
            ("1/2020", "2020-01-01"),
            ("31-Jan-20", "2020-01-31"),
            ("31Jan2020", "2020-01-31"),
            ("Jan 31, 2020", "2020-01-31"),
            ("January 1st, 2020", "2020-01-01"),
            ("31. Jan 2020", "2020-01-31"),
            ("2020-01-01 12:00 AM", "2020-01-01"),
            ("2020-01-01 06:00 GMT", "2020-01-01T06:00:00Z"),
            ("2020/1/1 9 pm", "2020-01-01T21:00:00Z"),
            ("Fri, 31 Jan 2020 06:00:00 GMT", "2020-01-31T06:00:00Z"),
            ("Friday 31 January 2020", "2020-01-31"),
            ("05/05/2020", "2020-05-05"),
        ] {
            let certain = read(text.as_bytes()).and_then(|written| written.certain());
            let certain = certain.map(|time| jiff::Timestamp::from_millisecond(time).unwrap().to_string());
            assert_eq!(certain.as_deref().map(|time| time.trim_end_matches("T00:00:00Z")), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "yesterday",
            "12:30",
            "Jan-20",
            "10-11",
            "1.2",
            "2020",
            "31/01/2020 25:00",
            "31/01/2020 13:00 PM",
            "1/2/3/4",
            "31/01/20201",
            "31/01/2020x",
            "may",
            "31 01 2020",
            "1/2-2020",
            "Q5 2020",
            "2020-01-01 06:00 CET",
        ] {
            assert!(!read(text.as_bytes()).is_some_and(|written| written.is_date()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read(&text);
        }

        #[test]
        fn almost_dates_never_panic(text in "[0-9JanFebQq/., :AMPmTZ+-]{0,24}") {
            let _ = read(text.as_bytes());
        }
    }
}
