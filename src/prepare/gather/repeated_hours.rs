//! Which of two hours rows belong to, where clocks are set back: their order tells, as with pandas' `ambiguous="infer"`.

use crate::prepare::buckets::occurrences;

/// Replaces the times of one customer that occur twice by those that are meant; `times` are in the order of the input, which
/// may run forward or backward. Returns the positions of those of which the order tells nothing, increasing.
///
/// - Where the local times step back once, the rows from there on are of the second hour;
/// - where one local time is given twice in a row and none steps back, its second row is;
/// - where none is given twice, all are of the first hour;
/// - where the rows of an hour step back more than once, their order tells nothing.
pub(super) fn tell_apart(times: &mut [i64]) -> Vec<usize> {
    let first = |time: i64| occurrences(time).0;
    let is_backward = matches!(times, [begin, .., end] if first(*begin) > first(*end));
    if is_backward {
        times.reverse();
    }
    let repeated = times.iter().enumerate().filter(|(_, time)| occurrences(**time).1 != first(**time));
    let mut untold = Vec::new();
    for hour in hours(repeated.map(|(at, time)| (at, first(*time)))) {
        let locals: Vec<i64> = hour.iter().map(|at| first(times[*at])).collect();
        let Some(begin) = second_begins(&locals) else {
            untold.extend(hour);
            continue;
        };
        for (order, at) in hour.iter().enumerate() {
            let (first, second) = occurrences(times[*at]);
            times[*at] = if order < begin { first } else { second };
        }
    }
    if is_backward {
        times.reverse();
        for at in &mut untold {
            *at = times.len() - 1 - *at;
        }
    }
    untold.sort_unstable();
    untold
}

/// Whether the order of one customer's rows tells their times apart whether they run forward or backward: these are the local
/// times of its rows that occur twice.
pub(in crate::prepare) fn is_told_either_way(locals: &[i64]) -> bool {
    hours(locals.iter().copied().enumerate()).into_iter().all(|hour| {
        let mut hour: Vec<i64> = hour.into_iter().map(|at| locals[at]).collect();
        let forward = second_begins(&hour).is_some();
        hour.reverse();
        forward && second_begins(&hour).is_some()
    })
}

/// The positions of times by the hour that occurs twice, in the order of the input.
fn hours(times: impl Iterator<Item = (usize, i64)>) -> Vec<Vec<usize>> {
    let mut times: Vec<(usize, i64)> = times.collect();
    times.sort_by_key(|(_, time)| *time);
    // Years are more than half a day apart, and the rows of one hour less.
    let hours = times.chunk_by(|(_, a), (_, b)| b - a < 43_200_000);
    let positions = |hour: &[(usize, i64)]| {
        let mut hour: Vec<usize> = hour.iter().map(|(at, _)| *at).collect();
        hour.sort_unstable();
        hour
    };
    hours.map(positions).collect()
}

/// How many of the rows of an hour that run forward in time are of the first one; `None`: their order does not tell.
fn second_begins(hour: &[i64]) -> Option<usize> {
    let steps = |is_step: fn(&i64, &i64) -> bool| -> Vec<usize> {
        (1..hour.len()).filter(|at| is_step(&hour[*at], &hour[at - 1])).collect()
    };
    match (&steps(i64::lt)[..], &steps(i64::eq)[..]) {
        ([step], _) | ([], [step]) => Some(*step),
        ([], []) => Some(hour.len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::buckets::repeated;

    const HOUR: i64 = 3_600_000;

    /// Tells apart the times of hours with decimals, of which 2 to 3 occurs twice.
    fn told(hours: &[f64]) -> Result<Vec<f64>, Vec<usize>> {
        let mut times: Vec<i64> = hours
            .iter()
            .map(|hour| {
                let time = (hour * HOUR as f64) as i64;
                if (2.0..3.0).contains(hour) {
                    repeated(time, time + HOUR)
                } else {
                    time + HOUR * i64::from(*hour >= 3.0)
                }
            })
            .collect();
        let untold = tell_apart(&mut times);
        if !untold.is_empty() {
            return Err(untold);
        }
        Ok(times.into_iter().map(|time| time as f64 / HOUR as f64).collect())
    }

    #[test]
    fn the_order_of_rows_tells_the_hours_apart_as_pandas_infers() {
        // pd.DatetimeIndex([...]).tz_localize("Europe/Berlin", ambiguous="infer")
        for (hours, expected) in [
            (&[1.0, 2.0, 2.0, 3.0][..], &[1.0, 2.0, 3.0, 4.0][..]),
            (&[1.5, 2.0, 2.5, 2.0, 2.5, 3.0], &[1.5, 2.0, 2.5, 3.0, 3.5, 4.0]),
            (&[2.25, 2.75, 2.5, 3.5], &[2.25, 2.75, 3.5, 4.5]),
            // Backward.
            (&[3.0, 2.0, 2.0, 1.0], &[4.0, 3.0, 2.0, 1.0]),
            (&[3.0, 2.5, 2.0, 2.5, 2.0, 1.0], &[4.0, 3.5, 3.0, 2.5, 2.0, 1.0]),
            // Several rows of one time, and one step back.
            (&[2.0, 2.0, 2.5, 2.0, 2.0, 2.5], &[2.0, 2.0, 2.5, 3.0, 3.0, 3.5]),
            // Where pandas refuses.
            (&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0]),
            (&[2.0], &[2.0]),
            (&[], &[]),
        ] {
            assert_eq!(told(hours).unwrap(), expected, "{hours:?}");
        }
    }

    #[test]
    fn rows_of_an_hour_may_tell_it_in_one_direction_only() {
        let is_told = |hours: &[f64]| {
            is_told_either_way(&hours.iter().map(|hour| (hour * HOUR as f64) as i64).collect::<Vec<_>>())
        };
        assert!(is_told(&[2.0]) && is_told(&[2.0, 2.0]) && is_told(&[2.0, 2.0, 9000.0, 9000.0]));
        assert!(!is_told(&[2.0, 2.5, 2.0, 2.5]) && !is_told(&[2.5, 2.0, 2.5, 2.0]) && !is_told(&[2.0, 2.0, 2.0]));
    }

    #[test]
    fn rows_in_no_order_tell_nothing() {
        assert_eq!(told(&[1.0, 2.0, 2.0, 2.0, 3.0]), Err(vec![1, 2, 3]));
        assert_eq!(told(&[1.0, 2.5, 2.0, 2.5, 2.0, 3.0]), Err(vec![1, 2, 3, 4]));
        assert_eq!(told(&[3.0, 2.0, 2.0, 2.0, 1.0]), Err(vec![1, 2, 3]));
    }
}
