//! How a run shows that it goes on: a bar for people, lines for logs.

use super::{outcome::Status, summary::Counts};
use crate::error::{Error, Result};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Seconds between two lines of a log.
const INTERVAL: Duration = Duration::from_secs(10);

/// Where progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A bar on the terminal.
    Bar,
    /// Lines that a metric's regular expression can catch, such as `models_done=123;`.
    Lines,
    /// Nowhere.
    Silent,
}

/// The display of one run.
pub(super) struct Display {
    kind: Progress,
    bar: ProgressBar,
    shown: Instant,
}

impl Display {
    pub(super) fn new(kind: Progress, customers: usize) -> Self {
        let bar = if kind == Progress::Bar { ProgressBar::new(customers as u64) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} customers  {per_sec}  {eta} left  {msg}")
        {
            bar.set_style(style);
        }
        Self { kind, bar, shown: Instant::now() }
    }

    /// Shows the counts, not more often than people and logs want them.
    pub(super) fn update(&mut self, counts: &Counts, out: &mut dyn Write) -> Result<()> {
        self.bar.set_position(counts.finished() as u64);
        if self.shown.elapsed() >= INTERVAL && self.kind == Progress::Lines {
            self.shown = Instant::now();
            write_metrics(counts, out)?;
        }
        Ok(())
    }

    /// Ends the display with the last counts.
    pub(super) fn finish(&self, counts: &Counts, out: &mut dyn Write) -> Result<()> {
        self.bar.finish_and_clear();
        if self.kind == Progress::Lines { write_metrics(counts, out) } else { Ok(()) }
    }
}

/// One metric per line: a plain number between `=` and `;`.
fn write_metrics(counts: &Counts, out: &mut dyn Write) -> Result<()> {
    let metrics = Status::ALL.map(|status| (format!("models_{}", status.name()), counts.of(status)));
    let done = ("models_done".to_owned(), counts.with_artifact());
    for (name, value) in std::iter::once(done).chain(metrics) {
        writeln!(out, "{name}={value};").map_err(|error| Error::storage("printing", error))?;
    }
    Ok(())
}
