//! Which columns rows are made of.

use crate::input::{
    csv::split::Record,
    data_error::DataError,
    schema::{description::ColumnNames, header::Header, kind::ColumnKind, positions::Fields, whose::Whose},
    settings::InputSettings,
    value::column_times::Decision,
};
use manyfit_models::data::Feature;

/// Where the columns are that a row is made of: of a series, or of a table of features.
pub(in crate::input) trait Columns: Sized {
    /// What is wrong with an empty file.
    const EMPTY: &'static str;
    /// What to do about a Parquet column of another type.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "only Parquet has types"))]
    const TYPE_HINT: &'static str;

    /// Takes the columns' names from the first record of a file.
    fn fill_header(header: &mut Header, first: &Record<'_>, settings: &InputSettings);

    /// A second look at a first record that seems to name the columns, with the rows below it: it may be data.
    fn look_again(_header: &mut Header, _below: impl FnOnce() -> Vec<Fields>) {}

    /// Finds the columns. `known`: the features of the training rows, for validation rows. `kinds` looks at the values, if the
    /// names alone do not decide.
    fn resolve(
        header: &Header,
        settings: &InputSettings,
        whose: Whose,
        known: Option<&[Feature]>,
        kinds: impl FnOnce() -> Vec<ColumnKind>,
    ) -> Result<Self, DataError>;

    /// Finds the columns that only reading needs: a file without them can still list its customers.
    fn resolve_extra(&mut self, _header: &Header, _settings: &InputSettings) -> Result<(), DataError> {
        Ok(())
    }

    /// Refuses columns that were detected and are others than those of the run's first file: a bad value in the column that is
    /// meant must not let another take its place.
    fn agree(&self, _header: &Header, _first: &ColumnNames) -> Result<(), DataError> {
        Ok(())
    }

    /// The column of timestamps, whose form is to be decided before the rows are read.
    fn timestamp(&self) -> Option<usize> {
        None
    }

    /// Sets the form of the timestamps.
    fn set_times(&mut self, _times: Decision) {}

    /// The names of the columns, for people.
    fn describe(&self, header: &Header, settings: &InputSettings) -> ColumnNames;

    /// The column of customer names.
    fn customer(&self) -> Option<usize>;

    /// All columns to load.
    fn wanted(&self) -> Vec<usize>;

    /// Whether a column is loaded as numbers.
    fn is_numeric(&self, at: usize) -> bool;
}
