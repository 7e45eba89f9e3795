//! `manyfit train`: configured by the platform's files on SageMaker, and by options elsewhere.

use super::{
    output::{print_line, stdout},
    places::{folder_and_table, is_file, is_inside, require_directory, select, temporary_directory},
    s3::S3Arguments,
    settings_options::SettingsOptions,
    signals::stop_on_signals,
};
use crate::{
    error::{Error, Result},
    results::ResultsDirectory,
    run::{available_memory, default_jobs},
    sagemaker::{TrainingEnvironment, ValidationChannel},
    settings::{Family, Settings, Task},
    shard::{Shard, ShardChoice},
    store::{Durability, Location, Store},
    train::{INPUT_SHARE, Job, Progress, run},
    words::printable,
};
use clap::Args;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    path::PathBuf,
};

/// Fit a model for every customer of a folder and write one servable tar.gz each
///
/// Inside a SageMaker training job no option is needed: input, output and settings come from
/// the platform. Elsewhere say where the customers are and where the results go:
///
///   manyfit train --input sample_data/sales --output out --set horizon=8
///
/// A customer is a file (8.csv, 8.csv.gz, 8.parquet), a directory (8/data.csv, customer=8/x.csv),
/// or a value of the column `customer` in files that hold many. Run it again and only what is missing
/// or has changed is fitted. `manyfit settings` lists the settings.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Train {
    /// Folder with the customers' files, or one file; or s3://bucket/prefix
    #[arg(long, value_name = "PLACE", requires = "output")]
    input: Option<Location>,

    /// Place for the results: models/, manifest.jsonl, summary.json, forecasts.csv, forecasts.parquet
    #[arg(long, value_name = "PLACE", requires = "input")]
    output: Option<Location>,

    /// Place of the rows that regression models are judged by, matched to customers by name
    #[arg(long, value_name = "PLACE", requires = "input")]
    validation: Option<Location>,

    #[command(flatten)]
    settings: SettingsOptions,

    /// Worker threads [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Fit only shard I of N of the customers, I from 0, such as 0/4; auto: the shard of this task of an array job of AWS
    /// Batch or Slurm; auto/N: of a Kubernetes indexed job with N completions
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<ShardChoice>,

    #[command(flatten)]
    s3: S3Arguments,
}

/// Inputs and outputs of a run.
struct Places {
    input: Location,
    /// The only table of it to read, if not all.
    table: Option<String>,
    /// Whether the platform gives each host its part of the input, which may be empty.
    may_be_empty: bool,
    /// The platform's channel of validation rows.
    validation: Option<ValidationChannel>,
    models: Location,
    results: ResultsDirectory,
    shard: Shard,
    settings: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl Train {
    pub(super) fn run(self) -> Result<()> {
        let mut places = self.places()?;
        let settings = Settings::from_text(&places.settings)?;
        let validation = self.validation(&settings.task, &mut places)?;
        for warning in &places.warnings {
            print_line(&format!("warning: {warning}"))?;
        }
        let durability = if settings.fsync { Durability::PowerLoss } else { Durability::ProcessDeath };
        let stop = stop_on_signals()?;
        let input = self.s3.open(&places.input)?;
        let table = places.table.as_deref().map(|table| select(&*input, &places.input, table)).transpose()?;
        // What explains a customer reads the results of all shards.
        let is_whole = places.shard == Shard::ALL;
        let summary = run(
            &Job {
                input: table.as_ref().map_or(&*input, |table| table),
                validation: validation.as_deref(),
                models: &*places.models.open(durability, &self.s3.options())?,
                results: places.results,
                settings: &settings,
                shard: places.shard,
                may_be_empty: places.may_be_empty,
                jobs: self.jobs.map_or_else(default_jobs, usize::from),
                memory: available_memory() / INPUT_SHARE,
                stop: &stop,
                progress: if io::stderr().is_terminal() { Progress::Bar } else { Progress::Lines },
            },
            &mut stdout(),
        )?;
        print_line(&summary.to_string())?;
        if let (Some(worst), Some(output), true) = (summary.worst.first(), &self.output, is_whole) {
            let output = printable(&output.to_string()).into_owned();
            let customer = printable(&worst.customer);
            print_line(&format!("look at one: manyfit explain {output} {customer}, or open report.html"))?;
        }
        summary.verdict()
    }

    /// The store of validation rows, for a task that uses them.
    fn validation(&self, task: &Task, places: &mut Places) -> Result<Option<Box<dyn Store>>> {
        let location = match (task, &self.validation, places.validation.take()) {
            (Task::Regression(_), Some(location), _) => location.clone(),
            (Task::Regression(_), None, Some(ValidationChannel { directory, warning, error })) => {
                if let Some(error) = error {
                    return Err(Error::Settings(error));
                }
                places.warnings.extend(warning);
                Location::Directory(directory)
            }
            (Task::Forecast(_), Some(_), _) => {
                return Err(Error::Settings(format!(
                    "--validation is for regression models, and the model is {}",
                    task.model_name()
                )));
            }
            // A forecast ignores the channel, which may be meant for another algorithm.
            _ => return Ok(None),
        };
        self.s3.open(&location).map(Some)
    }

    /// From the options, or else from the platform.
    fn places(&self) -> Result<Places> {
        if let (Some(input), Some(output)) = (&self.input, &self.output) {
            for (option, place) in [("--input", Some(input)), ("--validation", self.validation.as_ref())] {
                let Some(place) = place else { continue };
                if !is_file(place) {
                    require_directory(option, place)?;
                }
                if is_inside(output, place) {
                    return Err(Error::Settings(format!(
                        "--output {output} is inside {option} {place}, where the next run would read its tables as \
                         customers: choose another folder"
                    )));
                }
            }
            let shard = self.shard.map_or(Ok(Shard::ALL), ShardChoice::resolve)?;
            let (folder, table) = folder_and_table(input)?;
            return Ok(Places {
                input: folder,
                table,
                may_be_empty: false,
                validation: None,
                models: output.join("models"),
                results: self.results(output, shard)?,
                shard,
                settings: self.settings.text(BTreeMap::new())?,
                warnings: Vec::new(),
            });
        }
        let environment = TrainingEnvironment::detect()?.ok_or_else(|| {
            Error::Settings(
                "not inside a SageMaker training job: say where the customers are with --input and where the results go with \
                 --output"
                    .into(),
            )
        })?;
        // Each instance names its results by its own number, even if all of them process the same customers.
        let host = Shard::new(environment.rank as u64, environment.hosts as u64).map_err(Error::Settings)?;
        let (index, count) = environment.shard();
        let shard = match self.shard {
            Some(choice) => choice.resolve()?,
            None => Shard::new(index as u64, count as u64).map_err(Error::Settings)?,
        };
        Ok(Places {
            shard,
            results: ResultsDirectory::new(environment.output_data, host),
            input: Location::Directory(environment.input),
            table: None,
            // The platform distributed the customers, perhaps to fewer hosts than there are.
            may_be_empty: environment.hosts > 1 && count == 1,
            validation: environment.validation,
            models: Location::Directory(environment.models),
            settings: with_tables(self.settings.text(environment.hyperparameters)?, environment.tables),
            warnings: environment.warnings,
        })
    }

    /// The directory of results: a temporary one if they go to a bucket.
    fn results(&self, output: &Location, shard: Shard) -> Result<ResultsDirectory> {
        Ok(match output {
            Location::Directory(path) => ResultsDirectory::new(path, shard),
            Location::Bucket { .. } => {
                ResultsDirectory::in_bucket(self.s3.open(output)?.into(), temporary_directory()?, shard)
            }
        })
    }
}

/// Points settings of tables to channels of the same names: to the file that the setting names, or else to the whole channel.
fn with_tables(
    mut settings: BTreeMap<String, String>,
    channels: BTreeMap<String, PathBuf>,
) -> BTreeMap<String, String> {
    let family = settings.get("model").map_or(Some(Family::Prophet), |model| Family::parse(model));
    let forecasts = family.is_some_and(|family| !family.is_regression());
    // Another model of forecasts may have Prophet as its fallback, and overrides may choose it for some customers.
    let falls_back = settings.get("fallback").is_some_and(|models| models.contains("prophet"));
    let is_used = family == Some(Family::Prophet) || (forecasts && (falls_back || channels.contains_key("overrides")));
    for (name, directory) in channels {
        match settings.get(&name).filter(|file| !file.is_empty()) {
            Some(file) => settings.insert(name, directory.join(file).display().to_string()),
            // Without a setting the channel may be meant for another algorithm.
            None if is_used => settings.insert(name, directory.display().to_string()),
            None => None,
        };
    }
    settings
}
