//! The totals of a run.

use std::fmt;

use manyfit_models::frequency::CalendarCounts;
use serde::Serialize;

use super::customer_quality::Quality;
use crate::{
    input::file_name::tells_purpose,
    prepare::{
        options::{Options, Validation},
        row_counts::RowCounts,
    },
};

/// Totals over all customers and over the rows of the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// The identity of the run.
    pub fingerprint: String,
    /// Rows of the input.
    #[serde(flatten)]
    pub counts: RowCounts,
    /// Rows written, apart from those for validation.
    pub written: u64,
    /// Rows for validation, where they are set apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationCounts>,
    /// Customers.
    pub customers: u64,
    /// Files.
    pub files: u64,
    /// Customers with rows that share a timestamp.
    pub customers_with_duplicates: u64,
    /// Customers with gaps.
    pub customers_with_gaps: u64,
    /// Customers whose values are all equal.
    pub constant_customers: u64,
    /// Customers without a value.
    pub empty_customers: u64,
    /// Rows without a value.
    pub missing: u64,
    /// Periods without a row.
    pub gaps: u64,
    /// The calendars that were inferred.
    #[serde(skip_serializing_if = "CalendarCounts::is_empty")]
    pub calendars: CalendarCounts,
    /// Zeros.
    pub zeros: u64,
    /// Outliers.
    pub outliers: u64,
    /// The sum of all values, customer by customer in the order of their names.
    pub sum: f64,
    /// The largest work of a bundle divided by the mean; `None` if each customer has its own file.
    pub imbalance: Option<f64>,
    /// What was asked for.
    #[serde(skip)]
    asked: Asked,
    /// The first customer whose file name ends like those of files for training, validation or tests.
    #[serde(skip)]
    ambiguous_name: Option<String>,
    /// The rounding error of the sum (Neumaier's compensation).
    #[serde(skip)]
    compensation: f64,
}

/// Rows for validation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ValidationCounts {
    /// Rows.
    pub rows: u64,
    /// Customers that have some.
    pub customers: u64,
    /// Customers that have nothing else, and so no file to train on.
    pub untrained: u64,
}

/// What was asked for, as far as the text of the summary depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Asked {
    /// Whether duplicates were kept, so that training needs a rule for them.
    keeps_duplicates: bool,
    /// Whether rows are of features.
    features: bool,
    /// Whether rows for validation are those from a time on.
    by_time: bool,
}

impl Summary {
    pub(in crate::prepare) fn new(fingerprint: String, counts: RowCounts, options: &Options) -> Self {
        let asked = Asked {
            keeps_duplicates: options.combine().is_none(),
            features: options.has_features(),
            by_time: matches!(options.validation, Some(Validation::From(_))),
        };
        let validation = options.validation.map(|_| ValidationCounts::default());
        Self { fingerprint, counts, validation, asked, ..Self::default() }
    }

    /// Adds a customer.
    pub(in crate::prepare) fn add(&mut self, row: &Quality) {
        self.customers += 1;
        if self.ambiguous_name.is_none() && tells_purpose(&row.file) {
            self.ambiguous_name = Some(row.customer.clone());
        }
        self.written += row.written;
        if let Some(validation) = &mut self.validation {
            validation.rows += row.validation;
            validation.customers += u64::from(row.validation > 0);
            validation.untrained += u64::from(row.written == 0);
        }
        self.customers_with_duplicates += u64::from(row.duplicates > 0);
        self.customers_with_gaps += u64::from(row.gaps > 0);
        self.constant_customers += u64::from(row.constant);
        self.empty_customers += u64::from(row.missing == row.written + row.validation);
        self.missing += row.missing;
        self.gaps += row.gaps;
        if let Some(fit) = row.inferred {
            self.calendars.add(&row.frequency, fit);
        }
        self.zeros += row.zeros;
        self.outliers += row.outliers;
        let sum = self.sum + row.sum;
        self.compensation +=
            if self.sum.abs() >= row.sum.abs() { (self.sum - sum) + row.sum } else { (row.sum - sum) + self.sum };
        self.sum = sum;
    }

    /// Completes the totals; `bundles` is the work of each bundle, if there are any.
    pub(in crate::prepare) fn finish(mut self, bundles: &[u64]) -> Self {
        let untrained = self.validation.as_ref().map_or(0, |validation| validation.untrained);
        self.files = if bundles.is_empty() { self.customers - untrained } else { bundles.len() as u64 };
        let work = |work: &u64| *work as f64;
        let all: f64 = bundles.iter().map(work).sum();
        self.imbalance = bundles.iter().map(work).reduce(f64::max).map(|most| most * bundles.len() as f64 / all);
        let sum = self.sum + std::mem::take(&mut self.compensation);
        // JSON has no infinity.
        self.sum = if sum.is_finite() { sum } else { f64::MAX.copysign(self.sum) };
        self
    }
}

impl Summary {
    /// What rows for validation leave to be desired.
    fn write_validation_warnings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ValidationCounts { rows, customers, untrained }) = &self.validation else { return Ok(()) };
        let have = |number: u64| if number == 1 { "customer has" } else { "customers have" };
        if *untrained > 0 {
            let have = have(*untrained);
            writeln!(
                f,
                "warning: {untrained} {have} no row before --validation-from: no file to train on, so no model"
            )?;
        }
        let without = self.customers - customers;
        if *rows == 0 && self.asked.by_time {
            writeln!(f, "warning: no row is for validation: all are before --validation-from")?;
        } else if *rows == 0 {
            writeln!(
                f,
                "warning: no row is for validation: every customer has too few rows with a target for the share"
            )?;
        } else if without > 0 {
            writeln!(f, "{without} {} no row for validation", have(without))?;
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            counts: RowCounts { rows, filtered, elsewhere, bad, skipped_times, repeated_times },
            written,
            customers,
            files,
            ..
        } = self;
        let count = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
        let (rows, written) = (count(*rows, "row", "rows"), count(*written, "row", "rows"));
        let (customers, files) = (count(*customers, "customer", "customers"), count(*files, "file", "files"));
        write!(f, "{rows} of {customers}: {written} in {files}")?;
        if let Some(ValidationCounts { rows, customers, .. }) = &self.validation {
            let customers = count(*customers, "customer", "customers");
            write!(f, ", and for validation {} of {customers}", count(*rows, "row", "rows"))?;
        }
        writeln!(f)?;
        self.write_validation_warnings(f)?;
        let left = [(filtered, "filtered"), (elsewhere, "in other shards"), (bad, "bad (see rejects)")];
        let left: Vec<String> =
            left.iter().filter(|(number, _)| **number > 0).map(|(number, why)| format!("{number} {why}")).collect();
        if !left.is_empty() {
            writeln!(f, "rows left out: {}", left.join(", "))?;
        }
        if *skipped_times > 0 {
            let rows = count(*skipped_times, "row", "rows");
            writeln!(
                f,
                "{rows} at local times that the clocks skip: moved forward by as much as they are set forward"
            )?;
        }
        if *repeated_times > 0 {
            let rows = count(*repeated_times, "row", "rows");
            writeln!(
                f,
                "{rows} at local times that the clocks repeat: told apart as --ambiguous says, by the order of a customer's rows \
                 unless it is given; a time without a second row is the first"
            )?;
        }
        write!(f, "{} missing, {} zero, {} outliers", self.missing, self.zeros, self.outliers)?;
        if !self.asked.features {
            write!(f, "; {} gaps in {}", self.gaps, count(self.customers_with_gaps, "customer", "customers"))?;
        }
        writeln!(f)?;
        write!(f, "{}", self.calendars)?;
        if self.constant_customers + self.empty_customers > 0 {
            writeln!(f, "constant: {}, without any value: {}", self.constant_customers, self.empty_customers)?;
        }
        if self.customers_with_duplicates > 0 && self.asked.keeps_duplicates {
            writeln!(
                f,
                "rows that share a timestamp: {}; train refuses them unless its setting duplicates, or --duplicates here, \
                 says how to combine them",
                count(self.customers_with_duplicates, "customer", "customers")
            )?;
        }
        if let Some(customer) = &self.ambiguous_name {
            writeln!(
                f,
                "the name of the customer {customer:?} ends like the names of files for training, validation or tests: a \
                 regression would take its file for part of another customer's; use --bundle, which puts names into the rows"
            )?;
        }
        if let Some(imbalance) = self.imbalance {
            writeln!(f, "the largest bundle has {imbalance:.3} times the mean work")?;
        }
        Ok(())
    }
}
