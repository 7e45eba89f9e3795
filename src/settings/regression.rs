//! Settings of regression models and of their input.

use super::{
    family::Family,
    lists,
    reader::{Reader, read_fields},
    regression_grid::Grid,
    shape::shape,
};
use crate::input::{InputSettings, TableSettings};
use manyfit_models::{
    RowsSpec,
    ridge::RidgeParams,
    rows_selection::ChosenBy,
    trees::{BoostingParams, ForestParams, Objective},
};
use std::cmp::Reverse;

/// What to fit to each customer's table, and which rows to judge it by.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressionTask {
    /// What to fit, or what to choose from, the simplest first. There is at least one.
    pub candidates: Vec<RowsSpec>,
    /// The error that a model is chosen by for each customer; none if there is nothing to choose.
    pub chosen_by: Option<ChosenBy>,
    /// Parts that the rows are divided into to choose or to score a model; 0 for none.
    pub folds: usize,
    /// What to fit where that cannot be fitted; none to let the customer fail.
    pub fallback: Option<RowsSpec>,
    /// Share of a customer's rows, drawn at random, that the model is judged by instead of fitted to. For customers that
    /// have no validation rows of their own.
    pub validation_fraction: f64,
}

/// Reads the settings of regression models, and those of the input that only they have.
pub(super) fn read(reader: &mut Reader<'_>, seed: u64, input: &mut InputSettings) -> RegressionTask {
    input.table = Some(TableSettings {
        features: reader.parse("features", |text, _| names(text)).unwrap_or_default(),
        categorical: reader.parse("categorical", |text, _| names(text)).unwrap_or_default(),
        weight: reader.optional("weight"),
        header: reader.optional("header"),
        ..TableSettings::default()
    });
    let family = reader.family;
    if family == Family::Regression {
        return choice(reader, seed);
    }
    let (model, checked) = match family {
        Family::RandomForest => {
            let (format, params) = (reader.value("model_format"), forest(reader, seed));
            let checked = params.check();
            (RowsSpec::RandomForest { params, format }, checked)
        }
        Family::Ridge => {
            let params = read_fields!(reader, RidgeParams { value: alpha fit_intercept; optional: ; });
            (RowsSpec::Ridge(params), params.check())
        }
        _ => {
            let (format, params) = (reader.value("model_format"), boosting(reader, seed));
            let checked = params.check();
            (RowsSpec::GradientBoosting { params, format }, checked)
        }
    };
    if let Err(faults) = checked {
        faults.to_string().lines().for_each(|fault| reader.fault(fault.trim_start().to_owned()));
    }
    // Ridge predicts beyond the bounds of probabilities, counts and amounts: it replaces their models only on request.
    let has_bounds = matches!(&model, RowsSpec::GradientBoosting { params, .. }
        if !matches!(params.objective, Objective::SquaredError | Objective::AbsoluteError));
    let is_wanted = reader.choice("fallback") == "ridge" && (!has_bounds || reader.is_given("fallback"));
    let is_other = !matches!(model, RowsSpec::Ridge(_));
    RegressionTask {
        candidates: vec![model],
        chosen_by: None,
        folds: folds(reader, 0),
        fallback: (is_wanted && is_other).then(|| RowsSpec::Ridge(RidgeParams::default())),
        validation_fraction: reader.value("validation_fraction"),
    }
}

/// Folds of customers whose model is chosen, unless set.
const FOLDS: usize = 5;

/// Reads what the choice of a model depends on.
fn choice(reader: &mut Reader<'_>, seed: u64) -> RegressionTask {
    let families = reader.parse("candidates", |text, _| families(text)).unwrap_or_default();
    let (objective, format) = (reader.value("objective"), reader.value("model_format"));
    let grid = Grid { objective, format, seed: seed_of_trees(reader, seed) };
    let (folds, validation_fraction) = (folds(reader, FOLDS), reader.value("validation_fraction"));
    // A model that cannot be fitted gives way to the others.
    reader.choice("fallback");
    RegressionTask {
        candidates: families.into_iter().flat_map(|family| grid.of(family)).collect(),
        chosen_by: Some(if objective == Objective::AbsoluteError { ChosenBy::Mae } else { ChosenBy::Rmse }),
        folds,
        fallback: None,
        validation_fraction,
    }
}

/// Most folds.
const MOST_FOLDS: usize = 100;

fn folds(reader: &mut Reader<'_>, usual: usize) -> usize {
    let read = |text: &str| text.parse().ok().filter(|folds| *folds != 1 && *folds <= MOST_FOLDS);
    reader.parse("folds", |text, setting| read(text).ok_or_else(|| format!("use {}", setting.kind))).unwrap_or(usual)
}

/// The families of the setting `candidates`, the simplest first, whatever their order.
fn families(text: &str) -> Result<Vec<Family>, String> {
    let mut families = Vec::new();
    for word in text.split(',').map(str::trim) {
        let family = Family::parse(word).filter(|family| family.is_regression() && *family != Family::Regression);
        let family = family.ok_or_else(|| {
            format!("{word:?} is no single regression model: use ridge, random-forest or gradient-boosting")
        })?;
        if families.contains(&family) {
            return Err(format!("{} is named twice: name each model once", family.name()));
        }
        families.push(family);
    }
    families.sort_unstable_by_key(|family| Reverse(*family as usize));
    Ok(families)
}

fn boosting(reader: &mut Reader<'_>, seed: u64) -> BoostingParams {
    let mut objective = reader.value("objective");
    if let Some(power) = reader.optional("tweedie_variance_power") {
        match &mut objective {
            Objective::Tweedie { variance_power } => *variance_power = power,
            other => reader.fault(format!(
                "tweedie_variance_power={power} applies only to objective=reg:tweedie; the objective is {}",
                other.name()
            )),
        }
    }
    read_fields!(reader, BoostingParams {
        value: num_round eta max_depth gamma min_child_weight lambda alpha subsample colsample_bytree colsample_bylevel refresh_leaf;
        optional: max_delta_step base_score early_stopping_rounds eval_metric;
        objective,
        monotone_constraints: reader
            .parse("monotone_constraints", |text, setting| {
                constraints(text).ok_or_else(|| format!("use {}", setting.kind))
            })
            .unwrap_or_default(),
        seed: random_state(reader, seed),
    })
}

fn forest(reader: &mut Reader<'_>, seed: u64) -> ForestParams {
    read_fields!(reader, ForestParams {
        value: n_estimators max_depth min_samples_split min_samples_leaf max_features bootstrap max_samples;
        optional: ;
        random_state: random_state(reader, seed),
    })
}

/// The seed of trees: one of their own, or that of the run, as XGBoost and scikit-learn take it.
fn random_state(reader: &mut Reader<'_>, seed: u64) -> u32 {
    let seed = seed_of_trees(reader, seed);
    reader.optional::<Option<u32>>("random_state").map_or(seed, Option::unwrap_or_default)
}

fn seed_of_trees(reader: &mut Reader<'_>, seed: u64) -> u32 {
    u32::try_from(seed).unwrap_or_else(|_| {
        reader.fault(format!("seed: \"{seed}\": use a whole number from 0 to {} with this model", u32::MAX));
        0
    })
}

/// XGBoost's form, `(1,0,-1)`, or with brackets, or bare.
fn constraints(text: &str) -> Option<Vec<i8>> {
    let inner = text.trim_start_matches(['(', '[']).trim_end_matches([')', ']']);
    let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().ok().filter(|direction| (-1..=1).contains(direction))).collect()
}

impl RegressionTask {
    /// The canonical text for the fingerprint.
    pub(super) fn shape(&self, version: Option<&str>, seed: u64) -> String {
        let Self { candidates, chosen_by, folds, fallback, validation_fraction } = self;
        // The seed of a model is among its parameters.
        let split = (*validation_fraction > 0.0).then_some((validation_fraction, seed));
        let mut text = shape(&(&candidates[0], fallback, split, version));
        // Only where there are some, so that earlier artifacts stay valid.
        if chosen_by.is_some() || *folds > 0 {
            text += &shape(&(candidates, chosen_by, folds, seed));
        }
        text
    }

    /// The word of the setting `model`.
    #[must_use]
    pub fn model_name(&self) -> &'static str {
        if self.chosen_by.is_some() { Family::Regression.name() } else { self.candidates[0].name() }
    }

    /// Whether a model stops early, which needs validation rows.
    #[must_use]
    pub fn stops_early(&self) -> bool {
        self.candidates.iter().any(RowsSpec::stops_early)
    }
}

/// Column names: separated by commas, or as a list where a name has a comma in it.
fn names(text: &str) -> Result<Vec<String>, String> {
    let names = lists::items(text)?;
    match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        Some((_, twice)) => Err(format!("names {twice:?} twice")),
        None => Ok(names),
    }
}
