//! The columns of a file.

pub(in crate::input) mod columns;
pub(in crate::input) mod description;
pub(in crate::input) mod feature_columns;
pub(in crate::input) mod header;
pub(in crate::input) mod kind;
pub(in crate::input) mod positions;
pub(in crate::input) mod series_columns;
pub(in crate::input) mod whose;
