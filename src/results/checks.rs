//! What the checks of series found, by customer and over a run.

use super::iso::iso_date;
use crate::words::counted;
use manyfit_models::data::Finding;
use serde::{Deserialize, Serialize};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What one check found in a customer's series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The check's name, such as `level-shift`.
    pub check: String,
    /// What it found, in a phrase.
    pub reason: String,
    /// Its date, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Its numbers by name.
    #[serde(flatten)]
    pub numbers: BTreeMap<String, f64>,
}

impl From<&Finding> for Check {
    fn from(finding: &Finding) -> Self {
        Self {
            check: finding.code().into(),
            reason: finding.to_string(),
            at: finding.at().map(iso_date),
            numbers: finding.numbers().into_iter().map(|(name, number)| (name.to_owned(), number)).collect(),
        }
    }
}

/// Customers by what checks found in their series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CheckCounts(pub BTreeMap<String, usize>);

impl CheckCounts {
    /// Counts a customer once for each check that found something.
    pub(super) fn add(&mut self, checks: &[Check]) {
        let found: BTreeSet<&str> = checks.iter().map(|check| check.check.as_str()).collect();
        for code in found {
            match self.0.get_mut(code) {
                Some(count) => *count += 1,
                None => drop(self.0.insert(code.to_owned(), 1)),
            }
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for CheckCounts {
    /// A line with the checks that found something, in most customers first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        let mut counts: Vec<(&String, &usize)> = self.0.iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(**count));
        let told: Vec<String> = (counts.iter().enumerate())
            .map(|(at, (code, count))| {
                let customers = if at == 0 { counted(**count, "customer") } else { count.to_string() };
                format!("{customers} {}", words(code))
            })
            .collect();
        writeln!(f, "data checks: {}; the manifest says where", told.join(", "))
    }
}

/// What customers are in whose series a check found something.
fn words(code: &str) -> &str {
    match code {
        "short" => "too short",
        "mostly-zero" => "mostly zero",
        "level-shift" => "with a level shift",
        "outliers" => "with outliers",
        "gaps" => "with gaps",
        "stale-end" => "with an end that stands still",
        "scale-change" => "with other noise at the end",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, CheckCounts};
    use manyfit_models::data::Finding;

    #[test]
    fn a_check_is_a_flat_object_and_is_read_as_it_was_written() {
        let finding = Finding::LevelShift { size: 45.0, at: 1_709_251_200_000, ratio: Some(6.25) };
        let check = Check::from(&finding);
        let text = serde_json::to_string(&check).unwrap();
        assert_eq!(
            text,
            "{\"check\":\"level-shift\",\"reason\":\"level shift of +45 at 2024-03-01 (6.2 times the noise)\",\
             \"at\":\"2024-03-01\",\"ratio\":6.25,\"size\":45.0}"
        );
        assert_eq!(serde_json::from_str::<Check>(&text).unwrap(), check);
    }

    #[test]
    fn customers_are_counted_by_check() {
        let mut counts = CheckCounts::default();
        assert_eq!(counts.to_string(), "");
        let constant = Check::from(&Finding::Constant { values: 9, value: 1.0 });
        let gaps = Check::from(&Finding::Gaps { missing: 9, steps: 20, longest: 4, after: 0 });
        counts.add(&[constant, gaps.clone()]);
        counts.add(&[gaps]);
        counts.add(&[]);
        assert_eq!(counts.to_string(), "data checks: 2 customers with gaps, 1 constant; the manifest says where\n");
        assert_eq!(serde_json::to_string(&counts).unwrap(), "{\"constant\":1,\"gaps\":2}");
    }
}
