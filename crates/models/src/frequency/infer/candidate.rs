//! A calendar that may explain the dates of a history, and the price of that explanation.

use crate::frequency::spacing::Frequency;
use statrs::function::factorial::ln_binomial;
use std::f64::consts::LN_2;

/// Number of last dates, if an eighth of them are fewer, of which a tenth or one may be off the calendar: a change of habits
/// would be taken for exceptions.
const RECENT: usize = 8;

/// Dates of which one may be off the calendar; of more, a tenth.
const FEW: usize = 5;

/// Gaps that are told apart: enough for the days of a year.
const LONGEST_GAP: usize = 400;

/// A calendar, and what it says about the dates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) frequency: Frequency,
    /// Bits to describe the dates: the calendar, which of its dates the history has, and each date that is off it.
    pub(super) bits: f64,
    /// Dates that are off the calendar.
    pub(super) off: usize,
    /// Dates of the calendar, between the first and the last of the history, that the history lacks.
    pub(super) gaps: u64,
}

impl Candidate {
    /// Judges a calendar by the place of each date on it, none for a date that is off it; the places increase.
    ///
    /// None where it does not explain the dates: too many are off it, or most of its dates are missing and neighbours are
    /// rarer than another distance.
    pub(super) fn new(
        frequency: Frequency,
        places: impl ExactSizeIterator<Item = Option<i64>>,
        calendar_bits: f64,
        bits_off: f64,
    ) -> Option<Self> {
        let all = places.len();
        let recent = (all / 8).max(RECENT);
        let (mut distances, mut longer) = ([0_u32; LONGEST_GAP], 0_u32);
        let (mut first, mut last) = (None, None);
        let (mut on, mut recent_off, mut pauses) = (0_usize, 0, 0_u64);
        for (at, place) in places.enumerate() {
            let Some(place) = place.filter(|place| last.is_none_or(|last| *place > last)) else {
                recent_off += usize::from(at + recent >= all);
                continue;
            };
            if let Some(distance) = last.and_then(|last| usize::try_from(place - last).ok()) {
                pauses += u64::from(distance > 1);
                *distances.get_mut(distance).unwrap_or(&mut longer) += 1;
            }
            first.get_or_insert(place);
            last = Some(place);
            on += 1;
        }
        let off = all - on;
        let most_off = if all < FEW { 0 } else { (all / 10).max(1) };
        if on < 2 || off > most_off || recent_off > (recent / 10).max(1) {
            return None;
        }
        let dates = u64::try_from(last? - first? + 1).ok()?;
        let neighbours = distances[1];
        let is_dense = on as f64 >= 0.5 * dates as f64;
        if !is_dense && distances.iter().chain([&longer]).any(|&count| count > neighbours) {
            return None;
        }
        // Missing dates are named one by one, or few pauses by where they begin and end; a bit says so.
        let one_by_one = ln_binomial(dates, on as u64) / LN_2;
        let by_pauses = ln_binomial(dates - 1, 2 * pauses) / LN_2 + 1.0;
        let which = if 4 * pauses < dates { one_by_one.min(by_pauses) } else { one_by_one };
        let bits = calendar_bits + which + off as f64 * bits_off;
        Some(Self { frequency, bits, off, gaps: dates - on as u64 })
    }
}

/// The bits for a date that is off every calendar, one of so many; a little more, so that few exceptions are made.
pub(super) fn bits_off(moments: i64) -> f64 {
    (moments.max(1) as f64).log2() + 3.0
}

/// The value that occurs most often; of several, the smallest.
pub(super) fn most_frequent(values: impl IntoIterator<Item = i64>) -> Option<i64> {
    by_frequency(values).first().copied()
}

/// The values, those that occur most often first; of several, the smallest first.
pub(super) fn by_frequency(values: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut sorted: Vec<i64> = values.into_iter().collect();
    sorted.sort_unstable();
    let mut runs: Vec<(usize, i64)> = sorted.chunk_by(|a, b| a == b).map(|run| (run.len(), run[0])).collect();
    runs.sort_by_key(|&(count, _)| std::cmp::Reverse(count));
    runs.into_iter().map(|(_, value)| value).collect()
}

/// Steps that may lie behind distances: what divides all of them, and the most frequent of them.
pub(super) fn steps_behind(distances: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let values = by_frequency(distances.into_iter().filter(|&distance| distance > 0));
    let divisor = values.iter().copied().reduce(crate::frequency::times::gcd);
    let mut steps: Vec<i64> = divisor.into_iter().chain(values.into_iter().take(3)).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}
