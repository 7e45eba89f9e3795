//! Forecasts as JSON, JSON lines and CSV. Values that are not finite are null, or empty in CSV.

use super::{
    forecast::{Forecaster, components},
    forecast_query::ForecastQuery,
    format::{Format, Predictions, json_lines, to_json},
};
use crate::{input::format_timestamp, serve::error::ApiError};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::borrow::Cow;

/// The forecast of one query: dates, and in every column a number for each.
#[derive(Debug, Default)]
pub(super) struct ForecastTable {
    dates: Vec<i64>,
    columns: Vec<(Cow<'static, str>, Vec<f64>)>,
}

/// A row as an object.
struct Row<'a>(&'a ForecastTable, usize);

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

impl ForecastTable {
    /// Computes a query's forecast.
    pub(super) fn new(forecaster: &Forecaster<'_>, query: &ForecastQuery) -> Result<Self, ApiError> {
        let forecast = forecaster.forecast(query.interval_width)?;
        let mut columns: Vec<(Cow<'static, str>, Vec<f64>)> = Vec::new();
        for quantile in &query.quantiles {
            columns.push((format!("yhat_q{quantile}").into(), forecaster.quantile(*quantile)?));
        }
        if query.components {
            let trend = [
                ("trend", forecast.trend.as_slice()),
                ("trend_lower", &forecast.trend_lower),
                ("trend_upper", &forecast.trend_upper),
            ];
            let parts = trend.into_iter().chain(components(&forecast));
            columns.extend(parts.map(|(name, values)| (name.to_owned().into(), values.to_vec())));
        }
        let first = [("yhat", forecast.yhat), ("yhat_lower", forecast.yhat_lower), ("yhat_upper", forecast.yhat_upper)];
        let columns = first.into_iter().map(|(name, values)| (name.into(), values)).chain(columns).collect();
        Ok(Self { dates: forecaster.dates.clone(), columns })
    }

    fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.dates.len()).map(|row| Row(self, row))
    }

    fn predictions(&self) -> Predictions<Row<'_>> {
        Predictions { predictions: self.rows().collect() }
    }
}

/// Writes the forecasts of a body with one query, or of a batch.
pub(super) fn write(tables: &[ForecastTable], is_batch: bool, format: Format) -> Vec<u8> {
    match (format, tables) {
        (Format::Csv, _) => csv(tables, is_batch),
        (Format::JsonLines, [table]) if !is_batch => json_lines(table.rows()),
        (Format::JsonLines, _) => json_lines(tables.iter().map(ForecastTable::predictions)),
        (Format::Json | Format::Libsvm, [table]) if !is_batch => to_json(&table.predictions()),
        (Format::Json | Format::Libsvm, _) => {
            to_json(&tables.iter().map(ForecastTable::predictions).collect::<Vec<_>>())
        }
    }
}

/// CSV with a header; the rows of a batch begin with the number of their query, from 0.
fn csv(tables: &[ForecastTable], is_batch: bool) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Tables of one model differ only by the options of their queries: the widest has all columns.
    let widest = tables.iter().max_by_key(|table| table.columns.len());
    let names: Vec<&str> = widest.iter().flat_map(|table| table.columns.iter().map(|(name, _)| &**name)).collect();
    let number = is_batch.then(|| "request".to_owned());
    let mut write = |record: &mut dyn Iterator<Item = String>| {
        writer.write_record(record).expect("writing to memory does not fail");
    };
    write(&mut number.into_iter().chain(["ds".to_owned()]).chain(names.iter().map(|name| (*name).to_owned())));
    for (request, table) in tables.iter().enumerate() {
        for (row, date) in table.dates.iter().enumerate() {
            let number = is_batch.then(|| request.to_string());
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
