//! From files to customers' series, or to their tables of features.
//!
//! ```text
//! Store ─► discover ─► Discovery: files and their customers ─► (Shard) ─► Reader ─► Series
//!                                                                     └─► TableReader ─► Table
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `discovery` | which files there are, whose they are, what is refused |
//! | `file_names` | what a file's name tells |
//! | `census` | how many rows each customer has in a file of many |
//! | `reader` | a file to the series of its customer, or of its customers |
//! | `csv`, `parquet` | a file's bytes to rows: the same three verbs for each format |
//! | `table_reader` | a file to the table of its customer, or of its customers |
//! | `table_csv`, `table_parquet` | a file's bytes to rows of features |
//! | `table_columns`, `table_rows` | which column is what; rows of features to a table |
//! | `parquet_values` | what a Parquet file holds: columns, and what their values mean |
//! | `bundle` | the customers of a file of many |
//! | `records` | CSV text to fields |
//! | `columns` | which column is what: as set, or guessed |
//! | `names` | the columns, for people |
//! | `timestamp`, `number` | a field to a time, to a value |
//! | `rows` | rows in the order of a file to a series in the order of time |
//! | `sheet` | small tables beside the data: holidays, overrides, the future |
//! | `customer_rows` | such a table, by customer |
//! | `bytes` | a stored object to plain bytes |
//! | `raw` | the same columns, times and numbers for tables larger than memory |
//! | `fault` | what a message about data says |
//!
//! A customer is a file (`8.csv`, `8.csv.gz`, `8.parquet`), a directory (`8/data.csv`), or a value of the customer
//! column of files that hold many. What is wrong with one customer's data is that customer's failure only.

mod content;
pub(crate) mod csv;
mod data_error;
pub(crate) mod parquet;
pub(crate) mod raw;
mod schema;
mod settings;
mod side_table;
pub(crate) mod source;
#[cfg(test)]
mod testing;
pub(crate) mod value;

pub(crate) use self::source::file_name;
pub use self::{
    schema::description::{ColumnName, ColumnNames},
    settings::{Duplicates, ExtraColumn, InputSettings, Purpose, TableSettings},
    side_table::{
        customer_rows::CustomerRows,
        sheet::{Sheet, SheetRow},
    },
    source::{
        census::Scan,
        discover::{Contents, Discovery, InputFile, Skipped, discover, discover_with},
        file_name::{Format, is_table},
        reader::Reader,
        table_reader::{KnownFeatures, TableReader},
    },
    value::timestamp::{format as format_timestamp, parse as parse_timestamp},
};

/// Where rows go as a file is read.
trait Sink {
    /// Where a customer's rows go; `None`: they are not wanted, and need not be parsed.
    fn slot(&mut self, customer: &[u8]) -> Option<usize>;

    /// Takes a row, and its extra columns.
    fn push(&mut self, slot: usize, row: content::series::Row, extra: &[f64]);

    /// Takes what is wrong with a row. An error ends the reading of the file.
    fn fail(&mut self, slot: usize, fault: data_error::DataError) -> Result<(), data_error::DataError>;
}
