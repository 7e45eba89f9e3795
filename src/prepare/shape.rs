//! One customer's rows as they are written: duplicates settled, periods aggregated, gaps in the grid filled.

use super::{
    gather::Rows,
    options::{Aggregate, Duplicates, Options},
    record::Encoded,
};
use crate::{
    error::{Error, Result},
    input::raw,
};

/// A row of the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shaped<'a> {
    pub(super) time: i64,
    pub(super) value: Value<'a>,
    /// The row that the kept columns come from; none in a gap of the grid.
    pub(super) source: Option<Encoded<'a>>,
}

/// A value of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Missing,
    /// As it stands in the table.
    Text(&'a [u8]),
    /// As it was computed.
    Number(f64),
}

impl Value<'_> {
    /// The number; NaN where it is missing.
    pub(super) fn number(self) -> f64 {
        match self {
            Self::Missing => f64::NAN,
            Self::Text(text) => raw::number(text).ok().flatten().unwrap_or(f64::NAN),
            Self::Number(number) => number,
        }
    }
}

/// Rows that may be put into the gaps of one customer's grid: more come of a wrong date or a wrong frequency.
const MOST_FILLED: usize = 1_000_000;

/// The customer's rows as they are written.
///
/// # Errors
/// [`Error::Data`] where the grid would have more than a million gaps.
pub(super) fn shape<'a>(rows: Rows<'a>, options: &Options) -> Result<Vec<Shaped<'a>>> {
    let mut shaped: Vec<Shaped<'a>> = Vec::with_capacity(rows.len());
    let label = |at: usize| match options.aggregate {
        Some((_, period)) => period.label(rows.time(at), rows.time(0)),
        None => rows.time(at),
    };
    let combine = match (options.aggregate, options.duplicates) {
        (Some((aggregate, _)), _) | (None, Duplicates::Combine(aggregate)) => Some(aggregate),
        (None, Duplicates::Keep) => None,
    };
    let mut at = 0;
    let mut filled = 0;
    while at < rows.len() {
        let time = label(at);
        let mut end = at + 1;
        if combine.is_some() {
            while end < rows.len() && label(end) == time {
                end += 1;
            }
        }
        if let (true, Some((_, period)), Some(last)) = (options.grid, options.aggregate, shaped.last()) {
            let mut next = period.next(last.time);
            while next < time {
                shaped.push(Shaped { time: next, value: Value::Missing, source: None });
                filled += 1;
                if filled > MOST_FILLED {
                    return Err(Error::Data(format!(
                        "the customer {:?} has more than a million periods of {} without a row up to {}: leave wrong dates \
                         out with --from and --to, choose a longer --frequency, or do without --grid",
                        rows.customer,
                        period.frequency(),
                        raw::display_time(time)
                    )));
                }
                next = period.next(next);
            }
        }
        shaped.push(match combine {
            Some(aggregate) if end - at > 1 => combined(rows, at..end, time, aggregate),
            _ => {
                let row = rows.row(at);
                let value = if row.value().is_empty() { Value::Missing } else { Value::Text(row.value()) };
                Shaped { time, value, source: Some(row) }
            }
        });
        at = end;
    }
    Ok(shaped)
}

/// How many rows [`shape`] makes of a customer's, without those that fill the grid.
pub(super) fn count(rows: Rows<'_>, options: &Options) -> u64 {
    let label =
        |at: usize| options.aggregate.map_or(rows.time(at), |(_, period)| period.label(rows.time(at), rows.time(0)));
    if options.aggregate.is_none() && options.duplicates == Duplicates::Keep {
        return rows.len() as u64;
    }
    (0..rows.len()).filter(|&at| at == 0 || label(at) != label(at - 1)).count() as u64
}

fn combined(rows: Rows<'_>, range: std::ops::Range<usize>, time: i64, aggregate: Aggregate) -> Shaped<'_> {
    let present = |at: &usize| !rows.row(*at).value().is_empty();
    let number = |at: usize| Value::Text(rows.row(at).value()).number();
    let mut values = range.clone().filter(present);
    let value = match aggregate {
        Aggregate::First => values.next().map(|at| Value::Text(rows.row(at).value())),
        Aggregate::Last => values.next_back().map(|at| Value::Text(rows.row(at).value())),
        Aggregate::Sum | Aggregate::Mean => {
            let (count, sum) = values.fold((0_u64, 0.0), |(count, sum), at| (count + 1, sum + number(at)));
            let result = if aggregate == Aggregate::Mean { sum / count as f64 } else { sum };
            (count > 0).then_some(Value::Number(result))
        }
    };
    // The sum of finite numbers may be more than a number holds; that is no value.
    let value = value.filter(|value| value.number().is_finite()).unwrap_or(Value::Missing);
    let source = if aggregate == Aggregate::First { range.start } else { range.end - 1 };
    Shaped { time, value, source: Some(rows.row(source)) }
}
