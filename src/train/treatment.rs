//! What the settings change in a customer's series before the fit: outliers, and steps without a value.

use crate::{
    error::{Error, Result},
    settings::ForecastTask,
    words::counted,
};
use manyfit_models::{
    data::{Checks, OutlierTreatment, Series},
    frequency::Frequency,
};
use std::{borrow::Cow, fmt::Write};

/// A series as it is fitted.
pub(super) struct Treated<'s> {
    pub(super) series: Cow<'s, Series>,
    /// What was changed, for people.
    pub(super) notes: Vec<String>,
    /// The same for the fingerprint; empty where nothing was.
    changes: String,
}

impl<'s> Treated<'s> {
    /// Treats a series that was checked just now.
    pub(super) fn new(
        task: &ForecastTask,
        series: &'s Series,
        calendar: Option<Frequency>,
        checks: &Checks,
    ) -> Result<Self> {
        let mut treated = Self { series: Cow::Borrowed(series), notes: Vec::new(), changes: String::new() };
        if let Some(changed) = task.outliers.apply(series, checks.outliers()) {
            let count = counted(checks.outliers().count(), "outlier");
            let (word, became) = match task.outliers {
                OutlierTreatment::Missing => ("missing", "left out"),
                _ => ("clip", "clipped"),
            };
            treated.change(changed, &format!("outliers={word}"), &format!("{count} {became}"));
        }
        let filled = task.fill.map(|fill| (fill, fill.apply(&treated.series, calendar)));
        if let Some((fill, filled)) = filled
            && let Some(filled) = filled.map_err(Error::Data)?
        {
            let count = counted(filled.len() - treated.series.len(), "step");
            treated.change(filled, &format!("fill={}", fill.name()), &format!("{count} without a value filled"));
        }
        Ok(treated)
    }

    fn change(&mut self, series: Series, setting: &str, note: &str) {
        self.series = Cow::Owned(series);
        self.notes.push(format!("{note} ({setting})"));
        write!(self.changes, " with {setting}").expect("text grows");
    }

    /// The canonical text for the fingerprint: another one where something was changed.
    pub(super) fn shape<'t>(&self, shape: Cow<'t, str>) -> Cow<'t, str> {
        if self.changes.is_empty() { shape } else { format!("{shape}{}", self.changes).into() }
    }
}
