//! The series of the customers that are shown, from the tables of results: a line of JSON for each customer and table.

use super::numbers::{push_numbers, push_times};
use crate::{
    error::Result,
    results::{TableReader, number, time},
};
use csv::ByteRecord;
use std::{collections::BTreeSet, fmt::Write as _, io::Write};

/// Rows of a customer that are shown of each table: the last ones.
const MOST: usize = 2000;

/// The columns of a table that are shown.
pub(super) struct Shown {
    /// Columns of times: `ds`, and `cutoff` in a backtest; none in a table of predictions.
    times: Vec<usize>,
    /// Columns of numbers.
    numbers: Vec<usize>,
    names: Vec<String>,
}

/// The rows of one customer so far.
pub(super) struct SeriesWriter<'a, W> {
    table: &'static str,
    shown: Shown,
    customers: &'a BTreeSet<String>,
    customer: Vec<u8>,
    is_shown: bool,
    times: Vec<Vec<i64>>,
    numbers: Vec<Vec<f64>>,
    out: W,
    line: String,
    failure: Option<std::io::Error>,
}

impl Shown {
    /// All columns of a table but the ends of intervals of models other than the customer's.
    pub(super) fn of(table: &TableReader<'_>) -> Self {
        let (mut times, mut numbers, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (place, name) in table.columns().iter().enumerate().skip(1) {
            let is_other = (name.ends_with("_lower") || name.ends_with("_upper")) && !name.starts_with("yhat_");
            match name.as_str() {
                "ds" | "cutoff" => times.push(place),
                "row" => {}
                _ if is_other => {}
                _ => {
                    numbers.push(place);
                    names.push(name.clone());
                }
            }
        }
        Self { times, numbers, names }
    }
}

impl<'a, W: Write> SeriesWriter<'a, W> {
    pub(super) fn new(table: &'static str, shown: Shown, customers: &'a BTreeSet<String>, out: W) -> Self {
        Self {
            table,
            times: vec![Vec::new(); shown.times.len()],
            numbers: vec![Vec::new(); shown.numbers.len()],
            shown,
            customers,
            customer: Vec::new(),
            is_shown: false,
            out,
            line: String::new(),
            failure: None,
        }
    }

    pub(super) fn add(&mut self, row: &ByteRecord) {
        let customer = row.get(0).unwrap_or_default();
        if customer != self.customer {
            self.end_customer();
            self.customer.clear();
            self.customer.extend_from_slice(customer);
            self.is_shown = std::str::from_utf8(customer).is_ok_and(|customer| self.customers.contains(customer));
        }
        if !self.is_shown {
            return;
        }
        let Some(times) = self.shown.times.iter().map(|&place| time(row.get(place))).collect::<Option<Vec<_>>>() else {
            return;
        };
        for (column, time) in self.times.iter_mut().zip(times) {
            column.push(time);
        }
        for (column, &place) in self.numbers.iter_mut().zip(&self.shown.numbers) {
            column.push(number(row.get(place)));
        }
    }

    /// Writes the customer's line; columns without a number are left out.
    fn end_customer(&mut self) {
        let rows = self.numbers.first().map_or(0, Vec::len);
        let from = rows.saturating_sub(MOST);
        if self.is_shown && rows > 0 && self.failure.is_none() {
            let line = &mut self.line;
            line.clear();
            let customer = String::from_utf8_lossy(&self.customer);
            write!(line, "[\"{}\",{},{{\"times\":[", self.table, serde_json::Value::from(customer))
                .expect("text grows");
            for (at, times) in self.times.iter().enumerate() {
                line.push_str(if at > 0 { "," } else { "" });
                push_times(line, &times[from..]);
            }
            line.push(']');
            for (name, numbers) in self.shown.names.iter().zip(&self.numbers) {
                if numbers.iter().any(|number| !number.is_nan()) {
                    write!(line, ",{}:", serde_json::Value::from(name.as_str())).expect("text grows");
                    push_numbers(line, numbers[from..].iter().copied());
                }
            }
            line.push_str("}]\n");
            self.failure = self.out.write_all(line.as_bytes()).err();
        }
        self.times.iter_mut().for_each(Vec::clear);
        self.numbers.iter_mut().for_each(Vec::clear);
    }

    pub(super) fn finish(mut self) -> std::io::Result<()> {
        self.end_customer();
        self.failure.map_or(Ok(()), Err)
    }
}

/// Writes the lines of a table's customers; `also` sees every row.
pub(super) fn write_series(
    name: &'static str,
    table: &mut TableReader<'_>,
    customers: &BTreeSet<String>,
    out: &mut impl Write,
    mut also: impl FnMut(&ByteRecord),
) -> Result<std::io::Result<()>> {
    let mut writer = SeriesWriter::new(name, Shown::of(table), customers, out);
    table.rows(|row| {
        writer.add(row);
        also(row);
    })?;
    Ok(writer.finish())
}
