//! A file to the table of its customer, or of its customers.

use std::collections::HashMap;

use crate::input::{
    Contents, Format, InputFile, InputSettings,
    content::bundle::{Bundle, Slot},
    content::table::TableRows,
    csv::features as table_csv,
    csv::series as csv,
    data_error::DataError,
    parquet::features as table_parquet,
    schema::feature_columns::TableColumns,
    source::load::Bytes,
};
use crate::{
    error::{Error, Result},
    store::Store,
};
use manyfit_models::data::{CustomerId, Feature, Table};

/// The features of customers' training rows, for rows to judge by.
pub type KnownFeatures<'a> = HashMap<&'a CustomerId, &'a [Feature]>;

/// Where rows of features go as a file is read.
pub(in crate::input) trait TableSink {
    /// Where a customer's rows go; `None`: they are not wanted, and need not be parsed.
    fn slot(&mut self, customer: &[u8]) -> Option<usize>;

    /// The rows of a place that [`Self::slot`] gave.
    fn rows(&mut self, slot: usize) -> &mut TableRows;

    /// Takes what is wrong with a row. An error ends the reading of the file.
    fn fail(&mut self, slot: usize, fault: DataError) -> Result<(), DataError>;
}

impl TableSink for TableRows {
    fn slot(&mut self, _: &[u8]) -> Option<usize> {
        Some(0)
    }

    fn rows(&mut self, _: usize) -> &mut TableRows {
        self
    }

    fn fail(&mut self, _: usize, fault: DataError) -> Result<(), DataError> {
        Err(fault)
    }
}

/// A customer's rows, or its first fault with the rows before it, which nobody reads.
struct Rows {
    rows: TableRows,
    fault: Option<DataError>,
}

impl TableSink for Bundle<'_, Rows> {
    fn slot(&mut self, customer: &[u8]) -> Option<usize> {
        let slot = self.find(customer)?;
        self.slots[slot].content.fault.is_none().then_some(slot)
    }

    fn rows(&mut self, slot: usize) -> &mut TableRows {
        &mut self.slots[slot].content.rows
    }

    fn fail(&mut self, slot: usize, fault: DataError) -> Result<(), DataError> {
        self.slots[slot].content.fault = Some(fault);
        Ok(())
    }
}

/// Reads files of tables, one after another. Each worker thread has its own.
///
/// - It owns the memory of a file's bytes and fields; tables own theirs;
/// - what it makes of a file depends on that file, the settings and the known features alone.
pub struct TableReader {
    settings: InputSettings,
    bytes: Bytes,
    scratch: csv::Scratch,
}

impl TableReader {
    /// A reader that follows the settings.
    #[must_use]
    pub fn new(settings: InputSettings) -> Self {
        Self { settings, bytes: Bytes::default(), scratch: csv::Scratch::default() }
    }

    /// The table of a file that holds one customer; `None` where no row has a target. With `known`, the features of the
    /// training rows, the columns are those, and categories are numbered as there.
    ///
    /// # Errors
    /// [`Error::Data`] that names file, line, column and value of the first fault; [`Error::Storage`] where the file
    /// cannot be read.
    pub fn read_table(
        &mut self,
        store: &dyn Store,
        file: &InputFile,
        known: Option<&[Feature]>,
    ) -> Result<Option<Table>> {
        let Contents::One(_) = &file.contents else {
            return Err(Error::Bug(format!("{} was read as one customer's file", file.key)));
        };
        let Self { settings, bytes, scratch } = self;
        let bytes = bytes.load(store, &file.key)?;
        let read = || match file.format {
            Format::Csv => {
                let columns = table_csv::columns(bytes, settings, false, known, scratch)?;
                let mut rows = empty(&columns, known, lines(bytes), bytes.len());
                table_csv::read(bytes, settings, &columns, scratch, &mut rows)?;
                rows.finish(columns.features.iter().map(|column| scratch.header.name(column.at)))
                    .map_err(DataError::file)
            }
            Format::Parquet => {
                let (header, columns) = table_parquet::columns(bytes, settings, false, known)?;
                let mut rows = empty(&columns, known, 0, 0);
                table_parquet::read(bytes, &header, &columns, &mut rows)?;
                rows.finish(columns.features.iter().map(|column| header.name(column.at))).map_err(DataError::file)
            }
        };
        read_in_file(read, store, file)
    }

    /// The tables of the customers of a file, sorted by name; with `known`, only of those that are in it, as for
    /// [`Self::read_table`]. All of these have the same names of features.
    ///
    /// # Errors
    /// As for [`Self::read_table`]: of the file, where a row does not say whose it is; of one customer, where one of its
    /// rows is bad.
    pub fn read_table_bundle(
        &mut self,
        store: &dyn Store,
        file: &InputFile,
        known: Option<&KnownFeatures<'_>>,
    ) -> Result<Vec<(CustomerId, Result<Option<Table>>)>> {
        let Contents::Many(customers) = &file.contents else {
            return Err(Error::Bug(format!("{} was read as a file of many customers", file.key)));
        };
        let wanted: Vec<&(CustomerId, usize)> =
            customers.iter().filter(|(customer, _)| known.is_none_or(|known| known.contains_key(customer))).collect();
        let Some((first, _)) = wanted.first() else { return Ok(Vec::new()) };
        let features = |customer: &CustomerId| known.and_then(|known| known.get(customer).copied());
        let Self { settings, bytes, scratch } = self;
        let bytes = bytes.load(store, &file.key)?;
        let all_rows = customers.iter().map(|(_, rows)| rows).sum::<usize>().max(1);
        let bundle = |columns: &TableColumns, bytes: usize| {
            Bundle::new(wanted.iter().map(|(customer, rows)| {
                // Each customer's share: together they must not be promised more than the file has.
                let share = (bytes as f64 * (*rows as f64 / all_rows as f64)) as usize;
                (customer, Rows { rows: empty(columns, features(customer), *rows, share), fault: None })
            }))
        };
        let finish =
            |bundle: Bundle<'_, Rows>, columns: &TableColumns, header: &crate::input::schema::header::Header| {
                let table = |Slot { customer, content: Rows { rows, fault } }: Slot<'_, Rows>| {
                    let names = columns.features.iter().map(|column| header.name(column.at));
                    let table = fault.map_or(Ok(()), Err).and_then(|()| rows.finish(names).map_err(DataError::file));
                    (customer.clone(), table.map_err(|fault| fault.in_file(&store.describe(&file.key))))
                };
                bundle.slots.into_iter().map(table).collect()
            };
        let read = || match file.format {
            Format::Csv => {
                let columns = table_csv::columns(bytes, settings, true, features(first), scratch)?;
                let mut bundle = bundle(&columns, bytes.len());
                table_csv::read(bytes, settings, &columns, scratch, &mut bundle)?;
                Ok(finish(bundle, &columns, &scratch.header))
            }
            Format::Parquet => {
                let (header, columns) = table_parquet::columns(bytes, settings, true, features(first))?;
                let mut bundle = bundle(&columns, 0);
                table_parquet::read(bytes, &header, &columns, &mut bundle)?;
                Ok(finish(bundle, &columns, &header))
            }
        };
        read_in_file(read, store, file)
    }
}

fn empty(columns: &TableColumns, known: Option<&[Feature]>, rows: usize, bytes: usize) -> TableRows {
    let categorical = columns.features.iter().map(|column| column.categorical);
    TableRows::new(categorical, known, columns.weight.is_some(), rows, bytes)
}

/// Number of lines: more or less that of rows.
fn lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count() + 1
}

fn read_in_file<T>(read: impl FnOnce() -> Result<T, DataError>, store: &dyn Store, file: &InputFile) -> Result<T> {
    read().map_err(|fault| fault.in_file(&store.describe(&file.key)))
}
