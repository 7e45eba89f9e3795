//! The table of forecasts from the cutoffs of backtests.

use crate::{
    results::{Key, Rows},
    settings::{Candidate, ForecastTask},
};
use manyfit_models::{
    backtest::{Evaluation, Track},
    data::{CustomerId, Series},
};

/// The table's name.
pub(super) const NAME: &str = "backtest";

/// The key of its rows.
pub(super) const KEY: Key = Key::DateAndCutoff;

/// The word for the seasonal naive, as in the setting `model`.
const SEASONAL_NAIVE: &str = "seasonal-naive";

/// The ends of an interval, after the name of its model.
const ENDS: [&str; 3] = ["", "_lower", "_upper"];

/// Its columns: what was observed, the forecast of the customer's model, those of the run's candidates, and the seasonal naive.
pub(super) fn columns(task: &ForecastTask) -> Vec<String> {
    let forecasts = std::iter::once("yhat").chain(compared(task)).chain([SEASONAL_NAIVE]);
    let columns = forecasts.flat_map(|model| ENDS.map(|end| format!("{model}{end}")));
    std::iter::once("y".to_owned()).chain(columns).collect()
}

/// The names of the models that are chosen from or compared, without the seasonal naive, which always is.
fn compared(task: &ForecastTask) -> impl Iterator<Item = &'static str> {
    task.candidates.iter().map(Candidate::name).filter(|name| *name != SEASONAL_NAIVE)
}

/// The forecasts of an evaluation as rows of the table of a run.
pub(super) fn rows(customer: &CustomerId, run: &ForecastTask, series: &Series, evaluation: &Evaluation) -> Rows {
    let Evaluation { windows, names, tracks, seasonal_naive, chosen, .. } = evaluation;
    let mut keys = Vec::new();
    let mut observed = Vec::new();
    for window in windows {
        let cutoff = window.cutoff(series);
        for row in window.test.clone() {
            keys.extend([series.timestamps[row], cutoff]);
            observed.push(series.values[row]);
        }
    }
    let of_candidate = |name| tracks[names.iter().rposition(|known| *known == name)?].as_ref();
    let candidates = compared(run).map(of_candidate);
    let all = std::iter::once(chosen.as_ref()).chain(candidates).chain([seasonal_naive.as_ref()]);
    let mut columns = vec![observed];
    for track in all {
        match track {
            Some(Track { yhat, lower, upper }) => columns.extend([yhat.clone(), lower.clone(), upper.clone()]),
            None => columns.extend([const { Vec::new() }; 3]),
        }
    }
    Rows { customer: customer.to_string(), keys, columns }
}
