//! The names of calendars: pandas' aliases, and plain words where it has none.
//!
//! | | |
//! |---|---|
//! | `D`, `2D`, `h`, `15min`, `s`, `ms` | steps of constant length |
//! | `B`, `C Mon Tue Wed Thu Fri Sat` | business days, other days of the week |
//! | `bh`, `bh 08:00-18:00`, `30min 09:00-17:00 Mon Tue Wed Thu Fri` | steps within hours; the last hour named is not a date |
//! | `h 09:00-18:00 Mon Tue Wed Thu Fri, 09:00-13:00 Sat` | hours that differ by day |
//! | `W-MON`, `WOM-3FRI`, `LWOM-FRI` | weeks, the third and the last Friday of the month |
//! | `MS`, `ME`, `BMS`, `BME`, `QS-FEB`, `QE-NOV`, `YS-JUL`, `YE-JUN`, … | months, quarters, years |
//! | `SMS`, `SME`, `SMS-10`, `M-5-20`, `M-10-20-E` | several days of each month, `E` for its end |
//! | `BSME`, `BM-25`, `BM-5-20` | the same, or the Friday before those on weekends |

use super::{
    month_days::{LAST, MonthDays},
    opening::{BUSINESS_HOURS, HOUR, MINUTE, OpenHours, all_units},
    spacing::{DayOfMonth, Frequency},
    times::DAY,
    week::WeekDays,
};
use std::{fmt, str::FromStr};

/// Aliases of fixed spacings, in milliseconds.
const UNITS: [(&str, i64); 5] = [("D", DAY), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

impl fmt::Display for Frequency {
    /// The pandas alias, or what stands for it where pandas has none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, alias) = match *self {
            Self::Fixed(gap) => {
                let (count, alias) = in_units(gap);
                (count, alias.into())
            }
            Self::Weekly { count, weekday } => (count, format!("W-{}", WEEKDAYS[weekday as usize])),
            Self::BusinessDay { count } => (count, "B".into()),
            Self::Days(days) => return write!(f, "C{}", day_names(|at| days.has(at))),
            Self::Hours(open) => return write_hours(&open, f),
            Self::NthWeekday { count, nth, weekday } => {
                let weekday = WEEKDAYS[weekday as usize];
                (count, if nth > 4 { format!("LWOM-{weekday}") } else { format!("WOM-{nth}{weekday}") })
            }
            Self::MonthDays(days) => (1, month_days_alias(days)),
            Self::Monthly { count, day, month } => {
                let position = match day {
                    DayOfMonth::First => "S",
                    DayOfMonth::Last => "E",
                    DayOfMonth::FirstBusiness => "BS",
                    DayOfMonth::LastBusiness => "BE",
                    // Not an alias of pandas: the day in words.
                    DayOfMonth::Number(day) => return write!(f, "{count}M-{day}-{}", MONTHS[month as usize - 1]),
                };
                let (business, edge) = position.split_at(position.len() - 1);
                match count {
                    _ if count % 12 == 0 => (count / 12, format!("{business}Y{edge}-{}", MONTHS[month as usize - 1])),
                    _ if count % 3 == 0 => (count / 3, format!("{business}Q{edge}-{}", MONTHS[month as usize - 1])),
                    _ => (count, format!("{business}M{edge}")),
                }
            }
        };
        if count == 1 { f.write_str(&alias) } else { write!(f, "{count}{alias}") }
    }
}

/// A step as a number of units, and their alias.
fn in_units(step: i64) -> (i64, &'static str) {
    let unit = UNITS.into_iter().find(|(_, unit)| step % unit == 0);
    unit.map_or((step, "ms"), |(alias, unit)| (step / unit, alias))
}

/// The names of days of the week, each with a space before it.
fn day_names(is_in: impl Fn(usize) -> bool) -> String {
    (0..7).filter(|&at| is_in(at)).flat_map(|at| [" ", DAY_NAMES[at]]).collect()
}

fn month_days_alias(days: MonthDays) -> String {
    let numbers: Vec<i8> = days.numbers().collect();
    let business = if days.are_before_weekends() { "B" } else { "" };
    match numbers[..] {
        [1, day] if day != LAST => format!("{business}SMS-{day}"),
        [day, LAST] => format!("{business}SME-{day}"),
        _ => {
            let parts = numbers.iter().map(|&day| if day == LAST { "-E".into() } else { format!("-{day}") });
            format!("{business}M{}", parts.collect::<String>())
        }
    }
}

/// The step, and for all days of equal hours these hours and the days.
#[expect(clippy::type_complexity, reason = "hours and their days, in this function alone")]
fn write_hours(open: &OpenHours, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut groups: Vec<(Vec<(i64, i64)>, Vec<usize>)> = Vec::new();
    for at in 0..7 {
        let hours = open.hours(at);
        match groups.iter_mut().find(|(other, _)| *other == hours) {
            _ if hours.is_empty() => {}
            Some((_, days)) => days.push(at),
            None => groups.push((hours, vec![at])),
        }
    }
    let clock = |ms: i64| format!("{:02}:{:02}", ms / HOUR, ms % HOUR / MINUTE);
    let is_business =
        open.step() == HOUR && groups.len() == 1 && groups[0].1 == [0, 1, 2, 3, 4] && groups[0].0 != [(0, DAY)];
    if is_business {
        f.write_str("bh")?;
        if groups[0].0 == [BUSINESS_HOURS] {
            return Ok(());
        }
    } else {
        match in_units(open.step()) {
            (1, alias) => f.write_str(alias)?,
            (count, alias) => write!(f, "{count}{alias}")?,
        }
    }
    for (at, (hours, days)) in groups.iter().enumerate() {
        if at > 0 {
            f.write_str(",")?;
        }
        for &(from, to) in hours.iter().filter(|hours| **hours != (0, DAY)) {
            write!(f, " {}-{}", clock(from), clock(to))?;
        }
        if !is_business && days.len() < 7 {
            f.write_str(&day_names(|at| days.contains(&at)))?;
        }
    }
    Ok(())
}

impl FromStr for Frequency {
    type Err = String;

    /// See the table of names above.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            format!(
                "{text:?} is not a frequency: use a pandas alias such as D, B, W-MON, MS, ME, QS, QE, YS, SMS, WOM-3FRI, h, 15min or \
                 bh, or days and hours as in \"C Mon Tue Wed Thu Fri Sat\" and \"h 09:00-19:00 Mon Tue Wed\""
            )
        })
    }
}

impl Frequency {
    fn parse(text: &str) -> Option<Self> {
        if let Some((step, words)) = text.split_once(' ') {
            return with_words(step, words);
        }
        let name = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = &text[..text.len() - name.len()];
        let count: i64 = if digits.is_empty() { 1 } else { digits.parse().ok()? };
        let (alias, anchor) = name.split_once('-').map_or((name, None), |(alias, anchor)| (alias, Some(anchor)));
        // No two dates of a series are six centuries apart (584 years fit 64-bit nanoseconds), and no sum of days overflows.
        let at_most = |most: i64| (1..=most).contains(&count).then_some(count);
        let anchored = |names: &[&str], default: &str| position(names, anchor.unwrap_or(default));
        let monthly = |months: i64, day: DayOfMonth, month: Option<i8>| {
            Some(Self::Monthly { count: at_most(7_200 / months)? * months, day, month: month? })
        };
        let plain = anchor.is_none().then_some(1);
        let month = |default: &str| anchored(&MONTHS, default).map(|at| at + 1);
        if let Some((day, month)) = anchor.filter(|_| alias == "M").and_then(|anchor| anchor.split_once('-')) {
            let month = position(&MONTHS, month).map(|at| at + 1);
            let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
            return match month {
                Some(_) => monthly(1, DayOfMonth::Number(day), month),
                None => several_days(anchor?.split('-'), digits),
            };
        }
        match alias {
            "C" if digits.is_empty() => plain.map(|_| Self::BusinessDay { count: 1 }),
            "bh" | "BH" if digits.is_empty() => plain.and_then(|_| OpenHours::business()).map(Self::Hours),
            "SMS" => several_days(["1", anchor.unwrap_or("15")], digits),
            "SME" | "SM" => several_days([anchor.unwrap_or("15"), "E"], digits),
            "BSME" => before_weekends(several_days([anchor.unwrap_or("15"), "E"], digits)?),
            "BM" if anchor.is_some() => before_weekends(several_days(anchor?.split('-'), digits)?),
            "WOM" => {
                let (nth, weekday) = anchor?.split_at_checked(1)?;
                let nth = nth.parse().ok().filter(|nth| (1..=4).contains(nth))?;
                Some(Self::NthWeekday { count: at_most(7_200)?, nth, weekday: position(&WEEKDAYS, weekday)? })
            }
            "LWOM" => Some(Self::NthWeekday { count: at_most(7_200)?, nth: 5, weekday: position(&WEEKDAYS, anchor?)? }),
            "B" => plain.and(at_most(156_600)).map(|count| Self::BusinessDay { count }),
            "W" => Some(Self::Weekly { count: at_most(31_310)?, weekday: anchored(&WEEKDAYS, "SUN")? }),
            "MS" => monthly(1, DayOfMonth::First, plain),
            "ME" | "M" => monthly(1, DayOfMonth::Last, plain),
            "BMS" => monthly(1, DayOfMonth::FirstBusiness, plain),
            "BME" | "BM" => monthly(1, DayOfMonth::LastBusiness, plain),
            "QS" => monthly(3, DayOfMonth::First, month("JAN")),
            "QE" | "Q" => monthly(3, DayOfMonth::Last, month("DEC")),
            "BQS" => monthly(3, DayOfMonth::FirstBusiness, month("JAN")),
            "BQE" | "BQ" => monthly(3, DayOfMonth::LastBusiness, month("DEC")),
            "YS" | "AS" => monthly(12, DayOfMonth::First, month("JAN")),
            "YE" | "Y" | "A" => monthly(12, DayOfMonth::Last, month("DEC")),
            "BYS" => monthly(12, DayOfMonth::FirstBusiness, month("JAN")),
            "BYE" => monthly(12, DayOfMonth::LastBusiness, month("DEC")),
            _ => {
                let older = [("H", "h"), ("T", "min"), ("S", "s"), ("L", "ms")];
                let alias = older.iter().find(|(old, _)| *old == alias).map_or(alias, |(_, new)| *new);
                let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == alias)?;
                plain.and(at_most(219_150 * DAY / unit)).map(|count| Self::Fixed(count * unit))
            }
        }
    }
}

/// The place of a name in a list, in any case.
fn position(names: &[&str], name: &str) -> Option<i8> {
    names.iter().position(|known| known.eq_ignore_ascii_case(name)).map(|at| at as i8)
}

/// Several days of each month, as numbers and `E`.
fn several_days<'a>(days: impl IntoIterator<Item = &'a str>, digits: &str) -> Option<Frequency> {
    let number = |day: &str| match day {
        "E" => Some(LAST),
        _ => day.parse().ok().filter(|&day| day < LAST),
    };
    let days: Vec<i8> = days.into_iter().map(number).collect::<Option<_>>()?;
    let is_increasing = days.windows(2).all(|pair| pair[0] < pair[1]);
    (digits.is_empty() && is_increasing).then(|| MonthDays::new(days).map(Frequency::MonthDays))?
}

/// The same days, or the Friday before those on weekends.
fn before_weekends(frequency: Frequency) -> Option<Frequency> {
    let Frequency::MonthDays(days) = frequency else { return None };
    days.before_weekends().map(Frequency::MonthDays)
}

/// The units that hours open, on days of the week.
fn hours_of_days(step: i64, hours: &[(i64, i64)], days: WeekDays) -> Option<[u128; 7]> {
    let unit = OpenHours::unit(step)?;
    let mut open = 0;
    for &(from, to) in hours {
        if from >= to || from % unit != 0 || to % unit != 0 {
            return None;
        }
        open |= all_units(to / unit) & !all_units(from / unit);
    }
    Some(std::array::from_fn(|at| if days.has(at) { open } else { 0 }))
}

/// What words say after a step: days of the week for `C`, otherwise hours with or without such days, separated by commas.
fn with_words(step: &str, words: &str) -> Option<Frequency> {
    if step == "C" {
        return Some(match week_days(words.split_whitespace())? {
            WeekDays::ALL => Frequency::DAILY,
            WeekDays::BUSINESS => Frequency::BusinessDay { count: 1 },
            days => Frequency::Days(days),
        });
    }
    let is_business = matches!(step, "bh" | "BH");
    let step = match Frequency::parse(if is_business { "h" } else { step })? {
        Frequency::Fixed(step) if step < DAY => step,
        _ => return None,
    };
    let mut open = [0; 7];
    for group in words.split(',') {
        let is_hours = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(':');
        let (hours, days): (Vec<&str>, Vec<&str>) = group.split_whitespace().partition(is_hours);
        let mut hours: Vec<(i64, i64)> = hours.into_iter().map(hours_between).collect::<Option<_>>()?;
        if hours.is_empty() && !days.is_empty() {
            hours.push(if is_business { BUSINESS_HOURS } else { (0, DAY) });
        }
        let days = match (days.is_empty(), is_business) {
            (false, _) => week_days(days.into_iter())?,
            (true, true) => WeekDays::BUSINESS,
            (true, false) => WeekDays::ALL,
        };
        for (day, units) in open.iter_mut().zip(hours_of_days(step, &hours, days)?) {
            *day |= units;
        }
    }
    let open = OpenHours::new(step, open)?;
    Some(if open.is_always() { Frequency::Fixed(step) } else { Frequency::Hours(open) })
}

/// Days by name (`Mon Tue`), from one to another (`Mon-Sat`), or as pandas' mask (`1111110`).
fn week_days<'a>(words: impl Iterator<Item = &'a str>) -> Option<WeekDays> {
    let mut is_in = [false; 7];
    for word in words {
        if word.len() == 7 && word.bytes().all(|byte| matches!(byte, b'0' | b'1')) {
            word.bytes().zip(&mut is_in).for_each(|(byte, is_in)| *is_in |= byte == b'1');
            continue;
        }
        let (from, to) = word.split_once('-').unwrap_or((word, word));
        let (from, to) = (position(&WEEKDAYS, from)? as usize, position(&WEEKDAYS, to)? as usize);
        is_in.get_mut(from..=to)?.fill(true);
    }
    WeekDays::from_fn(|at| is_in[at])
}

/// `09:00-17:30` as milliseconds from midnight.
fn hours_between(text: &str) -> Option<(i64, i64)> {
    let clock = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
        let ms = hours * HOUR + minutes * MINUTE;
        ((0..60).contains(&minutes) && (0..=DAY).contains(&ms)).then_some(ms)
    };
    let (from, to) = text.split_once('-')?;
    Some((clock(from)?, clock(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (text, written) in [
            ("D", "D"),
            ("24h", "D"),
            ("90min", "90min"),
            ("40454D", "40454D"),
            ("31310W-MON", "31310W-MON"),
            ("W-mon", "W-MON"),
            ("C", "B"),
            ("C Mon-Fri", "B"),
            ("C Mon Tue Wed Thu Fri Sat Sun", "D"),
            ("C 1111110", "C Mon Tue Wed Thu Fri Sat"),
            ("C mon TUE Sat", "C Mon Tue Sat"),
            ("bh", "bh"),
            ("bh 09:00-17:00", "bh"),
            ("bh 08:00-18:00", "bh 08:00-18:00"),
            ("h 08:00-18:00 Mon-Fri", "bh 08:00-18:00"),
            ("H 9:00-19:00 Mon-Sat", "h 09:00-19:00 Mon Tue Wed Thu Fri Sat"),
            ("30min 09:00-12:00 13:00-17:00", "30min 09:00-12:00 13:00-17:00"),
            ("h 09:00-18:00 Mon-Fri, 09:00-13:00 Sat", "h 09:00-18:00 Mon Tue Wed Thu Fri, 09:00-13:00 Sat"),
            ("h Mon-Fri", "h Mon Tue Wed Thu Fri"),
            ("12h Mon-Sat", "12h Mon Tue Wed Thu Fri Sat"),
            ("h 00:00-24:00", "h"),
            ("WOM-3FRI", "WOM-3FRI"),
            ("3WOM-1mon", "3WOM-1MON"),
            ("LWOM-SUN", "LWOM-SUN"),
            ("SMS", "SMS-15"),
            ("SM", "SME-15"),
            ("SME-10", "SME-10"),
            ("M-5-20", "M-5-20"),
            ("M-10-20-E", "M-10-20-E"),
            ("1M-10-JAN", "1M-10-JAN"),
            ("BSME", "BSME-15"),
            ("BM-25", "BM-25"),
            ("BM-5-20", "BM-5-20"),
            ("BM", "BME"),
            ("QE-NOV", "QE-NOV"),
        ] {
            let frequency: Frequency = text.parse().unwrap();
            assert_eq!(frequency.to_string(), written);
            assert_eq!(written.parse(), Ok(frequency));
        }
    }

    #[test]
    fn what_is_not_a_frequency_is_refused_with_examples() {
        for text in [
            "",
            " ",
            "daily",
            "0D",
            "20000YS",
            "1000000W",
            "0M-3-JAN",
            "W-XYZ",
            "QS-FOO",
            "D-MON",
            "99999999999999999999D",
            "WOM-5FRI",
            "WOM-FRI",
            "WOM-",
            "LWOM",
            "C Mo",
            "C 0000000",
            "2C Mon",
            "C Sat-Mon",
            "2bh",
            "bh 17:00-09:00",
            "h 09:10-17:00",
            "h 25:00-26:00",
            "7h 09:00-17:00",
            "D 09:00-17:00",
            "h ,",
            "M-20-5",
            "M-5-33",
            "2SMS",
            "SME-E",
            "BM-2",
            "BM-",
            "h 09:00-12:60",
        ] {
            assert!(text.parse::<Frequency>().unwrap_err().contains("15min"), "{text}");
        }
    }
}
