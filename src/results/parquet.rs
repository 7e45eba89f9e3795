//! A table of results as Parquet.

use super::{
    checksum::SummedFile,
    rows::{Key, Rows, failed},
};
use crate::{
    error::Result,
    input::parquet::write::{self, TableWriter, Values},
};

/// Rows of a row group: enough to compress well, few enough to hold in memory.
const GROUP_ROWS: usize = 100_000;

/// The writer, and the rows that are not written yet.
pub(super) struct ParquetTable {
    writer: TableWriter<SummedFile>,
    group: Group,
    name: String,
}

/// Rows of a row group.
struct Group {
    key: Key,
    customers: Vec<String>,
    keys: Vec<i64>,
    numbers: Vec<Vec<f64>>,
}

impl ParquetTable {
    pub(super) fn new(file: SummedFile, key: Key, columns: &[String], name: &str) -> Result<Self> {
        let kind = if key.is_time() { write::TIME } else { write::INTEGER };
        let keys = key.names().iter().map(|&name| (name, kind.clone()));
        let others = columns.iter().map(|column| (column.as_str(), write::NUMBER));
        let all = std::iter::once(("customer", write::TEXT)).chain(keys).chain(others);
        let writer = TableWriter::new(file, all).map_err(|error| failed(name, error))?;
        let numbers = vec![Vec::new(); columns.len()];
        let group = Group { key, customers: Vec::new(), keys: Vec::new(), numbers };
        Ok(Self { writer, group, name: name.into() })
    }

    pub(super) fn append(&mut self, rows: &Rows) -> Result<()> {
        let Group { key, customers, keys, numbers } = &mut self.group;
        customers.extend(std::iter::repeat_n(&rows.customer, rows.keys.len() / key.width()).cloned());
        keys.extend(&rows.keys);
        for (numbers, column) in numbers.iter_mut().zip(&rows.columns) {
            numbers.extend(column);
            numbers.resize(customers.len(), f64::NAN);
        }
        if customers.len() >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        self.writer.write(self.group.take()).map_err(|error| failed(&self.name, error))
    }

    pub(super) fn finish(mut self: Box<Self>) -> Result<()> {
        self.write_group()?;
        self.writer.finish().map_err(|error| failed(&self.name, error))
    }
}

impl Group {
    /// Moves the rows out.
    fn take(&mut self) -> Vec<Values> {
        let keys = std::mem::take(&mut self.keys);
        let mut columns = vec![write::texts(self.customers.drain(..).map(Some))];
        let width = self.key.width();
        columns.extend((0..width).map(|column| {
            let keys = keys.iter().skip(column).step_by(width).copied().collect();
            if self.key.is_time() { write::times(keys) } else { write::integers(keys) }
        }));
        columns.extend(self.numbers.iter_mut().map(|numbers| write::numbers(numbers.drain(..))));
        columns
    }
}
