//! Settings from text, and the registry.

use super::{
    compatibility::parameters_of,
    family::Family,
    lookup::{find, merge, settings_of},
    max_failures::MaxFailures,
    reader::Reader,
    reference,
    registry::GROUPS,
    regression::RegressionTask,
    run::Settings,
    setting::Kind,
    task::Task,
};
use crate::{artifact::NameTemplate, error::Result};
use manyfit_models::{
    ModelFormat, RowsSpec, SeriesSpec,
    prophet::{ProphetSpec, SeasonalityChoice},
    ridge::RidgeParams,
    rows_selection::ChosenBy,
    trees::{BoostingParams, ForestParams, MaxFeatures, Objective, Samples},
};
use std::collections::BTreeSet;

fn settings(pairs: &[(&str, &str)]) -> Result<Settings> {
    Settings::from_text(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
}

#[test]
fn nothing_said_means_prophets_defaults() {
    let settings = settings(&[]).unwrap();
    let Task::Forecast(task) = settings.task else { panic!("it is a forecast") };
    assert_eq!(task.model, SeriesSpec::Prophet(ProphetSpec::default()));
    assert_eq!((task.horizon, settings.seed), (0, 0));
    assert_eq!(task.fallback.len(), 1);
}

#[test]
fn the_job_of_the_energy_sample_is_understood() {
    let settings = settings(&[
        ("prediction-length", "7"),
        ("seasonality-mode", "additive"),
        ("yearly-seasonality", "True"),
        ("weekly_seasonality", "6"),
        ("daily-seasonality", "false"),
    ])
    .unwrap();
    let Task::Forecast(task) = settings.task else { panic!("it is a forecast") };
    assert_eq!(task.horizon, 7);
    let SeriesSpec::Prophet(prophet) = task.model else { panic!("it is Prophet") };
    assert_eq!(prophet.yearly_seasonality, SeasonalityChoice::On);
    assert_eq!(prophet.weekly_seasonality, SeasonalityChoice::Order(6));
    assert_eq!(prophet.daily_seasonality, SeasonalityChoice::Off);
}

#[test]
fn all_faults_are_in_one_message() {
    let message = settings(&[
        ("hotizon", "7"),
        ("growth", "cubic"),
        ("cap", "9"),
        ("interval_width", "80"),
        ("regressors", "price:mode=both"),
        ("mcmc-samples", "300"),
        ("n_changepoints", "-1"),
        ("duplicates", "median"),
        ("seasonality_mode", "multiplied"),
        ("country_holidays", "US,Atlantis"),
    ])
    .unwrap_err()
    .to_string();
    for part in [
        "hotizon: no such setting; did you mean horizon?",
        "growth",
        "growth=\"cubic\" is invalid: use linear, flat or logistic",
        "cap belongs to logistic growth",
        "regressors",
        "mode=both: use additive or multiplicative",
        "no holidays are known for \"Atlantis\"; the countries are AD, ",
        "interval_width",
        "use a number between 0 and 1",
        "mcmc_samples",
        "n_changepoints",
        "duplicates",
        "use additive or multiplicative",
    ] {
        assert!(message.contains(part), "{part:?} is missing in:\n{message}");
    }
    assert_eq!(message.lines().count(), 1 + 10, "{message}");
}

#[test]
fn only_what_shapes_an_artifact_is_in_its_shape() {
    let base = settings(&[]).unwrap().shape();
    for same in [("seed", "3"), ("horizon", "9"), ("max_failures", "1"), ("customer_time_limit", "5")] {
        assert_eq!(settings(&[same]).unwrap().shape(), base, "{same:?}");
    }
    for other in [("growth", "flat"), ("fallback", "none"), ("version", "v2"), ("history", "full"), ("frequency", "D")]
    {
        assert_ne!(settings(&[other]).unwrap().shape(), base, "{other:?}");
    }
}

fn regression(pairs: &[(&str, &str)]) -> (Box<RegressionTask>, Settings) {
    let settings = settings(pairs).unwrap();
    let Task::Regression(task) = settings.task.clone() else { panic!("it is a regression") };
    (task, settings)
}

#[test]
fn the_job_of_the_housing_notebook_is_understood() {
    let (task, settings) = regression(&[
        ("model", "gradient_boosting"),
        ("num-round", "25"),
        ("max_depth", "5"),
        ("learning_rate", "0.2"),
        ("gamma", "4.0"),
        ("min_child_weight", "6"),
        ("subsample", "0.8"),
        ("objective", "reg:linear"),
        ("seed", "7"),
        ("features", " a, b,"),
    ]);
    let [RowsSpec::GradientBoosting { params, format }] = &task.candidates[..] else { panic!("it is boosting") };
    assert_eq!((params.num_round, params.max_depth, params.eta, params.seed), (25, 5, 0.2, 7));
    assert_eq!((params.gamma, params.objective, *format), (4.0, Objective::SquaredError, ModelFormat::Json));
    assert_eq!(task.fallback, Some(RowsSpec::Ridge(RidgeParams::default())));
    assert_eq!(settings.input.table.unwrap().features, ["a", "b"]);
}

#[test]
fn forests_and_lines_have_settings_of_their_own() {
    let (task, _) = regression(&[
        ("model", "random-forest"),
        ("n_estimators", "20"),
        ("max_features", "1.0"),
        ("min_samples_leaf", "3.0"),
        ("max_depth", "None"),
    ]);
    let [RowsSpec::RandomForest { params, format }] = &task.candidates[..] else { panic!("it is a forest") };
    assert_eq!((params.n_estimators, params.max_features, *format), (20, MaxFeatures::Fraction(1.0), ModelFormat::Ubj));
    let (task, settings) =
        regression(&[("model", "ridge"), ("alpha", "0.5"), ("features", r#"["a, b", "c"]"#), ("header", "yes")]);
    assert_eq!(task.candidates, [RowsSpec::Ridge(RidgeParams { alpha: 0.5, fit_intercept: true })]);
    assert_eq!(task.fallback, None, "a line is no fallback for a line");
    assert_eq!(settings.input.table.as_ref().unwrap().features, ["a, b", "c"]);
    assert_eq!(settings.input.table.unwrap().header, Some(true));
}

#[test]
fn a_line_takes_the_place_of_probabilities_only_when_asked() {
    let boosting = [("model", "gradient-boosting"), ("objective", "binary:logistic")];
    assert_eq!(regression(&boosting).0.fallback, None);
    assert!(regression(&[&boosting[..], &[("fallback", "ridge")]].concat()).0.fallback.is_some());
}

#[test]
fn a_setting_of_another_model_is_refused_with_its_owner() {
    let message = settings(&[
        ("model", "gradient-boosting"),
        ("growth", "flat"),
        ("horizon", "7"),
        ("min_samples_leaf", "3"),
        ("fit_intercept", "true"),
        ("max_dept", "3"),
        ("eta", "fast"),
        ("learning_rate", "0.5"),
        ("booster", "dart"),
        ("num_round", "0"),
        ("features", "a,b,a"),
        ("fallback", "seasonal-naive"),
        ("duplicates", "sum"),
    ])
    .unwrap_err()
    .to_string();
    for part in [
        "growth=flat applies only to prophet; the model is gradient-boosting",
        "horizon=7 applies only to prophet",
        "min_samples_leaf=3 applies only to random-forest",
        "fit_intercept=true applies only to ridge",
        "max_dept: no such setting; did you mean max_depth?",
        "eta=\"fast\" is invalid: use a number of at least 0",
        "learning_rate=\"0.5\" is the same setting as eta, which is \"fast\"",
        "booster=dart is not supported, only booster=gbtree",
        "num_round=\"0\" is invalid: use a whole number of at least 1",
        "names \"a\" twice",
        "use ridge or none",
        "duplicates=sum applies only to prophet",
    ] {
        assert!(message.contains(part), "{part:?} is missing in:\n{message}");
    }
    assert_eq!(message.lines().count(), 1 + 12, "{message}");
    let message = settings(&[("max_depth", "3"), ("features", "a"), ("alpha", "1")]).unwrap_err().to_string();
    for part in [
        "max_depth=3 applies only to gradient-boosting and random-forest; the model is prophet",
        "features=a applies only to regression, gradient-boosting, random-forest and ridge",
        "alpha=1 applies only to gradient-boosting and ridge",
    ] {
        assert!(message.contains(part), "{part:?} is missing in:\n{message}");
    }
}

#[test]
fn only_what_shapes_a_regression_model_is_in_its_shape() {
    let shape = |more: &[(&str, &str)]| settings(&[&[("model", "gradient-boosting")], more].concat()).unwrap().shape();
    let base = shape(&[]);
    for same in [("features", "a"), ("target", "y"), ("max_failures", "1"), ("eta", "0.3"), ("learning_rate", "0.3")] {
        assert_eq!(shape(&[same]), base, "{same:?}");
    }
    for other in
        [("eta", "0.2"), ("seed", "1"), ("model_format", "ubj"), ("validation_fraction", "0.1"), ("fallback", "none")]
    {
        assert_ne!(shape(&[other]), base, "{other:?}");
    }
}

#[test]
fn settings_without_an_effect_on_a_backtest_are_refused_unless_overrides_may_use_them() {
    let set = |pairs: &[(&str, &str)]| {
        let given = pairs.iter().chain(&[("horizon", "2")]).map(|(name, value)| ((*name).into(), (*value).into()));
        Settings::check(&given.collect()).map(drop).map_err(|faults| faults.concat())
    };
    for name in ["combine", "candidates", "period", "initial", "backtest_table"] {
        let value = match name {
            "combine" => "best",
            "candidates" => "theta",
            "backtest_table" => "false",
            _ => "3",
        };
        assert!(set(&[(name, value)]).unwrap_err().contains(name));
        assert_eq!(set(&[(name, value), ("model", "auto")]), Ok(()));
        assert_eq!(set(&[(name, value), ("overrides", "table.csv")]), Ok(()));
        if name != "combine" {
            assert_eq!(set(&[(name, value), ("backtest", "2")]), Ok(()));
        }
    }
}

#[test]
fn a_choice_has_a_grid_for_each_family_the_simplest_first() {
    let names = |pairs: &[(&str, &str)]| {
        let (task, _) = regression(&[&[("model", "regression")], pairs].concat());
        task.candidates.iter().map(RowsSpec::name).collect::<Vec<_>>()
    };
    let [ridge, forest, boosting] = ["ridge", "random-forest", "gradient-boosting"];
    assert_eq!(names(&[]), [ridge, ridge, ridge, forest, forest, boosting, boosting, boosting]);
    assert_eq!(names(&[("candidates", "boosting, ridge")]), [ridge, ridge, ridge, boosting, boosting, boosting]);
    let (task, absolute) = regression(&[("model", "regression"), ("objective", "reg:absoluteerror"), ("seed", "3")]);
    assert_eq!((task.chosen_by, task.folds, task.model_name()), (Some(ChosenBy::Mae), 5, "regression"));
    assert_ne!(absolute.shape(), regression(&[("model", "regression"), ("seed", "3")]).1.shape());
    assert_eq!(regression(&[("model", "ridge"), ("folds", "4")]).0.folds, 4);
    for (pairs, expected) in [
        ([("model", "regression"), ("candidates", "prophet")], "\"prophet\" is no single regression model"),
        ([("model", "regression"), ("candidates", "ridge,ridge")], "ridge is named twice"),
        ([("model", "regression"), ("folds", "1")], "folds=\"1\" is invalid: use 0 for none, or a whole number from 2"),
        ([("model", "regression"), ("eta", "0.1")], "eta=0.1 applies only to gradient-boosting"),
        ([("model", "auto"), ("candidates", "forest")], "model=regression chooses among"),
    ] {
        let refused = settings(&pairs).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
}

fn boosting(pairs: &[(&str, &str)]) -> BoostingParams {
    match regression(&[&[("model", "gradient-boosting")], pairs].concat()).0.candidates.remove(0) {
        RowsSpec::GradientBoosting { params, .. } => params,
        other => panic!("{other:?}"),
    }
}

fn forest(pairs: &[(&str, &str)]) -> ForestParams {
    match regression(&[&[("model", "random-forest")], pairs].concat()).0.candidates.remove(0) {
        RowsSpec::RandomForest { params, .. } => params,
        other => panic!("{other:?}"),
    }
}

#[test]
fn defaults_of_the_registry_are_those_of_the_models() {
    assert_eq!(boosting(&[]), BoostingParams::default());
    assert_eq!(forest(&[]), ForestParams::default());
    let (task, settings) = regression(&[("model", "ridge")]);
    assert_eq!(task.candidates, [RowsSpec::Ridge(RidgeParams::default())]);
    assert_eq!((settings.max_failures, settings.artifact_name), (MaxFailures::default(), NameTemplate::default()));
    assert_eq!((settings.customer_time_limit, settings.version, settings.fsync), (None, None, false));
}

#[test]
fn every_default_means_what_it_means_when_it_is_given() {
    for family in Family::ALL {
        // Cutoffs need a horizon, which is 0 by default.
        let cutoffs = (family == Family::Auto).then_some(("backtest", "0"));
        let given = |name: &str, default: &str| {
            let given: Vec<_> = [("model", family.name()), (name, default)].into_iter().chain(cutoffs).collect();
            settings(&given).unwrap()
        };
        let base = given("seed", "0");
        for setting in settings_of(family).filter(|setting| !setting.default.is_empty() && setting.name != "model") {
            let same = given(setting.name, setting.default);
            // Given, it also replaces models that have no fallback unless it is asked for.
            assert_eq!(format!("{same:?}"), format!("{base:?}"), "{} of {}", setting.name, family.name());
        }
    }
}

#[test]
fn every_setting_of_the_registry_is_read_by_its_model_and_no_name_is_that_of_two() {
    for family in Family::ALL {
        let given = [("model".to_owned(), family.name().to_owned())].into();
        let mut reader = Reader::new(&given);
        Settings::read(&mut reader);
        let mut names: Vec<&str> = settings_of(family).map(|setting| setting.name).collect();
        names.sort_unstable();
        assert_eq!(reader.read.iter().copied().collect::<Vec<_>>(), names, "{}", family.name());
        let aliases = settings_of(family).flat_map(|setting| setting.aliases);
        names.extend(aliases.copied().chain(parameters_of(family).map(|(name, _)| name)));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{}", family.name());
    }
}

#[test]
fn help_is_a_sentence_and_options_have_one_meaning_each() {
    let mut options = BTreeSet::new();
    for setting in GROUPS.iter().flat_map(|group| group.settings) {
        assert!(setting.help.ends_with('.') && setting.help.starts_with(char::is_uppercase), "{}", setting.name);
        assert!(!setting.common || options.insert(setting.name), "{}", setting.name);
    }
}

#[test]
fn names_and_aliases_set_the_same_parameter() {
    let params = boosting(&[
        ("learning_rate", "0.2"),
        ("tweedie_variance_power", "1.2"),
        ("objective", "reg:tweedie"),
        ("monotone_constraints", "(1, 0,-1)"),
        ("tree_method", "exact"),
        ("n_estimators", "7.0"),
        ("colsample_bynode", "1.0"),
        ("nthread", "4"),
        ("random_state", "5"),
    ]);
    assert_eq!((params.eta, params.num_round, params.seed), (0.2, 7, 5));
    assert_eq!(params.objective, Objective::Tweedie { variance_power: 1.2 });
    assert_eq!(params.monotone_constraints, [1, 0, -1]);
}

#[test]
fn every_fault_of_boosting_is_named_at_once() {
    let message = settings(&[
        ("model", "gradient-boosting"),
        ("eta", "fast"),
        ("max_depth", "0"),
        ("subsample", "1.5"),
        ("booster", "dart"),
        ("objective", "rank:ndcg"),
        ("interaction_constraints", "[[0,1]]"),
        ("tweedie_variance_power", "1.2"),
        ("base_score", "inf"),
        ("depth", "3"),
    ])
    .unwrap_err()
    .to_string();
    for part in [
        "eta=\"fast\" is invalid",
        "max_depth=\"0\" is invalid",
        "subsample=\"1.5\" is invalid: use a number above 0, at most 1",
        "booster=\"dart\" is invalid",
        "rank:ndcg",
        "interaction_constraints is not supported",
        "tweedie_variance_power=1.2 applies only to objective=reg:tweedie",
        "base_score=\"inf\" is invalid: use a number",
        "depth: no such setting",
    ] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
    assert_eq!(message.lines().count(), 1 + 9, "{message}");
}

#[test]
fn numbers_and_fractions_of_forests_are_told_apart_as_in_python() {
    let params = forest(&[
        ("max_features", "0.5"),
        ("min_samples_leaf", "3"),
        ("min_samples_split", "0.1"),
        ("max_depth", "None"),
        ("criterion", "squared_error"),
        ("max_samples", "none"),
    ]);
    assert_eq!(params.max_features, MaxFeatures::Fraction(0.5));
    assert_eq!((params.min_samples_leaf, params.min_samples_split), (Samples::Count(3), Samples::Fraction(0.1)));
    assert_eq!((params.max_depth, params.max_samples), (None, None));
    for (text, meant) in [
        ("sqrt", MaxFeatures::Sqrt),
        ("log2", MaxFeatures::Log2),
        ("2", MaxFeatures::Count(2)),
        ("None", MaxFeatures::Fraction(1.0)),
    ] {
        assert_eq!(forest(&[("max_features", text)]).max_features, meant);
    }
    assert_eq!(forest(&[("min_samples_leaf", "1e300")]).min_samples_leaf, Samples::Count(usize::MAX));
}

#[test]
fn every_fault_of_forests_is_named_at_once() {
    let message = settings(&[
        ("model", "random-forest"),
        ("n_estimators", "0"),
        ("criterion", "absolute_error"),
        ("ccp_alpha", "0.1"),
        ("max_features", "1.5"),
        ("max_samples", "1000000000000"),
        ("trees", "3"),
    ])
    .unwrap_err()
    .to_string();
    for part in [
        "n_estimators=\"0\" is invalid",
        "absolute_error",
        "ccp_alpha",
        "max_features=1.5",
        "max_samples=1000000000000: at most",
        "trees: no such setting",
    ] {
        assert!(message.contains(part), "{part} is missing in: {message}");
    }
}

#[test]
fn every_name_of_boosting_can_be_set() {
    for setting in settings_of(Family::GradientBoosting) {
        let value = match setting.name {
            "max_failures" | "seed" | "random_state" => "1",
            "timestamp_format" => "%Y",
            "decimal" => "comma",
            "artifact_name" => "{customer}.tar.gz",
            "model" => continue,
            _ => match setting.kind {
                Kind::Choice(words) => words[0],
                Kind::Number(..) | Kind::Integer(..) | Kind::Boolean => "1",
                Kind::Form(_) => "0",
            },
        };
        let value = if setting.name == "validation_fraction" { "0.5" } else { value };
        let objective = if setting.name == "objective" { "reg:squarederror" } else { "reg:tweedie" };
        let mut given = vec![("model", "gradient-boosting"), ("objective", objective)];
        given.retain(|(name, _)| *name != setting.name);
        given.push((setting.name, value));
        settings(&given).unwrap();
    }
}

#[test]
fn later_sources_take_precedence_under_any_name_of_a_setting() {
    let source = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    let platform = source(&[("eta", "0.1"), ("prediction-length", "3"), ("num_round", "9")]);
    let options = source(&[("learning_rate", "0.2"), ("model", "gradient_boosting"), ("n_estimators", "")]);
    let merged = merge(&[platform, options]).unwrap();
    assert_eq!((merged["eta"].as_str(), merged["num_round"].as_str()), ("0.2", ""));
    assert!(merged.contains_key("prediction_length"), "it is not a setting of this model, and refused later");
    let twice = source(&[("prediction-length", "3"), ("horizon", "4")]);
    let fault = merge(&[twice]).unwrap_err().to_string();
    assert!(fault.contains("prediction-length=\"3\" is the same setting as horizon, which is \"4\""), "{fault}");
}

#[test]
fn a_setting_is_described_by_any_of_its_names() {
    for name in ["prediction-length", "horizon", "learning_rate", "booster", "alpha"] {
        assert!(reference::describe(name, None).is_ok(), "{name}");
    }
    assert!(reference::describe("hotizon", None).unwrap_err().contains("did you mean horizon?"));
    assert!(
        !reference::describe("future", None).unwrap().contains("none"),
        "it has neither a default nor another name"
    );
    let fault = settings(&[("learningrate", "0.1")]).unwrap_err().to_string();
    assert!(
        fault.ends_with("did you mean learning_rate? It applies only to gradient-boosting; the model is prophet"),
        "{fault}"
    );
    assert!(reference::describe("alpha", Some(Family::Prophet)).is_err());
    assert!(!reference::list(Some(Family::Prophet)).contains("num_round"));
    assert!(find(Family::Ridge, "horizon").is_none());
}
