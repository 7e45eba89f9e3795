//! Small tables besides the input.

pub(in crate::input) mod customer_rows;
pub(in crate::input) mod sheet;
