//! What is found in single series, and what no series may do to the checks.

use super::{Checks, Demand, Finding, Outlier};
use crate::{data::Series, frequency::Frequency};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Milliseconds.
const DAY: i64 = 86_400_000;

/// A series with values on some days since 1970.
fn on_days(days: impl Iterator<Item = i64>, value: impl Fn(i64) -> f64) -> Series {
    let days: Vec<i64> = days.collect();
    let dates: Vec<i64> = days.iter().map(|day| day * DAY).collect();
    Series { timestamps: dates.clone(), dates, values: days.into_iter().map(value).collect(), ..Series::default() }
}

fn found(series: &Series) -> Vec<Finding> {
    Checks::default().findings(series, Some(Frequency::DAILY), &[7, 365])
}

/// Something like noise, from -5 to 5.
fn noise(day: i64) -> f64 {
    (day * day * 7_919 % 1_013 % 101) as f64 / 10.0 - 5.0
}

#[test]
fn short_series_are_told_of_and_their_other_faults() {
    assert_eq!(found(&Series::default()), [Finding::Short { values: 0, season: 1 }]);
    assert_eq!(found(&on_days(0..2, |_| 1.0)), [Finding::Short { values: 2, season: 1 }]);
    assert_eq!(found(&on_days(0..13, noise)), [Finding::Short { values: 13, season: 7 }]);
    assert_eq!(found(&on_days(0..14, noise)), []);
    let constant = found(&on_days(0..9, |_| 4.0));
    assert_eq!(constant, [Finding::Short { values: 9, season: 7 }, Finding::Constant { values: 9, value: 4.0 }]);
    let without_season = Checks::default().findings(&on_days(0..5, noise), Some(Frequency::DAILY), &[1]);
    assert_eq!(without_season, []);
}

#[test]
fn a_constant_series_has_no_other_fault() {
    assert_eq!(found(&on_days(0..40, |_| 0.0)), [Finding::Constant { values: 40, value: 0.0 }]);
    let rounded = found(&on_days(0..40, |day| [0.1 + 0.2, 0.3][day as usize % 2]));
    assert_eq!(rounded, [Finding::Constant { values: 40, value: 0.1 + 0.2 }]);
}

#[test]
fn zeros_between_demands_are_told_by_how_often_and_how_evenly_they_come() {
    let demand = Demand { zeros: 0.75, interval: 4.0, variation: 0.0 };
    assert_eq!(found(&on_days(0..80, |day| if day % 4 == 3 { 5.0 } else { 0.0 })), [Finding::MostlyZero(demand)]);
    let [Finding::Intermittent(demand)] =
        found(&on_days(0..80, |day| if day % 3 == 0 { 0.0 } else { 1.0 + 9.0 * (day % 2) as f64 }))[..]
    else {
        panic!("a third of the days have no demand");
    };
    assert!((demand.interval - 80.0 / 53.0).abs() < 1e-12 && demand.variation > 0.49, "{demand:?}");
    assert_eq!(demand.class(), "lumpy demand");
}

#[test]
fn closed_days_of_the_week_are_no_missing_demand() {
    let open_on_weekends = on_days(0..84, |day| if day % 7 < 5 { 0.0 } else { 50.0 + noise(day) });
    assert_eq!(found(&open_on_weekends), []);
    let closes = on_days(0..84, |day| {
        if day % 7 < 2 {
            0.0
        } else if day < 60 {
            50.0 + noise(day)
        } else {
            150.0 + noise(day)
        }
    });
    let [Finding::LevelShift { size, at, .. }] = found(&closes)[..] else { panic!("{:?}", found(&closes)) };
    assert!((size - 100.0).abs() < 5.0 && at == 60 * DAY, "{size} at {at}");
}

#[test]
fn a_shift_is_told_with_its_size_and_its_first_day() {
    let series = on_days(0..120, |day| noise(day) + if day < 75 { 0.0 } else { -45.0 });
    let [shift @ Finding::LevelShift { size, at, ratio: Some(ratio) }] = found(&series)[..] else {
        panic!("{:?}", found(&series));
    };
    assert!((size + 45.0).abs() < 4.0 && at == 75 * DAY && ratio > 5.0, "{shift}");
    let exact = found(&on_days(0..120, |day| if day < 75 { 1.0 } else { 3.0 }));
    assert_eq!(exact[0], Finding::LevelShift { size: 2.0, at: 75 * DAY, ratio: None });
}

#[test]
fn what_comes_again_or_goes_away_is_no_shift() {
    let codes = |series: &Series| found(series).iter().map(Finding::code).collect::<Vec<_>>();
    let summers = on_days(0..1_100, |day| noise(day) + if (150..240).contains(&(day % 365)) { 60.0 } else { 0.0 });
    assert!(!codes(&summers).contains(&"level-shift"), "{:?}", found(&summers));
    let peak = on_days(0..120, |day| noise(day) + if (60..69).contains(&day) { 60.0 } else { 0.0 });
    assert!(!codes(&peak).contains(&"level-shift"), "{:?}", found(&peak));
}

#[test]
fn outliers_are_counted_and_the_farthest_is_named() {
    let series = on_days(0..120, |day| {
        noise(day)
            + if day == 50 {
                300.0
            } else if day == 119 {
                -200.0
            } else {
                0.0
            }
    });
    let [Finding::Outliers { count: 2, largest, at, .. }] = found(&series)[..] else { panic!("{:?}", found(&series)) };
    assert!((largest - 300.0).abs() < 15.0 && at == 50 * DAY, "{largest} at {at}");
}

#[test]
fn an_outlier_is_one_up_to_its_bound() {
    let week = |day: i64| 100.0 + [30.0, 0.0, -20.0, 10.0, -10.0, 0.0, 20.0][day as usize % 7];
    for value in [
        |day, week: f64| week + noise(day),
        |day, week: f64| week * (1.0 + 0.01 * noise(day)) * (1.0 + 0.02 * day as f64),
    ] {
        let mut series = on_days(0..120, |day| value(day, week(day)) + if day == 50 { 500.0 } else { 0.0 });
        let mut checks = Checks::default();
        assert!(
            checks.findings(&series, Some(Frequency::DAILY), &[7]).iter().any(|finding| finding.code() == "outliers")
        );
        let [Outlier { at, bound }] = checks.outliers().collect::<Vec<_>>()[..] else { panic!("one day is off") };
        assert!(at == 50 * DAY && bound > value(50, week(50)) && bound < series.values[50], "{bound} at {at}");
        series.values[50] = bound - 1.0;
        assert_eq!(checks.findings(&series, Some(Frequency::DAILY), &[7]), []);
        assert_eq!(checks.outliers().count(), 0);
    }
}

#[test]
fn holidays_of_every_year_are_no_outliers() {
    let series = on_days(0..800, |day| 100.0 + noise(day) + if day % 365 == 358 { -90.0 } else { 0.0 });
    assert_eq!(found(&series), []);
    let once = on_days(0..800, |day| 100.0 + noise(day) + if day == 358 { -90.0 } else { 0.0 });
    assert!(matches!(found(&once)[..], [Finding::Outliers { count: 1, .. }]), "{:?}", found(&once));
}

#[test]
fn gaps_are_told_if_they_are_many_or_long() {
    let week = on_days((0..100).filter(|day| !(40..47).contains(day)), noise);
    assert_eq!(found(&week)[0], Finding::Gaps { missing: 7, steps: 100, longest: 7, after: 39 * DAY });
    assert_eq!(found(&on_days((0..100).filter(|day| *day != 40), noise)), []);
    // Of rows without a calendar nothing is missing.
    let irregular = on_days((0..100).filter(|day| day % 3 != 1), noise);
    assert_eq!(Checks::default().findings(&irregular, None, &[]), []);
}

#[test]
fn an_end_that_stands_still_is_told_of() {
    let stale = |value: f64| found(&on_days(0..60, |day| if day < 50 { 10.0 + noise(day) } else { value }));
    assert_eq!(stale(0.0)[0], Finding::StaleEnd { values: 10, value: 0.0, before: 1 });
    assert_eq!(stale(12.5)[0], Finding::StaleEnd { values: 10, value: 12.5, before: 1 });
    let has_stood_before =
        on_days(0..60, |day| if (20..25).contains(&day) || day >= 50 { 0.0 } else { 10.0 + noise(day) });
    assert!(!found(&has_stood_before).iter().any(|finding| finding.code() == "stale-end"));
}

/// Series with all sorts of faults, also such as no input has.
fn wild_series(rng: &mut ChaCha8Rng) -> Series {
    let rows = rng.random_range(0..130);
    let kind = rng.random_range(0..6);
    let (mut day, mut dates) = (0, Vec::new());
    for _ in 0..rows {
        day += match rng.random_range(0..20) {
            0 => rng.random_range(1..100_000_000_000),
            1..4 => rng.random_range(1..4) * DAY,
            _ => DAY,
        };
        dates.push(day);
    }
    let extremes = [0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 1e308, f64::MIN_POSITIVE, 5e-324, f64::INFINITY, f64::NAN];
    let mut values: Vec<f64> = (0..rows)
        .map(|row| match kind {
            0 => extremes[rng.random_range(0..extremes.len())],
            1 => extremes[rng.random_range(0..6)],
            2 => f64::from(rng.random_range(0i8..3)),
            3 => row as f64,
            4 => 100.0 + f64::from(rng.random_range(-9i8..9)),
            _ => rng.random_range(-1.0..1.0),
        })
        .collect();
    if rows > 0 && rng.random_bool(0.3) {
        values[rng.random_range(0..rows)..].iter_mut().for_each(|value| *value += 50.0);
    }
    Series { timestamps: dates.clone(), dates, values, ..Series::default() }
}

#[test]
fn no_series_makes_the_checks_panic_or_depend_on_the_one_before() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut checks = Checks::default();
    let seasons: [&[usize]; 8] = [&[], &[0], &[1], &[2], &[7, 365], &[12], &[52], &[usize::MAX, 3]];
    for _ in 0..3_000 {
        let series = wild_series(&mut rng);
        let frequency = ["D", "B", "W", "MS", "h", "SMS"][rng.random_range(0..6)].parse().ok();
        let frequency = frequency.filter(|_| rng.random_bool(0.8));
        let seasons = seasons[rng.random_range(0..seasons.len())];
        let findings = checks.findings(&series, frequency, seasons);
        assert_eq!(findings, Checks::default().findings(&series, frequency, seasons));
        for finding in findings {
            let numbers = finding.numbers();
            assert!(numbers.iter().all(|(_, number)| number.is_finite()), "{finding:?} of {:?}", series.values);
            assert!(Finding::CODES.contains(&finding.code()) && !finding.to_string().is_empty());
        }
    }
}

#[test]
fn units_change_sizes_and_nothing_else() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut told = 0;
    for _ in 0..1_000 {
        let mut series = wild_series(&mut rng);
        series.values.iter_mut().for_each(|value| *value = value.clamp(-1e6, 1e6));
        series.values.iter_mut().filter(|value| value.abs() < 1e-6 || value.is_nan()).for_each(|value| *value = 0.0);
        let before = found(&series);
        series.values.iter_mut().for_each(|value| *value *= 1024.0);
        let scaled = before.iter().map(|finding| match *finding {
            Finding::LevelShift { size, at, ratio } => Finding::LevelShift { size: 1024.0 * size, at, ratio },
            Finding::Outliers { largest, count, at, ratio } => {
                Finding::Outliers { largest: 1024.0 * largest, count, at, ratio }
            }
            Finding::Constant { value, values } => Finding::Constant { value: 1024.0 * value, values },
            Finding::StaleEnd { value, values, before } => Finding::StaleEnd { value: 1024.0 * value, values, before },
            other => other,
        });
        assert_eq!(found(&series), scaled.collect::<Vec<_>>());
        told += before.len();
    }
    assert!(told > 500, "{told}");
}
