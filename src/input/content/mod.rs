//! What rows become.

pub(in crate::input) mod bundle;
pub(in crate::input) mod series;
pub(in crate::input) mod table;
