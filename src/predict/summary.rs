//! What came of a run, for people and for the exit code.

use super::Place;
use crate::{
    error::{Error, Result},
    settings::MaxFailures,
};
use std::fmt;

/// Failures that are printed one by one.
const SHOWN: usize = 20;

/// Counts, and the first failures.
#[derive(Debug)]
pub struct Summary {
    customers: usize,
    rows: usize,
    failed: usize,
    shown: Vec<String>,
    max_failures: MaxFailures,
    pub(super) stopped: bool,
    /// Customers that were asked for and that no artifact is of.
    pub(super) unknown: Vec<String>,
    /// The first artifact whose customer cannot be told, and their number.
    unreadable: Option<String>,
    passed_by: usize,
}

impl Summary {
    pub(super) const fn new(max_failures: MaxFailures) -> Self {
        Self {
            customers: 0,
            rows: 0,
            failed: 0,
            shown: Vec::new(),
            max_failures,
            stopped: false,
            unknown: Vec::new(),
            unreadable: None,
            passed_by: 0,
        }
    }

    pub(super) fn passed_by(&mut self, place: &Place, reason: &Error) {
        self.passed_by += 1;
        self.unreadable.get_or_insert_with(|| format!("{}: {reason}", place.path.display()));
    }

    pub(super) fn done(&mut self, rows: usize) {
        self.customers += 1;
        self.rows += rows;
    }

    pub(super) fn failed(&mut self, place: &Place, reason: &str) {
        self.failed += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(format!("failed: {}: {reason}", place.path.display()));
        }
    }

    /// Whether the table is in its place: the run was not stopped, and every customer that it was asked for has an artifact.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.stopped && self.unknown.is_empty()
    }

    /// Whether the run did what it should, within its limit of failures.
    ///
    /// # Errors
    /// [`Error::Stopped`] and [`Error::Data`], as the exit code should be.
    pub fn verdict(&self) -> Result<()> {
        if self.stopped {
            return Err(Error::Stopped(format!("stopped after {} customers: run it again", self.customers)));
        }
        if !self.unknown.is_empty() {
            let unreadable = self
                .unreadable
                .as_ref()
                .map(|first| format!("; of {} that cannot be read, one may be, such as {first}", self.passed_by));
            let unknown = self.unknown.join(", ");
            return Err(Error::Data(format!("there is no artifact of {unknown}{}", unreadable.unwrap_or_default())));
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
        for failure in &self.shown {
            writeln!(f, "{failure}")?;
        }
        if self.failed > self.shown.len() {
            writeln!(f, "… and {} more", self.failed - self.shown.len())?;
        }
        write!(f, "{} customers predicted, {} failed: {} rows", self.customers, self.failed, self.rows)
    }
}
