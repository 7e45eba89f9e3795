//! Median errors of the regression models of a run.

use super::manifest::Outcome;
use manyfit_models::ScoredOn;
use serde::Serialize;
use std::collections::BTreeMap;

/// Median errors over the customers that were scored on the same kind of rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MedianAccuracy {
    /// Number of customers.
    pub customers: usize,
    /// The median of each measure by its name, as in the manifest.
    pub median: BTreeMap<&'static str, f64>,
}

/// The errors of all customers so far, by the rows they were scored on.
#[derive(Default)]
pub(crate) struct FleetAccuracy(BTreeMap<ScoredOn, BTreeMap<&'static str, Vec<f64>>>);

impl FleetAccuracy {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        let Some(accuracy) = &outcome.accuracy else { return };
        let measures = self.0.entry(accuracy.on).or_default();
        accuracy.named().for_each(|(name, value)| measures.entry(name).or_default().push(value));
    }

    /// The medians, by the rows they were scored on.
    pub(crate) fn medians(&mut self) -> BTreeMap<ScoredOn, MedianAccuracy> {
        let of = |measures: &mut BTreeMap<&'static str, Vec<f64>>| MedianAccuracy {
            customers: measures.values().map(Vec::len).max().unwrap_or(0),
            median: measures.iter_mut().map(|(name, values)| (*name, median(values))).collect(),
        };
        self.0.iter_mut().map(|(on, measures)| (*on, of(measures))).collect()
    }
}

/// The median of at least one value, which are reordered.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::Accuracy;

    #[test]
    fn medians_are_taken_over_customers_with_the_same_kind_of_rows() {
        let mut fleet = FleetAccuracy::default();
        for (on, error) in [
            (ScoredOn::Validation, 1.0),
            (ScoredOn::Validation, 4.0),
            (ScoredOn::Validation, 2.0),
            (ScoredOn::InSample, 9.0),
        ] {
            let accuracy = Accuracy::new(on, &[0.0, 0.0], &[error, error], None);
            fleet.add(&Outcome { accuracy, ..Outcome::failed("a", String::new()) });
        }
        fleet.add(&Outcome::failed("b", String::new()));
        let medians = fleet.medians();
        let validation = &medians[&ScoredOn::Validation];
        assert_eq!((validation.customers, validation.median["rmse"]), (3, 2.0));
        assert!(!validation.median.contains_key("r2"), "equal targets have none");
        assert_eq!(medians[&ScoredOn::InSample].median["mae"], 9.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
