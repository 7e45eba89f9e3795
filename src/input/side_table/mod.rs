//! Small tables beside the data.

pub(in crate::input) mod customer_rows;
pub(in crate::input) mod sheet;
