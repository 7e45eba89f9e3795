//! The rows of one customer, as they are read from a file of any format.

use crate::input::{
    csv::split::Record,
    data_error::{DataError, Position},
    schema::{columns::Columns, header::Header},
    settings::Duplicates,
};
use manyfit_models::data::Feature;

/// The rows of one customer: of a series, or of a table of features.
pub(in crate::input) trait Rows: Sized {
    /// Where the columns are that a row is made of.
    type Columns: Columns;
    /// What the rows become.
    type Data;

    /// No rows yet; about `rows` are to come, from `bytes` bytes of text. `known`: the features of the training rows, for
    /// validation rows.
    fn with_capacity(columns: &Self::Columns, known: Option<&[Feature]>, rows: usize, bytes: usize) -> Self;

    /// Adds a record of a CSV file, the `number`th after the header; a blank one is ignored.
    fn push_record(
        &mut self,
        record: &Record<'_>,
        number: u64,
        columns: &Self::Columns,
        header: &Header,
    ) -> Result<(), DataError>;

    /// What the rows become.
    fn finish(self, columns: &Self::Columns, header: &Header, context: Context) -> Result<Self::Data, DataError>;
}

/// What finishing depends on besides the rows.
#[derive(Clone, Copy)]
pub(in crate::input) struct Context {
    pub(in crate::input) duplicates: Duplicates,
    /// How messages name a row.
    pub(in crate::input) position: fn(u64) -> Position,
    /// Whether the file holds many customers.
    pub(in crate::input) many: bool,
}
