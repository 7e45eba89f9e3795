//! The forecasts table: a row per customer and date, sorted by customer, as CSV and as Parquet.

use super::{
    forecast_rows::{COLUMNS, rows, to_block},
    results::ResultsDirectory,
    spool::{Spool, write_whole},
    worker::iso_with_time,
};
use crate::{
    error::{Error, Result},
    models::Forecast,
};

/// The table while the run goes on.
pub(super) struct ForecastTable {
    spool: Spool,
    results: ResultsDirectory,
}

impl ForecastTable {
    pub(super) fn create(results: &ResultsDirectory) -> Result<Self> {
        let spool = Spool::create(results.file("forecasts", "spool.sagemaker-ignore"))?;
        Ok(Self { spool, results: results.clone() })
    }

    pub(super) fn append(&mut self, customer: &str, forecast: &Forecast) -> Result<()> {
        self.spool.append(customer, &to_block(forecast))
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
                    csv.write_field(iso_with_time(date)).map_err(into_storage)?;
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
            self.results.deliver(&csv)?,
            #[cfg(feature = "parquet")]
            self.results.deliver(&parquet)?,
        ])
    }
}

fn into_storage(error: ::csv::Error) -> Error {
    Error::storage("writing the forecasts", error.into())
}
