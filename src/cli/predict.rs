//! `manyfit predict`: forecasts and predictions from existing models.

use super::{
    output::{stdout, tell},
    places::temporary_directory,
    s3::S3Arguments,
    signals::stop_on_signals,
};
use crate::{
    artifact::is_archive,
    error::{Error, Result},
    input::{CustomerFrom, CustomerRows, Decimal, SheetSettings, TimeFormat, TimeSettings, is_table},
    predict::{Job, ModelList, Request, run},
    results::{ResultTable, TableFormat, notes_on},
    run::default_jobs,
    settings::MaxFailures,
    store::{Location, Store, WriterLock, sweep},
    words::printable,
};
use clap::Args;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Forecast, or predict rows of features, with fitted models
///
///   manyfit predict out/models --horizon 8
///   manyfit predict out/models --future next_year.csv --components --output forecasts.parquet
///   manyfit predict out/models --input houses --shap --output prices.csv
///
/// A model is a tar.gz, its unpacked directory, or a plain model file, of manyfit, Python Prophet or
/// XGBoost; a folder stands for all models in it. With the seed of the training run, forecasts are
/// identical to that run's. A customer that fails does not stop the others.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Predict {
    /// Models, or folders of models, also s3://bucket/prefix
    #[arg(required = true, value_name = "ARTIFACT|PLACE")]
    models: Vec<Location>,

    /// Steps to forecast after the end of each history; with --future, the number of its dates to forecast
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    horizon: Option<u32>,

    /// Table (or folder of tables) of the future: ds, and what the models need there: regressors, conditions, cap, floor.
    /// All its dates are forecast, unless --horizon says how many. With a column customer, each customer's own rows
    #[arg(long, value_name = "FILE|PLACE", verbatim_doc_comment)]
    future: Option<Location>,

    /// How the dates of --future are written, such as %d/%m/%Y [default: decided from the column]
    #[arg(long, value_name = "FORMAT", requires = "future")]
    timestamp_format: Option<TimeFormat>,

    /// Whether 02/03/2024 is in March [default: decided from the other dates of the column]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", requires = "future")]
    dayfirst: Option<bool>,

    /// Rows of features for regression models: with a column customer, a file per customer, or one table for all
    #[arg(long, value_name = "FILE|PLACE", conflicts_with_all = ["horizon", "future"])]
    input: Option<Location>,

    /// Column of customers in the tables [default: customer or customer_id]
    #[arg(long, value_name = "COLUMN")]
    customer_column: Option<String>,

    /// What names the customer of a table of a folder in which no column does
    #[arg(long, value_enum, default_value_t)]
    customer_from: CustomerFrom,

    /// Sign before the decimals of CSV, point or comma [default: decided from each table]
    #[arg(long, value_name = "SIGN")]
    decimal: Option<Decimal>,

    /// Lines of CSV before the header [default: lines that are clearly not the table are skipped]
    #[arg(long, value_name = "N")]
    skip_lines: Option<u32>,

    /// With forecasts, their trend and components
    #[arg(long, conflicts_with = "input")]
    components: bool,

    /// With predictions, each feature's SHAP value
    #[arg(long, requires = "input")]
    shap: bool,

    /// File for the table, also s3://bucket/key: .csv, .json, .jsonl or .parquet [default: CSV to the standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<Location>,

    /// Only this customer; may be repeated
    #[arg(long, value_name = "NAME")]
    customer: Vec<String>,

    /// Seed of the forecasts' intervals, as in training
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Threads [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Failed customers that are tolerated: a count (5), a percentage (5%) or a share (0.05)
    #[arg(long, value_name = "LIMIT", default_value = "10%")]
    max_failures: MaxFailures,

    #[command(flatten)]
    s3: S3Arguments,
}

/// The output table.
struct Output {
    path: PathBuf,
    /// For a table that goes to a bucket: temporary folder, store and name.
    distant: Option<(TempDir, Box<dyn Store>, String)>,
}

impl Predict {
    pub(super) fn run(self) -> Result<()> {
        // Report invalid options before reading anything.
        let output = self.output.as_ref().map(|place| self.output(place)).transpose()?;
        self.check_request()?;
        let _lock = output.as_ref().map(Output::lock).transpose()?;
        let models = self.models()?;
        let request = self.request()?;
        let stop = stop_on_signals()?;
        let job = Job {
            models: &models,
            customers: &self.customer,
            request: &request,
            jobs: self.jobs.map_or_else(default_jobs, usize::from),
            max_failures: self.max_failures,
            stop: &stop,
        };
        let summary = run(&job, |key, names| match &output {
            Some(output) => ResultTable::create(&output.path, key, names),
            None => ResultTable::to_writer(stdout(), key, names),
        })?;
        tell(&summary);
        if let Some(output) = output.filter(|_| summary.is_whole()) {
            tell(format_args!("wrote {}\n", output.deliver()?));
        }
        summary.verdict()
    }

    /// The models, in the order of the arguments.
    fn models(&self) -> Result<ModelList> {
        let mut models = ModelList::default();
        for location in &self.models {
            if let Location::Directory(path) = location {
                models.add_path(path)?;
                // Beside the models that a run wrote are its results.
                let results = path.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
                let results = results.filter(|_| path.ends_with("models") && path.is_dir());
                for note in results.map(notes_on).transpose()?.unwrap_or_default() {
                    tell(format_args!("note: {}\n", printable(&note)));
                }
                continue;
            }
            match location.split().filter(|(_, name)| is_archive(name)) {
                Some((folder, name)) => models.add_object(self.s3.open(&folder)?, &name)?,
                None => models.add_store(self.s3.open(location)?)?,
            }
        }
        Ok(models)
    }

    fn output(&self, place: &Location) -> Result<Output> {
        let path = match place {
            Location::Directory(path) => path.clone(),
            Location::Bucket { .. } => place.to_string().into(),
        };
        TableFormat::of(&path)?;
        let Some((folder, name)) = place.split() else { return Ok(Output { path, distant: None }) };
        let store = self.s3.open(&folder)?;
        let draft = temporary_directory()?;
        Ok(Output { path: draft.path().join(&name), distant: Some((draft, store, name)) })
    }

    /// Reads a table or a folder of tables.
    fn rows(&self, place: &Location) -> Result<CustomerRows> {
        let settings = SheetSettings {
            customer: self.customer_column.clone(),
            customer_from: self.customer_from,
            times: TimeSettings { format: self.timestamp_format.clone(), dayfirst: self.dayfirst },
            decimal: self.decimal,
            skip_lines: self.skip_lines,
        };
        if let Location::Directory(path) = place {
            return CustomerRows::read(path, &settings);
        }
        match place.split().filter(|(_, name)| is_table(name)) {
            Some((folder, name)) => CustomerRows::read_object(&*self.s3.open(&folder)?, &name, &settings),
            None => CustomerRows::read_place(&*self.s3.open(place)?, &settings),
        }
    }

    fn check_request(&self) -> Result<()> {
        if self.horizon.is_some() || self.future.is_some() || self.input.is_some() {
            return Ok(());
        }
        Err(Error::Settings(
            "say what to predict: --horizon N or --future FILE for forecasts, --input PLACE for rows of features of \
             regression models"
                .into(),
        ))
    }

    fn request(&self) -> Result<Request> {
        let rows = |place: &Location| self.rows(place);
        let future = self.future.as_ref().map(rows).transpose()?;
        let horizon = self.horizon.map(|horizon| horizon as usize);
        match &self.input {
            Some(input) => Ok(Request::Rows { features: rows(input)?, shap: self.shap }),
            None => Ok(Request::Forecast {
                horizon,
                future,
                components: self.components,
                seed: self.seed,
                interval_width: None,
            }),
        }
    }
}

impl Output {
    /// Makes this process the only one that writes the table, and removes what killed ones were writing.
    fn lock(&self) -> Result<WriterLock> {
        let mut lock = WriterLock::of_file(&self.path)?;
        lock.sweep(|writer| sweep(self.path.parent().unwrap_or(Path::new(".")), writer, 1))?;
        Ok(lock)
    }

    /// Moves the table to its destination. Returns its full name there.
    fn deliver(self) -> Result<String> {
        let Some((_draft, store, name)) = self.distant else { return Ok(self.path.display().to_string()) };
        store.publish_file(&name, &self.path)?;
        Ok(store.describe(&name))
    }
}
