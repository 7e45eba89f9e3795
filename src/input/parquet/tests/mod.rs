//! Reading of Parquet files.

mod series;
mod table;
