//! A run in numbers, for the head of the page and its charts: memory does not grow with the customers.

use super::{
    calibration::Calibration,
    causes::{Cause, Causes},
    histogram::Histogram,
    rows::relative_bias,
};
use crate::{
    results::{EarlierSummary, FleetAccuracy, Outcome, ShownCustomers, Status, Summary},
    settings::MaxFailures,
};
use manyfit_models::backtest::Metrics;
use serde::Serialize;
use std::collections::BTreeMap;

/// Customers that are listed as the worst or the best.
const LISTED: usize = 10;

/// Customers by an error.
#[derive(Serialize)]
struct Distribution {
    measure: &'static str,
    model: Histogram,
    /// The same of the seasonal naive.
    naive: Histogram,
}

/// What a model won, by the frequency of the series.
#[derive(Clone, Debug, Default, Serialize)]
struct Won {
    customers: usize,
    by_frequency: BTreeMap<String, usize>,
}

/// Customers of one model and status.
#[derive(Clone, Debug, Default, Serialize)]
struct ModelCount {
    customers: usize,
    by_status: BTreeMap<&'static str, usize>,
}

/// The overview while outcomes come in.
pub(super) struct Overview {
    summary: Summary,
    accuracy: FleetAccuracy,
    distributions: Vec<Distribution>,
    r2: Histogram,
    better_than_naive: usize,
    compared_with_naive: usize,
    won: BTreeMap<String, Won>,
    models: BTreeMap<String, ModelCount>,
    pub(super) causes: Causes,
    pub(super) shown: ShownCustomers,
    customers: usize,
}

/// The overview as the page has it.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    place: &'a str,
    version: &'static str,
    /// Columns of the table.
    columns: Vec<&'static str>,
    /// Whether the table has all customers, not only those that are shown.
    has_all: bool,
    shown: usize,
    summary: &'a Summary,
    distributions: Vec<&'a Distribution>,
    r2: Option<&'a Histogram>,
    better_than_naive: usize,
    compared_with_naive: usize,
    won: &'a BTreeMap<String, Won>,
    models: &'a BTreeMap<String, ModelCount>,
    causes: &'a [Cause],
    worst: Vec<(&'a str, f64)>,
    best: Vec<(&'a str, f64)>,
    calibration: Option<Calibration>,
    /// Whether the run wrote the histories of customers.
    has_history: bool,
}

impl Default for Overview {
    fn default() -> Self {
        let distribution =
            |measure, histogram: Histogram| Distribution { measure, model: histogram.clone(), naive: histogram };
        Self {
            summary: Summary::default(),
            accuracy: FleetAccuracy::default(),
            distributions: vec![
                distribution("mase", Histogram::new(0.0, 0.1, 30)),
                distribution("rmsse", Histogram::new(0.0, 0.1, 30)),
                distribution("wape", Histogram::new(0.0, 0.05, 30)),
                distribution("relative_bias", Histogram::new(-1.0, 0.05, 40)),
                distribution("coverage", Histogram::of_shares(20)),
            ],
            r2: Histogram::new(-0.5, 0.05, 30),
            better_than_naive: 0,
            compared_with_naive: 0,
            won: BTreeMap::new(),
            models: BTreeMap::new(),
            causes: Causes::default(),
            shown: ShownCustomers::default(),
            customers: 0,
        }
    }
}

impl Overview {
    /// Counts a customer; the places of its causes.
    pub(super) fn add(&mut self, outcome: &Outcome) -> Vec<usize> {
        self.summary.add(outcome);
        self.accuracy.add(outcome);
        if outcome.status == Status::Stale {
            return Vec::new();
        }
        self.customers += 1;
        self.shown.offer(outcome);
        self.add_scores(outcome);
        self.r2.add(outcome.accuracy.and_then(|accuracy| accuracy.r2));
        let model = outcome.model.clone().unwrap_or_else(|| "none".into());
        let count = self.models.entry(model).or_default();
        count.customers += 1;
        *count.by_status.entry(outcome.status.name()).or_default() += 1;
        self.causes.add(outcome)
    }

    fn add_scores(&mut self, outcome: &Outcome) {
        let Some(record) = &outcome.backtest else { return };
        let of = |metrics: &Option<Metrics>, read: fn(&Metrics) -> Option<f64>| metrics.as_ref().and_then(read);
        let reads: [fn(&Metrics) -> Option<f64>; 5] = [
            |metrics| metrics.mase,
            |metrics| metrics.rmsse,
            |metrics| metrics.wape,
            relative_bias,
            |metrics| metrics.coverage,
        ];
        for (Distribution { model, naive, .. }, read) in self.distributions.iter_mut().zip(reads) {
            model.add(of(&record.metrics, read));
            naive.add(of(&record.seasonal_naive, read));
        }
        if let (Some(own), Some(naive)) = (of(&record.metrics, reads[0]), of(&record.seasonal_naive, reads[0])) {
            self.compared_with_naive += 1;
            self.better_than_naive += usize::from(own < naive);
        }
        // Of equal weights the first, which is the simplest.
        let mut winner: Option<(&str, f64)> = None;
        for candidate in &record.candidates {
            if let Some(weight) = candidate.weight.filter(|weight| winner.is_none_or(|(_, most)| *weight > most)) {
                winner = Some((&candidate.model, weight));
            }
        }
        if let Some((model, _)) = winner.filter(|(_, weight)| *weight > 0.0) {
            let won = self.won.entry(model.to_owned()).or_default();
            won.customers += 1;
            let frequency = outcome.frequency.clone().unwrap_or_default();
            *won.by_frequency.entry(frequency).or_default() += 1;
        }
    }

    /// All customers so far.
    pub(super) fn customers(&self) -> usize {
        self.customers
    }

    /// Adds what only the summary of the run says.
    pub(super) fn close(&mut self, earlier: &EarlierSummary) {
        self.summary.customers = self.customers + earlier.left();
        self.summary.jobs = earlier.jobs;
        self.summary.interval_width = earlier.interval_width;
        self.summary.accuracy = self.accuracy.medians();
        self.summary.close(earlier.seconds, MaxFailures::default(), earlier.left() > 0);
    }

    /// The overview as the page has it.
    pub(super) fn page<'a>(
        &'a self,
        place: &'a str,
        columns: Vec<&'static str>,
        has_all: bool,
        calibration: Option<Calibration>,
        has_history: bool,
    ) -> Page<'a> {
        Page {
            place,
            version: env!("CARGO_PKG_VERSION"),
            columns,
            has_all,
            shown: self.shown.names().len(),
            summary: &self.summary,
            distributions: self.distributions.iter().filter(|of| !of.model.is_empty()).collect(),
            r2: Some(&self.r2).filter(|r2| !r2.is_empty()),
            better_than_naive: self.better_than_naive,
            compared_with_naive: self.compared_with_naive,
            won: &self.won,
            models: &self.models,
            causes: self.causes.all(),
            worst: self.shown.worst().take(LISTED).collect(),
            best: self.shown.best().take(LISTED).collect(),
            calibration,
            has_history,
        }
    }
}
