//! The backtests of all customers of a run in a few numbers.

use crate::words::counted;
use manyfit_models::backtest::{BacktestRecord, Metrics};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// By how much the error of another model must be lower for it to count as better.
const MARGIN: f64 = 0.02;

/// Units of a sum: sums of whole numbers do not depend on the order in which customers are done.
const UNIT: f64 = (1_u64 << 32) as f64;

/// Larger values count as this one.
const LARGEST: f64 = 1e9;

/// What the backtests of a run came to. Errors are means over customers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BacktestSummary {
    /// Customers that were scored.
    pub customers: usize,
    /// Mean absolute scaled error of their models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mase: Option<f64>,
    /// Root mean squared scaled error of their models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmsse: Option<f64>,
    /// Mean absolute scaled error of the seasonal naive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seasonal_naive_mase: Option<f64>,
    /// Root mean squared scaled error of the seasonal naive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seasonal_naive_rmsse: Option<f64>,
    /// Share of the rows within the models' own intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_coverage: Option<f64>,
    /// Share of the rows within the intervals as they are calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// Share of the customers whose own intervals cover less than half of their rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_below_half: Option<f64>,
    /// The same for calibrated intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_half: Option<f64>,
    /// Customers for whom one of the other models would have been better by more than 2 %.
    pub better: usize,
    /// By which share of their error, in the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub better_by: Option<f64>,
    /// The models that were chosen from or compared, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ComparedModel>,
}

/// What the backtests of one model came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ComparedModel {
    /// Customers that it could be scored for.
    pub customers: usize,
    /// Its mean absolute scaled error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mase: Option<f64>,
    /// Its mean share of the forecasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Customers for whom it would have been the best of all, and better than their model by more than 2 %.
    pub better: usize,
}

/// A mean of numbers that arrive in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Mean {
    sum: i128,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| !value.is_nan()) else { return };
        self.sum += (value.clamp(-LARGEST, LARGEST) * UNIT).round() as i128;
        self.count += 1;
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / UNIT / self.count as f64)
    }
}

/// The backtests of all customers so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct FleetBacktest {
    customers: usize,
    mase: Mean,
    rmsse: Mean,
    naive_mase: Mean,
    naive_rmsse: Mean,
    own_coverage: Mean,
    coverage: Mean,
    own_below_half: Mean,
    below_half: Mean,
    better_by: Mean,
    models: BTreeMap<String, Compared>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Compared {
    customers: usize,
    mase: Mean,
    weight: Mean,
    better: usize,
}

impl FleetBacktest {
    pub(super) fn add(&mut self, record: &BacktestRecord) {
        self.customers += 1;
        let of = |metrics: &Option<Metrics>, measure: fn(&Metrics) -> Option<f64>| metrics.as_ref().and_then(measure);
        let own = of(&record.metrics, |metrics| metrics.mase);
        self.mase.add(own);
        self.rmsse.add(of(&record.metrics, |metrics| metrics.rmsse));
        self.naive_mase.add(of(&record.seasonal_naive, |metrics| metrics.mase));
        self.naive_rmsse.add(of(&record.seasonal_naive, |metrics| metrics.rmsse));
        self.own_coverage.add(record.own_coverage);
        self.own_below_half.add(record.own_coverage.map(below_half));
        let coverage = of(&record.metrics, |metrics| metrics.coverage);
        self.coverage.add(coverage);
        self.below_half.add(coverage.map(below_half));
        let mut best: Option<(&str, f64)> = None;
        for candidate in &record.candidates {
            let mase = of(&candidate.metrics, |metrics| metrics.mase);
            let compared = self.models.entry(candidate.model.clone()).or_default();
            compared.customers += usize::from(candidate.metrics.is_some());
            compared.mase.add(mase);
            compared.weight.add(candidate.weight);
            if let Some(mase) = mase.filter(|mase| best.is_none_or(|(_, least)| *mase < least)) {
                best = Some((&candidate.model, mase));
            }
        }
        if let (Some((model, least)), Some(own)) = (best, own)
            && least < own * (1.0 - MARGIN)
        {
            self.better_by.add(Some(1.0 - least / own));
            self.models.entry(model.to_owned()).or_default().better += 1;
        }
    }

    /// None where nobody was scored.
    pub(super) fn summary(&self) -> Option<BacktestSummary> {
        let model = |(name, compared): (&String, &Compared)| {
            let Compared { customers, mase, weight, better } = *compared;
            (name.clone(), ComparedModel { customers, mase: mase.value(), weight: weight.value(), better })
        };
        (self.customers > 0).then(|| BacktestSummary {
            customers: self.customers,
            mase: self.mase.value(),
            rmsse: self.rmsse.value(),
            seasonal_naive_mase: self.naive_mase.value(),
            seasonal_naive_rmsse: self.naive_rmsse.value(),
            own_coverage: self.own_coverage.value(),
            coverage: self.coverage.value(),
            own_below_half: self.own_below_half.value(),
            below_half: self.below_half.value(),
            better: self.better_by.count as usize,
            better_by: self.better_by.value(),
            models: self.models.iter().map(model).collect(),
        })
    }
}

fn below_half(coverage: f64) -> f64 {
    f64::from(u8::from(coverage < 0.5))
}

impl BacktestSummary {
    /// Names and values, for log lines.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        [
            ("mase", self.mase),
            ("rmsse", self.rmsse),
            ("seasonal_naive_mase", self.seasonal_naive_mase),
            ("seasonal_naive_rmsse", self.seasonal_naive_rmsse),
            ("coverage", self.coverage),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }
}

impl fmt::Display for BacktestSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "backtest of {}", counted(self.customers, "customer"))?;
        if let Some(mase) = self.mase {
            write!(f, ": MASE {mase:.3}")?;
            if let Some(naive) = self.seasonal_naive_mase {
                write!(f, " (seasonal naive {naive:.3})")?;
            }
        }
        if let (Some(coverage), Some(own)) = (self.coverage, self.own_coverage) {
            let (coverage, own) = (100.0 * coverage, 100.0 * own);
            write!(f, "; intervals cover {coverage:.0}% of the rows, {own:.0}% before they were calibrated")?;
        }
        writeln!(f)?;
        if self.models.values().any(|model| model.weight.is_some()) {
            let shares = self
                .models
                .iter()
                .filter_map(|(name, model)| model.weight.map(|weight| format!("{name} {:.0}%", 100.0 * weight)));
            writeln!(f, "forecasts are made of: {}", shares.collect::<Vec<_>>().join(", "))?;
        } else if let Some(by) = self.better_by {
            let better = self.models.iter().filter(|(_, model)| model.better > 0);
            let better: Vec<String> = better.map(|(name, model)| format!("{name} {}", model.better)).collect();
            writeln!(
                f,
                "another model would have been better for {}, by {:.0}% in the mean: {}",
                counted(self.better, "customer"),
                100.0 * by,
                better.join(", ")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::backtest::CandidateRecord;

    fn record(own: f64, others: &[(&str, f64)], coverage: f64) -> BacktestRecord {
        let metrics = |mase: f64| Some(Metrics { mase: Some(mase), coverage: Some(coverage), ..Metrics::default() });
        let candidates = others.iter().map(|(model, mase)| CandidateRecord {
            model: (*model).into(),
            metrics: metrics(*mase),
            ..CandidateRecord::default()
        });
        BacktestRecord {
            metrics: metrics(own),
            own_coverage: Some(0.4),
            candidates: candidates.collect(),
            ..BacktestRecord::default()
        }
    }

    #[test]
    fn the_summary_says_for_whom_another_model_would_have_been_better() {
        let mut fleet = FleetBacktest::default();
        assert_eq!(fleet.summary(), None);
        fleet.add(&record(1.0, &[("theta", 0.9), ("ets", 0.5)], 0.8));
        fleet.add(&record(1.0, &[("theta", 0.99), ("ets", 1.5)], 0.6));
        let summary = fleet.summary().unwrap();
        assert_eq!((summary.customers, summary.better), (2, 1), "1 % is within the margin");
        assert_eq!((summary.mase, summary.better_by, summary.own_below_half), (Some(1.0), Some(0.5), Some(1.0)));
        assert_eq!((summary.models["ets"].better, summary.models["theta"].better), (1, 0));
        assert_eq!(
            summary.to_string(),
            "backtest of 2 customers: MASE 1.000; intervals cover 70% of the rows, 40% before they were calibrated\n\
             another model would have been better for 1 customer, by 50% in the mean: ets 1\n"
        );
    }

    #[test]
    fn means_do_not_depend_on_the_order() {
        let values = [0.1, 1e9, 0.3, f64::INFINITY, 7e-5, f64::NAN];
        let mean = |order: &[usize]| {
            let mut mean = Mean::default();
            for &place in order {
                mean.add(Some(values[place]));
            }
            mean
        };
        assert_eq!(mean(&[0, 1, 2, 3, 4, 5]), mean(&[5, 3, 4, 1, 0, 2]));
        assert_eq!(mean(&[0, 5]).value().map(|value| (value * 1e6).round()), Some(1e5));
    }
}
