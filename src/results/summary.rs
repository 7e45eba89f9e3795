//! A run in one page: printed at its end, and as JSON.

use super::{
    accuracy::MedianAccuracy,
    backtest::{BacktestSummary, FleetBacktest},
    checks::CheckCounts,
    checksum::Checksum,
    failures::Failures,
    manifest::{Outcome, Phases, Status},
    shown::ranking_error,
};
use crate::{
    error::{Error, Result},
    settings::MaxFailures,
    words::{counted, first_names, plain, printable},
};
use manyfit_models::{ScoredOn, frequency::CalendarCounts};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

/// Names that a list for people shows.
const SHOWN: usize = 20;

/// Customers with the largest errors that are listed.
const LISTED_WORST: usize = 3;

/// Slowest customers that are listed.
const LISTED_SLOWEST: usize = 3;

/// Customers by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Fitted and published.
    pub fitted: usize,
    /// Kept from an earlier run.
    pub unchanged: usize,
    /// With the fallback model.
    pub fallback: usize,
    /// Without an artifact, or without a requested forecast.
    pub failed: usize,
}

impl Counts {
    pub(crate) fn add(&mut self, status: Status) {
        *match status {
            Status::Fitted => &mut self.fitted,
            Status::Unchanged => &mut self.unchanged,
            Status::Fallback => &mut self.fallback,
            Status::Failed => &mut self.failed,
            // Not a customer of the run.
            Status::Stale => return,
        } += 1;
    }

    /// Customers of one status.
    pub(crate) const fn of(&self, status: Status) -> usize {
        match status {
            Status::Fitted => self.fitted,
            Status::Unchanged => self.unchanged,
            Status::Fallback => self.fallback,
            Status::Failed => self.failed,
            Status::Stale => 0,
        }
    }

    /// Customers that did not fail.
    pub(crate) const fn with_artifact(&self) -> usize {
        self.fitted + self.unchanged + self.fallback
    }

    /// All customers that are done.
    pub(crate) const fn finished(&self) -> usize {
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

/// A customer and its error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worst {
    /// MASE in the backtest; of regressions 1 − R².
    pub error: f64,
    /// The customer.
    pub customer: String,
}

/// A customer and why it failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FailedCustomer {
    /// The customer.
    pub customer: String,
    /// Why.
    pub reason: String,
}

/// The summary of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Customers of this run's shard.
    pub customers: usize,
    /// Customers by status.
    #[serde(flatten)]
    pub counts: Counts,
    /// Whether a signal stopped the run before every customer was done.
    pub stopped: bool,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Customers done per second of wall time.
    pub customers_per_second: f64,
    /// Worker threads.
    pub jobs: usize,
    /// Time of all workers, in milliseconds by phase.
    pub ms: Phases,
    /// Size of all artifacts in bytes, unchanged ones included.
    pub bytes: usize,
    /// The setting `max_failures`.
    pub max_failures: String,
    /// Whether more customers failed than `max_failures` allows.
    pub too_many_failures: bool,
    /// Median errors of regression models, by the rows they were scored on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub accuracy: BTreeMap<ScoredOn, MedianAccuracy>,
    /// Customers by the regression model that was chosen for them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub chosen: BTreeMap<String, usize>,
    /// Errors of forecasts of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backtest: Option<BacktestSummary>,
    #[serde(skip)]
    backtests: FleetBacktest,
    /// The width of forecast intervals in the settings of the run, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_width: Option<f64>,
    /// The calendars that were inferred from the dates of series.
    #[serde(skip_serializing_if = "CalendarCounts::is_empty")]
    pub calendars: CalendarCounts,
    /// Customers by what checks found in their series.
    #[serde(skip_serializing_if = "CheckCounts::is_empty")]
    pub checks: CheckCounts,
    /// The slowest customers.
    pub slowest: Vec<Slow>,
    /// The customers with the largest errors, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worst: Vec<Worst>,
    /// The first failed customers by name.
    pub failures: Vec<FailedCustomer>,
    /// Artifacts of earlier runs whose customers are gone or failed now, and which are still there.
    pub stale: usize,
    /// The first of these customers by name.
    pub stale_customers: Vec<String>,
    /// Such artifacts that the run deleted.
    pub deleted: usize,
    /// All failures, by cause.
    #[serde(skip)]
    causes: Failures,
    /// Full names of the files that were written.
    pub written: Vec<String>,
    /// What is in them, but for the summary itself, by their names without the shard.
    pub files: BTreeMap<String, Checksum>,
    /// The file of customers that are done where the results of an earlier run stay, because this run was stopped.
    #[serde(skip)]
    pub(crate) kept_earlier: Option<String>,
}

impl Summary {
    pub(crate) fn new(customers: usize, jobs: usize) -> Self {
        Self { customers, jobs, ..Self::default() }
    }

    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.counts.add(outcome.status);
        self.ms.add(&outcome.ms);
        self.bytes += outcome.bytes.unwrap_or_default();
        if outcome.status == Status::Stale {
            return self.add_stale(&outcome.customer);
        }
        if let (Some(frequency), Some(fit)) = (&outcome.frequency, outcome.inferred) {
            self.calendars.add(frequency, fit);
        }
        self.checks.add(&outcome.checks);
        if let Some(record) = &outcome.backtest {
            self.backtests.add(record);
        }
        if let (Some(_), Some(model)) = (&outcome.selection, &outcome.model) {
            *self.chosen.entry(model.clone()).or_default() += 1;
        }
        let slow = Slow { ms: outcome.ms.total(), customer: outcome.customer.clone(), rows: outcome.rows };
        insert_sorted(&mut self.slowest, slow, LISTED_SLOWEST, |a, b| a.ms > b.ms);
        if let Some(error) = ranking_error(outcome) {
            let worst = Worst { error, customer: outcome.customer.clone() };
            let is_before = |a: &Worst, b: &Worst| (b.error, &b.customer) < (a.error, &a.customer);
            insert_sorted(&mut self.worst, worst, LISTED_WORST, is_before);
        }
        if outcome.stale.is_some() {
            self.add_stale(&outcome.customer);
        }
        if outcome.status == Status::Failed {
            let reason = outcome.reason.clone().unwrap_or_default();
            self.causes.add(&outcome.customer, &reason);
            let failure = FailedCustomer { customer: outcome.customer.clone(), reason };
            insert_sorted(&mut self.failures, failure, SHOWN, |a, b| a.customer < b.customer);
        }
    }

    /// Corrects what was counted for customers that `failed`, now that the artifacts of some customers are `deleted`.
    pub(crate) fn forget_stale<'c>(&mut self, deleted: &HashSet<String>, failed: impl Iterator<Item = &'c String>) {
        self.deleted = deleted.len();
        self.stale -= failed.filter(|customer| deleted.contains(*customer)).count();
        self.stale_customers.retain(|customer| !deleted.contains(customer));
    }

    fn add_stale(&mut self, customer: &str) {
        self.stale += 1;
        insert_sorted(&mut self.stale_customers, customer.to_owned(), SHOWN, |a, b| a < b);
    }

    pub(crate) fn close(&mut self, seconds: f64, max_failures: MaxFailures, stopped: bool) {
        self.seconds = seconds;
        self.backtest = self.backtests.summary();
        self.customers_per_second = self.counts.finished() as f64 / seconds;
        self.stopped = stopped && self.counts.finished() < self.customers;
        self.max_failures = max_failures.to_string();
        self.too_many_failures = max_failures.is_exceeded(self.counts.failed, self.customers);
    }

    /// The content of `summary.json`.
    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|error| Error::Bug(error.to_string()))
    }

    /// Whether the run succeeded.
    ///
    /// # Errors
    /// [`Error::Stopped`] if it was stopped, [`Error::Data`] if too many customers failed: they decide the exit code.
    pub fn verdict(&self) -> Result<()> {
        if self.stopped {
            let left = self.customers - self.counts.finished();
            return Err(Error::Stopped(format!(
                "stopped with {left} of {} to go: run it again to continue",
                counted(self.customers, "customer")
            )));
        }
        if self.too_many_failures {
            let Counts { failed, .. } = self.counts;
            let cause = self.causes.main().map(|cause| format!("; {cause}")).unwrap_or_default();
            let customers = counted(self.customers, "customer");
            return Err(Error::Data(format!(
                "{failed} of {customers} failed, more than max_failures={} allows{cause}",
                self.max_failures
            )));
        }
        Ok(())
    }
}

/// Inserts into a list that is sorted by `before` and keeps at most `most` items.
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
            "{} in {:.2} s: {:.0} customers/s on {}",
            counts.join(", "),
            self.seconds,
            self.customers_per_second,
            counted(self.jobs, "thread")
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
                .map(|slow| format!("{} ({:.1} ms, {})", printable(&slow.customer), slow.ms, counted(slow.rows, "row")))
                .collect();
            writeln!(f, "slowest: {}", slowest.join(", "))?;
        }
        for (on, MedianAccuracy { customers, median }) in &self.accuracy {
            let rows = match on {
                ScoredOn::Validation => "on validation rows",
                ScoredOn::Folds => "on folds that were left out",
                ScoredOn::InSample => "in sample",
            };
            let of = |name: &str| median.get(name).copied().unwrap_or(f64::NAN);
            let r2 = median.get("r2").map(|r2| format!(", R² {r2:.3}")).unwrap_or_default();
            writeln!(
                f,
                "median errors {rows} ({}): RMSE {}, MAE {}{r2}",
                counted(*customers, "customer"),
                plain(of("rmse")),
                plain(of("mae"))
            )?;
        }
        if !self.chosen.is_empty() {
            let chosen: Vec<String> =
                self.chosen.iter().map(|(model, customers)| format!("{model} {customers}")).collect();
            writeln!(f, "chosen: {}", chosen.join(", "))?;
        }
        if let Some(backtest) = &self.backtest {
            write!(f, "{backtest}")?;
        }
        if !self.worst.is_empty() {
            let is_forecast = self.backtest.is_some();
            let measure = if is_forecast { "MASE" } else { "R²" };
            let worst = self.worst.iter().map(|Worst { error, customer }| {
                let error = if is_forecast { *error } else { 1.0 - error };
                format!("{} ({error:.3})", printable(customer))
            });
            writeln!(f, "worst by {measure}: {}", worst.collect::<Vec<_>>().join(", "))?;
        }
        write!(f, "{}{}", self.calendars, self.checks)?;
        // The verdict names the first cause then.
        let told = usize::from(self.too_many_failures && !self.stopped);
        self.causes.write(f, told, ", in the manifest")?;
        let artifacts = |number: usize| match number {
            1 => "1 artifact of an earlier run, whose customer is gone or failed now".to_owned(),
            _ => format!("{number} artifacts of earlier runs, whose customers are gone or failed now"),
        };
        if self.deleted > 0 {
            writeln!(f, "deleted {}", artifacts(self.deleted))?;
        }
        if self.stale > 0 {
            let names = first_names(self.stale_customers.iter(), self.stale);
            writeln!(f, "stale: {}, stay ({names}): stale=delete deletes them", artifacts(self.stale))?;
        }
        for path in &self.written {
            writeln!(f, "wrote {}", printable(path))?;
        }
        if let Some(done) = &self.kept_earlier {
            writeln!(
                f,
                "the complete results of an earlier run stay as they are; the customers of this one are in {done}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_items_are_kept_in_order() {
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
