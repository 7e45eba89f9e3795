//! The rows of one customer, as they are read from a file of any format.

use std::borrow::Cow;

use crate::input::{
    data_error::{DataError, Position},
    schema::{columns::Columns, header::Header},
    settings::Duplicates,
    value::cell::Cell,
};
use manyfit_models::data::Feature;

/// A row of a file of any format.
pub(in crate::input) trait FileRow {
    /// Where it is in the file.
    fn position(&self) -> Position;

    /// Its number in the file, from 1, without the header.
    fn ordinal(&self) -> u64;

    /// Whether it has no field with content, as spreadsheets leave rows at the end.
    fn is_blank(&self) -> bool;

    /// A field, by column.
    fn cell(&self, at: usize) -> Cell<'_>;

    /// A field of a column of numbers.
    #[inline]
    fn number_cell(&self, at: usize) -> Cell<'_> {
        self.cell(at)
    }

    /// A field as text.
    fn text(&self, at: usize) -> Cow<'_, [u8]>;

    /// An error of a field: `complaint` is the rest of the sentence that begins with its text.
    #[cold]
    fn bad(&self, at: usize, header: &Header, complaint: &str) -> DataError {
        DataError::cell(self.position(), header.name(at), &self.text(at), complaint)
    }
}

/// The rows of one customer: of a series, or of a table of features.
pub(in crate::input) trait Rows: Sized {
    /// Where the columns are that a row is made of.
    type Columns: Columns;
    /// What the rows become.
    type Data;

    /// No rows yet; about `rows` are to come, from `bytes` bytes of text. `known`: the features of the training rows, for
    /// validation rows.
    fn with_capacity(columns: &Self::Columns, known: Option<&[Feature]>, rows: usize, bytes: usize) -> Self;

    /// Adds a row; a blank one is ignored. After an error nothing of the rows may be used.
    fn push(&mut self, row: &impl FileRow, columns: &Self::Columns, header: &Header) -> Result<(), DataError>;

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
