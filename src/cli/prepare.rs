//! `manyfit prepare`: as a SageMaker processing job from the platform's files, anywhere else from options.

use super::{output::stdout, places::is_inside, s3::S3Arguments, signals::stop_on_signals, values::size};
use crate::{
    error::{Error, Result},
    input::{InputSettings, is_table, raw},
    prepare::{Aggregate, Arrangement, Duplicates, Filter, Format, Job, Keep, Options, Period, run},
    run::{available_memory, default_jobs},
    sagemaker::ProcessingEnvironment,
    shard::{Shard, ShardChoice},
    store::{Durability, LocalStore, Location, Selection, Store},
};
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use std::{io::Write, path::PathBuf};

/// Turn raw tables, larger than memory, into one file per customer or into bundles of customers.
///
/// The tables are CSV, CSV.gz or Parquet; every row says whose it is in the column `customer`,
/// or --customer names that column. Then train on the result:
///
///   manyfit prepare --input raw --output prepared --target kwh
///   manyfit train --input prepared/customers --output out
///
/// Inside a SageMaker processing job --input and --output come from the platform. Run it again
/// after it was stopped and it goes on. README.md tells what the quality report holds.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Prepare {
    /// Folder with the tables, or one table; or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    input: Option<Location>,

    /// Place for the results: customers/, quality.parquet, summary.json, rejects.csv
    #[arg(long, value_name = "PLACE", requires = "input")]
    output: Option<Location>,

    /// Column that says whose row it is [default: customer or customer_id, else a file is one customer's]
    #[arg(long, value_name = "COLUMN")]
    customer: Option<String>,

    /// Column of times [default: guessed]; the output calls it timestamp
    #[arg(long, value_name = "COLUMN")]
    timestamp: Option<String>,

    /// Column of values [default: guessed], and what the output calls it
    #[arg(long, value_name = "COLUMN[=NAME]")]
    target: Option<String>,

    /// Other columns to carry along, or * for all
    #[arg(long, value_name = "COLUMN[=NAME],…", value_delimiter = ',')]
    keep: Vec<String>,

    /// Leave out rows that do not pass, such as 'kwh>=0' or 'region=north'; may be repeated
    #[arg(long, value_name = "CONDITION")]
    filter: Vec<Filter>,

    /// Leave out rows before this time, as the output shows it
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<i64>,

    /// Leave out rows at or after this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<i64>,

    /// Zone of times without an offset, such as Europe/Berlin: they become UTC
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    timezone: Option<TimeZone>,

    /// Zone whose clock the output shows [default: UTC, or the times as they are]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    output_timezone: Option<TimeZone>,

    /// What becomes of rows of a customer that share a timestamp
    #[arg(long, value_enum, default_value_t)]
    duplicates: DuplicatesChoice,

    /// One row for each period of --frequency
    #[arg(long, value_enum, requires = "frequency")]
    aggregate: Option<AggregateChoice>,

    /// Period to aggregate to, as a pandas alias: D, h, 15min, W-SUN, MS, ME, QS, YS, B, …
    #[arg(long, value_name = "ALIAS", requires = "aggregate")]
    frequency: Option<Period>,

    /// Give periods without a row one, without a value
    #[arg(long, requires = "aggregate")]
    grid: bool,

    /// Bundles of whole customers, of equal expected work, of about this size: 16MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    bundle: Option<u64>,

    /// How files are written
    #[arg(long, value_enum, default_value_t)]
    format: FormatChoice,

    /// Write CSV without a line of names: timestamp,target
    #[arg(long, conflicts_with_all = ["bundle", "keep"])]
    no_header: bool,

    /// Bad rows to leave out, into rejects.csv, before giving up
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_bad_rows: u64,

    /// Memory for rows
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "384MB")]
    memory: u64,

    /// Folder of this machine for rows between reading and writing, as large as the tables as text [default: in the output]
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,

    /// Threads [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Prepare only shard I of N of the customers, I from 0, such as 0/4; auto or auto/N as for train
    #[arg(long, value_name = "I/N|auto")]
    shard: Option<ShardChoice>,

    #[command(flatten)]
    s3: S3Arguments,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum DuplicatesChoice {
    /// They stay, and the report counts them
    #[default]
    Keep,
    First,
    Last,
    Mean,
    Sum,
}

#[derive(Clone, Copy, ValueEnum)]
enum AggregateChoice {
    Sum,
    Mean,
    First,
    Last,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum FormatChoice {
    #[default]
    Csv,
    Parquet,
}

/// Where a preparation takes place.
struct Places {
    /// The folder of the tables, and the one table of it that is wanted, if not all are.
    input: Location,
    only: Option<String>,
    customers: Location,
    reports: PathBuf,
    /// Where the reports are brought from there.
    distant: Option<Location>,
    work: PathBuf,
    shard: Shard,
}

impl Prepare {
    /// What a processing job would refuse before it reads a table.
    pub(super) fn check_for_job(&self) -> Result<()> {
        let of_the_platform = [
            ("--input", self.input.is_some()),
            ("--output", self.output.is_some()),
            ("--shard", self.shard.is_some()),
            ("--work", self.work.is_some()),
        ];
        if let Some((option, _)) = of_the_platform.into_iter().find(|(_, given)| *given) {
            return Err(Error::Settings(format!("{option}: in a job the platform says so; leave it out")));
        }
        self.options().map(drop)
    }

    pub(super) fn run(self) -> Result<()> {
        if self.format == FormatChoice::Parquet && cfg!(not(feature = "parquet")) {
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
        let store: Box<dyn Store> = match (&places.input, &places.only) {
            (Location::Directory(folder), Some(only)) => {
                Box::new(LocalStore::new(folder, Durability::ProcessDeath).only(only))
            }
            (place, _) => open(place)?,
        };
        let selection = match (&places.input, &places.only) {
            (Location::Bucket { .. }, Some(only)) => {
                let table: Vec<_> = store.list()?.into_iter().filter(|entry| entry.key == *only).collect();
                if table.is_empty() {
                    return Err(Error::Settings(format!("--input {}: there is no such table", store.describe(only))));
                }
                Some(Selection::new(&*store, table))
            }
            _ => None,
        };
        let customers = open(&places.customers)?;
        let distant = places.distant.as_ref().map(open).transpose()?;
        let summary = run(
            &Job {
                input: selection.as_ref().map_or(&*store, |selection| selection),
                customers: &*customers,
                reports: places.reports,
                distant: distant.as_deref(),
                work: places.work,
                options: &options,
                shard: places.shard,
                jobs: self.jobs.map_or_else(default_jobs, usize::from),
                memory: self.memory.min(available_memory() / 2),
                stop: &stop,
            },
            &mut out,
        )?;
        write!(out, "{summary}").map_err(|error| Error::storage("printing", error))
    }

    fn options(&self) -> Result<Options> {
        let named = |text: &str| match text.split_once('=') {
            Some((column, name)) => (column.trim().to_owned(), name.trim().to_owned()),
            None => (text.trim().to_owned(), text.trim().to_owned()),
        };
        let target = self.target.as_deref().map(named);
        let target_name = match (&self.target, &target) {
            (Some(text), Some((_, name))) if text.contains('=') => name.clone(),
            _ => "target".to_owned(),
        };
        let keep = if self.keep.iter().any(|column| column == "*") {
            if self.keep.len() > 1 {
                return Err(Error::Settings("--keep: * is every column; name no others beside it".into()));
            }
            Keep::All
        } else {
            Keep::Named(self.keep.iter().map(|column| named(column)).collect())
        };
        let format = match self.format {
            FormatChoice::Csv => Format::Csv { header: !self.no_header },
            FormatChoice::Parquet if self.no_header => {
                return Err(Error::Settings("--no-header is for CSV; Parquet always has names".into()));
            }
            FormatChoice::Parquet => Format::Parquet,
        };
        let duplicates = match self.duplicates {
            DuplicatesChoice::Keep => Duplicates::Keep,
            DuplicatesChoice::First => Duplicates::Combine(Aggregate::First),
            DuplicatesChoice::Last => Duplicates::Combine(Aggregate::Last),
            DuplicatesChoice::Mean => Duplicates::Combine(Aggregate::Mean),
            DuplicatesChoice::Sum => Duplicates::Combine(Aggregate::Sum),
        };
        let aggregate = self.aggregate.map(|aggregate| match aggregate {
            AggregateChoice::Sum => Aggregate::Sum,
            AggregateChoice::Mean => Aggregate::Mean,
            AggregateChoice::First => Aggregate::First,
            AggregateChoice::Last => Aggregate::Last,
        });
        if let Some(size) = self.bundle.filter(|size| *size > self.memory / 16) {
            return Err(Error::Settings(format!(
                "--bundle {size}: a bundle is written from memory; make it smaller, or --memory at least {}",
                size * 16
            )));
        }
        Ok(Options {
            columns: InputSettings {
                customer: self.customer.clone(),
                timestamp: self.timestamp.clone(),
                target: target.map(|(column, _)| column),
                ..InputSettings::default()
            },
            target_name,
            keep,
            filters: self.filter.clone(),
            from: self.from,
            to: self.to,
            assumed_zone: self.timezone.clone(),
            written_zone: self.output_timezone.clone(),
            duplicates,
            aggregate: aggregate.zip(self.frequency),
            grid: self.grid,
            arrangement: self.bundle.map_or(Arrangement::Customers, Arrangement::Bundles),
            format,
            max_bad_rows: self.max_bad_rows,
        })
    }

    /// From the options, or from the platform where there are none.
    fn places(&self) -> Result<Places> {
        let shard = self.shard.map_or(Ok(Shard::ALL), ShardChoice::resolve)?;
        if let Some(input) = &self.input {
            let output = self.output.as_ref().ok_or_else(|| {
                Error::Settings("--input needs --output: the folder for the customers' files and the report".into())
            })?;
            let (folder, only) = folder_and_table(input)?;
            if only.is_none() && is_inside(output, &folder) {
                return Err(Error::Settings(format!(
                    "--output {output} is inside --input {input}, where the next run would take its files for tables: choose \
                     another folder"
                )));
            }
            let customers = output.join("customers");
            if is_inside(input, &customers) {
                return Err(Error::Settings(format!(
                    "--input {input} is where --output {output} would put the customers' files, over the tables: choose \
                     another folder"
                )));
            }
            let (work, reports, distant) = match (&self.work, output) {
                (work, Location::Directory(output)) => (work.as_ref().unwrap_or(output), output.clone(), None),
                (Some(work), _) => (work, work.join(format!("{}-reports", work_name(shard))), Some(output.clone())),
                (None, _) => {
                    return Err(Error::Settings(format!(
                        "--output {output} needs --work: a folder of this machine for rows between reading and writing, as \
                         large as the tables as text"
                    )));
                }
            };
            return Ok(Places {
                input: folder,
                only,
                customers,
                work: work.join(work_name(shard)),
                reports,
                distant,
                shard,
            });
        }
        let environment = ProcessingEnvironment::detect()?.ok_or_else(|| {
            Error::Settings(
                "not inside a SageMaker processing job: say where the tables are with --input and where the results go with \
                 --output"
                    .into(),
            )
        })?;
        let (rank, hosts) = (environment.rank as u64, environment.hosts as u64);
        if self.shard.is_some() && hosts > 1 {
            return Err(Error::Settings(format!(
                "--shard: each of the {hosts} instances would prepare this part and none the others: leave it out, \
                 and the instances share the customers"
            )));
        }
        let shard =
            self.shard.map_or_else(|| Shard::new(rank, hosts).map_err(Error::Settings), ShardChoice::resolve)?;
        Ok(Places {
            input: Location::Directory(environment.input),
            only: None,
            customers: Location::Directory(environment.customers),
            reports: environment.reports,
            distant: None,
            work: self.work.as_ref().map_or(environment.work, |work| work.join(work_name(shard))),
            shard,
        })
    }
}

/// The folder of the tables, and the one table of it that is named.
fn folder_and_table(input: &Location) -> Result<(Location, Option<String>)> {
    match input {
        Location::Directory(path) if path.is_file() => {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .ok_or_else(|| Error::Settings(format!("--input {input}: the name is not UTF-8; rename the file")))?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.map_or_else(|| PathBuf::from("."), Into::into);
            Ok((Location::Directory(folder), Some(name.to_owned())))
        }
        Location::Directory(path) if !path.is_dir() => {
            Err(Error::Settings(format!("--input {input}: there is no such file or folder")))
        }
        place => {
            let table = place.split().filter(|(_, name)| is_table(name));
            Ok(table.map_or_else(|| (input.clone(), None), |(folder, name)| (folder, Some(name))))
        }
    }
}

/// The directory for rows between reading and writing, in a folder that may hold other things.
fn work_name(shard: Shard) -> String {
    match shard.count() {
        1 => ".prepare".into(),
        count => format!(".prepare-{}-of-{count}", shard.index()),
    }
}

fn time(text: &str) -> std::result::Result<i64, String> {
    raw::moment(text.as_bytes()).map_err(|complaint| format!("{text:?} {complaint}"))
}

fn zone(name: &str) -> std::result::Result<TimeZone, String> {
    TimeZone::get(name).map_err(|error| format!("{error}: write a zone such as Europe/Berlin or UTC"))
}
