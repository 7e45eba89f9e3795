//! What rows become: series, or tables of features.

pub(in crate::input) mod rows;
pub(in crate::input) mod series;
pub(in crate::input) mod sink;
pub(in crate::input) mod table;
