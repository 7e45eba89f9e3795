//! Parquet files, through polars.

pub(in crate::input) mod features;
pub(in crate::input) mod series;
#[cfg(feature = "parquet")]
pub(crate) mod values;
