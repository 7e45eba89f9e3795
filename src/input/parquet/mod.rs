//! Parquet files, through the decoders of polars. Nulls are missing; a needed column of an unsupported type is an error.
//!
//! | file | |
//! |---|---|
//! | `file` | a file to rows, row group by row group |
//! | `columns` | the columns of a file, decoded part by part |
//! | `reading` | how each type is decoded |
//! | `column` | the values of a part of a column, as plain vectors |
//! | `values` | which types are read, and the form of a column of times |
//! | `write` | columns to a file |
//!
//! | column | types |
//! |---|---|
//! | timestamp | Date, Datetime in any unit (with a time zone: its UTC), integers and floats as epoch times, text |
//! | target, weight, extra columns, features | numbers, Boolean as 0 and 1, text that holds numbers |
//! | categorical features | text, numbers, Boolean |
//! | customer | text, integers |
//!
//! Numbers are integers of any width, floats of any precision, and decimals; dictionaries are read as their values.

pub(crate) mod column;
pub(crate) mod columns;
pub(in crate::input) mod file;
pub(in crate::input) mod reading;
#[cfg(test)]
mod tests;
pub(crate) mod values;
pub(crate) mod write;
