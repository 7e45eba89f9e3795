//! A table of results: rows of every customer, sorted by customer, as CSV and as Parquet.

use super::{results::ResultsDirectory, spool::Spool};
use crate::{
    error::Result,
    tables::{self, Key, Table},
};

/// What a table is called and what its columns are, after `customer`.
///
/// A row is a key and one number for each column, NaN where there is none.
#[derive(Debug)]
pub(super) struct Layout {
    /// The table's name.
    pub(super) name: &'static str,
    /// What the keys are.
    pub(super) key: Key,
    /// The columns of numbers.
    pub(super) columns: &'static [&'static str],
}

/// Every form in which it is written.
const FORMATS: &[&str] = if cfg!(feature = "parquet") { &["csv", "parquet"] } else { &["csv"] };

/// Rows of one customer as bytes, in the form in which they are spooled.
#[derive(Default)]
pub(super) struct Block(Vec<u8>);

impl Block {
    /// For so many rows.
    pub(super) fn with_capacity(layout: &Layout, rows: usize) -> Self {
        Self(Vec::with_capacity(rows * row_size(layout)))
    }

    /// Appends a row.
    pub(super) fn push(&mut self, key: i64, numbers: impl IntoIterator<Item = f64>) {
        self.0.extend_from_slice(&key.to_le_bytes());
        numbers.into_iter().for_each(|number| self.0.extend_from_slice(&number.to_le_bytes()));
    }
}

const fn row_size(layout: &Layout) -> usize {
    8 * (1 + layout.columns.len())
}

/// The rows of a block: keys and numbers.
pub(super) fn rows<'a>(
    layout: &Layout,
    block: &'a [u8],
) -> impl Iterator<Item = (i64, impl Iterator<Item = f64> + 'a)> {
    block.chunks_exact(row_size(layout)).map(|row| {
        let mut words = row.as_chunks::<8>().0.iter();
        (words.next().copied().map_or(0, i64::from_le_bytes), words.map(|word| f64::from_le_bytes(*word)))
    })
}

/// The table while the run goes on.
pub(super) struct ResultTable {
    layout: &'static Layout,
    spool: Spool,
    results: ResultsDirectory,
}

impl ResultTable {
    pub(super) fn create(layout: &'static Layout, results: &ResultsDirectory) -> Result<Self> {
        let spool = Spool::create(results.file(layout.name, "spool.sagemaker-ignore"))?;
        Ok(Self { layout, spool, results: results.clone() })
    }

    pub(super) fn append(&mut self, customer: &str, block: &Block) -> Result<()> {
        self.spool.append(customer, &block.0)
    }

    /// Writes the tables; their names.
    pub(super) fn finish(self) -> Result<Vec<String>> {
        let Self { layout, spool, results } = self;
        let places: Vec<_> = FORMATS.iter().map(|format| results.file(layout.name, format)).collect();
        let names = || layout.columns.iter().map(ToString::to_string).collect();
        let tables: Result<Vec<_>> = places.iter().map(|place| Table::create(place, layout.key, names())).collect();
        let mut tables = tables?;
        let mut block = tables::Block { columns: vec![Vec::new(); layout.columns.len()], ..tables::Block::default() };
        spool.drain_sorted(|customer, bytes| {
            customer.clone_into(&mut block.customer);
            block.keys.clear();
            block.columns.iter_mut().for_each(Vec::clear);
            for (key, numbers) in rows(layout, bytes) {
                block.keys.push(key);
                for (column, number) in block.columns.iter_mut().zip(numbers) {
                    column.push(number);
                }
            }
            tables.iter_mut().try_for_each(|table| table.append(&block))
        })?;
        tables.into_iter().try_for_each(Table::finish)?;
        places.iter().map(|place| results.deliver(place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LAYOUT: Layout = Layout { name: "rows", key: Key::Row, columns: &["a", "b"] };

    #[test]
    fn rows_come_back_sorted_by_customer_and_what_is_missing_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        let mut table = ResultTable::create(&LAYOUT, &ResultsDirectory::new(directory.path(), 0, 1)).unwrap();
        for (customer, number) in [("b", 2.5), ("a", f64::NAN)] {
            let mut block = Block::with_capacity(&LAYOUT, 2);
            block.push(1, [1.0, number]);
            block.push(7, [-0.5, 1e21]);
            table.append(customer, &block).unwrap();
        }
        let written = table.finish().unwrap();
        let text = std::fs::read_to_string(&written[0]).unwrap();
        assert_eq!(
            text,
            "customer,row,a,b\na,1,1,\na,7,-0.5,1000000000000000000000\nb,1,1,2.5\nb,7,-0.5,1000000000000000000000\n"
        );
    }
}
