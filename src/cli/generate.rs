//! `manyfit generate`: synthetic customers.

use super::{
    output::print_line,
    values::{date, share},
};
use crate::{
    error::{Error, Result},
    generate::{Dataset, Energy, Housing, Written},
    run::default_jobs,
    store::{Durability, LocalStore, StagedFile, WriterLock, create_directory, sweep, writing},
};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use std::{io::BufWriter, path::PathBuf, time::Instant};

/// Generate synthetic customers, for tests, demonstrations and benchmarks.
///
/// The same seed gives the same bytes on every machine, and a customer does not depend on the number of customers.
#[derive(Args)]
pub(super) struct Generate {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Housing(HousingArguments),
    Energy(EnergyArguments),
}

/// Houses and their prices, one city per customer: for regression.
///
/// Writes DIR/train/city_000000_train.csv, DIR/validation/city_000000_val.csv and so on, as AWS's multi-model XGBoost
/// notebook does: no header; price, year built, square feet, bedrooms, bathrooms, lot acres, garage spaces.
#[derive(Args)]
struct HousingArguments {
    #[command(flatten)]
    common: Common,

    /// Houses per training file; the validation file has half as many
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rows: u32,

    /// Standard deviation of the noise as a share of the price; the notebook has 0
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share, allow_negative_numbers = true)]
    noise: f64,
}

/// Daily or hourly energy consumption, one meter per customer: for forecasts.
///
/// Writes DIR/0.csv, DIR/1.csv and so on, with the columns timestamp and consumption: a trend, yearly and weekly seasonality,
/// for hourly data daily seasonality too, and noise.
#[derive(Args)]
struct EnergyArguments {
    #[command(flatten)]
    common: Common,

    /// Readings per customer; 731 days are the shortest history for which Prophet fits yearly seasonality
    #[arg(long, value_name = "N", default_value_t = 731, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    rows: u32,

    /// Date of the first reading
    #[arg(long, value_name = "DATE", default_value = "2023-01-01", value_parser = date)]
    start: Date,

    /// Hourly instead of daily readings
    #[arg(long)]
    hourly: bool,

    /// Standard deviation of the noise as a share of the customer's level
    #[arg(long, value_name = "SHARE", default_value_t = 0.05, value_parser = share, allow_negative_numbers = true)]
    noise: f64,

    /// Write no header line, as in the files of AWS's post on thousands of models
    #[arg(long, conflicts_with = "single_table")]
    headerless: bool,

    /// Write one file for all customers, DIR/energy_consumption.csv: customer_id, timestamp, consumption
    #[arg(long)]
    single_table: bool,
}

#[derive(Args)]
struct Common {
    /// Number of customers
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    customers: u64,

    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Output folder
    #[arg(long, value_name = "DIR")]
    output: PathBuf,

    /// Write into a folder that is not empty: files of the same names are replaced, others are kept
    #[arg(long)]
    force: bool,
}

impl Generate {
    pub(super) fn run(self) -> Result<()> {
        let begun = Instant::now();
        let (common, written) = match self.what {
            What::Housing(HousingArguments { common, rows, noise }) => {
                let housing = Housing { rows: rows as usize, noise };
                let written = common.write(&Dataset::Housing(housing))?;
                (common, written)
            }
            What::Energy(EnergyArguments { common, rows, start, hourly, noise, headerless, single_table }) => {
                let energy = Energy::new(start, rows as usize, hourly, noise, !headerless)?;
                let written =
                    if single_table { common.write_table(&energy) } else { common.write(&Dataset::Energy(energy)) }?;
                (common, written)
            }
        };
        let (files, megabytes) = (written.files, written.bytes as f64 / 1e6);
        let (folder, seconds) = (common.output.display(), begun.elapsed().as_secs_f64());
        let plural = if files == 1 { "file" } else { "files" };
        print_line(&format!("{files} {plural}, {megabytes:.1} MB, in {folder} after {seconds:.1} s"))
    }
}

impl Common {
    fn write(&self, dataset: &Dataset) -> Result<Written> {
        let _lock = self.lock()?;
        let store = LocalStore::new(&self.output, Durability::ProcessDeath);
        dataset.write(self.seed, self.customers, default_jobs(), &store)
    }

    fn write_table(&self, energy: &Energy) -> Result<Written> {
        let _lock = self.lock()?;
        let path = self.output.join("energy_consumption.csv");
        let failed = |error| writing(&path, error);
        let (staged, file) = StagedFile::create(&path)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        energy.write_table(self.seed, self.customers, &mut out).map_err(failed)?;
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        let bytes = file.metadata().map_err(failed)?.len();
        drop(file);
        staged.commit()?;
        Ok(Written { files: 1, bytes })
    }

    /// Refuses a folder with files: customers of another seed would go unnoticed among the new ones. Creates it, for this
    /// process alone.
    fn lock(&self) -> Result<WriterLock> {
        let is_occupied = self.output.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if !is_occupied || self.force {
            create_directory(&self.output)?;
            let mut lock = WriterLock::of_folder(&self.output, "")?;
            lock.sweep(|writer| sweep(&self.output, writer, usize::MAX))?;
            return Ok(lock);
        }
        Err(Error::Settings(format!(
            "--output {}: the folder is not empty; choose another one, or add --force to write into it",
            self.output.display()
        )))
    }
}
