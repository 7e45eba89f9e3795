//! `manyfit merge`: merges the results of all shards.

use super::{output::print_line, places::temporary_directory, s3::S3Arguments, settings_options::assignments};
use crate::{
    error::{Error, Result},
    input::discover,
    merge::merge,
    settings::{MaxFailures, Settings},
    store::Location,
};
use clap::Args;
use std::{collections::BTreeSet, fs, path::PathBuf};
use tempfile::TempDir;

/// Merge the manifests, tables and summaries of all shards, and list missing customers
///
/// The results may be in one folder or several. With --customers, the input of the run, customers
/// in no manifest are listed. The exit code is 5 if anything is missing.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Merge {
    /// Folder with results of shards (manifest-I-of-N.jsonl and so on), or s3://bucket/prefix; may be repeated
    #[arg(long, value_name = "PLACE", required = true)]
    input: Vec<Location>,

    /// Folder for the merged results
    #[arg(long, value_name = "DIR")]
    output: PathBuf,

    /// Input of the run, to find customers without results
    #[arg(long, value_name = "PLACE")]
    customers: Option<Location>,

    /// A setting that the run's input needs, such as customer=id, or report=false; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// Failed customers that are tolerated: a count, a percentage or a share
    #[arg(long, value_name = "LIMIT", default_value = "10%")]
    max_failures: MaxFailures,

    #[command(flatten)]
    s3: S3Arguments,
}

impl Merge {
    pub(super) fn run(self) -> Result<()> {
        let mut copies = Vec::new();
        let folders = self.input.iter().map(|place| self.folder(place, &mut copies)).collect::<Result<Vec<_>>>()?;
        let output = fs::canonicalize(&self.output).ok();
        if output.is_some() && folders.iter().any(|folder| fs::canonicalize(folder).ok() == output) {
            return Err(Error::Settings(format!(
                "--output {} is one of the inputs: choose another folder",
                self.output.display()
            )));
        }
        let expected = self.expected()?;
        let merged = merge(&folders, &self.output, expected, self.max_failures, self.settings()?.report)?;
        print_line(&merged.summary.to_string())?;
        for line in merged.warnings() {
            print_line(&line)?;
        }
        if !merged.is_complete() {
            return Err(Error::Stopped(format!("{}: run those shards again, then merge again", merged.lacks())));
        }
        merged.summary.verdict()
    }

    /// A local folder with the results of a place; those of a bucket are copied.
    fn folder(&self, place: &Location, copies: &mut Vec<TempDir>) -> Result<PathBuf> {
        if let Location::Directory(folder) = place {
            return Ok(folder.clone());
        }
        let store = self.s3.open(place)?;
        let failed = |error| Error::storage("copying results out of a bucket", error);
        let copy = temporary_directory()?;
        let is_result =
            |key: &str| !key.contains('/') && [".jsonl", ".json", ".csv"].iter().any(|end| key.ends_with(end));
        let mut bytes = Vec::new();
        for entry in store.list()?.into_iter().filter(|entry| is_result(&entry.key)) {
            store.read(&entry.key, &mut bytes)?;
            fs::write(copy.path().join(&entry.key), &bytes).map_err(failed)?;
        }
        let folder = copy.path().to_owned();
        copies.push(copy);
        Ok(folder)
    }

    fn settings(&self) -> Result<Settings> {
        Settings::from_text(&assignments(&self.set)?)
    }

    /// The customers of the run's input, unreadable ones included.
    fn expected(&self) -> Result<Option<BTreeSet<String>>> {
        let Some(place) = &self.customers else { return Ok(None) };
        let settings = self.settings()?;
        let store = self.s3.open(place)?;
        let discovery = discover(&*store, &settings.input)?;
        let refused = discovery.refused.iter().map(|(name, _)| name.clone());
        Ok(Some(discovery.customers().map(ToString::to_string).chain(refused).collect()))
    }
}
