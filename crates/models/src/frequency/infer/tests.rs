//! Calendars that are known, with dates missing and dates added, and what is inferred of them.

use super::{
    CalendarFit, Inferred,
    last_dates::{of_last_dates, regular_dates},
};
use crate::frequency::{
    spacing::Frequency,
    times::{DAY, civil, milliseconds},
};
use jiff::civil::{Date, DateTime};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn dates(texts: &[&str]) -> Vec<i64> {
    let parse =
        |text: &&str| milliseconds(text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(Into::into)).unwrap());
    texts.iter().map(parse).collect()
}

fn calendar(alias: &str, start: &str, count: usize) -> Vec<i64> {
    alias.parse::<Frequency>().unwrap().after(dates(&[start])[0] - DAY, count)
}

#[test]
fn the_calendar_of_the_last_dates_is_continued() {
    for (history, alias, future) in [
        (vec!["2024-02-27", "2024-02-28", "2024-02-29"], "D", ["2024-03-01", "2024-03-02"]),
        (vec!["2024-01-01", "2024-01-08", "2024-01-15"], "7D", ["2024-01-22", "2024-01-29"]),
        (vec!["2023-11-01", "2023-12-01", "2024-01-01"], "MS", ["2024-02-01", "2024-03-01"]),
        (vec!["2023-12-31", "2024-01-31", "2024-02-29"], "ME", ["2024-03-31", "2024-04-30"]),
        (vec!["2023-07-01", "2023-10-01", "2024-01-01"], "QS-JUL", ["2024-04-01", "2024-07-01"]),
        (vec!["2023-06-30", "2023-09-30", "2023-12-31"], "QE-JUN", ["2024-03-31", "2024-06-30"]),
        (vec!["2021-01-01", "2022-01-01", "2023-01-01"], "YS-JAN", ["2024-01-01", "2025-01-01"]),
        (vec!["2024-01-04", "2024-01-05", "2024-01-08"], "B", ["2024-01-09", "2024-01-10"]),
        (vec!["2024-01-10", "2024-02-10", "2024-03-10"], "1M-10-JAN", ["2024-04-10", "2024-05-10"]),
        (vec!["2024-01-31", "2024-02-29", "2024-03-29"], "BME", ["2024-04-30", "2024-05-31"]),
        (
            vec!["2024-01-01T22:00:00", "2024-01-01T23:00:00", "2024-01-02T00:00:00"],
            "h",
            ["2024-01-02T01:00:00", "2024-01-02T02:00:00"],
        ),
        (
            vec!["2024-01-01T00:00:00", "2024-01-01T00:05:00", "2024-01-01T00:10:00"],
            "5min",
            ["2024-01-01T00:15:00", "2024-01-01T00:20:00"],
        ),
    ] {
        let history = dates(&history);
        let frequency = Frequency::infer(&history);
        assert_eq!(frequency.to_string(), alias);
        assert_eq!(frequency.after(history[history.len() - 1], 2), dates(&future), "{alias}");
        assert_eq!(frequency.to_string().parse::<Frequency>(), Ok(frequency), "the alias is read back");
    }
}

#[test]
fn five_weekdays_after_a_fortnight_of_them_are_business_days() {
    let day = |i: i64| 1_704_067_200_000 + i * DAY; // 2024-01-01, a Monday
    let weekdays: Vec<i64> = (0..19).filter(|i| i % 7 < 5).map(day).collect();
    let frequency = Frequency::infer(&weekdays);
    assert_eq!(frequency, Frequency::BusinessDay { count: 1 });
    assert_eq!(frequency.after(day(18), 1), [day(21)]);
    assert_eq!(Frequency::infer(&weekdays[..5]), Frequency::DAILY);
}

#[test]
fn one_date_is_daily_and_irregular_dates_go_on_with_their_median_gap() {
    assert_eq!(Frequency::infer(&[0]), Frequency::DAILY);
    assert_eq!(Frequency::infer(&[0, 5 * DAY]), Frequency::Fixed(5 * DAY));
    assert_eq!(Frequency::infer(&[0, DAY, 3 * DAY, 5 * DAY, 12 * DAY]), Frequency::Fixed(2 * DAY));
}

#[test]
fn gaps_among_the_last_dates_change_nothing() {
    for (history, alias, future) in [
        // Business days that end after a holiday on a Monday.
        (
            vec!["2024-05-21", "2024-05-22", "2024-05-23", "2024-05-24", "2024-05-28", "2024-05-29", "2024-05-30"],
            "B",
            "2024-05-31",
        ),
        (vec!["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-07"], "D", "2024-01-08"),
        (vec!["2024-07-01", "2024-08-01", "2024-09-01", "2024-11-01", "2024-12-01"], "MS", "2025-01-01"),
        (vec!["2024-07-31", "2024-08-31", "2024-09-30", "2024-11-30", "2024-12-31"], "ME", "2025-01-31"),
        (vec!["2023-02-28", "2023-05-31", "2023-11-30", "2024-02-29", "2024-05-31"], "QE-FEB", "2024-08-31"),
        (vec!["2019-06-30", "2020-06-30", "2022-06-30", "2023-06-30"], "YE-JUN", "2024-06-30"),
        (vec!["2024-01-01", "2024-01-08", "2024-01-22", "2024-01-29"], "7D", "2024-02-05"),
        (vec!["2024-01-01", "2024-01-03", "2024-01-07", "2024-01-09"], "2D", "2024-01-11"),
        (vec!["2024-01-01", "2024-01-15", "2024-02-01", "2024-03-01", "2024-03-15"], "SMS-15", "2024-04-01"),
        (vec!["2024-01-15", "2024-01-31", "2024-02-15", "2024-03-15", "2024-03-31"], "SME-15", "2024-04-15"),
        (vec!["2024-01-19", "2024-02-16", "2024-04-19", "2024-05-17"], "WOM-3FRI", "2024-06-21"),
        (
            vec![
                "2024-01-08T09:00:00",
                "2024-01-08T10:00:00",
                "2024-01-08T11:00:00",
                "2024-01-09T09:00:00",
                "2024-01-09T10:00:00",
            ],
            "h",
            "2024-01-09T11:00:00",
        ),
        (vec!["2012-02-29", "2016-02-29", "2024-02-29"], "4YE-FEB", "2028-02-29"),
    ] {
        let history = dates(&history);
        let inferred = Inferred::of(&history);
        assert_eq!(inferred.frequency.to_string(), alias);
        assert_eq!(inferred.fit.off, 0, "{alias}");
        assert_eq!(inferred.frequency.after(history[history.len() - 1], 1), dates(&[future]), "{alias}");
    }
}

/// Calendars, the first date, and the number of dates from which on they are told from others.
const CALENDARS: [(&str, &str, usize); 45] = [
    ("D", "2023-01-05", 40),
    ("2D", "2023-01-05", 20),
    ("3D", "2023-01-05", 20),
    ("10D", "2023-01-05", 20),
    ("W-MON", "2023-01-05", 12),
    ("W-SUN", "2023-01-05", 12),
    ("2W-FRI", "2023-01-05", 12),
    ("B", "2023-01-05", 30),
    ("C Mon Tue Wed Thu Fri Sat", "2023-01-05", 60),
    ("C Tue Wed Thu Fri Sat", "2023-01-05", 60),
    ("C Mon Tue Wed Thu", "2023-01-05", 50),
    ("C Wed Thu Fri Sat", "2023-01-05", 50),
    ("C Mon Wed Fri", "2023-01-05", 50),
    ("C Tue Fri", "2023-01-05", 40),
    ("C Sun Mon Tue Wed Thu", "2023-01-05", 60),
    ("MS", "2020-01-05", 12),
    ("ME", "2020-01-05", 12),
    ("BMS", "2020-01-05", 24),
    ("BME", "2020-01-05", 24),
    ("2MS", "2020-01-05", 12),
    ("QS-FEB", "2015-01-05", 12),
    ("QE-NOV", "2015-01-05", 12),
    ("BQE-DEC", "2010-01-05", 24),
    ("YS-JAN", "2000-01-05", 10),
    ("YE-JUN", "2000-01-05", 10),
    ("YS-APR", "2000-01-05", 10),
    ("SMS", "2022-01-05", 16),
    ("SME", "2022-01-05", 16),
    ("M-5-20", "2022-01-05", 24),
    ("M-10-20-E", "2022-01-05", 36),
    ("M-1-11-21", "2022-01-05", 36),
    ("BSME", "2022-01-05", 30),
    ("BM-25", "2022-01-05", 24),
    ("WOM-3FRI", "2022-01-05", 16),
    ("WOM-2TUE", "2022-01-05", 16),
    ("LWOM-THU", "2022-01-05", 24),
    ("h", "2024-01-05", 100),
    ("15min", "2024-01-05", 100),
    ("6h", "2024-01-05", 60),
    ("bh", "2024-01-05", 200),
    ("bh 08:00-18:00", "2024-01-05", 200),
    ("h 09:00-20:00 Mon Tue Wed Thu Fri Sat", "2024-01-05", 300),
    ("30min 09:00-17:00 Mon Tue Wed Thu Fri", "2024-01-05", 300),
    ("h 09:00-18:00 Mon Tue Wed Thu Fri, 09:00-13:00 Sat", "2024-01-05", 500),
    ("15min 09:30-16:00 Mon Tue Wed Thu Fri", "2024-01-05", 500),
];

/// The next dates of a calendar are inferred from a history of `count` dates and more, of which `keep` leaves some.
fn check(what: &str, mut keep: impl FnMut(&mut ChaCha8Rng, Vec<i64>) -> Vec<i64>) {
    for (alias, start, least) in CALENDARS {
        let known: Frequency = alias.parse().unwrap();
        for seed in 0..12 {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let start = dates(&[start])[0] + random.random_range(0..700) * DAY;
            let all = known.after(start - DAY, least * (1 + seed as usize % 4));
            let history = keep(&mut random, all);
            let Some(&last) = history.last() else { continue };
            let inferred = Inferred::of(&history);
            let shown: Vec<String> = history.iter().map(|&ms| civil(ms).to_string()).collect();
            assert_eq!(
                inferred.frequency.after(last, 30),
                known.after(last, 30),
                "{what}: {alias}, seed {seed}: {} {:?}, of {shown:?}",
                inferred.frequency,
                inferred.fit
            );
        }
    }
}

#[test]
fn whole_calendars_are_recognised() {
    check("whole", |_, all| all);
}

#[test]
fn a_tenth_of_the_dates_may_be_missing() {
    check("a tenth missing", |random, all| all.into_iter().filter(|_| random.random_bool(0.9)).collect());
}

#[test]
fn the_date_before_the_last_may_be_missing() {
    check("one missing at the end", |_, mut all| {
        all.remove(all.len() - 2);
        all
    });
}

#[test]
fn holidays_and_a_long_pause_may_be_missing() {
    check("holidays", |random, all| {
        let (days, pause) = (random.random_range(15..40), all[all.len() / 3]);
        let length = (all[all.len() - 1] - all[0]) / 12;
        let is_holiday = |ms: i64| ms.div_euclid(DAY) % days == 3;
        all.into_iter().filter(|&ms| !is_holiday(ms) && !(pause..pause + length).contains(&ms)).collect()
    });
}

#[test]
fn a_date_off_the_calendar_is_counted_and_changes_nothing() {
    check("one off", |random, mut all| {
        let at = random.random_range(1..all.len() / 2);
        // Between two dates, at the time of the day of both where they are days apart.
        let gap = all[at] - all[at - 1];
        let off = all[at - 1] + if gap > DAY && gap % DAY == 0 { DAY } else { gap / 2 };
        if all[at - 1] < off && off < all[at] {
            all.insert(at, off);
        }
        all
    });
    let mut months = calendar("MS", "2020-01-01", 40);
    months[7] += 2 * DAY;
    let inferred = Inferred::of(&months);
    assert_eq!((inferred.frequency.to_string().as_str(), inferred.fit.off, inferred.fit.gaps), ("MS", 1, 1));
}

#[test]
fn regular_dates_have_the_calendar_of_the_last_five() {
    for (alias, start, least) in CALENDARS {
        let all = calendar(alias, start, least);
        let inferred = Inferred::of(&all);
        assert_eq!((inferred.fit.off, inferred.fit.gaps), (0, 0), "{alias}: {inferred:?}");
        if regular_dates(of_last_dates(&all), &all) == all.len() {
            assert_eq!((inferred.frequency, inferred.fit.differs), (of_last_dates(&all), false), "{alias}");
        }
    }
}

#[test]
fn a_new_spacing_replaces_the_old_one() {
    for (before, after, count) in
        [("D", "MS", 12), ("D", "W-MON", 12), ("W-MON", "D", 30), ("MS", "D", 30), ("B", "D", 40), ("h", "D", 15)]
    {
        let mut history = calendar(before, "2020-01-06", 200);
        let start = civil(history[199]).date().to_string();
        let new = after.parse::<Frequency>().unwrap().after(dates(&[&start])[0], count);
        history.extend(new.iter().filter(|ms| **ms > history[199]).copied().collect::<Vec<_>>());
        let last = history[history.len() - 1];
        let inferred = Inferred::of(&history);
        assert_eq!(
            inferred.frequency.after(last, 10),
            after.parse::<Frequency>().unwrap().after(last, 10),
            "{before} → {after}: {inferred:?}"
        );
    }
}

#[test]
fn clocks_that_are_changed_leave_days_as_they_are() {
    // Midnights of Berlin, in UTC, around the last Sunday of October.
    let midnights: Vec<i64> =
        (0..40).map(|day| (19_640 + day) * DAY - if day < 20 { 2 } else { 1 } * 3_600_000).collect();
    let with_gap = [&midnights[..10], &midnights[11..]].concat();
    for history in [midnights, with_gap] {
        assert_eq!(Inferred::of(&history).frequency, Frequency::DAILY);
    }
    // Local time without the hour that the change skips.
    let mut hours = calendar("h", "2024-03-25", 200);
    hours.retain(|ms| civil(*ms).to_string() != "2024-03-31T02:00:00");
    assert_eq!(hours.len(), 199);
    assert_eq!(
        Inferred::of(&hours),
        Inferred {
            frequency: Frequency::Fixed(3_600_000),
            fit: CalendarFit { gaps: 1, is_guess: true, ..CalendarFit::default() }
        }
    );
}

#[test]
fn readings_at_irregular_times_go_on_with_their_median_gap_and_say_so() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut ms = 0;
    let readings: Vec<i64> = (0..50)
        .map(|_| {
            ms += random.random_range(27..34) * DAY;
            ms
        })
        .collect();
    let inferred = Inferred::of(&readings);
    assert!(inferred.fit.is_irregular, "{inferred:?}");
    assert!(
        matches!(inferred.frequency, Frequency::Fixed(gap) if (29 * DAY..=32 * DAY).contains(&gap)),
        "{inferred:?}"
    );
}

#[test]
fn dates_a_little_early_or_late_have_the_step_that_they_are_near() {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let start = dates(&["2024-01-01T09:00:00"])[0];
    for (alias, second, most_late) in [("5min", 1000, 6), ("h", 60_000, 5), ("10s", 100, 9), ("7min", 1000, 20)] {
        let step = match alias.parse::<Frequency>().unwrap() {
            Frequency::Fixed(step) => step,
            other => panic!("{other}"),
        };
        let kept = (0..300).filter(|at| !(100..110).contains(at));
        let history: Vec<i64> =
            kept.map(|at| start + at * step + second * random.random_range(-most_late..=most_late)).collect();
        let Inferred { frequency, fit } = Inferred::of(&history);
        assert_eq!(
            (frequency.to_string().as_str(), fit.gaps, fit.is_guess, fit.is_irregular),
            (alias, 10, true, false)
        );
        assert!(fit.off > 200 && fit.off < 290, "{alias}: {fit:?}");
        let next = frequency.after(history[history.len() - 1], 1)[0];
        assert_eq!(next - history[history.len() - 1], step);
    }
    // A fifth of a step early or late is too far, and few dates may be near by chance.
    let mut far =
        |most: i64| (0..300).map(|at| start + at * 300_000 + random.random_range(-most..=most)).collect::<Vec<_>>();
    assert!(!Inferred::of(&far(29_000)).fit.is_irregular);
    assert!(Inferred::of(&far(60_000)).fit.is_irregular);
    assert!(Inferred::of(&far(20_000)[..5]).fit.is_irregular);
}
