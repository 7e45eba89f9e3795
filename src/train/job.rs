//! Everything that a training run needs from its caller.

use super::{backtest_table, progress::Progress};
use crate::{
    error::Result,
    results::{FORECASTS, Layout, PREDICTIONS, ResultsDirectory, ResultsLock, SortedTable},
    settings::{Settings, Task},
    shard::Shard,
    store::Store,
};
use std::sync::atomic::AtomicBool;

/// A training run.
pub struct Job<'a> {
    /// The customers' files.
    pub input: &'a dyn Store,
    /// The validation rows of regression models, if they are in a separate place.
    pub validation: Option<&'a dyn Store>,
    /// Where artifacts are written, and those of earlier runs are found.
    pub models: &'a dyn Store,
    /// Where the manifest, the tables and the summary are written.
    pub results: ResultsDirectory,
    /// The settings.
    pub settings: &'a Settings,
    /// The part of the customers to process.
    pub shard: Shard,
    /// Whether `input` may be empty, because the platform gives each of several hosts its part.
    pub may_be_empty: bool,
    /// Number of worker threads.
    pub jobs: usize,
    /// Bytes of input that may be in memory at once.
    pub memory: u64,
    /// Set from outside to stop the run early and cleanly.
    pub stop: &'a AtomicBool,
    /// How progress is shown.
    pub progress: Progress,
}

impl Job<'_> {
    /// The table of results that the run writes in addition to the manifest, if any.
    pub(super) fn table(&self) -> Option<&'static Layout> {
        match &self.settings.task {
            Task::Forecast(task) => (task.horizon > 0 || task.include_history).then_some(&FORECASTS),
            Task::Regression(task) => {
                (self.validation.is_some() || task.validation_fraction > 0.0).then_some(&PREDICTIONS)
            }
        }
    }

    /// Whether the run writes the forecasts from the cutoffs of a backtest.
    pub(super) fn has_backtest_table(&self) -> bool {
        matches!(&self.settings.task, Task::Forecast(task) if task.backtest.is_some() && task.backtest_table)
    }

    /// Whether the run writes the histories that its report shows.
    pub(super) fn has_history(&self) -> bool {
        self.settings.report && matches!(self.settings.task, Task::Forecast(_))
    }

    /// The width of forecast intervals, for customers for whom no override says otherwise.
    pub(super) fn interval_width(&self) -> Option<f64> {
        match &self.settings.task {
            Task::Forecast(task) => Some(task.interval_width),
            Task::Regression(_) => None,
        }
    }

    /// The table of those forecasts.
    pub(super) fn backtest_table(&self) -> Result<Option<SortedTable>> {
        let Task::Forecast(task) = &self.settings.task else { return Ok(None) };
        let create = || {
            let columns = backtest_table::columns(task);
            SortedTable::with_columns(backtest_table::NAME, backtest_table::KEY, columns, &self.results)
        };
        self.has_backtest_table().then(create).transpose()
    }
}

/// The part of the machine's memory that input, as text, may take at once: its parsed rows and features take many times that.
pub(crate) const INPUT_SHARE: u64 = 24;

/// The share of the memory, one in this many, that may hold input from its discovery to its reading; as much again for
/// validation files.
pub(super) const KEPT_SHARE: u64 = 8;

/// No artifact is larger, in bytes.
const LARGEST_ARTIFACT: u64 = 1 << 30;

impl Job<'_> {
    /// Makes this run the only one that writes these results.
    pub(super) fn lock(&self) -> Result<ResultsLock> {
        self.results.lock(Some(self.models))
    }

    /// The most bytes of an existing artifact that are read: more than any that was written with this memory, and not so much that
    /// what was put in its place fills it.
    pub(super) const fn largest_artifact(&self) -> u64 {
        let most = self.memory.saturating_mul(4);
        if most < LARGEST_ARTIFACT { most } else { LARGEST_ARTIFACT }
    }

    /// Bytes of input that may be read at once.
    pub(super) const fn memory_to_read(&self) -> u64 {
        self.memory - 2 * (self.memory / KEPT_SHARE)
    }

    /// Bytes that a model may grow to: packing it takes several times that.
    pub(super) const fn model_memory(&self) -> u64 {
        2 * self.memory / self.jobs as u64
    }
}
