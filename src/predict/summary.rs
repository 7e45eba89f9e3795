//! The result of a run, for people and for the exit code.

use super::rows::Unseen;
use crate::{
    error::{Error, Result},
    results::{first_names, write_failures},
    settings::MaxFailures,
};
use std::{collections::BTreeSet, fmt, path::Path};

/// Failures that are listed.
const LISTED: usize = 20;

/// Counts, and the first failures.
#[derive(Debug, Default)]
pub struct Summary {
    customers: usize,
    rows: usize,
    failed: usize,
    /// The first failures: the artifact's path and the reason.
    failures: Vec<(String, String)>,
    max_failures: MaxFailures,
    pub(super) stopped: bool,
    /// Requested customers that have no artifact.
    pub(super) unknown: Vec<String>,
    /// Number of values that are not a category of the training rows, by feature.
    unseen: Unseen,
    /// Customers that have rows of features and no artifact.
    pub(super) without_model: BTreeSet<String>,
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

    pub(super) fn failed(&mut self, path: &Path, reason: String) {
        self.failed += 1;
        if self.failures.len() < LISTED {
            self.failures.push((path.display().to_string(), reason));
        }
    }

    /// Whether the table was written: the run was not stopped, and every requested customer has an artifact.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.stopped && self.unknown.is_empty()
    }

    /// Whether the run succeeded.
    ///
    /// # Errors
    /// [`Error::Stopped`] if it was stopped, [`Error::Data`] if a requested customer has no artifact or too many customers
    /// failed: they decide the exit code.
    pub fn verdict(&self) -> Result<()> {
        if self.stopped {
            return Err(Error::Stopped(format!("stopped after {} customers: run it again", self.customers)));
        }
        if !self.unknown.is_empty() {
            let unreadable = self.unreadable.as_ref().map(|first| {
                format!("; {} artifacts of unknown customers cannot be read, such as {first}", self.unreadable_count)
            });
            let unknown = self.unknown.join(", ");
            return Err(Error::Data(format!("no artifact was found for {unknown}{}", unreadable.unwrap_or_default())));
        }
        let all = self.customers + self.failed;
        if self.max_failures.is_exceeded(self.failed, all) {
            return Err(Error::Data(format!(
                "{} of {all} customers failed, more than max_failures={} allows",
                self.failed, self.max_failures
            )));
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures.iter().map(|(path, reason)| (path, reason));
        write_failures(f, failures, self.failed, "")?;
        for (feature, rows) in &self.unseen {
            writeln!(
                f,
                "rows with a value of {feature:?} that is not a category of the training rows, treated as missing: {rows}"
            )?;
        }
        if !self.without_model.is_empty() {
            let number = self.without_model.len();
            let customers = if number == 1 { "customer" } else { "customers" };
            let names = first_names(self.without_model.iter());
            writeln!(f, "rows of {number} {customers} without a model were left out: {names}")?;
        }
        write!(f, "{} customers predicted, {} failed: {} rows", self.customers, self.failed, self.rows)
    }
}
