//! `manyfit predict`: forecasts and predictions from artifacts.

use super::{output::stdout, places::temporary_directory, s3::S3Arguments, signals::stop_on_signals};
use crate::{
    error::{Error, Result},
    input::{CustomerRows, is_table},
    predict::{Job, Place, Question, find, find_object, find_objects, is_archive, run},
    results::{ResultTable, TableFormat},
    run::default_jobs,
    settings::MaxFailures,
    store::{Location, Store},
};
use clap::Args;
use std::path::PathBuf;
use tempfile::TempDir;

/// Forecast, or predict rows of features, from models that were fitted before.
///
///   manyfit predict out/models --horizon 8
///   manyfit predict out/models --future next_year.csv --components --output forecasts.parquet
///   manyfit predict out/models --input houses --shap --output prices.csv
///
/// A model is a tar.gz, its unpacked directory, or a plain model file, of manyfit, Python Prophet or
/// XGBoost; a folder is all models in it. With the seed of the training run the forecasts are those
/// of its own table. A customer that fails does not stop the others.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Predict {
    /// Models, or folders of models, also s3://bucket/prefix
    #[arg(required = true, value_name = "ARTIFACT|PLACE")]
    models: Vec<Location>,

    /// Steps to forecast after the end of each history; with --future, the first so many of its dates after the last value
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    horizon: Option<u32>,

    /// Table (or folder of tables) of the future: ds, and what the models need there: regressors, conditions, cap, floor.
    /// All its dates are forecast, unless --horizon says how many. With a column customer, each customer's own rows
    #[arg(long, value_name = "FILE|PLACE", verbatim_doc_comment)]
    future: Option<Location>,

    /// Rows of features for regression models: with a column customer, a file per customer, or one table for all
    #[arg(long, value_name = "FILE|PLACE", conflicts_with_all = ["horizon", "future"], required_unless_present_any = ["horizon", "future"])]
    input: Option<Location>,

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

/// The stores of models in buckets, by number.
type Stores = Vec<Box<dyn Store>>;

/// Where the table is made, and where it goes from there.
struct Output {
    path: PathBuf,
    /// For a table that goes to a bucket: the draft's folder, the store and the name.
    distant: Option<(TempDir, Box<dyn Store>, String)>,
}

impl Predict {
    pub(super) fn run(self) -> Result<()> {
        // What can be said at once is said before anything is read.
        let output = self.output.as_ref().map(|place| self.output(place)).transpose()?;
        let (places, stores) = self.places()?;
        let question = self.question()?;
        let stop = stop_on_signals()?;
        let job = Job {
            places: &places,
            stores: &stores,
            customers: &self.customer,
            question: &question,
            jobs: self.jobs.map_or_else(default_jobs, usize::from),
            max_failures: self.max_failures,
            stop: &stop,
        };
        let summary = run(&job, |key, names| match &output {
            Some(output) => ResultTable::create(&output.path, key, names),
            None => ResultTable::to_writer(stdout(), key, names),
        })?;
        eprintln!("{summary}");
        if let Some(output) = output.filter(|_| summary.is_whole()) {
            eprintln!("wrote {}", output.deliver()?);
        }
        summary.verdict()
    }

    /// The models, in the order of the arguments, and the stores of those in buckets.
    fn places(&self) -> Result<(Vec<Place>, Stores)> {
        let (mut places, mut stores) = (Vec::new(), Vec::new());
        for location in &self.models {
            if let Location::Directory(path) = location {
                places.extend(find(std::slice::from_ref(path))?);
                continue;
            }
            let archive = location.split().filter(|(_, name)| is_archive(name));
            let store = self.s3.open(archive.as_ref().map_or(location, |(folder, _)| folder))?;
            match archive {
                Some((_, name)) => places.push(find_object(&*store, stores.len(), &name)?),
                None => places.extend(find_objects(&*store, stores.len())?),
            }
            stores.push(store);
        }
        Ok((places, stores))
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

    /// A table, or a folder of tables, also of a bucket.
    fn rows(&self, place: &Location) -> Result<CustomerRows> {
        if let Location::Directory(path) = place {
            return CustomerRows::read(path);
        }
        match place.split().filter(|(_, name)| is_table(name)) {
            Some((folder, name)) => CustomerRows::read_object(&*self.s3.open(&folder)?, &name),
            None => CustomerRows::read_place(&*self.s3.open(place)?),
        }
    }

    fn question(&self) -> Result<Question> {
        let rows = |place: &Location| self.rows(place);
        let future = self.future.as_ref().map(rows).transpose()?;
        let horizon = self.horizon.map(|horizon| horizon as usize);
        match &self.input {
            Some(input) => Ok(Question::Rows { features: rows(input)?, shap: self.shap }),
            None if horizon.is_none() && future.is_none() => Err(Error::Settings(
                "what should be predicted? Give --horizon or --future for forecasts, --input for rows of features"
                    .into(),
            )),
            None => Ok(Question::Forecast { horizon, future, components: self.components, seed: self.seed }),
        }
    }
}

impl Output {
    /// Brings the table to where it goes; its full name there.
    fn deliver(self) -> Result<String> {
        let Some((_draft, store, name)) = self.distant else { return Ok(self.path.display().to_string()) };
        store.publish_file(&name, &self.path)?;
        Ok(store.describe(&name))
    }
}
