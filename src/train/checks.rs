//! The checks of a customer's series before the fit, and what follows from them.

use crate::{
    results::Check,
    settings::{ForecastTask, OnBad},
};
use manyfit_models::{
    SeriesSpec,
    data::{Checks, Finding, Series},
    frequency::{CalendarFit, Frequency},
    local::LocalFamily,
};
use std::borrow::Cow;

/// What was found in a series.
pub(super) struct Checked {
    pub(super) checks: Vec<Check>,
    /// The calendar of the dates, if any explains them.
    pub(super) calendar: Option<Frequency>,
    /// The check for which the chosen model is not fitted, and the reason.
    bad: Option<(&'static str, String)>,
    on_bad: OnBad,
}

impl Checked {
    pub(super) fn new(
        task: &ForecastTask,
        series: &Series,
        frequency: Frequency,
        inferred: Option<CalendarFit>,
        checks: &mut Checks,
    ) -> Self {
        let calendar = Some(frequency).filter(|_| !inferred.is_some_and(|fit| fit.is_irregular));
        let findings = match &task.model {
            SeriesSpec::Local(spec) if !spec.season_lengths.is_empty() => {
                checks.findings(series, calendar, &spec.season_lengths)
            }
            _ => checks.findings(series, calendar, &frequency.seasons()),
        };
        let bad = findings.iter().find(|finding| finding.is_bad());
        let bad = bad.filter(|_| task.on_bad != OnBad::Warn && (task.combine.is_some() || estimates(&task.model)));
        Self {
            bad: bad.map(|finding: &Finding| (finding.code(), finding.to_string())),
            checks: findings.iter().map(Check::from).collect(),
            calendar,
            on_bad: task.on_bad,
        }
    }

    /// Why the customer fails.
    pub(super) fn failure(&self) -> Option<&str> {
        self.bad.as_ref().filter(|_| self.on_bad == OnBad::Fail).map(|(_, reason)| reason.as_str())
    }

    /// Why the chosen model is not fitted but a fallback.
    pub(super) fn why_fallback(&self) -> Option<&str> {
        self.bad.as_ref().filter(|_| self.on_bad == OnBad::Fallback).map(|(_, reason)| reason.as_str())
    }

    /// The canonical text for the fingerprint: another one where a fallback is fitted instead of the chosen model.
    pub(super) fn shape<'s>(&self, shape: Cow<'s, str>) -> Cow<'s, str> {
        match &self.bad {
            Some((code, _)) if self.on_bad == OnBad::Fallback => format!("{shape} but a fallback for {code}").into(),
            _ => shape,
        }
    }
}

/// Whether a model estimates seasons, trends or smoothing from the series. Of the others, such as means, the last value or those of
/// intermittent demand, any series will do.
fn estimates(model: &SeriesSpec) -> bool {
    match model {
        SeriesSpec::Prophet(_) => true,
        SeriesSpec::Baseline { .. } => false,
        SeriesSpec::Local(spec) => !matches!(spec.family, LocalFamily::Naive(_) | LocalFamily::Intermittent(_)),
    }
}
