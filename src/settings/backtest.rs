//! Settings of forecasts of the past.

use super::{family::Family, reader::Reader};
use manyfit_models::backtest::BacktestSpec;

/// Cutoffs of `auto` where none are set.
const AUTO_CUTOFFS: usize = 5;

/// The cutoffs at which forecasts are scored, from their settings.
pub(super) fn read(reader: &mut Reader<'_>, horizon: usize, season: Option<usize>) -> Option<BacktestSpec> {
    let (given, holdout) = (reader.optional::<usize>("backtest"), reader.optional::<usize>("holdout"));
    let (period, initial) = (reader.optional("period"), reader.optional("initial"));
    if let (Some(2..), Some(steps)) = (given, holdout) {
        reader.fault(format!("holdout={steps} is one cutoff: leave it out, or backtest"));
    }
    let usual = if reader.family == Family::Auto { AUTO_CUTOFFS } else { 0 };
    let cutoffs = holdout.map_or(given.unwrap_or(usual), |_| 1);
    if cutoffs == 0 {
        return None;
    }
    let horizon = holdout.unwrap_or(horizon);
    if horizon == 0 {
        reader.fault(match given {
            Some(_) => "backtest: set horizon to the number of steps that are forecast from each cutoff".into(),
            None => "model=auto: set horizon: candidates are scored by forecasts of so many steps".into(),
        });
    }
    Some(BacktestSpec { cutoffs, horizon, period, initial, season })
}

/// Refuses settings that have no effect where nothing is chosen, or nothing scored.
pub(super) fn refuse_idle(reader: &mut Reader<'_>, is_scored: bool) {
    if reader.is_changed("combine") {
        reader.fault("combine: only model=auto makes one forecast of several: set it, or leave combine out".into());
    }
    for name in ["candidates", "period", "initial", "backtest_table", "tune"] {
        if reader.is_changed(name) && !is_scored {
            reader.fault(format!("{name}: nothing is scored without a backtest: set backtest to a number of cutoffs"));
        }
    }
}
