//! One customer's backtest.

use super::fit::{Failure, FitContext, Models};
use crate::{
    artifact::forecast_seed,
    error::{Error, Result},
    settings::ForecastTask,
};
use manyfit_models::{
    Interrupt, Interruption,
    backtest::{BacktestSpec, Contest, Evaluation},
    data::{CustomerId, Series},
    frequency::Frequency,
};
use std::borrow::Cow;

/// Scores a customer's model or candidates; none where that is not asked for.
pub(super) fn evaluate(
    context: &FitContext<'_>,
    task: &ForecastTask,
    customer: &CustomerId,
    series: &Series,
    frequency: Frequency,
    interrupt: Interrupt<'_>,
    models: &mut Models,
) -> Result<Option<Evaluation>, Failure> {
    let none = BacktestSpec { cutoffs: 0, horizon: 1, period: None, initial: None, season: None };
    let spec = match (&task.backtest, task.combine) {
        (Some(spec), _) => spec,
        // The choice is by what is known of other series.
        (None, Some(_)) => &none,
        (None, None) => return Ok(None),
    };
    let model = if task.combine.is_some() { None } else { Some(&task.model) };
    let candidates = task.candidates_for(series, frequency);
    let versions = |spec| -> Result<Vec<_>> {
        if !task.tune {
            return Ok(vec![task.model_for(spec, series, frequency)?]);
        }
        let own = |spec| Ok(Cow::Owned(task.model_for(&spec, series, frequency)?.into_owned()));
        task.versions(spec, series).into_iter().map(own).collect()
    };
    let specs = model.into_iter().chain(candidates).map(versions);
    let contest = Contest {
        spec,
        models: specs.collect::<Result<_>>()?,
        combine: task.combine,
        interval_width: task.interval_width,
        lower_bound: task.lower_bound,
        seed: forecast_seed(context.settings.seed, customer.as_str()),
    };
    match contest.hold(series, frequency, interrupt, &mut models.at_cutoffs) {
        Ok(evaluation) => Ok(Some(evaluation)),
        Err(Interruption::Stopped) => Err(Failure::Stopped),
        Err(interruption) => Err(Failure::Customer(Error::Data(interruption.to_string()))),
    }
}
