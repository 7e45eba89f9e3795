//! A table of results whose rows arrive in any order of customers and are written sorted.

use super::{
    directory::{ResultsDirectory, StagedResult},
    rows::{Key, Rows},
    spool::Spool,
    table::ResultTable,
};
use crate::error::Result;

/// A table's name and columns, after `customer`.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The file's name without extension.
    pub(crate) name: &'static str,
    /// What identifies a row of a customer.
    pub(crate) key: Key,
    /// The columns of numbers.
    pub(crate) columns: &'static [&'static str],
}

/// The formats that are written.
const FORMATS: &[&str] = if cfg!(feature = "parquet") { &["csv", "parquet"] } else { &["csv"] };

/// One customer's rows as spooled: the keys, then each column, 8 bytes a value, little-endian.
pub(crate) struct EncodedRows(Vec<u8>);

impl EncodedRows {
    pub(crate) fn new(key: Key, Rows { keys, columns, .. }: &Rows) -> Self {
        let rows = keys.len() / key.width();
        let mut bytes = Vec::with_capacity(8 * rows * (key.width() + columns.len()));
        for key in keys {
            bytes.extend_from_slice(&key.to_le_bytes());
        }
        for column in columns {
            let padding = rows.saturating_sub(column.len());
            let numbers = column.iter().copied().chain(std::iter::repeat_n(f64::NAN, padding));
            numbers.for_each(|number| bytes.extend_from_slice(&number.to_le_bytes()));
        }
        Self(bytes)
    }
}

/// Decodes rows into `rows`, which has as many columns.
fn decode(key: Key, bytes: &[u8], rows: &mut Rows) {
    let words = bytes.as_chunks::<8>().0;
    let length = words.len() / (key.width() + rows.columns.len());
    let (keys, numbers) = words.split_at(key.width() * length);
    rows.keys.clear();
    rows.columns.iter_mut().for_each(Vec::clear);
    rows.keys.extend(keys.iter().map(|key| i64::from_le_bytes(*key)));
    for (column, numbers) in rows.columns.iter_mut().zip(numbers.chunks(length.max(1))) {
        column.extend(numbers.iter().map(|number| f64::from_le_bytes(*number)));
    }
}

/// The table during a run.
pub(crate) struct SortedTable {
    name: &'static str,
    key: Key,
    columns: Vec<String>,
    spool: Spool,
    results: ResultsDirectory,
}

impl SortedTable {
    pub(crate) fn create(layout: &'static Layout, results: &ResultsDirectory) -> Result<Self> {
        Self::with_columns(layout.name, layout.key, layout.columns.iter().map(ToString::to_string).collect(), results)
    }

    /// A table whose columns differ from run to run.
    pub(crate) fn with_columns(
        name: &'static str,
        key: Key,
        columns: Vec<String>,
        results: &ResultsDirectory,
    ) -> Result<Self> {
        Ok(Self { name, key, columns, spool: Spool::create(results.spool(name))?, results: results.clone() })
    }

    pub(crate) fn append(&mut self, customer: &str, rows: &EncodedRows) -> Result<()> {
        self.spool.append(customer, &rows.0)
    }

    /// Ends without a table.
    pub(crate) fn discard(self) -> Result<()> {
        self.spool.remove()
    }

    /// Writes the table in each format, under temporary names.
    pub(crate) fn finish(self) -> Result<Vec<StagedResult>> {
        self.write(FORMATS, |_| true)
    }

    /// Writes the rows of some customers as CSV alone.
    pub(crate) fn finish_csv(self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<StagedResult>> {
        self.write(&["csv"], is_wanted)
    }

    fn write(self, formats: &[&'static str], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<StagedResult>> {
        let Self { name, key, columns, mut spool, results } = self;
        let create = |format: &&str| ResultTable::create(&results.file(name, format), key, columns.clone());
        let mut tables = formats.iter().map(create).collect::<Result<Vec<_>>>()?;
        let mut rows = Rows { columns: vec![Vec::new(); columns.len()], ..Rows::default() };
        spool.read_sorted(|customer, bytes| {
            if !is_wanted(customer) {
                return Ok(());
            }
            customer.clone_into(&mut rows.customer);
            decode(key, bytes, &mut rows);
            tables.iter_mut().try_for_each(|table| table.append(&rows))
        })?;
        spool.remove()?;
        let mut complete = Vec::with_capacity(formats.len());
        for (table, format) in tables.into_iter().zip(formats) {
            let closed = table.close()?.map(|(staged, checksum)| (staged, checksum, (name, *format)));
            complete.extend(closed.map(|(staged, checksum, name)| StagedResult { name, staged, checksum }));
        }
        Ok(complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::Shard;

    static LAYOUT: Layout = Layout { name: "rows", key: Key::Row, columns: &["a", "b"] };

    #[test]
    fn rows_come_back_sorted_by_customer_and_missing_values_are_empty() {
        let directory = tempfile::tempdir().unwrap();
        let results = ResultsDirectory::new(directory.path(), Shard::ALL);
        let mut table = SortedTable::create(&LAYOUT, &results).unwrap();
        for (customer, columns) in [
            ("b", vec![vec![1.0, -0.5], vec![2.5, 1e21]]),
            ("c", vec![vec![], vec![3.0, 4.0]]),
            ("a", vec![vec![1.0, -0.5], vec![f64::NAN, 1e21]]),
        ] {
            let rows = Rows { customer: customer.into(), keys: vec![1, 7], columns };
            table.append(customer, &EncodedRows::new(Key::Row, &rows)).unwrap();
        }
        let mut written = table.finish().unwrap();
        let text = std::fs::read_to_string(results.put(written.remove(0)).unwrap()).unwrap();
        assert_eq!(
            text,
            "customer,row,a,b\na,1,1,\na,7,-0.5,1000000000000000000000\nb,1,1,2.5\nb,7,-0.5,1000000000000000000000\n\
             c,1,,3\nc,7,,4\n"
        );
    }
}
