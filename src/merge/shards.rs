//! Whether the results of each shard are whole, by its summary.

use super::files::{Found, find};
use crate::{error::Result, results::EarlierSummary};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// The tables of results beside the manifest.
pub(super) const TABLES: [&str; 4] = ["forecasts", "predictions", "backtest", "history"];

/// What each shard says of its results.
pub(super) struct Shards {
    count: u64,
    summaries: BTreeMap<(u64, u64), EarlierSummary>,
    /// Manifests of runs that have not put their results in place, which they may have begun to do.
    unfinished: Found,
    /// The tables, by their names without the shard.
    tables: BTreeMap<String, Found>,
}

impl Shards {
    pub(super) fn read(folders: &[PathBuf], count: u64) -> Result<Self> {
        let summaries = find(folders, "summary", "json")?;
        let read = |(shard, path): (_, PathBuf)| Ok((shard, EarlierSummary::read(&path)?));
        let mut unfinished = find(folders, "manifest.partial", "jsonl")?;
        // Copied from a bucket; empty after a run that was complete.
        let checkpoints = find(folders, "checkpoint", "jsonl")?.into_iter();
        unfinished.extend(checkpoints.filter(|(_, path)| path.metadata().is_ok_and(|data| data.len() > 0)));
        let tables = TABLES.map(|name| [format!("{name}.csv"), format!("{name}.parquet")]).concat();
        let table = |file: String| {
            let (name, extension) = file.split_once('.').unwrap_or((&file, ""));
            find(folders, name, extension).map(|found| (file.clone(), found))
        };
        Ok(Self {
            count,
            summaries: summaries.into_iter().map(read).collect::<Result<_>>()?,
            unfinished,
            tables: tables.into_iter().map(table).collect::<Result<_>>()?,
        })
    }

    /// The shards that have a manifest, but are not whole, with the reason.
    pub(super) fn incomplete(&self, manifests: &Found) -> Result<Vec<String>> {
        let listed: BTreeSet<&str> =
            self.summaries.values().flat_map(|summary| summary.files.keys()).map(String::as_str).collect();
        let mut incomplete = Vec::new();
        for (&shard, manifest) in manifests {
            let reason = if self.unfinished.contains_key(&shard) {
                Some("a run was stopped or killed after these results, or is still running".to_owned())
            } else if let Some(summary) = self.summaries.get(&shard) {
                let file = |name: &str| match name {
                    "manifest.jsonl" => Some(manifest.clone()),
                    name => self.tables.get(name)?.get(&shard).cloned(),
                };
                // A Parquet table, which is not merged, need not be there.
                let is_merged = |name: &str| match self.tables.get(name) {
                    Some(found) => !name.ends_with(".parquet") || found.contains_key(&shard),
                    None => name == "manifest.jsonl",
                };
                // Histories are for the report: a run without one has none.
                let is_needed = |name: &str| is_merged(name) && !name.starts_with("history.");
                let other = listed.iter().find(|name| is_needed(name) && !summary.files.contains_key(**name));
                let lacks = || other.map(|name| format!("it has no {name}, unlike others: run it with their settings"));
                summary.shortfall(is_merged, file)?.or_else(lacks)
            } else {
                Some("it has no summary: its run was killed, or is still running".to_owned())
            };
            incomplete.extend(reason.map(|reason| format!("{}/{}: {reason}", shard.0, self.count)));
        }
        Ok(incomplete)
    }

    /// Customers that stopped shards have not done.
    pub(super) fn left(&self) -> usize {
        self.summaries.values().map(EarlierSummary::left).sum()
    }

    /// The duration in seconds of the slowest shard.
    pub(super) fn seconds(&self) -> f64 {
        self.summaries.values().map(|summary| summary.seconds).fold(0.0, f64::max)
    }

    /// The width of forecast intervals.
    pub(super) fn interval_width(&self) -> Option<f64> {
        self.summaries.values().find_map(|summary| summary.interval_width)
    }

    /// The threads of all shards.
    pub(super) fn jobs(&self) -> usize {
        self.summaries.values().map(|summary| summary.jobs).sum()
    }
}
