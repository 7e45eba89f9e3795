//! Where the rows of a series are on its calendar, and what the calendar lacks.

use super::finding::Finding;
use crate::{data::Series, frequency::Frequency};

/// Share of the calendar's steps without a value above which a series has gaps.
const MANY_MISSING: f64 = 0.05;

/// Steps in a row without a value that are a gap, whatever their share.
const LONG_GAP: i64 = 10;

/// The steps of the rows that have a value.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Steps from the first row to each of them, increasing; row numbers where the calendar is none of these dates.
    pub(super) of_rows: Vec<i64>,
}

impl Steps {
    /// Places the rows on the calendar and tells of gaps. The rows are numbered instead where there is no calendar, or where most of
    /// its steps have no row: then no season can be seen, and `false` is returned.
    pub(super) fn place(
        &mut self,
        series: &Series,
        frequency: Option<Frequency>,
        season: usize,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let Self { of_rows } = self;
        let dates = &series.timestamps;
        of_rows.clear();
        if let (Some(frequency), Some(&first)) = (frequency, dates.first()) {
            of_rows.extend(dates.iter().map(|&date| frequency.steps(first, date)));
            // Two rows at one step are of dates that are off the calendar: what its steps lack is no gap then.
            if of_rows.windows(2).all(|pair| pair[0] < pair[1]) {
                findings.extend(gaps(of_rows, dates, season));
                if of_rows.last().is_some_and(|last| last / 2 < dates.len() as i64) {
                    return true;
                }
            }
        }
        of_rows.clear();
        of_rows.extend(0..dates.len() as i64);
        false
    }
}

/// The gaps, where they are many or long.
fn gaps(steps: &[i64], dates: &[i64], season: usize) -> Option<Finding> {
    let all = steps.last()? + 1;
    let missing = all - steps.len() as i64;
    let longest = steps.windows(2).enumerate().map(|(row, pair)| (pair[1] - pair[0] - 1, row));
    let (longest, row) = longest.max_by_key(|&(gap, row)| (gap, std::cmp::Reverse(row)))?;
    let long = if season > 1 { LONG_GAP.min(season as i64) } else { LONG_GAP };
    let is_gappy = missing as f64 > MANY_MISSING * all as f64 || longest >= long;
    is_gappy.then(|| Finding::Gaps {
        missing: missing as u64,
        steps: all as u64,
        longest: longest as u64,
        after: dates[row],
    })
}
