//! The columns of a table of series without a header: whether its first line is data, and what its columns are then.

use crate::input::{schema::kind::ColumnKind, value::number};

/// A row's fields.
pub(in crate::input) type Fields = Vec<Vec<u8>>;

/// Where the columns of a file without a header are, as far as its rows tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::input) struct Positions {
    pub(in crate::input) customer: Option<usize>,
    /// The timestamp and the target.
    pub(in crate::input) series: Option<(usize, usize)>,
}

impl Positions {
    /// Timestamp, then target.
    pub(in crate::input) const PLAIN: Self = Self { customer: None, series: Some((0, 1)) };

    /// The positions, if the `first` line is a row as those `below` it are: it has a timestamp where they have timestamps, and no
    /// text where they have timestamps or numbers.
    pub(in crate::input) fn of(first: &Fields, below: &[Fields]) -> Option<Self> {
        let own: Vec<ColumnKind> = first.iter().map(|field| ColumnKind::of([field.as_slice()])).collect();
        let kinds: Vec<ColumnKind> =
            (0..first.len()).map(|at| ColumnKind::of(below.iter().map(|fields| fields[at].as_slice()))).collect();
        let pairs = || own.iter().zip(&kinds);
        if pairs().any(|(own, below)| is_name_over_values(*own, *below)) {
            return None;
        }
        let is_calendar = |(own, below): (&ColumnKind, &ColumnKind)| own.seen && own.calendar && below.calendar;
        let is_time = |(own, below): (&ColumnKind, &ColumnKind)| own.seen && own.time && below.time;
        let timestamp = pairs().position(is_calendar).or_else(|| pairs().position(is_time))?;
        let rows: Vec<&Fields> = std::iter::once(first).chain(below).collect();
        let is_number = |at: usize| own[at].number && kinds[at].number && (own[at].seen || kinds[at].seen);
        let id = |at: usize| Some(at).filter(|_| !is_index(&rows, at, timestamp));
        let (customer, target) = match (first.len(), timestamp) {
            (2.., 0) if is_number(1) => (None, 1),
            (2, 1) if is_number(0) => (None, 0),
            (3, 0) if is_number(2) => (Some(1), 2),
            (3, 1) if is_number(2) => (id(0), 2),
            (3, 2) if is_number(1) && !is_number(0) => (Some(0), 1),
            _ => return Some(Self { customer: None, series: None }),
        };
        Some(Self { customer, series: Some((timestamp, target)) })
    }
}

/// Whether a field of the first line names the column of values that is below it.
fn is_name_over_values(own: ColumnKind, below: ColumnKind) -> bool {
    below.seen
        && match (below.number, below.time) {
            // A missing number may be a row's.
            (true, _) => !own.number,
            (false, true) => !own.seen || !own.time,
            (false, false) => false,
        }
}

/// Whether a column counts the rows, as data frames write them: one more in every row, while time goes on.
fn is_index(rows: &[&Fields], at: usize, timestamp: usize) -> bool {
    let number = |fields: &&Fields| number::parse(&fields[at]).ok().flatten();
    let counts = |pair: &[&Fields]| {
        let step = number(&pair[0]).zip(number(&pair[1])).map(|(first, second)| second - first);
        step == Some(1.0) && pair[0][timestamp] != pair[1][timestamp]
    };
    let is_empty = rows.iter().all(|fields| fields[at].is_empty());
    let starts = rows.first().and_then(number).is_some_and(|first| rows.len() > 1 || first == 0.0 || first == 1.0);
    is_empty || (starts && rows.windows(2).all(counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Customer, timestamp and target by position, or what the first line is instead.
    fn positions(lines: &str) -> String {
        let mut rows: Vec<Fields> =
            lines.split(' ').map(|line| line.split(',').map(|field| field.as_bytes().to_vec()).collect()).collect();
        let first = rows.remove(0);
        match Positions::of(&first, &rows) {
            None => "names".into(),
            Some(Positions { series: None, .. }) => "unclear".into(),
            Some(Positions { customer, series: Some((timestamp, target)) }) => {
                format!("{} {timestamp} {target}", customer.map_or("-".into(), |at| at.to_string()))
            }
        }
    }

    #[test]
    fn a_first_line_like_the_lines_below_it_is_data() {
        for (lines, expected) in [
            ("0,2024-01-01,105 1,2024-01-02,106 2,2024-01-03,107", "- 1 2"),
            ("17,2024-01-01,105 18,2024-01-02,106", "- 1 2"),
            ("0,20240101,105 1,20240102,106", "- 1 2"),
            ("0,2024-01-01,105", "- 1 2"),
            (",2024-01-01,105 ,2024-01-02,106", "- 1 2"),
            ("north,2024-01-01,5 north,2024-01-02,6", "0 1 2"),
            ("north,2024-01-01,5", "0 1 2"),
            ("7,2024-01-01,5 7,2024-01-02,6 8,2024-01-01,6", "0 1 2"),
            ("1,2024-01-01,5 2,2024-01-01,6 3,2024-01-01,6", "0 1 2"),
            ("2024-01-01,north,5 2024-01-02,north,6", "1 0 2"),
            ("north,5,2024-01-01 north,6,2024-01-02", "0 2 1"),
            ("105,2024-01-01 106,2024-01-02", "- 1 0"),
            ("north,2024-01-01, north,2024-01-02,6", "0 1 2"),
            ("7,8,2024-01-01 7,9,2024-01-02", "unclear"),
            ("a,b,2024-01-01,5 a,b,2024-01-02,6", "unclear"),
            ("ds,1 2024-01-01,5", "names"),
            (",0 2024-01-01,5", "names"),
            ("id,2024-01-01,2024-02-01 a,5,6 b,7,8", "names"),
            ("id,20240101,20240201 a,5,6 b,7,8", "names"),
            ("id,2024-01-01,value a,2024-01-02,6", "names"),
        ] {
            assert_eq!(positions(lines), expected, "{lines}");
        }
    }
}
