//! Fields to values.

pub(in crate::input) mod calendar;
pub(crate) mod cell;
pub(crate) mod column_times;
pub(crate) mod decimal;
mod digits;
#[cfg(feature = "parquet")]
pub(crate) mod local_dates;
pub(crate) mod number;
pub(crate) mod time_form;
pub(crate) mod timestamp;
mod written_date;
