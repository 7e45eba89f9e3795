//! A customer's rows as they are written: duplicates combined, periods aggregated, gaps in the grid filled.

use std::ops::Range;

use crate::{
    error::{Error, Result},
    input::value::{number, timestamp},
    prepare::{
        buckets::EncodedRow,
        gather::CustomerSlice,
        options::{Aggregate, Options},
    },
};

/// A row of the output.
#[derive(Clone, Copy, Debug)]
pub(in crate::prepare) struct OutputRow<'a> {
    /// Milliseconds since 1970.
    pub(in crate::prepare) time: i64,
    pub(in crate::prepare) value: OutputValue<'a>,
    /// The row that the kept columns come from; `None` in a gap of the grid.
    pub(in crate::prepare) source: Option<EncodedRow<'a>>,
}

/// A value of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::prepare) enum OutputValue<'a> {
    Missing,
    /// Unchanged text of the input.
    Text(&'a [u8]),
    Computed(f64),
}

impl OutputValue<'_> {
    /// The number; NaN if missing.
    pub(in crate::prepare) fn number(self) -> f64 {
        match self {
            Self::Missing => f64::NAN,
            Self::Text(text) => number::parse(text).ok().flatten().unwrap_or(f64::NAN),
            Self::Computed(number) => number,
        }
    }
}

/// Maximum number of rows that fill the gaps of one customer: more come from a wrong date or frequency.
const MOST_FILLED: usize = 1_000_000;

/// The rows of a customer as they are written.
///
/// # Errors
/// [`Error::Data`] if the grid has more than a million gaps.
pub(super) fn output_rows<'a>(rows: CustomerSlice<'a>, options: &Options) -> Result<Vec<OutputRow<'a>>> {
    let mut output: Vec<OutputRow<'a>> = Vec::with_capacity(rows.len());
    let combine = options.combine();
    let (mut at, mut filled) = (0, 0);
    while at < rows.len() {
        let time = label(rows, at, options);
        let mut end = at + 1;
        if combine.is_some() {
            while end < rows.len() && label(rows, end, options) == time {
                end += 1;
            }
        }
        if let (true, Some((_, period)), Some(last)) = (options.grid, options.aggregate, output.last()) {
            let mut next = period.next(last.time);
            while next < time {
                output.push(OutputRow { time: next, value: OutputValue::Missing, source: None });
                filled += 1;
                if filled > MOST_FILLED {
                    return Err(Error::Data(format!(
                        "the customer {:?} has more than a million periods of {} without a row up to {}: leave wrong dates \
                         out with --from and --to, choose a longer --frequency, or do without --grid",
                        rows.customer,
                        period.frequency(),
                        timestamp::format(time)
                    )));
                }
                next = period.next(next);
            }
        }
        output.push(match combine {
            Some(aggregate) if end - at > 1 => combined(rows, at..end, time, aggregate),
            _ => {
                let row = rows.row(at);
                let value = if row.value().is_empty() { OutputValue::Missing } else { OutputValue::Text(row.value()) };
                OutputRow { time, value, source: Some(row) }
            }
        });
        at = end;
    }
    Ok(output)
}

/// The number of rows that [`output_rows`] makes of a customer, without those that fill gaps.
pub(super) fn count(rows: CustomerSlice<'_>, options: &Options) -> u64 {
    if options.combine().is_none() {
        return rows.len() as u64;
    }
    (0..rows.len()).filter(|&at| at == 0 || label(rows, at, options) != label(rows, at - 1, options)).count() as u64
}

/// The time of a row in the output.
fn label(rows: CustomerSlice<'_>, at: usize, options: &Options) -> i64 {
    options.aggregate.map_or(rows.time(at), |(_, period)| period.label(rows.time(at), rows.time(0)))
}

fn combined(rows: CustomerSlice<'_>, range: Range<usize>, time: i64, aggregate: Aggregate) -> OutputRow<'_> {
    let mut values =
        range.clone().map(|at| rows.row(at).value()).filter(|text| !text.is_empty()).map(OutputValue::Text);
    let value = match aggregate {
        Aggregate::First => values.next(),
        Aggregate::Last => values.next_back(),
        Aggregate::Sum | Aggregate::Mean => {
            let (count, sum) = values.fold((0_u64, 0.0), |(count, sum), value| (count + 1, sum + value.number()));
            let result = if aggregate == Aggregate::Mean { sum / count as f64 } else { sum };
            (count > 0).then_some(OutputValue::Computed(result))
        }
    };
    // A sum that overflows is a missing value.
    let value = value.filter(|value| value.number().is_finite()).unwrap_or(OutputValue::Missing);
    let source = if aggregate == Aggregate::First { range.start } else { range.end - 1 };
    OutputRow { time, value, source: Some(rows.row(source)) }
}
