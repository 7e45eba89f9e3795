//! Columns of numbers as JSON, JSON lines and CSV. What is not finite is null, or empty.

use super::Format;
use crate::input::format_timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::borrow::Cow;

/// Dates and a number for each in every column.
#[derive(Debug, Default)]
pub(super) struct Table<'a> {
    pub(super) dates: Vec<i64>,
    pub(super) columns: Vec<(Cow<'a, str>, Vec<f64>)>,
}

/// A row as an object.
struct Row<'a>(&'a Table<'a>, usize);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(table, row) = *self;
        let mut map = serializer.serialize_map(Some(table.columns.len() + 1))?;
        map.serialize_entry("ds", &format_timestamp(table.dates[row]))?;
        for (name, column) in &table.columns {
            map.serialize_entry(name, &column[row])?;
        }
        map.end()
    }
}

/// An answer as an object.
#[derive(Serialize)]
struct Predictions<'a> {
    predictions: Vec<Row<'a>>,
}

impl Table<'_> {
    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.dates.len()).map(|row| Row(self, row))
    }

    fn predictions(&self) -> Predictions<'_> {
        Predictions { predictions: self.rows().collect() }
    }
}

/// Writes the answers to a request that asked once, or to one that asked several times.
pub(super) fn write(tables: &[Table<'_>], several: bool, format: Format) -> Vec<u8> {
    match (format, tables) {
        (Format::Csv, _) => csv(tables, several),
        (Format::JsonLines, [table]) if !several => lines(table.rows()),
        (Format::JsonLines, _) => lines(tables.iter().map(Table::predictions)),
        (Format::Json | Format::Libsvm, [table]) if !several => to_json(&table.predictions()),
        (Format::Json | Format::Libsvm, _) => to_json(&tables.iter().map(Table::predictions).collect::<Vec<_>>()),
    }
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data has a JSON form")
}

fn lines(rows: impl Iterator<Item = impl Serialize>) -> Vec<u8> {
    rows.flat_map(|row| to_json(&row).into_iter().chain([b'\n'])).collect()
}

/// CSV with a header; of several answers each begins its rows with its number, from 0.
fn csv(tables: &[Table<'_>], several: bool) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // All answers of one model have the same columns, or those of the one that asked for most.
    let widest = tables.iter().max_by_key(|table| table.columns.len());
    let names: Vec<&str> = widest.iter().flat_map(|table| table.columns.iter().map(|(name, _)| &**name)).collect();
    let number = several.then(|| "request".to_owned());
    let mut write = |record: &mut dyn Iterator<Item = String>| {
        writer.write_record(record).expect("writing to memory does not fail");
    };
    write(&mut number.into_iter().chain(["ds".to_owned()]).chain(names.iter().map(|name| (*name).to_owned())));
    for (request, table) in tables.iter().enumerate() {
        for (row, date) in table.dates.iter().enumerate() {
            let number = several.then(|| request.to_string());
            let cell = |name: &&str| {
                let column = table.columns.iter().find(|(other, _)| other == name);
                let value = column.map(|(_, values)| values[row]).filter(|value| value.is_finite());
                value.map_or_else(String::new, |value| value.to_string())
            };
            write(&mut number.into_iter().chain([format_timestamp(*date)]).chain(names.iter().map(cell)));
        }
    }
    writer.into_inner().expect("writing to memory does not fail")
}
