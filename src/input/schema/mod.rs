//! The columns of a file.

pub(in crate::input) mod description;
pub(in crate::input) mod feature_columns;
pub(in crate::input) mod header;
