//! A table in memory, in the columns of Arrow: the rows of many customers, read by the rules for files of Parquet.
//!
//! | file | |
//! |---|---|
//! | `table` | the columns, and the values of a customer's rows |
//! | `values` | the values of a part of a column, of any type |
//! | `file` | tables in memory to files of Parquet and back |
//! | `customers` | which rows are whose |
//! | `place` | what stands for the store that a file would be in |
//!
//! Nothing is copied but the rows of the customers that are being fitted: a customer is a list of ranges of rows.

pub(in crate::input) mod customers;
pub(in crate::input) mod file;
pub(in crate::input) mod place;
pub(in crate::input) mod table;
mod values;
