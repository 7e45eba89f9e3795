//! Parquet files, through polars. Nulls are missing; a needed column of an unsupported type is an error.
//!
//! | column | types |
//! |---|---|
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target, weight, extra columns, features | numbers, Boolean as 0 and 1, text that holds numbers |
//! | categorical features | text, numbers, Boolean |
//! | customer | text, integers |
//!
//! Numbers are integers of any width, floats of any precision, and decimals; dictionaries are read as their values.

pub(in crate::input) mod file;
#[cfg(test)]
mod tests;
pub(crate) mod values;
pub(crate) mod widening;
