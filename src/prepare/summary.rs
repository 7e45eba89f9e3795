//! What a preparation came to.

use std::fmt;

use serde::Serialize;

use super::{counts::Counts, quality::Quality};
use crate::input::file_name::tells_purpose;

/// Totals over all customers, and over the rows of the input.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Rows that went to customers.
    pub rows: u64,
    /// Rows that filters left out.
    pub filtered: u64,
    /// Rows of customers that other hosts prepare.
    pub elsewhere: u64,
    /// Bad rows that were left out; they are in the rejects.
    pub bad: u64,
    /// Rows written.
    pub written: u64,
    /// Customers.
    pub customers: u64,
    /// Files.
    pub files: u64,
    /// Customers with rows that share a timestamp.
    pub customers_with_duplicates: u64,
    /// Customers with gaps.
    pub customers_with_gaps: u64,
    /// Customers whose values are all the same.
    pub constant_customers: u64,
    /// Customers without a value.
    pub empty_customers: u64,
    /// Rows without a value.
    pub missing: u64,
    /// Periods without a row.
    pub gaps: u64,
    /// Values that are zero.
    pub zeros: u64,
    /// Outliers.
    pub outliers: u64,
    /// The sum of all values, customer by customer in the order of their names.
    pub sum: f64,
    /// The work of the largest bundle over the mean of all; none where each customer has its own file.
    pub imbalance: Option<f64>,
    /// Whether duplicates were kept, so that they may need a rule in training.
    #[serde(skip)]
    pub(super) duplicates_kept: bool,
    /// The first customer whose file's name tells regression what its rows are for.
    #[serde(skip)]
    told: Option<String>,
    /// What is lost of the sum to rounding (Neumaier's compensation).
    #[serde(skip)]
    pub(super) lost: f64,
}

impl Summary {
    pub(super) fn new(counts: &Counts) -> Self {
        Self {
            rows: counts.taken,
            filtered: counts.filtered,
            elsewhere: counts.elsewhere,
            bad: counts.bad,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, row: &Quality) {
        self.customers += 1;
        if self.told.is_none() && tells_purpose(&row.file) {
            self.told = Some(row.customer.clone());
        }
        self.written += row.written;
        self.customers_with_duplicates += u64::from(row.duplicates > 0);
        self.customers_with_gaps += u64::from(row.gaps > 0);
        self.constant_customers += u64::from(row.constant);
        self.empty_customers += u64::from(row.missing == row.written);
        self.missing += row.missing;
        self.gaps += row.gaps;
        self.zeros += row.zeros;
        self.outliers += row.outliers;
        let sum = self.sum + row.sum;
        self.lost +=
            if self.sum.abs() >= row.sum.abs() { (self.sum - sum) + row.sum } else { (row.sum - sum) + self.sum };
        self.sum = sum;
    }

    pub(super) fn finish(mut self) -> Self {
        let sum = self.sum + std::mem::take(&mut self.lost);
        // A summary is JSON, which has no infinity.
        self.sum = if sum.is_finite() { sum } else { f64::MAX.copysign(self.sum) };
        self
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, written, customers, files, .. } = self;
        let count = |number: u64, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
        let (rows, written) = (count(*rows, "row", "rows"), count(*written, "row", "rows"));
        let (customers, files) = (count(*customers, "customer", "customers"), count(*files, "file", "files"));
        writeln!(f, "{rows} of {customers}: {written} in {files}")?;
        let left = [(self.filtered, "filtered"), (self.elsewhere, "for other hosts"), (self.bad, "bad (see rejects)")];
        let left: Vec<String> =
            left.iter().filter(|(number, _)| *number > 0).map(|(number, why)| format!("{number} {why}")).collect();
        if !left.is_empty() {
            writeln!(f, "rows left out: {}", left.join(", "))?;
        }
        writeln!(
            f,
            "{} missing, {} zero, {} outliers; {} gaps in {}",
            self.missing,
            self.zeros,
            self.outliers,
            self.gaps,
            count(self.customers_with_gaps, "customer", "customers")
        )?;
        if self.constant_customers + self.empty_customers > 0 {
            writeln!(f, "constant: {}, without any value: {}", self.constant_customers, self.empty_customers)?;
        }
        if self.customers_with_duplicates > 0 && self.duplicates_kept {
            writeln!(
                f,
                "rows that share a timestamp: {}; train refuses those unless its setting duplicates, or --duplicates here, \
                 says what becomes of them",
                count(self.customers_with_duplicates, "customer", "customers")
            )?;
        }
        if let Some(customer) = &self.told {
            writeln!(
                f,
                "the name of the customer {customer:?} ends as those of files for training, validation or tests do: a \
                 regression takes its file for a part of another customer's, unless --bundle puts names into the rows"
            )?;
        }
        if let Some(imbalance) = self.imbalance {
            writeln!(f, "the largest bundle has {imbalance:.3} times the mean work")?;
        }
        Ok(())
    }
}
