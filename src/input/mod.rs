//! From files to customers' series, or to their tables of features.
//!
//! ```text
//! Store ─► discover ─► Discovery: files and their customers ─► (shard) ─► Reader ─► Series | Table
//!
//! bytes ─► OpenFile (CSV | Parquet): header ─► Columns ─► Rows, customer by customer ─► Series | Table
//! ```
//!
//! | module | contents |
//! |---|---|
//! | `settings` | what the user sets about the input |
//! | `source` | files: discovery, names, the census of customers, the reader |
//! | `csv`, `parquet` | a file of one format: its header, its columns, its rows |
//! | `frame` | a table in memory: its columns, and which rows are whose |
//! | `schema` | which column has which role: as set, or detected |
//! | `content` | rows to a series, or to a table of features |
//! | `value` | a field to a timestamp or a number |
//! | `side_table` | small tables besides the input: holidays, overrides, future values |
//! | `layout` | the columns of a table larger than memory |
//! | `data_error` | errors in the content of a file |
//! | `limits` | how much of the memory a file may take |
//!
//! A customer is a file (`8.csv`, `8.csv.gz`, `8.parquet`), a directory (`8/data.csv`, `customer=8/part-0.parquet`), or a
//! value of the customer column of files of many customers. Bad data of one customer fails that customer only.
//!
//! Reading is generic over `content`'s rows, so that there is one loop over the rows of a file for each format. A file is
//! opened once: what discovery reads is kept for the reader, within a budget ([`discover_with`]).

mod content;
pub(crate) mod csv;
pub(crate) mod data_error;
#[cfg(feature = "parquet")]
pub(crate) mod frame;
pub(crate) mod layout;
mod limits;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
mod schema;
mod settings;
mod side_table;
pub(crate) mod source;
#[cfg(test)]
mod testing;
pub(crate) mod value;

#[cfg(feature = "parquet")]
pub use self::frame::{customers::customers_of, file::Table, place::FramePlace, table::Frame};
pub use self::{
    schema::description::{ColumnName, ColumnNames},
    settings::{CustomerFrom, Duplicates, ExtraColumn, InputSettings, Purpose, SheetSettings, TableSettings},
    side_table::customer_rows::CustomerRows,
    source::{
        census::Scan,
        discover::{Discovery, discover, discover_with},
        file_name::Format,
        input_file::{Contents, InputFile, Kept},
        listing::Skipped,
        reader::{KnownFeatures, Reader},
    },
    value::{
        decimal::Decimal,
        time_form::{TimeFormat, TimeSettings},
        timestamp::parse as parse_timestamp,
    },
};
pub(crate) use self::{
    side_table::sheet::{Sheet, SheetRow},
    source::file_name::{self, is_table},
    value::{
        column_times::{is_compact_time, parse_timestamps},
        timestamp::format as format_timestamp,
    },
};
