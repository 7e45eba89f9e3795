//! The run in one page: for people at its end, and as JSON.

use super::{
    accuracy::MedianAccuracy,
    outcome::{Outcome, Phases, Status},
};
use crate::{
    error::{Error, Result},
    settings::MaxFailures,
};
use manyfit_models::ScoredOn;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// Failed customers that are named; the manifest has all of them.
const NAMED_FAILURES: usize = 20;

/// Slowest customers that are named.
const NAMED_SLOWEST: usize = 3;

/// Customers by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Fitted and published.
    pub fitted: usize,
    /// Standing from an earlier run.
    pub unchanged: usize,
    /// With the fallback model.
    pub fallback: usize,
    /// Without an artifact, or without the forecast that was asked for.
    pub failed: usize,
}

impl Counts {
    pub(super) fn add(&mut self, status: Status) {
        *match status {
            Status::Fitted => &mut self.fitted,
            Status::Unchanged => &mut self.unchanged,
            Status::Fallback => &mut self.fallback,
            Status::Failed => &mut self.failed,
        } += 1;
    }

    /// Customers of one status.
    #[must_use]
    pub const fn of(&self, status: Status) -> usize {
        match status {
            Status::Fitted => self.fitted,
            Status::Unchanged => self.unchanged,
            Status::Fallback => self.fallback,
            Status::Failed => self.failed,
        }
    }

    /// Customers that have an artifact and all that was asked for.
    #[must_use]
    pub const fn with_artifact(&self) -> usize {
        self.fitted + self.unchanged + self.fallback
    }

    /// Customers that are done, one way or the other.
    #[must_use]
    pub const fn finished(&self) -> usize {
        self.with_artifact() + self.failed
    }
}

/// A customer and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slow {
    /// Milliseconds.
    pub ms: f64,
    /// The customer.
    pub customer: String,
    /// Rows fitted.
    pub rows: usize,
}

/// A customer and why it failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailedCustomer {
    /// The customer.
    pub customer: String,
    /// Why.
    pub reason: String,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Customers of this run's shard.
    pub customers: usize,
    /// By status.
    #[serde(flatten)]
    pub counts: Counts,
    /// Stopped by a signal before every customer was done.
    pub stopped: bool,
    /// Wall time.
    pub seconds: f64,
    /// Customers done per second of wall time.
    pub customers_per_second: f64,
    /// Worker threads.
    pub jobs: usize,
    /// Milliseconds of all workers together, by phase.
    pub ms: Phases,
    /// Bytes of the artifacts of this run and of unchanged ones.
    pub bytes: usize,
    /// Failures above which the run fails.
    pub max_failures: String,
    /// Whether they are exceeded.
    pub too_many_failures: bool,
    /// Errors of regression models, by the kind of rows that they were judged by.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accuracy: BTreeMap<ScoredOn, MedianAccuracy>,
    /// The slowest customers.
    pub slowest: Vec<Slow>,
    /// The first failed customers by name.
    pub failures: Vec<FailedCustomer>,
    /// The tables that were written.
    pub written: Vec<String>,
}

impl Summary {
    pub(super) fn new(customers: usize, jobs: usize) -> Self {
        Self {
            customers,
            counts: Counts::default(),
            stopped: false,
            seconds: 0.0,
            customers_per_second: 0.0,
            jobs,
            ms: Phases::default(),
            bytes: 0,
            max_failures: String::new(),
            too_many_failures: false,
            accuracy: BTreeMap::new(),
            slowest: Vec::new(),
            failures: Vec::new(),
            written: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, outcome: &Outcome) {
        self.counts.add(outcome.status);
        self.ms.add(&outcome.ms);
        self.bytes += outcome.bytes.unwrap_or_default();
        let slow = Slow { ms: outcome.ms.total(), customer: outcome.customer.clone(), rows: outcome.rows };
        insert_sorted(&mut self.slowest, slow, NAMED_SLOWEST, |a, b| a.ms > b.ms);
        if outcome.status == Status::Failed {
            let reason = outcome.reason.clone().unwrap_or_default();
            let failure = FailedCustomer { customer: outcome.customer.clone(), reason };
            insert_sorted(&mut self.failures, failure, NAMED_FAILURES, |a, b| a.customer < b.customer);
        }
    }

    pub(super) fn close(&mut self, seconds: f64, max_failures: MaxFailures, stopped: bool) {
        self.seconds = seconds;
        self.customers_per_second = self.counts.finished() as f64 / seconds;
        self.stopped = stopped && self.counts.finished() < self.customers;
        self.max_failures = max_failures.to_string();
        self.too_many_failures = max_failures.is_exceeded(self.counts.failed, self.customers);
    }

    /// Whether the run did what it was asked to.
    ///
    /// # Errors
    /// [`Error::Stopped`] and [`Error::Data`], as the exit code should be.
    pub fn verdict(&self) -> Result<()> {
        if self.stopped {
            let left = self.customers - self.counts.finished();
            return Err(Error::Stopped(format!(
                "stopped with {left} of {} customers to go: run it again to go on",
                self.customers
            )));
        }
        if self.too_many_failures {
            let Counts { failed, .. } = self.counts;
            let first = self.failures.first().map(|f| format!("; {}: {}", f.customer, f.reason)).unwrap_or_default();
            return Err(Error::Data(format!(
                "{failed} of {} customers failed, more than max_failures={} allows{first}",
                self.customers, self.max_failures
            )));
        }
        Ok(())
    }
}

/// Keeps the first `most` of what was inserted, in the order of `before`.
fn insert_sorted<T>(kept: &mut Vec<T>, item: T, most: usize, before: impl Fn(&T, &T) -> bool) {
    let place = kept.partition_point(|other| !before(&item, other));
    if place < most {
        kept.insert(place, item);
        kept.truncate(most);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = Status::ALL
            .iter()
            .filter(|status| self.counts.of(**status) > 0 || **status == Status::Fitted)
            .map(|status| format!("{} {}", self.counts.of(*status), status.name()))
            .collect();
        writeln!(
            f,
            "{} in {:.2} s: {:.0} customers/s on {} thread{}",
            counts.join(", "),
            self.seconds,
            self.customers_per_second,
            self.jobs,
            if self.jobs == 1 { "" } else { "s" }
        )?;
        let total = self.ms.total();
        if total > 0.0 {
            let shares: Vec<String> = self
                .ms
                .named()
                .iter()
                .filter(|(_, ms)| *ms > 0.005 * total)
                .map(|(name, ms)| format!("{name} {:.0}%", 100.0 * ms / total))
                .collect();
            writeln!(f, "time went to: {}", shares.join(", "))?;
            let slowest: Vec<String> = self
                .slowest
                .iter()
                .map(|slow| format!("{} ({:.1} ms, {} rows)", slow.customer, slow.ms, slow.rows))
                .collect();
            writeln!(f, "slowest: {}", slowest.join(", "))?;
        }
        for (on, MedianAccuracy { customers, median }) in &self.accuracy {
            let rows = if *on == ScoredOn::Validation { "on validation rows" } else { "in sample" };
            let of = |name: &str| median.get(name).copied().unwrap_or(f64::NAN);
            let r2 = median.get("r2").map(|r2| format!(", R² {r2:.3}")).unwrap_or_default();
            writeln!(
                f,
                "median errors {rows} ({customers} customers): RMSE {:.4e}, MAE {:.4e}{r2}",
                of("rmse"),
                of("mae")
            )?;
        }
        for FailedCustomer { customer, reason } in &self.failures {
            writeln!(f, "failed: {customer}: {reason}")?;
        }
        if self.counts.failed > self.failures.len() {
            writeln!(f, "… and {} more, in the manifest", self.counts.failed - self.failures.len())?;
        }
        for path in &self.written {
            writeln!(f, "wrote {path}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_few_are_kept_in_order() {
        let mut kept = Vec::new();
        for number in [3, 1, 4, 1, 5, 9, 2, 6] {
            insert_sorted(&mut kept, number, 3, |a, b| a > b);
        }
        assert_eq!(kept, [9, 6, 5]);
    }

    #[test]
    fn the_verdict_follows_the_limits() {
        let mut summary = Summary::new(10, 1);
        for status in [Status::Fitted, Status::Failed] {
            let outcome = Outcome { status, ..Outcome::failed("a", "bad row".into()) };
            summary.add(&outcome);
        }
        summary.close(1.0, MaxFailures::Count(1), false);
        assert!(summary.verdict().is_ok());
        summary.close(1.0, MaxFailures::Count(0), false);
        assert_eq!(summary.verdict().unwrap_err().code(), 3);
        summary.close(1.0, MaxFailures::Count(0), true);
        assert_eq!(summary.verdict().unwrap_err().code(), 5);
    }
}
