//! What a run does with each customer.

use super::{
    family::Family,
    forecast::{self, ForecastTask},
    lookup::nearest,
    reader::Reader,
    regression::{self, RegressionTask},
};
use crate::{input::InputSettings, words::listed};
use manyfit_models::local::{EtsModel, ModelNameError};

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
        reader.parse("model", |text, _| Family::parse(text).ok_or_else(|| no_model(text)));
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
            Self::Forecast(task) => task.model_name(),
            Self::Regression(task) => task.model_name(),
        }
    }
}

/// What to use instead of a word that is no model.
fn no_model(word: &str) -> String {
    // It may be spelt like a form of exponential smoothing.
    if let Err(error @ (ModelNameError::MultiplicativeTrend(_) | ModelNameError::AdditiveError(_))) =
        word.parse::<EtsModel>()
    {
        return error.to_string();
    }
    let similar = nearest(word, Family::NAMES.iter().copied());
    let similar = similar.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
    format!("{similar}use {}, or a form of ets such as ZZN", listed(Family::NAMES, "or"))
}
