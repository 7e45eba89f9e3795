//! The timestamps of records, before the form of their column is known.

use crate::input::{
    csv::split::Records,
    data_error::Position,
    value::{cell::Cell, column_times::ColumnTimes},
};

/// Takes the timestamps of records into account, as far as they are needed. Returns whether more are.
pub(crate) fn see_times(
    times: &mut ColumnTimes,
    mut records: Records<'_>,
    column: usize,
    has_header: bool,
    lines_before: u64,
) -> bool {
    if has_header {
        records.next();
    }
    while let Some(record) = records.next() {
        if !times.see(Cell::Text(record.field(column)), Position::Line(lines_before + record.line)) {
            return false;
        }
    }
    true
}
