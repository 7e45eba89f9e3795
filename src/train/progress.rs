//! Progress: a bar for a terminal, lines for logs.

use crate::{
    error::{Error, Result},
    results::{BacktestSummary, Counts, Outcome, Status, Summary},
    words::printable,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Time between two groups of log lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Where progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A bar on the terminal.
    Bar,
    /// Lines that a metric's regular expression matches, such as `models_done=123;`.
    Lines,
    /// Not at all.
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

    /// Shows the counts, at most once per interval in logs.
    pub(super) fn update(&mut self, counts: &Counts, out: &mut dyn Write) -> Result<()> {
        self.bar.set_position(counts.finished() as u64);
        let told = [(counts.failed, "failed"), (counts.fallback, "with a fallback")];
        let told = told.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}"));
        self.bar.set_message(told.collect::<Vec<_>>().join(", "));
        if self.shown.elapsed() >= INTERVAL && self.kind == Progress::Lines {
            self.shown = Instant::now();
            write_metrics(counts, out)?;
        }
        Ok(())
    }

    /// Logs the errors of a customer's regression model: a line that begins with the customer.
    pub(super) fn scored(&self, outcome: &Outcome, out: &mut dyn Write) -> Result<()> {
        let (Progress::Lines, Some(accuracy)) = (self.kind, &outcome.accuracy) else { return Ok(()) };
        let on = accuracy.on.name();
        let measures: Vec<String> = accuracy.named().map(|(name, value)| format!(" {on}_{name}={value};")).collect();
        // What a metric is made of must not be in the name.
        let name = printable(&outcome.customer).replace(['=', ';'], "_");
        say(out, &format!("customer={name};{}", measures.concat()))
    }

    /// Ends the display with the final counts, the errors of the backtests and the median errors.
    pub(super) fn finish(&self, summary: &Summary, out: &mut dyn Write) -> Result<()> {
        self.bar.finish_and_clear();
        if self.kind != Progress::Lines {
            return Ok(());
        }
        write_metrics(&summary.counts, out)?;
        for (name, value) in summary.backtest.iter().flat_map(BacktestSummary::named) {
            say(out, &format!("backtest_{name}={value};"))?;
        }
        for (on, accuracy) in &summary.accuracy {
            for (name, value) in &accuracy.median {
                say(out, &format!("median_{}_{name}={value};", on.name()))?;
            }
        }
        Ok(())
    }
}

fn say(out: &mut dyn Write, line: &str) -> Result<()> {
    writeln!(out, "{line}").map_err(|error| Error::storage("printing", error))
}

/// One metric per line: a plain number between `=` and `;`.
fn write_metrics(counts: &Counts, out: &mut dyn Write) -> Result<()> {
    let metrics = Status::ALL.map(|status| (format!("models_{}", status.name()), counts.of(status)));
    let done = ("models_done".to_owned(), counts.with_artifact());
    for (name, value) in std::iter::once(done).chain(metrics) {
        say(out, &format!("{name}={value};"))?;
    }
    Ok(())
}
