//! Which rows of a table in memory are whose.

use std::{collections::HashMap, ops::Range, sync::Arc};

use super::table::{Frame, FrameRows, Ranges};
use crate::{
    error::{Error, Result},
    input::{
        data_error::{DataError, Position, quoted},
        parquet::column::{ColumnValues, Value},
        schema::header::NO_CUSTOMER,
        source::{
            discover::Discovery,
            file_name::Format,
            input_file::{Contents, InputFile},
        },
        value::cell::Cell,
    },
    store::Entry,
    words::counted,
};
use manyfit_models::data::CustomerId;

/// What stands for the bytes of a row where customers are put in order of size.
const ROW_BYTES: u64 = 16;

/// The customers of a table, each as a file of its own. `customer` is the column of their names, `place` what errors call the
/// table.
///
/// # Errors
/// [`Error::Data`] if there is no such column, or if its type cannot name customers.
pub fn customers_of(frame: &Arc<Frame>, customer: &str, place: &str) -> Result<Discovery> {
    let at = frame.names().position(|name| name == customer).ok_or_else(|| {
        let names: Vec<String> = frame.names().map(|name| quoted(name.as_bytes())).collect();
        let wanted = quoted(customer.as_bytes());
        Error::Data(format!("{place} has no column {wanted} of customers; its columns are {}", names.join(", ")))
    })?;
    let mut census = Census::new(frame.len());
    for (first, values) in frame.blocks(at) {
        let values = values.ok_or_else(|| unnamed(place, customer, "is of a type that is not read"))?;
        census.add(first, &values).map_err(|value| unnamed(place, customer, &format!("has the value {value}")))?;
    }
    Ok(census.finish(frame, at, place))
}

fn unnamed(place: &str, column: &str, what: &str) -> Error {
    let column = quoted(column.as_bytes());
    Error::Data(format!(
        "the column {column} of {place} {what}, which cannot name a customer: cast it to text or integers"
    ))
}

/// Whose rows there are.
struct Census {
    /// In the order of their first row.
    names: Vec<String>,
    by_name: HashMap<String, u32>,
    /// The customer of each range of rows, and its first row; a range ends where the next begins.
    ranges: Vec<(u32, u32)>,
    /// The row after the last, from 0.
    end: usize,
    /// The first row without a name, from 0, and the number of such rows.
    nameless: Option<(usize, usize)>,
}

/// Stands for the customer of rows without a name.
const NOBODY: u32 = u32::MAX;

impl Census {
    /// Of a table with so many rows. If customers take turns, each row is a range; memory that is not written to costs nothing.
    fn new(rows: usize) -> Self {
        let ranges = Vec::with_capacity(rows);
        Self { names: Vec::new(), by_name: HashMap::new(), ranges, end: 0, nameless: None }
    }

    /// Takes the next rows into account.
    ///
    /// # Errors
    /// The first value that is no name.
    fn add(&mut self, first: usize, values: &ColumnValues) -> Result<(), String> {
        let mut last = Value::Missing;
        for (row, value) in (first..).zip(values.values()) {
            self.end = row + 1;
            // Customers have long ranges of rows.
            if value == last && value != Value::Missing {
                continue;
            }
            last = Value::Missing;
            match value.cell() {
                Cell::Text([]) => self.nobody(row),
                // Data frames have NaN for a missing value.
                Cell::Number(number) if number.is_nan() => self.nobody(row),
                Cell::Text(name) => {
                    self.extend(&String::from_utf8_lossy(name), row);
                    last = value;
                }
                Cell::Integer(_) => {
                    self.extend(&value.text(), row);
                    last = value;
                }
                _ => return Err(quoted(value.text().as_bytes())),
            }
        }
        Ok(())
    }

    fn extend(&mut self, name: &str, row: usize) {
        let customer = self.by_name.get(name).copied().unwrap_or_else(|| {
            let customer = self.names.len() as u32;
            self.names.push(name.to_owned());
            self.by_name.insert(name.to_owned(), customer);
            customer
        });
        self.begin(customer, row);
    }

    fn nobody(&mut self, row: usize) {
        self.nameless.get_or_insert((row, 0)).1 += 1;
        self.begin(NOBODY, row);
    }

    fn begin(&mut self, customer: u32, row: usize) {
        if self.ranges.last().is_none_or(|(last, _)| *last != customer) {
            self.ranges.push((customer, row as u32));
        }
    }

    /// The rows of each customer, in the order of the table.
    fn sorted(&self) -> (Ranges, Vec<Range<usize>>) {
        let ends = self.ranges.iter().skip(1).map(|(_, start)| *start).chain([self.end as u32]);
        let ranges = || self.ranges.iter().zip(ends.clone()).filter(|((customer, _), _)| *customer != NOBODY);
        // Short ranges take less memory row by row.
        let by_row = self.ranges.len() > self.end / 2;
        let places = |start: u32, end: u32| if by_row { (end - start) as usize } else { 1 };
        let mut own = vec![0..0; self.names.len()];
        for ((customer, start), end) in ranges() {
            own[*customer as usize].end += places(*start, end);
        }
        let mut total = 0;
        for range in &mut own {
            let places = range.end;
            *range = total..total;
            total += places;
        }
        let mut starts = vec![0; total];
        let mut lengths = if by_row { Vec::new() } else { vec![0; total] };
        for ((customer, start), end) in ranges() {
            let range = &mut own[*customer as usize];
            for place in 0..places(*start, end) {
                starts[range.end] = start + place as u32;
                if !by_row {
                    lengths[range.end] = end - start;
                }
                range.end += 1;
            }
        }
        (Ranges { starts, lengths: (!by_row).then_some(lengths) }, own)
    }

    fn finish(mut self, frame: &Arc<Frame>, at: usize, place: &str) -> Discovery {
        let (ranges, own) = self.sorted();
        self.ranges = Vec::new();
        let (Self { names, nameless, .. }, ranges) = (self, Arc::new(ranges));
        let mut discovery = Discovery::default();
        if let Some((row, rows)) = nameless {
            let row = Position::Row(row as u64 + 1);
            let left_out = if rows == 1 { "it is left out".into() } else { format!("{rows} such rows are left out") };
            let reason = DataError::row(row, format!("{NO_CUSTOMER}; {left_out}")).in_file(place);
            discovery.refused.push((format!("{} without a customer", counted(rows, "row")), reason.to_string()));
        }
        for (name, own) in names.into_iter().zip(own) {
            match CustomerId::new(&name) {
                Ok(customer) => {
                    let rows = FrameRows::new(Arc::clone(frame), at, Arc::clone(&ranges), own);
                    let entry = Entry { key: name, size: rows.len() as u64 * ROW_BYTES };
                    discovery.files.push(InputFile::of_rows(entry, Format::Parquet, Contents::One(customer), rows));
                }
                Err(complaint) => discovery.refused.push((name, format!("{complaint}: rename the customer"))),
            }
        }
        discovery.files.sort_by(|a, b| a.key.cmp(&b.key));
        discovery.refused.sort();
        discovery
    }
}
