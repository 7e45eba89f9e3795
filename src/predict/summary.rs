//! The result of a run, for people and for the exit code.

use super::rows::Unseen;
use crate::{
    error::{Error, Result},
    results::Failures,
    settings::MaxFailures,
    words::{counted, first_names},
};
use std::{collections::BTreeSet, fmt, path::Path};

/// Counts, and the failures by cause.
#[derive(Debug, Default)]
pub struct Summary {
    customers: usize,
    rows: usize,
    failed: usize,
    /// The failures, by the artifact's path.
    failures: Failures,
    max_failures: MaxFailures,
    pub(super) stopped: bool,
    /// Requested customers that have no artifact, each with the nearest name that has one.
    pub(super) unknown: Vec<String>,
    /// Number of values that are not a category of the training rows, by feature.
    unseen: Unseen,
    /// Customers that have rows and no artifact.
    pub(super) without_model: BTreeSet<String>,
    /// Customers that have an artifact, and no rows although others have.
    pub(super) without_rows: BTreeSet<String>,
    /// Lines before the header of a table, and the number of such tables.
    pub(super) preamble: Option<(String, usize)>,
    /// The first unreadable artifact of an unknown customer, and the number of them.
    unreadable: Option<String>,
    unreadable_count: usize,
}

impl Summary {
    pub(super) fn new(max_failures: MaxFailures) -> Self {
        Self { max_failures, ..Self::default() }
    }

    pub(super) fn unreadable(&mut self, path: &Path, reason: &Error) {
        self.unreadable_count += 1;
        self.unreadable.get_or_insert_with(|| format!("{}: {reason}", path.display()));
    }

    pub(super) fn done(&mut self, rows: usize, unseen: Unseen) {
        self.customers += 1;
        self.rows += rows;
        for (feature, values) in unseen {
            *self.unseen.entry(feature).or_default() += values;
        }
    }

    pub(super) fn failed(&mut self, path: &Path, reason: &str) {
        self.failed += 1;
        self.failures.add(&path.display().to_string(), reason);
    }

    /// Whether the table was written: the run was not stopped, every requested customer has an artifact, and some customer has
    /// rows.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.stopped && self.unknown.is_empty() && !self.is_for_nobody()
    }

    /// Whether no model has rows.
    fn is_for_nobody(&self) -> bool {
        self.customers + self.failed == 0 && !self.without_rows.is_empty()
    }

    /// Whether the run succeeded.
    ///
    /// # Errors
    /// [`Error::Stopped`] if it was stopped, [`Error::Data`] if a requested customer has no artifact or too many customers
    /// failed: they decide the exit code.
    pub fn verdict(&self) -> Result<()> {
        if self.stopped {
            return Err(Error::Stopped(format!("stopped after {}: run it again", counted(self.customers, "customer"))));
        }
        if !self.unknown.is_empty() {
            let unreadable = self.unreadable.as_ref().map(|first| {
                let artifacts = counted(self.unreadable_count, "artifact");
                format!("; {artifacts} of unknown customers cannot be read, such as {first}")
            });
            let unknown = self.unknown.join(", ");
            return Err(Error::Data(format!("no artifact was found for {unknown}{}", unreadable.unwrap_or_default())));
        }
        if self.is_for_nobody() {
            return Err(Error::Data(
                "no model has rows: rows are matched to models by the column customer, or by the names of their files"
                    .into(),
            ));
        }
        let all = self.customers + self.failed;
        if self.max_failures.is_exceeded(self.failed, all) {
            return Err(Error::Data(format!(
                "{} of {} failed, more than max_failures={} allows",
                self.failed,
                counted(all, "customer"),
                self.max_failures
            )));
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((first, tables)) = &self.preamble {
            let others = match tables - 1 {
                0 => String::new(),
                others => format!("; {} likewise", counted(others, "other table")),
            };
            writeln!(f, "{first}{others}")?;
        }
        self.failures.write(f, 0, "")?;
        for (feature, rows) in &self.unseen {
            writeln!(
                f,
                "rows with a value of {feature:?} that is not a category of the training rows, treated as missing: {rows}"
            )?;
        }
        if !self.without_model.is_empty() {
            let (number, names) = (self.without_model.len(), self.without_model.iter());
            let (customers, names) = (counted(number, "customer"), first_names(names, number));
            writeln!(f, "rows of {customers} without a model were left out: {names}")?;
        }
        if !self.without_rows.is_empty() {
            let (number, names) = (self.without_rows.len(), self.without_rows.iter());
            let were = if number == 1 { "was" } else { "were" };
            writeln!(f, "{} without rows {were} left out: {}", counted(number, "model"), first_names(names, number))?;
        }
        if self.customers + self.failed == 0 && !self.unknown.is_empty() {
            // The verdict says it.
            return Ok(());
        }
        let (customers, rows) = (counted(self.customers, "customer"), counted(self.rows, "row"));
        writeln!(f, "{customers} predicted, {} failed: {rows}", self.failed)
    }
}
