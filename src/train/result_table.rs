//! A table of results: rows of every customer, sorted by customer, as CSV and as Parquet.

use super::{
    results::ResultsDirectory,
    spool::{Spool, write_whole},
    worker::iso_with_time,
};
use crate::error::{Error, Result};

/// What a table is called and what its columns are, after `customer`.
///
/// A row is a key and one number for each column, NaN where there is none.
#[derive(Debug)]
pub(super) struct Layout {
    /// The table's name.
    pub(super) name: &'static str,
    /// The column of keys.
    pub(super) key: &'static str,
    /// Whether keys are milliseconds since the epoch, or else numbers.
    pub(super) key_is_date: bool,
    /// The columns of numbers.
    pub(super) columns: &'static [&'static str],
}

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
        let layout = self.layout;
        let csv = self.results.file(layout.name, "csv");
        let failed = |error| Error::storage(format_args!("writing the {}", layout.name), error);
        #[cfg(feature = "parquet")]
        let parquet = self.results.file(layout.name, "parquet");
        write_whole(&csv, |file| {
            let mut csv = ::csv::Writer::from_writer(file);
            let into_storage = |error: ::csv::Error| failed(error.into());
            csv.write_record(["customer", layout.key].iter().chain(layout.columns)).map_err(into_storage)?;
            #[cfg(feature = "parquet")]
            let mut table = super::result_table_parquet::ParquetTable::create(layout, &parquet)?;
            self.spool.drain_sorted(|customer, block| {
                for (key, numbers) in rows(layout, block) {
                    csv.write_field(customer).map_err(into_storage)?;
                    let key = if layout.key_is_date { iso_with_time(key) } else { key.to_string() };
                    csv.write_field(key).map_err(into_storage)?;
                    for number in numbers {
                        let text = if number.is_nan() { String::new() } else { number.to_string() };
                        csv.write_field(text).map_err(into_storage)?;
                    }
                    csv.write_record(None::<&[u8]>).map_err(into_storage)?;
                }
                #[cfg(feature = "parquet")]
                table.append(customer, block)?;
                Ok(())
            })?;
            #[cfg(feature = "parquet")]
            table.finish()?;
            csv.flush().map_err(failed)
        })?;
        Ok(vec![
            self.results.deliver(&csv)?,
            #[cfg(feature = "parquet")]
            self.results.deliver(&parquet)?,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LAYOUT: Layout = Layout { name: "rows", key: "row", key_is_date: false, columns: &["a", "b"] };

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
