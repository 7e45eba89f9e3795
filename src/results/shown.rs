//! The customers whose series the report shows: the worst, the best, and a sample of all.

use super::manifest::{Outcome, Status};
use std::{cmp::Ordering, collections::BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// Customers with the largest errors.
const WORST: usize = 150;

/// Customers with the smallest errors.
const BEST: usize = 50;

/// Customers whatever their errors: up to so many, all are shown.
const SAMPLE: usize = 300;

/// A bounded choice that does not depend on the order in which customers are done: of several shards, the choice from all is among
/// their own choices.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShownCustomers {
    worst: BTreeSet<Ranked>,
    best: BTreeSet<Ranked>,
    sample: BTreeSet<(u64, String)>,
}

/// A customer by its error; of equal errors by name.
#[derive(Clone, Debug, PartialEq)]
struct Ranked {
    error: f64,
    customer: String,
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.error.total_cmp(&other.error).then_with(|| self.customer.cmp(&other.customer))
    }
}

/// The error that customers are ranked by, which has no unit: MASE in the backtest; for regression 1 − R². None where the customer was
/// not scored.
pub(super) fn ranking_error(outcome: &Outcome) -> Option<f64> {
    let forecast =
        outcome.backtest.as_ref().and_then(|record| record.metrics.as_ref()).and_then(|metrics| metrics.mase);
    let regression = || outcome.accuracy.and_then(|accuracy| accuracy.r2).map(|r2| 1.0 - r2);
    forecast.or_else(regression).filter(|error| error.is_finite())
}

impl ShownCustomers {
    /// Whether a customer is among those that are shown, as far as others are known.
    pub(crate) fn offer(&mut self, outcome: &Outcome) -> bool {
        if outcome.status == Status::Stale {
            return false;
        }
        let customer = &outcome.customer;
        let drawn = (xxh3_64(customer.as_bytes()), customer.clone());
        let mut is_shown = self.sample.insert(drawn.clone());
        if self.sample.len() > SAMPLE {
            is_shown = self.sample.pop_last() != Some(drawn);
        }
        if let Some(error) = ranking_error(outcome) {
            let ranked = Ranked { error, customer: customer.clone() };
            self.worst.insert(ranked.clone());
            is_shown |= self.worst.len() <= WORST || self.worst.pop_first().as_ref() != Some(&ranked);
            self.best.insert(ranked.clone());
            is_shown |= self.best.len() <= BEST || self.best.pop_last() != Some(ranked);
        }
        is_shown
    }

    /// The names of all that are shown, sorted.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let ranked = self.worst.iter().chain(&self.best).map(|ranked| &ranked.customer);
        ranked.chain(self.sample.iter().map(|(_, customer)| customer)).cloned().collect()
    }

    /// The customers with the smallest errors, the best first.
    pub(crate) fn best(&self) -> impl Iterator<Item = (&str, f64)> {
        self.best.iter().map(|ranked| (ranked.customer.as_str(), ranked.error))
    }

    /// The customers with the largest errors, the worst first.
    pub(crate) fn worst(&self) -> impl Iterator<Item = (&str, f64)> {
        self.worst.iter().rev().map(|ranked| (ranked.customer.as_str(), ranked.error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::backtest::{BacktestRecord, Metrics};

    fn outcome(number: u64) -> Outcome {
        let metrics = Metrics { mase: Some((number * 7919 % 2000) as f64), ..Metrics::default() };
        let backtest = BacktestRecord { metrics: Some(metrics), ..BacktestRecord::default() };
        Outcome { customer: number.to_string(), backtest: Some(backtest), ..Outcome::default() }
    }

    #[test]
    fn the_choice_is_bounded_and_does_not_depend_on_the_order() {
        let (mut forwards, mut backwards) = (ShownCustomers::default(), ShownCustomers::default());
        for number in 0..2000 {
            forwards.offer(&outcome(number));
        }
        let mut seen = BTreeSet::new();
        for number in (0..2000).rev().map(outcome) {
            if backwards.offer(&number) {
                seen.insert(number.customer);
            }
        }
        let names = forwards.names();
        assert_eq!(names, backwards.names());
        assert!(names.is_subset(&seen), "what is shown in the end was taken when it came");
        assert!((400..=500).contains(&names.len()), "{}", names.len());
        let worst: Vec<f64> = forwards.worst().map(|(_, error)| error).collect();
        assert_eq!((worst.len(), worst[0], worst[149]), (WORST, 1999.0, 1850.0));
    }

    #[test]
    fn the_choice_from_all_is_among_the_choices_of_shards() {
        let (mut all, mut shards) = (ShownCustomers::default(), [ShownCustomers::default(), ShownCustomers::default()]);
        for number in 0..2000 {
            all.offer(&outcome(number));
            shards[number as usize % 2].offer(&outcome(number));
        }
        let of_shards: BTreeSet<String> = shards.iter().flat_map(ShownCustomers::names).collect();
        assert!(all.names().is_subset(&of_shards));
    }

    #[test]
    fn of_few_customers_all_are_shown_scored_or_not() {
        let mut shown = ShownCustomers::default();
        for number in 0..SAMPLE {
            assert!(shown.offer(&Outcome::failed(&number.to_string(), String::new())));
        }
        assert_eq!((shown.names().len(), shown.worst().count()), (SAMPLE, 0));
    }
}
