//! Fields to values.

pub(crate) mod number;
pub(crate) mod timestamp;
