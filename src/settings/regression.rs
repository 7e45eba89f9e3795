//! The settings of regression models and of their input.

use super::{
    task::Family,
    text::{self, Text},
};
use crate::input::{InputSettings, TableSettings};
use manyfit_models::{
    Error, ModelFormat, RowsSpec,
    ridge::RidgeParams,
    trees::{BoostingParams, ForestParams, Objective},
};
use std::collections::BTreeMap;

/// What to fit to each customer's table, and which rows to judge it by.
#[derive(Clone, Debug, PartialEq)]
pub struct RegressionTask {
    /// What to fit.
    pub model: RowsSpec,
    /// What to fit where that cannot be fitted; none to let the customer fail.
    pub fallback: Option<RowsSpec>,
    /// Share of a customer's rows, drawn at random, that the model is judged by instead of fitted to. For customers that
    /// have no validation rows of their own.
    pub validation_fraction: f64,
}

/// Reads them, and what they say about the input.
pub(super) fn read(text: &mut Text<'_>, family: Family, seed: u64, input: &mut InputSettings) -> RegressionTask {
    input.table = Some(TableSettings {
        features: text.value("features", Vec::new(), names),
        categorical: text.value("categorical", Vec::new(), names),
        weight: text.optional("weight", |text| Ok(text.to_owned())),
        header: text.optional("header", text::boolean),
        ..TableSettings::default()
    });
    let model = match family {
        Family::RandomForest => {
            let format = format(text, ModelFormat::Ubj);
            let params = ForestParams { random_state: small_seed(text, seed), ..ForestParams::default() };
            let params = parameters(text, params, &ForestParams::NAMES, ForestParams::canonical, ForestParams::set);
            check(text, params.check());
            RowsSpec::RandomForest { params, format }
        }
        Family::Ridge => {
            let params = RidgeParams::default();
            let params = parameters(text, params, &RidgeParams::NAMES, RidgeParams::canonical, RidgeParams::set);
            check(text, params.check());
            RowsSpec::Ridge(params)
        }
        _ => {
            let format = format(text, ModelFormat::Json);
            let params = BoostingParams { seed: small_seed(text, seed), ..BoostingParams::default() };
            let names = &BoostingParams::NAMES;
            let params = parameters(text, params, names, BoostingParams::canonical, BoostingParams::set);
            check(text, params.check());
            RowsSpec::GradientBoosting { params, format }
        }
    };
    // A line knows no bounds, as probabilities, counts and amounts have them: it takes their place only when asked to.
    let bounded = matches!(&model, RowsSpec::GradientBoosting { params, .. }
        if !matches!(params.objective, Objective::SquaredError | Objective::AbsoluteError));
    let ridge = Some(RowsSpec::Ridge(RidgeParams::default())).filter(|ridge| ridge.name() != model.name());
    let choices = if bounded { [("none", None), ("ridge", ridge)] } else { [("ridge", ridge), ("none", None)] };
    RegressionTask {
        model,
        fallback: text.choice("fallback", &choices),
        validation_fraction: text.value("validation_fraction", 0.0, |text| {
            text::number(text, |share| (0.0..1.0).contains(&share), "use a number from 0 to below 1")
        }),
    }
}

fn format(text: &mut Text<'_>, default: ModelFormat) -> ModelFormat {
    let (json, ubj) = (("json", ModelFormat::Json), ("ubj", ModelFormat::Ubj));
    text.choice("model_format", &if default == ModelFormat::Json { [json, ubj] } else { [ubj, json] })
}

/// The common seed, as XGBoost and scikit-learn take it.
fn small_seed(text: &mut Text<'_>, seed: u64) -> u32 {
    u32::try_from(seed).unwrap_or_else(|_| {
        text.fault(format!("seed: \"{seed}\": use a whole number from 0 to {} with this model", u32::MAX));
        0
    })
}

/// Column names: separated by commas, or as a JSON list where a name has a comma in it.
fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|error| format!("not a JSON list of names: {error}"))?
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    for name in &mut names {
        *name = name.trim().to_owned();
    }
    names.retain(|name| !name.is_empty());
    match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        Some((_, twice)) => Err(format!("names {twice:?} twice")),
        None => Ok(names),
    }
}

/// Takes the parameters of a model out of the text.
fn parameters<P>(
    text: &mut Text<'_>,
    mut params: P,
    names: &[&'static str],
    canonical: impl Fn(&str) -> Option<&'static str>,
    set: impl Fn(&mut P, &str, &str) -> manyfit_models::Result<()>,
) -> P {
    text.know(names);
    let mut given: BTreeMap<&'static str, (String, &str)> = BTreeMap::new();
    for (name, value) in text.take(|name| canonical(name).is_some()) {
        let Some(meant) = canonical(&name) else { continue };
        if let Some((other, said)) = given.get(meant).filter(|(_, said)| *said != value) {
            text.fault(format!("{name}: {value:?}: means the same as {other}, which is {said:?}"));
        } else {
            given.insert(meant, (name, value));
        }
    }
    // Tweedie's variance power is taken only after its objective.
    let (objective, others): (Vec<_>, Vec<_>) = given.into_iter().partition(|(meant, _)| *meant == "objective");
    for (_, (name, value)) in objective.into_iter().chain(others) {
        let set = set(&mut params, &name, value).or_else(|error| {
            // Some clients write whole numbers as 7.0.
            value.strip_suffix(".0").map_or(Err(error), |whole| set(&mut params, &name, whole))
        });
        check(text, set);
    }
    params
}

fn check(text: &mut Text<'_>, result: manyfit_models::Result<()>) {
    match result {
        Ok(()) => {}
        Err(Error::Parameter(faults)) => faults.lines().for_each(|fault| text.fault(fault.to_owned())),
        Err(other) => text.fault(other.to_string()),
    }
}
