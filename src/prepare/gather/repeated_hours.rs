//! Which of two hours rows belong to, where clocks are set back: their order tells, as with pandas' `ambiguous="infer"`.

use crate::prepare::buckets::occurrences;

/// Replaces the times of one customer that occur twice by those that are meant; `times` are in the order of the input, which
/// may run forward or backward.
///
/// - Where the local times step back once, the rows from there on are of the second hour;
/// - where one local time is given twice in a row and none steps back, its second row is;
/// - where none is given twice, all are of the first hour.
///
/// # Errors
/// With the first time of an hour whose rows step back more than once, so that their order tells nothing.
pub(super) fn tell_apart(times: &mut [i64]) -> Result<(), i64> {
    let first = |time: i64| occurrences(time).0;
    let is_backward = matches!(times, [begin, .., end] if first(*begin) > first(*end));
    if is_backward {
        times.reverse();
    }
    let is_repeated = |at: &usize| occurrences(times[*at]).1 != first(times[*at]);
    let mut repeated: Vec<usize> = (0..times.len()).filter(is_repeated).collect();
    repeated.sort_by_key(|at| first(times[*at]));
    // Years are more than half a day apart, and the rows of one hour less.
    let mut hours: Vec<Vec<usize>> =
        repeated.chunk_by(|a, b| first(times[*b]) - first(times[*a]) < 43_200_000).map(<[usize]>::to_vec).collect();
    for hour in &mut hours {
        hour.sort_unstable();
        let steps = |is_step: fn(&i64, &i64) -> bool| -> Vec<usize> {
            let locals: Vec<i64> = hour.iter().map(|at| first(times[*at])).collect();
            (1..locals.len()).filter(|at| is_step(&locals[*at], &locals[at - 1])).collect()
        };
        let begin = match (&steps(i64::lt)[..], &steps(i64::eq)[..]) {
            ([step], _) | ([], [step]) => *step,
            ([], []) => hour.len(),
            _ => return Err(first(times[hour[0]])),
        };
        for (order, at) in hour.iter().enumerate() {
            let (first, second) = occurrences(times[*at]);
            times[*at] = if order < begin { first } else { second };
        }
    }
    if is_backward {
        times.reverse();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::buckets::repeated;

    const HOUR: i64 = 3_600_000;

    /// Tells apart the times of hours with decimals, of which 2 to 3 occurs twice.
    fn told(hours: &[f64]) -> Result<Vec<f64>, i64> {
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
        tell_apart(&mut times)?;
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
    fn rows_in_no_order_tell_nothing() {
        assert_eq!(told(&[1.0, 2.0, 2.0, 2.0, 3.0]), Err(2 * HOUR));
        assert_eq!(told(&[1.0, 2.5, 2.0, 2.5, 2.0, 3.0]), Err(2 * HOUR + HOUR / 2));
    }
}
