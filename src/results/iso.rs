//! Times as ISO 8601.

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A time as ISO 8601 with date and time of day, in the same form at midnight.
pub(crate) fn iso_timestamp(ms: i64) -> String {
    whole_second(ms).unwrap_or_else(|| {
        jiff::Timestamp::from_millisecond(ms).map_or_else(
            |_| format!("{ms} ms"),
            |timestamp| timestamp.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string(),
        )
    })
}

/// A time as ISO 8601; at midnight the date alone.
pub(crate) fn iso_date(ms: i64) -> String {
    let text = iso_timestamp(ms);
    text.strip_suffix("T00:00:00").map_or(text.clone(), str::to_owned)
}

/// The same for a whole second of the years 0 to 9999, which nearly every row of a table has: ten times as fast as by a calendar of all
/// times and zones.
fn whole_second(ms: i64) -> Option<String> {
    let (days, of_day) = (ms.div_euclid(DAY), ms.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    if of_day % 1000 != 0 || !(0..=9999).contains(&year) {
        return None;
    }
    let second = of_day / 1000;
    let mut text = *b"0000-00-00T00:00:00";
    let parts = [
        (0, year / 100),
        (2, year % 100),
        (5, month),
        (8, day),
        (11, second / 3600),
        (14, second / 60 % 60),
        (17, second % 60),
    ];
    for (at, part) in parts {
        text[at] = b'0' + (part / 10) as u8;
        text[at + 1] = b'0' + (part % 10) as u8;
    }
    String::from_utf8(text.to_vec()).ok()
}

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar: Hinnant's `civil_from_days` ("chrono-Compatible
/// Low-Level Date Algorithms"), in which years begin in March and 400 of them have 146,097 days.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + 400 * era + (month <= 2) as i64, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_jiff(ms: i64) -> String {
        let time = jiff::Timestamp::from_millisecond(ms).unwrap();
        time.to_zoned(jiff::tz::TimeZone::UTC).datetime().to_string()
    }

    #[test]
    fn days_of_the_years_0_to_9999_are_those_of_the_calendar() {
        let first = -719_528;
        for day in (first..first + 3_652_425).step_by(13).chain([first + 3_652_424]) {
            let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            let (year, month, of_month) = civil(day);
            assert_eq!((year, month, of_month), (date.year().into(), date.month().into(), date.day().into()), "{date}");
        }
    }

    #[test]
    fn times_at_the_ends_and_with_fractions_are_written_too() {
        for ms in [0, -1, 1, 999, -86_400_000, 1_582_934_400_000, -62_167_219_200_000, -62_167_219_201_000] {
            assert_eq!(iso_timestamp(ms), by_jiff(ms));
        }
        assert_eq!(iso_timestamp(i64::MAX), format!("{} ms", i64::MAX));
        assert_eq!(iso_timestamp(i64::MIN), format!("{} ms", i64::MIN));
        assert_eq!((iso_date(86_400_000), iso_date(1000)), ("1970-01-02".into(), "1970-01-01T00:00:01".into()));
    }

    proptest! {
        #[test]
        fn any_time_is_written_as_jiff_writes_it(ms in -377_705_023_201_000_i64..253_402_207_200_000, second in any::<bool>()) {
            let ms = if second { ms / 1000 * 1000 } else { ms };
            prop_assert_eq!(iso_timestamp(ms), by_jiff(ms));
        }
    }
}
