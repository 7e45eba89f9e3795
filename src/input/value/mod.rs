//! Fields to values.

pub(crate) mod cell;
pub(crate) mod number;
pub(crate) mod timestamp;
