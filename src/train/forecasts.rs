//! The forecasts table: a row per customer and date, sorted by customer, as CSV and as Parquet.

use super::{
    results::ResultsDirectory,
    spool::{Spool, write_whole},
    worker::iso,
};
use crate::{
    error::{Error, Result},
    models::Forecast,
};

/// Columns of numbers, after `customer` and `ds`. A component that a customer's model does not have is empty.
pub(super) const COLUMNS: [&str; 10] = [
    "yhat",
    "yhat_lower",
    "yhat_upper",
    "trend",
    "trend_lower",
    "trend_upper",
    "additive_terms",
    "yearly",
    "weekly",
    "daily",
];

/// Bytes of a row in the spool: the date and the numbers.
const ROW: usize = 8 * (1 + COLUMNS.len());

/// The table while the run goes on.
pub(super) struct ForecastTable {
    spool: Spool,
    results: ResultsDirectory,
}

/// One row: milliseconds since the epoch, and the numbers; NaN where there is none.
pub(super) type Row = (i64, [f64; COLUMNS.len()]);

impl ForecastTable {
    pub(super) fn create(results: &ResultsDirectory) -> Result<Self> {
        let spool = Spool::create(results.file("forecasts", "spool.sagemaker-ignore"))?;
        Ok(Self { spool, results: results.clone() })
    }

    pub(super) fn append(&mut self, customer: &str, forecast: &Forecast) -> Result<()> {
        let component = |name: &str| forecast.components.iter().find(|(n, _)| n == name).map(|(_, effect)| &effect[..]);
        let columns = [
            Some(&forecast.yhat[..]),
            Some(&forecast.yhat_lower[..]),
            Some(&forecast.yhat_upper[..]),
            Some(&forecast.trend[..]),
            Some(&forecast.trend_lower[..]),
            Some(&forecast.trend_upper[..]),
            Some(&forecast.additive_terms[..]),
            component("yearly"),
            component("weekly"),
            component("daily"),
        ];
        let mut block = Vec::with_capacity(ROW * forecast.dates.len());
        for (row, date) in forecast.dates.iter().enumerate() {
            block.extend_from_slice(&date.to_le_bytes());
            for column in columns {
                block.extend_from_slice(&column.map_or(f64::NAN, |column| column[row]).to_le_bytes());
            }
        }
        self.spool.append(customer, &block)
    }

    /// Writes the tables; their names.
    pub(super) fn finish(self) -> Result<Vec<String>> {
        let csv = self.results.file("forecasts", "csv");
        #[cfg(feature = "parquet")]
        let parquet = self.results.file("forecasts", "parquet");
        write_whole(&csv, |file| {
            let mut csv = ::csv::Writer::from_writer(file);
            csv.write_record(["customer", "ds"].iter().chain(&COLUMNS)).map_err(into_storage)?;
            #[cfg(feature = "parquet")]
            let mut table = super::forecasts_parquet::ParquetTable::create(&parquet)?;
            self.spool.drain_sorted(|customer, block| {
                for (date, numbers) in rows(block) {
                    csv.write_field(customer).map_err(into_storage)?;
                    csv.write_field(iso(date)).map_err(into_storage)?;
                    for number in numbers {
                        let text = if number.is_nan() { String::new() } else { number.to_string() };
                        csv.write_field(text).map_err(into_storage)?;
                    }
                    csv.write_record(None::<&[u8]>).map_err(into_storage)?;
                }
                #[cfg(feature = "parquet")]
                table.append(customer, rows(block))?;
                Ok(())
            })?;
            #[cfg(feature = "parquet")]
            table.finish()?;
            csv.flush().map_err(|error| Error::storage("writing the forecasts", error))
        })?;
        Ok(vec![
            csv.display().to_string(),
            #[cfg(feature = "parquet")]
            parquet.display().to_string(),
        ])
    }
}

fn rows(block: &[u8]) -> impl Iterator<Item = Row> {
    block.chunks_exact(ROW).map(|row| {
        let mut words = row.chunks_exact(8).map(|word| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(word);
            bytes
        });
        let date = words.next().map(i64::from_le_bytes).unwrap_or_default();
        let mut numbers = [f64::NAN; COLUMNS.len()];
        numbers.iter_mut().zip(words).for_each(|(number, bytes)| *number = f64::from_le_bytes(bytes));
        (date, numbers)
    })
}

fn into_storage(error: ::csv::Error) -> Error {
    Error::storage("writing the forecasts", error.into())
}
