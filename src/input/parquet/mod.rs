//! Parquet files, through polars. Nulls are missing; a needed column of an unsupported type is an error.
//!
//! | column | types |
//! |---|---|
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target, weight, extra columns, features | integers, floats, Boolean as 0 and 1, text that holds numbers |
//! | categorical features | text, integers, Boolean |
//! | customer | text, integers |

pub(in crate::input) mod file;
#[cfg(test)]
mod tests;
pub(crate) mod values;
