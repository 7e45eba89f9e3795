//! From text to checked settings, once, with all faults in one message.
//!
//! | module | one idea |
//! |---|---|
//! | `task` | what a run does with each customer: forecast a series, or fit a regression model to a table |
//! | `forecast`, `prophet` | the settings of forecasts, and of Prophet |
//! | `terms` | regressors and seasonalities as the text of one setting |
//! | `holidays` | holidays from tables, and of countries |
//! | `recipe` | what differs by customer |
//! | `unmatched` | names in those tables that match nobody |
//! | `regression` | the settings of regression models and of their input |
//! | `text` | settings as text, taken one by one |
//! | `limits` | how many customers may fail |
//!
//! Names and defaults are Prophet's, XGBoost's and scikit-learn's where they have them; `-` and `_` are the same.
//! README.md has the table.

mod forecast;
mod holidays;
mod limits;
mod prophet;
mod recipe;
mod regression;
mod task;
mod terms;
mod text;
mod unmatched;

pub use forecast::ForecastTask;
pub use limits::MaxFailures;
pub use recipe::Recipe;
pub use regression::RegressionTask;
pub use task::Task;

use crate::{
    artifact::{NameTemplate, hex},
    error::{Error, Result},
    input::InputSettings,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, time::Duration};
use text::Text;

/// The name under which a setting is known here: `-` is `_`, and some have a second name.
#[must_use]
pub fn canonical_name(name: &str) -> String {
    match name.trim().replace('-', "_").as_str() {
        "prediction_length" => "horizon".into(),
        other => other.into(),
    }
}

/// Checked settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What to do with each customer.
    pub task: Task,
    /// What is said about the input.
    pub input: InputSettings,
    /// Seed of everything random.
    pub seed: u64,
    /// How artifacts are named.
    pub artifact_name: NameTemplate,
    /// The user's version of the fleet's models.
    pub version: Option<String>,
    /// Failed customers above which the run fails.
    pub max_failures: MaxFailures,
    /// The longest that one customer's fit may take.
    pub customer_time_limit: Option<Duration>,
    /// Whether each artifact is flushed to the disk before it counts.
    pub fsync: bool,
}

impl Settings {
    /// Checks settings as text, names in any spelling, and reads the tables that they name.
    ///
    /// # Errors
    /// [`Error::Settings`] with every fault on a line of its own; [`Error::Data`] for a table that cannot be used.
    pub fn from_text(given: &BTreeMap<String, String>) -> Result<Self> {
        let mut text = Text::new(given);
        let mut settings = Self::read(&mut text);
        match text.into_faults(|name| settings.task.stranger(name)).as_slice() {
            [] => settings.read_tables(given).map(|()| settings),
            [fault] => Err(Error::Settings(format!("setting {fault}"))),
            faults => Err(Error::Settings(format!(
                "{} settings cannot be followed:\n  {}",
                faults.len(),
                faults.join("\n  ")
            ))),
        }
    }

    fn read(text: &mut Text<'_>) -> Self {
        let has_version = text.is_given("version");
        let version = text.optional("version", |text| {
            if text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) && !text.starts_with(['.', '_']) {
                Ok(text.to_owned())
            } else {
                Err("use letters, digits, dots, dashes and underscores".into())
            }
        });
        let seed = text.value("seed", 0, |text| text::integer(text, 0..=usize::MAX).map(|seed| seed as u64));
        let mut input = InputSettings {
            timestamp: text.optional("timestamp", |text| Ok(text.to_owned())),
            target: text.optional("target", |text| Ok(text.to_owned())),
            customer: text.optional("customer", |text| Ok(text.to_owned())),
            ..InputSettings::default()
        };
        Self {
            task: Task::read(text, seed, &mut input),
            input,
            seed,
            artifact_name: text
                .value("artifact_name", NameTemplate::default(), |text| NameTemplate::new(text, has_version)),
            version,
            max_failures: text.value("max_failures", MaxFailures::default(), str::parse),
            customer_time_limit: text.optional("customer_time_limit", |text| {
                text::number(text, |seconds| seconds > 0.0 && seconds < 1e9, "use seconds, more than 0")
                    .map(Duration::from_secs_f64)
            }),
            fsync: text.value("fsync", false, text::boolean),
        }
    }

    /// The canonical text of everything that shapes an artifact, for its fingerprint.
    #[must_use]
    pub fn shape(&self) -> String {
        let version = self.version.as_ref();
        match &self.task {
            Task::Forecast(task) => {
                let ForecastTask { model, fallback, frequency, .. } = &**task;
                let frequency = frequency.map(|frequency| frequency.to_string());
                match task.country_shape() {
                    None => serde_json::to_string(&(model, fallback, frequency, version)),
                    countries => serde_json::to_string(&(model, fallback, frequency, version, countries)),
                }
            }
            Task::Regression(task) => {
                let RegressionTask { model, fallback, validation_fraction } = &**task;
                // The seed of a model is among its parameters.
                let split = (*validation_fraction > 0.0).then_some((validation_fraction, self.seed));
                serde_json::to_string(&(model, fallback, split, version))
            }
        }
        .map(short)
        .expect("plain data has a JSON form")
    }
}

/// A text of any length as a short one: a table of holidays would be hashed again with every customer's rows.
fn short(text: String) -> String {
    if text.len() > 4096 { hex(&Sha256::digest(text)) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manyfit_models::{
        ModelFormat, RowsSpec, SeriesSpec,
        prophet::{ProphetSpec, SeasonalityChoice},
        ridge::RidgeParams,
        trees::{MaxFeatures, Objective},
    };

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings> {
        Settings::from_text(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn nothing_said_means_prophets_defaults() {
        let settings = settings(&[]).unwrap();
        let Task::Forecast(task) = settings.task else { panic!("it is a forecast") };
        assert_eq!(task.model, SeriesSpec::Prophet(ProphetSpec::default()));
        assert_eq!((task.horizon, settings.seed), (0, 0));
        assert!(task.fallback.is_some());
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
            "use one of linear, flat, logistic",
            "cap belongs to logistic growth",
            "regressors",
            "\"both\" is no mode",
            "no holidays are known for \"Atlantis\"; the countries are AD, ",
            "interval_width",
            "between 0 and 1",
            "mcmc_samples",
            "n_changepoints",
            "duplicates",
            "\"multiplied\" is no mode",
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
        for other in
            [("growth", "flat"), ("fallback", "none"), ("version", "v2"), ("history", "full"), ("frequency", "D")]
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
        let RowsSpec::GradientBoosting { params, format } = task.model else { panic!("it is boosting") };
        assert_eq!((params.num_round, params.max_depth, params.eta, params.seed), (25, 5, 0.2, 7));
        assert_eq!((params.gamma, params.objective, format), (4.0, Objective::SquaredError, ModelFormat::Json));
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
        let RowsSpec::RandomForest { params, format } = task.model else { panic!("it is a forest") };
        assert_eq!(
            (params.n_estimators, params.max_features, format),
            (20, MaxFeatures::Fraction(1.0), ModelFormat::Ubj)
        );
        let (task, settings) =
            regression(&[("model", "ridge"), ("alpha", "0.5"), ("features", r#"["a, b", "c"]"#), ("header", "yes")]);
        assert_eq!(task.model, RowsSpec::Ridge(RidgeParams { alpha: 0.5, fit_intercept: true }));
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
            "growth: \"flat\": it belongs to model=prophet, and the model is gradient-boosting",
            "horizon: \"7\": it belongs to model=prophet",
            "min_samples_leaf: \"3\": it belongs to model=random-forest",
            "fit_intercept: \"true\": it belongs to model=ridge",
            "max_dept: no such setting; did you mean max_depth?",
            "eta=fast",
            "learning_rate: \"0.5\": means the same as eta, which is \"fast\"",
            "booster=dart is not supported, only booster=gbtree",
            "num_round=0",
            "names \"a\" twice",
            "use one of ridge, none",
            "duplicates: \"sum\": it belongs to model=prophet",
        ] {
            assert!(message.contains(part), "{part:?} is missing in:\n{message}");
        }
        assert_eq!(message.lines().count(), 1 + 12, "{message}");
        let message = settings(&[("max_depth", "3"), ("features", "a"), ("alpha", "1")]).unwrap_err().to_string();
        for part in [
            "max_depth: \"3\": it belongs to model=gradient-boosting or random-forest, and the model is prophet",
            "features: \"a\": it belongs to model=gradient-boosting or random-forest or ridge",
            "alpha: \"1\": it belongs to model=gradient-boosting or ridge",
        ] {
            assert!(message.contains(part), "{part:?} is missing in:\n{message}");
        }
    }

    #[test]
    fn only_what_shapes_a_regression_model_is_in_its_shape() {
        let shape =
            |more: &[(&str, &str)]| settings(&[&[("model", "gradient-boosting")], more].concat()).unwrap().shape();
        let base = shape(&[]);
        for same in
            [("features", "a"), ("target", "y"), ("max_failures", "1"), ("eta", "0.3"), ("learning_rate", "0.3")]
        {
            assert_eq!(shape(&[same]), base, "{same:?}");
        }
        for other in [
            ("eta", "0.2"),
            ("seed", "1"),
            ("model_format", "ubj"),
            ("validation_fraction", "0.1"),
            ("fallback", "none"),
        ] {
            assert_ne!(shape(&[other]), base, "{other:?}");
        }
    }
}
