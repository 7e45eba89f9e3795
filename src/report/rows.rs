//! The table of all customers, as compact columns.

use super::numbers::push_number;
use crate::results::Outcome;
use manyfit_models::backtest::Metrics;
use std::fmt::Write;

/// Customers in one chunk.
const CHUNK: usize = 2000;

/// What a column of numbers is read from.
type Read = fn(&Outcome) -> Option<f64>;

/// The columns of numbers, in the order of the page's table.
const NUMBERS: &[(&str, Read)] = &[
    ("rows", |outcome| Some(outcome.rows as f64)),
    ("missing", |outcome| Some(outcome.missing as f64)),
    ("mase", |outcome| metrics(outcome)?.mase),
    ("naive_mase", |outcome| outcome.backtest.as_ref()?.seasonal_naive.as_ref()?.mase),
    ("rmsse", |outcome| metrics(outcome)?.rmsse),
    ("wape", |outcome| metrics(outcome)?.wape),
    ("relative_bias", |outcome| relative_bias(metrics(outcome)?)),
    ("coverage", |outcome| metrics(outcome)?.coverage),
    ("own_coverage", |outcome| outcome.backtest.as_ref()?.own_coverage),
    ("cutoffs", |outcome| Some(outcome.backtest.as_ref()?.cutoffs as f64)),
    ("r2", |outcome| outcome.accuracy?.r2),
    ("rmse", |outcome| Some(outcome.accuracy?.rmse)),
    ("mae", |outcome| Some(outcome.accuracy?.mae)),
    ("in_sample_rmse", |outcome| Some(outcome.in_sample?.rmse)),
    ("in_sample_mae", |outcome| Some(outcome.in_sample?.mae)),
    ("interval_factor", |outcome| Some(outcome.calibration?.factor)),
    ("ms", |outcome| Some(outcome.ms.total())),
    ("bytes", |outcome| Some(outcome.bytes? as f64)),
];

fn metrics(outcome: &Outcome) -> Option<&Metrics> {
    outcome.backtest.as_ref()?.metrics.as_ref()
}

/// Σ(ŷ − y)/Σ|y|: bias on the scale of WAPE. None where WAPE is none.
pub(super) fn relative_bias(metrics: &Metrics) -> Option<f64> {
    let wape = metrics.wape?;
    Some(if metrics.mae == 0.0 { 0.0 } else { metrics.bias / metrics.mae * wape })
}

/// A chunk of the table, column by column, as JSON text.
#[derive(Default)]
pub(super) struct Chunk {
    customers: usize,
    texts: [String; 7],
    numbers: Vec<String>,
}

/// The names of the columns, in the order of a chunk.
pub(super) fn columns() -> Vec<&'static str> {
    let texts = ["customer", "status", "model", "frequency", "first", "last", "causes"];
    texts.into_iter().chain(NUMBERS.iter().map(|(name, _)| *name)).collect()
}

impl Chunk {
    /// Adds a customer with the places of its causes.
    pub(super) fn add(&mut self, outcome: &Outcome, causes: &[usize]) {
        self.numbers.resize(NUMBERS.len(), String::new());
        let comma = if self.customers > 0 { "," } else { "" };
        self.customers += 1;
        let text = |text: Option<&str>| serde_json::Value::from(text).to_string();
        let values = [
            text(Some(&outcome.customer)),
            text(Some(outcome.status.name())),
            text(outcome.model.as_deref()),
            text(outcome.frequency.as_deref()),
            text(outcome.first.as_deref()),
            text(outcome.last.as_deref()),
            if causes.is_empty() { "0".to_owned() } else { format!("{causes:?}") },
        ];
        for (column, value) in self.texts.iter_mut().zip(values) {
            write!(column, "{comma}{value}").expect("text grows");
        }
        for (column, (_, read)) in self.numbers.iter_mut().zip(NUMBERS) {
            column.push_str(comma);
            match read(outcome) {
                Some(number) if number.trunc() == number && number.abs() < 1e15 => {
                    write!(column, "{number}").expect("text grows");
                }
                number => push_number(column, number.unwrap_or(f64::NAN)),
            }
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.customers >= CHUNK
    }

    /// The chunk as a line of JSON, an array of columns; empty where there are no customers. Begins a new one.
    pub(super) fn take(&mut self) -> String {
        if self.customers == 0 {
            return String::new();
        }
        let columns = self.texts.iter().chain(&self.numbers).map(|column| format!("[{column}]"));
        let line = format!("[{}]\n", columns.collect::<Vec<_>>().join(","));
        *self = Self::default();
        line
    }
}
