//! What a run does with each customer.

use super::{
    family::Family,
    forecast::{self, ForecastTask},
    reader::Reader,
    regression::{self, RegressionTask},
};
use crate::input::InputSettings;

/// What a run does with each customer: the setting `model` decides.
#[derive(Clone, Debug)]
pub enum Task {
    /// Fits a model to the customer's series, and forecasts it.
    Forecast(Box<ForecastTask>),
    /// Fits a model to the customer's table of features.
    Regression(Box<RegressionTask>),
}

impl Task {
    pub(super) fn read(reader: &mut Reader<'_>, seed: u64, input: &mut InputSettings) -> Self {
        // The reader knows the family; an unknown word is a fault.
        reader.parse("model", |text, setting| Family::parse(text).ok_or_else(|| format!("use {}", setting.kind)));
        if reader.family.is_regression() {
            Self::Regression(Box::new(regression::read(reader, seed, input)))
        } else {
            Self::Forecast(Box::new(forecast::read(reader, input)))
        }
    }

    /// The word of the setting `model`.
    #[must_use]
    pub fn model_name(&self) -> &'static str {
        match self {
            Self::Forecast(task) => task.model.name(),
            Self::Regression(task) => task.model.name(),
        }
    }
}
