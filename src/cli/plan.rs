//! `manyfit plan`: estimates of a job's time, memory, requests and cost.

use super::{
    output::{print_json, print_line},
    places::{require_directory, temporary_directory},
    s3::S3Arguments,
    settings_options::SettingsOptions,
    values::duration,
};
use crate::{
    error::{Error, Result},
    input::{Discovery, InputFile, Scan, discover_with},
    plan::{Batch, Estimate, Groups, Memory, Offer, Prices, Report, Requests, Tried},
    results::{ResultsDirectory, Status},
    run::{available_memory, peak_memory, resident_memory},
    settings::Settings,
    shard::Shard,
    store::{Durability, Entry, LocalStore, Location, Selection, Store},
    train::{Job, Progress, run},
};
use clap::Args;
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

/// Memory of a run per customer: its name in the plan and its row of the manifest.
const CUSTOMER_BYTES: u64 = 400;

/// Estimate a job's time, memory, requests and cost from a sample of its files
///
/// Trains the sample on one thread, in a temporary folder, and extrapolates:
///
///   manyfit plan --input s3://fleet/customers --set horizon=8 --prices prices.csv --within 1h
///
/// The price list has the columns item, price, vcpus, and optionally memory_gib and speed (of a
/// thread, relative to this machine's): a row for each instance type with its price per hour, and
/// GET, PUT, LIST with the price of 1,000 requests. docs/sagemaker.md shows one.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Plan {
    /// Folder with the customers' files, or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    input: Location,

    /// Folder of validation rows for regression models, as for train
    #[arg(long, value_name = "PLACE")]
    validation: Option<Location>,

    /// Price list, CSV or Parquet
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,

    /// Deadline for the job, such as 90s, 30m or 2h
    #[arg(long, value_name = "TIME", requires = "prices", value_parser = duration)]
    within: Option<Duration>,

    /// Time for the sample; at least two batches of each group of file sizes are trained
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    sample: Duration,

    /// Seed of the choice of files
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    settings: SettingsOptions,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    s3: S3Arguments,
}

impl Plan {
    pub(super) fn run(self) -> Result<()> {
        let mut settings = Settings::from_text(&self.settings.text(BTreeMap::new())?)?;
        // A page of each small batch would count for more than its share of the whole.
        settings.report = false;
        let prices = self.prices.as_deref().map(Prices::read).transpose()?.unwrap_or_default();
        require_directory("--input", &self.input)?;
        let store = self.s3.open(&self.input)?;
        let validation = self.validation.as_ref().map(|place| self.s3.open(place)).transpose()?;
        let (files, bundles) = files(&*store, &settings)?;
        if files.is_empty() {
            return Err(Error::Data(format!("{}: there is no CSV or Parquet file to train", self.input)));
        }

        let base = resident_memory();
        let mut sample = Groups::new(files, self.seed);
        let begun = Instant::now();
        while !(sample.is_enough() && begun.elapsed() >= self.sample) {
            let Some(batch) = sample.next_batch() else { break };
            let tried = try_batch(&*store, validation.as_deref(), &settings, &batch)?;
            sample.record(&batch, tried);
        }
        let estimate = Estimate::new(&sample, bundles);
        let memory = base.zip(peak_memory()).map(|(base, peak)| Memory {
            base,
            thread: peak.saturating_sub(base),
            customer: CUSTOMER_BYTES,
        });
        let within = self.within.map(|within| within.as_secs_f64());
        let offer = |instance| Offer::new(&estimate, instance, &prices, memory, within);
        let offers = prices.instances.iter().map(offer).collect();
        let report = Report { requests: Requests::new(&estimate, 1), memory, within, offers, estimate };
        if self.json { print_json(&report) } else { print_line(&report.to_string()) }
    }
}

/// The files to train, and whether they hold several customers each. Reads only the first few.
fn files(store: &dyn Store, settings: &Settings) -> Result<(Vec<Entry>, bool)> {
    let mut bundles = None;
    let found: Discovery = discover_with(store, &settings.input, 0, |files, _| {
        bundles = Some(files.to_vec());
        files.iter().map(|_| Ok(Scan::default())).collect()
    })?;
    let is_bundled = bundles.is_some();
    Ok((bundles.unwrap_or(found.files).iter().map(InputFile::entry).collect(), is_bundled))
}

/// Trains a batch on one thread, in a temporary folder.
fn try_batch(store: &dyn Store, validation: Option<&dyn Store>, settings: &Settings, batch: &Batch) -> Result<Tried> {
    let folder = temporary_directory()?;
    let summary = run(
        &Job {
            input: &Selection::new(store, batch.files.clone()),
            validation,
            models: &LocalStore::new(folder.path().join("models"), Durability::ProcessDeath),
            results: ResultsDirectory::new(folder.path(), Shard::ALL),
            settings,
            shard: Shard::ALL,
            // A part of the customers, as a host has it.
            may_be_empty: true,
            jobs: 1,
            memory: available_memory() / 2,
            stop: &AtomicBool::new(false),
            progress: Progress::Lines,
        },
        &mut io::sink(),
    )?;
    Ok(Tried {
        seconds: summary.ms.total() / 1e3,
        customers: summary.customers,
        failed: summary.counts.of(Status::Failed),
        artifacts: summary.bytes,
    })
}
