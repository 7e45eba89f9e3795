//! `manyfit report`: a page from the results of a run.

use super::{
    output::print_line,
    places::{require_directory, temporary_directory},
    s3::S3Arguments,
};
use crate::{
    error::Result,
    report::write_report,
    results::ResultsDirectory,
    shard::Shard,
    store::{Location, Store},
};
use clap::Args;
use std::sync::Arc;

/// Write report.html, a page to look at, from the results of a run or of a merge
///
/// The page is one file that loads nothing. `train` and `merge` write it too, unless report=false.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Report {
    /// Folder with manifest.jsonl, as manyfit train or merge wrote it, or s3://bucket/prefix
    #[arg(value_name = "OUT")]
    output: Location,

    #[command(flatten)]
    s3: S3Arguments,
}

impl Report {
    pub(super) fn run(self) -> Result<()> {
        require_directory("OUT", &self.output)?;
        let name = match &self.output {
            Location::Directory(path) => {
                let results = ResultsDirectory::new(path, Shard::ALL);
                let _lock = results.lock(None)?;
                write_report(&results.local(), &results)?
            }
            Location::Bucket { .. } => {
                let store: Arc<dyn Store> = self.s3.open(&self.output)?.into();
                let results = ResultsDirectory::in_bucket(store.clone(), temporary_directory()?, Shard::ALL);
                write_report(&*store, &results)?
            }
        };
        print_line(&format!("wrote {name}"))
    }
}
