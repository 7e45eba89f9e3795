//! Steps of dates that are a little early or late, as those of sensors: 09:00:03, 09:05:01, 09:09:58.

use super::candidate::{Candidate, most_frequent};
use crate::frequency::{opening::HOUR, spacing::Frequency};

/// Dates from which on their nearness to steps is hardly chance.
const FEWEST: usize = 8;

/// The part of a step, one in this many, by which dates may be early or late.
const NEAR: i64 = 10;

/// The step near the median `gap` of which all dates are near a multiple: of whole hours, minutes or seconds, the first that
/// explains the dates. The dates that are not exactly where most are count as off it.
pub(super) fn of(dates: &[i64], gap: i64) -> Option<Candidate> {
    let steps = [HOUR, HOUR / 60, HOUR / 3600].map(|unit| (gap + unit / 2) / unit * unit);
    let mut near = steps.into_iter().filter(|step| *step > 0 && (step - gap).abs() <= step / NEAR);
    near.find_map(|step| of_step(dates, step)).filter(|_| dates.len() >= FEWEST)
}

fn of_step(dates: &[i64], step: i64) -> Option<Candidate> {
    // Milliseconds after the multiple that is nearest to where the first date is, less than half a step.
    let late = |ms: i64| (ms - dates[0] + step / 2).rem_euclid(step) - step / 2;
    let (earliest, latest) = dates.iter().fold((0, 0), |(least, most), ms| (late(*ms).min(least), late(*ms).max(most)));
    if latest - earliest > 2 * step / NEAR {
        return None;
    }
    let places = dates.iter().map(|ms| Some((ms - dates[0] - late(*ms)) / step));
    let usual = most_frequent(dates.iter().map(|ms| late(*ms)))?;
    let candidate = Candidate::new(Frequency::Fixed(step), places, 0.0, 0.0).filter(|candidate| candidate.off == 0)?;
    Some(Candidate { off: dates.iter().filter(|ms| late(**ms) != usual).count(), ..candidate })
}
