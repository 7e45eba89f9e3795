//! What a run does with each customer.

use super::{
    forecast::{self, ForecastTask},
    regression::{self, RegressionTask},
    text::Text,
};
use crate::input::InputSettings;
use manyfit_models::{
    ridge::RidgeParams,
    trees::{BoostingParams, ForestParams},
};

/// What a run does with each customer: the setting `model` decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Fits a model to the customer's series, and forecasts it.
    Forecast(Box<ForecastTask>),
    /// Fits a model to the customer's table of features.
    Regression(Box<RegressionTask>),
}

/// Every word of the setting `model`, and whose settings are read with it.
const MODELS: [(&str, Family); 6] = [
    ("prophet", Family::Prophet),
    ("seasonal-naive", Family::SeasonalNaive),
    ("mean", Family::Mean),
    ("gradient-boosting", Family::GradientBoosting),
    ("random-forest", Family::RandomForest),
    ("ridge", Family::Ridge),
];

/// A family of models, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Prophet,
    SeasonalNaive,
    Mean,
    GradientBoosting,
    RandomForest,
    Ridge,
}

impl Family {
    const fn is_regression(self) -> bool {
        matches!(self, Self::GradientBoosting | Self::RandomForest | Self::Ridge)
    }
}

impl Task {
    pub(super) fn read(text: &mut Text<'_>, seed: u64, input: &mut InputSettings) -> Self {
        let family = text.choice("model", &MODELS);
        if family.is_regression() {
            Self::Regression(Box::new(regression::read(text, family, seed, input)))
        } else {
            Self::Forecast(Box::new(forecast::read(text, family, input)))
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

    /// A sentence about a setting that is not this model's, but another's.
    pub(super) fn stranger(&self, name: &str) -> Option<String> {
        let forecast = |family| {
            let mut input = InputSettings::default();
            Text::names_of(|text| forecast::read(text, family, &mut input)).contains(name)
        };
        let table = |family| {
            let mut input = InputSettings::default();
            Text::names_of(|text| regression::read(text, family, 0, &mut input)).contains(name)
        };
        let owners: Vec<&str> = [
            ("prophet", forecast(Family::Prophet)),
            ("gradient-boosting", table(Family::GradientBoosting) || BoostingParams::canonical(name).is_some()),
            ("random-forest", table(Family::RandomForest) || ForestParams::canonical(name).is_some()),
            ("ridge", table(Family::Ridge) || RidgeParams::canonical(name).is_some()),
        ]
        .into_iter()
        .filter_map(|(owner, owns)| owns.then_some(owner))
        .collect();
        let own = self.model_name();
        (!owners.is_empty()).then(|| format!("it belongs to model={}, and the model is {own}", owners.join(" or ")))
    }
}
