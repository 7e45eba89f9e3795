//! The reports of a run: where they are, and which run they belong to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{options::Options, quality::Summary, resume::remove_file, write::is_of_another_shard};
use crate::{
    error::{Error, Result},
    shard::Shard,
    store::{Store, write_file, writing},
};

pub(super) const REJECTS: &str = "rejects.csv";
const SUMMARY: &str = "summary.json";
/// All reports, the summary last: it says that the others are complete.
const REPORTS: [&str; 4] = [REJECTS, "quality.csv", "quality.parquet", SUMMARY];

/// The reports of one shard; shards may share a directory.
pub(super) struct Reports<'a> {
    pub(super) directory: &'a Path,
    /// Where the reports are moved when they are complete, if not to the directory.
    pub(super) remote: Option<&'a dyn Store>,
    pub(super) shard: Shard,
}

impl Reports<'_> {
    fn name(&self, report: &str) -> String {
        let (stem, extension) = report.split_once('.').unwrap_or((report, ""));
        format!("{stem}{}.{extension}", self.shard.suffix())
    }

    /// The path of a report.
    pub(super) fn path(&self, report: &str) -> PathBuf {
        self.directory.join(self.name(report))
    }

    /// Removes a report of an earlier run.
    pub(super) fn remove(&self, report: &str) -> Result<()> {
        remove_file(&self.path(report))
    }

    /// Refuses files of another run in the places of customers' files, which would be trained as if they were of this one. If
    /// there are none, removes reports of an earlier run, which would describe files that are not there.
    pub(super) fn check_ownership<'s>(
        &self,
        places: impl Iterator<Item = &'s dyn Store>,
        options: &Options,
        fingerprint: &str,
    ) -> Result<()> {
        for place in places {
            let files = place.list()?;
            if let Some(file) = files.iter().find(|file| !is_of_another_shard(&file.key, self.shard, options)) {
                if self.fingerprint()?.as_deref() == Some(fingerprint) {
                    return Ok(());
                }
                return Err(Error::Settings(format!(
                    "{} exists already and does not belong to this preparation: remove the folder, or choose another --output",
                    place.describe(&file.key)
                )));
            }
        }
        self.remove_all()
    }

    /// Removes all reports of an earlier run.
    ///
    /// # Errors
    /// [`Error::Settings`] if there are any in the remote place, where nothing can be removed.
    fn remove_all(&self) -> Result<()> {
        let mut buffer = Vec::new();
        for (store, report) in self.remote.iter().flat_map(|store| REPORTS.map(|report| (store, report))) {
            let key = self.name(report);
            if store.read(&key, &mut buffer)? {
                return Err(Error::Settings(format!(
                    "{} exists already and belongs to another preparation: remove it, or choose another --output",
                    store.describe(&key)
                )));
            }
        }
        REPORTS.into_iter().try_for_each(|report| self.remove(report))
    }

    /// The fingerprint of the run that has written the summary.
    fn fingerprint(&self) -> Result<Option<String>> {
        let mut bytes = Vec::new();
        match self.remote {
            Some(store) => drop(store.read(&self.name(SUMMARY), &mut bytes)?),
            None => bytes = fs::read(self.path(SUMMARY)).unwrap_or_default(),
        }
        let summary: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(summary["fingerprint"].as_str().map(str::to_owned))
    }

    /// Writes the summary and moves all reports to the remote place, if there is one.
    pub(super) fn finish(&self, summary: &Summary) -> Result<()> {
        let path = self.path(SUMMARY);
        write_file(&path, |file| {
            serde_json::to_writer_pretty(file, summary).map_err(|error| writing(&path, error.into()))
        })?;
        let Some(store) = self.remote else { return Ok(()) };
        for report in REPORTS.into_iter().filter(|report| self.path(report).is_file()) {
            store.publish_file(&self.name(report), &self.path(report))?;
        }
        REPORTS.into_iter().try_for_each(|report| self.remove(report))?;
        // Fails if other files are in it, which may stay.
        let _ = fs::remove_dir(self.directory);
        Ok(())
    }
}
