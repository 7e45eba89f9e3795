//! Parquet files, through polars. Nulls are missing; a needed column of an unsupported type is an error.

pub(in crate::input) mod file;
mod series;
mod table;
pub(crate) mod values;
