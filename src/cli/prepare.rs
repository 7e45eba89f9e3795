//! `manyfit prepare`: in a SageMaker processing job with the platform's folders, anywhere else with options.

use super::{
    output::stdout,
    places::{folder_and_table, is_inside, select},
    regression_options::RegressionOptions,
    s3::S3Arguments,
    signals::stop_on_signals,
    values::{size, time},
};
use crate::{
    error::{Error, Result},
    input::{CustomerFrom, Decimal, InputSettings, TableSettings, TimeFormat, TimeSettings},
    prepare::{Aggregate, Ambiguous, Arrangement, Filter, Keep, Options, OutputFormat, Period, Preparation, run},
    run::{available_memory, default_jobs},
    sagemaker::ProcessingEnvironment,
    shard::{Shard, ShardChoice},
    store::{Durability, Location},
};
use clap::{Args, ValueEnum, builder::PossibleValuesParser};
use jiff::tz::TimeZone;
use std::{convert::Infallible, io::Write, path::PathBuf};

/// The name of the target in the output, unless it is given another.
const TARGET: &str = "target";

/// Turn raw tables, larger than memory, into one file per customer or into bundles of customers
///
/// The tables are CSV, CSV.gz or Parquet. The column `customer`, or the one that --customer names,
/// says which customer a row belongs to. Train on the result:
///
///   manyfit prepare --input raw --output prepared --target kwh
///   manyfit train --input prepared/customers --output out
///
/// Tables of features become files for regression with --regression, which can set rows apart for
/// validation.
///
/// In a SageMaker processing job, --input and --output come from the platform. A run that was
/// stopped or killed continues if the same command is run again.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Prepare {
    /// Folder with tables, or one table; or s3://bucket/prefix
    #[arg(long, value_name = "PLACE", requires = "output")]
    input: Option<Location>,

    /// Folder or s3://bucket/prefix for the results: customers/, validation/, quality.parquet, summary.json, rejects.csv
    #[arg(long, value_name = "PLACE", requires = "input")]
    output: Option<Location>,

    /// Column that names the customer [default: customer or customer_id; without one, each file is one customer]
    #[arg(long, value_name = "COLUMN")]
    customer: Option<String>,

    /// What names the customer of a file in which no column does
    #[arg(long, value_enum, default_value_t)]
    customer_from: CustomerFrom,

    #[command(flatten)]
    pub(super) features: RegressionOptions,

    /// Column of timestamps, called timestamp in the output of series [default: detected; none with --regression]
    #[arg(long, value_name = "COLUMN")]
    timestamp: Option<String>,

    /// How timestamps are written, such as %d/%m/%Y, %Y%m%d%H or epoch_ms [default: decided from the column]
    #[arg(long, value_name = "FORMAT")]
    timestamp_format: Option<TimeFormat>,

    /// Whether 02/03/2024 is in March [default: decided from the other dates of the column]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    dayfirst: Option<bool>,

    /// Sign before the decimals of CSV, point or comma [default: decided from each file]
    #[arg(long, value_name = "SIGN")]
    decimal: Option<Decimal>,

    /// Lines of CSV before the header [default: lines that are clearly not the table are skipped]
    #[arg(long, value_name = "N")]
    skip_lines: Option<u32>,

    /// Column of values, and its name in the output [default: detected, called target]
    #[arg(long, value_name = "COLUMN[=NAME]", value_parser = renamed)]
    target: Option<(String, Option<String>)>,

    /// Other columns to keep, or * for all
    #[arg(long, value_name = "COLUMN[=NAME],…", value_delimiter = ',', value_parser = renamed)]
    keep: Vec<(String, Option<String>)>,

    /// Keep only rows that meet a condition such as 'kwh>=0' or 'region=north'; may be repeated
    #[arg(long, value_name = "CONDITION")]
    filter: Vec<Filter>,

    /// Leave out rows before this time, in the output's time zone
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<i64>,

    /// Leave out rows at or after this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<i64>,

    /// Time zone assumed for timestamps without an offset, such as Europe/Berlin; they are converted to UTC
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<TimeZone>,

    /// Which time is meant where the clocks of --timezone repeat an hour
    #[arg(long, value_enum, default_value_t, requires = "timezone")]
    ambiguous: Ambiguous,

    /// Time zone of the output [default: UTC, or no conversion for timestamps without an offset]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    output_timezone: Option<TimeZone>,

    /// How to combine rows of a customer that share a timestamp; keep writes them unchanged
    #[arg(long, value_parser = PossibleValuesParser::new(["keep", "first", "last", "mean", "sum"]), default_value = "keep")]
    duplicates: String,

    /// Aggregate rows to one for each period of --frequency
    #[arg(long, value_enum, requires = "frequency")]
    aggregate: Option<Aggregate>,

    /// Period to aggregate to, as a pandas alias: D, h, 15min, W-SUN, MS, ME, QS, YS, B, …
    #[arg(long, value_name = "ALIAS", requires = "aggregate")]
    frequency: Option<Period>,

    /// Add rows without a value for periods without rows
    #[arg(long, requires = "aggregate")]
    grid: bool,

    /// Write bundles of whole customers, with equal expected work, of about this size: 16MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    bundle: Option<u64>,

    /// Format of the output files
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,

    /// Write CSV without a header: timestamp,target
    #[arg(long, conflicts_with_all = ["bundle", "keep"])]
    no_header: bool,

    /// Number of bad rows to leave out, listed in rejects.csv, before giving up
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_bad_rows: u64,

    /// Memory for rows
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "384MB")]
    memory: u64,

    /// Local folder for intermediate rows, as large as the tables as text [default: in the output]
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,

    /// Threads [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Prepare only part I of N of the customers, I from 0, such as 0/4; auto in a task of an array job
    #[arg(long, value_name = "I/N")]
    shard: Option<ShardChoice>,

    #[command(flatten)]
    s3: S3Arguments,
}

/// Where everything is.
struct Places {
    /// The folder of the tables.
    input: Location,
    /// The only table of it to prepare, if not all.
    only: Option<String>,
    customers: Location,
    /// Where rows for validation go, if there are any.
    validation: Option<Location>,
    reports: PathBuf,
    /// Where the reports are moved from there.
    remote_reports: Option<Location>,
    work: PathBuf,
    shard: Shard,
}

impl Prepare {
    /// Refuses options that a processing job would refuse before it reads a table.
    pub(super) fn check_for_job(&self) -> Result<()> {
        let from_platform = [
            ("--input", self.input.is_some()),
            ("--output", self.output.is_some()),
            ("--shard", self.shard.is_some()),
            ("--work", self.work.is_some()),
        ];
        if let Some((option, _)) = from_platform.into_iter().find(|(_, given)| *given) {
            return Err(Error::Settings(format!("{option}: the platform sets this in a job; leave it out")));
        }
        self.options().map(drop)
    }

    pub(super) fn run(self) -> Result<()> {
        if self.format == OutputFormat::Parquet && cfg!(not(feature = "parquet")) {
            return Err(Error::Settings(
                "--format parquet: this manyfit was built without Parquet: use a build with the feature parquet".into(),
            ));
        }
        let options = self.options()?;
        let places = self.places()?;
        let mut out = stdout();
        let stop = stop_on_signals()?;
        let s3 = self.s3.options();
        let open = |place: &Location| place.open(Durability::ProcessDeath, &s3);
        let store = open(&places.input)?;
        let table = places.only.as_deref().map(|table| select(&*store, &places.input, table)).transpose()?;
        let customers = open(&places.customers)?;
        let validation = places.validation.as_ref().map(open).transpose()?;
        let remote_reports = places.remote_reports.as_ref().map(open).transpose()?;
        let summary = run(
            &Preparation {
                input: table.as_ref().map_or(&*store, |table| table),
                customers: &*customers,
                validation: validation.as_deref(),
                reports: places.reports,
                remote_reports: remote_reports.as_deref(),
                work: places.work,
                options: &options,
                shard: places.shard,
                threads: self.jobs.map_or_else(default_jobs, usize::from),
                memory: self.memory.min(available_memory() / 2),
                stop: &stop,
            },
            &mut out,
        )?;
        write!(out, "{summary}").map_err(|error| Error::storage("printing", error))
    }

    fn options(&self) -> Result<Options> {
        let is_every = |kept: &(String, Option<String>)| kept.0 == "*" && kept.1.is_none();
        let keep = match &self.keep[..] {
            [] if self.features.regression => Keep::All,
            [all] if is_every(all) => Keep::All,
            columns if columns.iter().any(is_every) => {
                return Err(Error::Settings("--keep: * keeps every column: remove the other columns".into()));
            }
            columns => {
                let named = columns.iter().cloned();
                Keep::Named(named.map(|(column, name)| (column.clone(), name.unwrap_or(column))).collect())
            }
        };
        if self.no_header && self.format == OutputFormat::Parquet {
            return Err(Error::Settings("--no-header is for CSV: Parquet always names its columns".into()));
        }
        if let Some(size) = self.bundle.filter(|size| *size > self.memory / 16) {
            return Err(Error::Settings(format!(
                "--bundle {size}: a bundle is written from memory; make it smaller, or --memory at least {}",
                size * 16
            )));
        }
        let about_times = [
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--timezone", self.timezone.is_some()),
            ("--output-timezone", self.output_timezone.is_some()),
            ("--timestamp-format", self.timestamp_format.is_some()),
            ("--dayfirst", self.dayfirst.is_some()),
        ];
        self.features.check_times(self.timestamp.is_some(), &about_times)?;
        Ok(Options {
            validation: self.features.validation(),
            columns: InputSettings {
                customer: self.customer.clone(),
                customer_from: self.customer_from,
                timestamp: self.timestamp.clone(),
                decimal: self.decimal,
                skip_lines: self.skip_lines,
                times: TimeSettings { format: self.timestamp_format.clone(), dayfirst: self.dayfirst },
                target: self.target.as_ref().map(|(column, _)| column.clone()),
                table: self.features.regression.then(TableSettings::default),
                ..InputSettings::default()
            },
            target_name: self.written_target().to_owned(),
            keep,
            filters: self.filter.clone(),
            from: self.from,
            to: self.to,
            assumed_zone: self.timezone.clone(),
            ambiguous: self.ambiguous,
            written_zone: self.output_timezone.clone(),
            // Every other choice is an aggregate.
            duplicates: Aggregate::from_str(&self.duplicates, false).ok(),
            aggregate: self.aggregate.zip(self.frequency),
            grid: self.grid,
            arrangement: self.bundle.map_or(Arrangement::Customers, Arrangement::Bundles),
            format: self.format,
            header: !self.no_header,
            max_bad_rows: self.max_bad_rows,
        })
    }

    /// The name of the target in the output.
    pub(super) fn written_target(&self) -> &str {
        self.target.as_ref().and_then(|(_, name)| name.as_deref()).unwrap_or(TARGET)
    }

    /// The column of timestamps, if it is given.
    pub(super) fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_deref()
    }

    fn places(&self) -> Result<Places> {
        let shard = self.shard.map(ShardChoice::resolve).transpose()?;
        match (&self.input, &self.output) {
            (Some(input), Some(output)) => self.places_of_options(input, output, shard.unwrap_or_default()),
            _ => self.places_of_job(shard),
        }
    }

    fn places_of_options(&self, input: &Location, output: &Location, shard: Shard) -> Result<Places> {
        let (folder, only) = folder_and_table(input)?;
        if only.is_none() && is_inside(output, &folder) {
            return Err(Error::Settings(format!(
                "--output {output} is inside --input {input}, where the next run would take its files for tables: choose \
                 another folder"
            )));
        }
        let customers = output.join("customers");
        let validation = self.features.validation().is_some().then(|| output.join("validation"));
        if [Some(&customers), validation.as_ref()].into_iter().flatten().any(|place| is_inside(input, place)) {
            return Err(Error::Settings(format!(
                "--output {output} would write the customers' files into --input {input}, over the tables: choose another \
                 folder"
            )));
        }
        let work_name = work_name(shard);
        let (work, reports, remote_reports) = match (&self.work, output) {
            (work, Location::Directory(output)) => (work.as_ref().unwrap_or(output), output.clone(), None),
            (Some(work), _) => (work, work.join(format!("{work_name}-reports")), Some(output.clone())),
            (None, _) => {
                return Err(Error::Settings(format!(
                    "--output {output} needs --work: a local folder for intermediate rows, as large as the tables as text"
                )));
            }
        };
        let work = work.join(work_name);
        Ok(Places { input: folder, only, customers, validation, work, reports, remote_reports, shard })
    }

    fn places_of_job(&self, shard: Option<Shard>) -> Result<Places> {
        let environment = ProcessingEnvironment::detect()?.ok_or_else(|| {
            Error::Settings(
                "not in a SageMaker processing job: name the tables with --input and the folder for results with --output"
                    .into(),
            )
        })?;
        if self.features.validation().is_some() && environment.validation.is_none() {
            return Err(Error::Settings(
                "the job's outputs are customers and report: add one that is called validation, for the rows that are set \
                 apart"
                    .into(),
            ));
        }
        let (rank, hosts) = (environment.rank as u64, environment.hosts as u64);
        if let Some(shard) = shard.filter(|_| hosts > 1) {
            return Err(Error::Settings(format!(
                "--shard {shard}: each of the {hosts} instances would prepare this part and none the others: leave it out, \
                 and the instances share the customers"
            )));
        }
        let shard = shard.map_or_else(|| Shard::new(rank, hosts), Ok).map_err(Error::Settings)?;
        Ok(Places {
            input: Location::Directory(environment.input),
            only: None,
            customers: Location::Directory(environment.customers),
            validation: environment
                .validation
                .filter(|_| self.features.validation().is_some())
                .map(Location::Directory),
            reports: environment.reports,
            remote_reports: None,
            work: self.work.as_ref().map_or(environment.work, |work| work.join(work_name(shard))),
            shard,
        })
    }
}

/// The name of the directory for intermediate files, in a folder that may hold other things.
fn work_name(shard: Shard) -> String {
    format!(".prepare{}", shard.suffix())
}

/// A column, and its name in the output where that is given.
#[expect(clippy::unnecessary_wraps, reason = "the form of clap's parsers")]
fn renamed(text: &str) -> std::result::Result<(String, Option<String>), Infallible> {
    let (column, name) = text.split_once('=').map_or((text, None), |(column, name)| (column, Some(name)));
    Ok((column.trim().to_owned(), name.map(|name| name.trim().to_owned())))
}

fn zone(name: &str) -> std::result::Result<TimeZone, String> {
    TimeZone::get(name).map_err(|error| format!("{error}: write a time zone such as Europe/Berlin or UTC"))
}
