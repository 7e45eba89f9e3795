//! From text to checked settings, once, with all faults in one message.
//!
//! Names and defaults are Prophet's where Prophet has them; `-` and `_` are the same. README.md has the table.

mod limits;
mod text;

pub use limits::MaxFailures;

use crate::{
    artifact::NameTemplate,
    error::{Error, Result},
    input::{Duplicates, InputSettings},
    models::{
        ModelSpec,
        baseline::BaselineSpec,
        frequency::Frequency,
        prophet::{Growth, History, ProphetSpec, Scaling, SeasonalityChoice},
    },
};
use std::{collections::BTreeMap, time::Duration};
use text::Text;

/// Settings of other tools that are known and not followed, with the reason.
const REFUSED: &[(&[&str], &str)] = &[
    (&["holidays", "country_holidays", "holidays_prior_scale", "holidays_mode"], "holidays are not supported yet"),
    (&["regressors", "extra_regressors"], "extra regressors are not supported yet"),
    (&["cap", "floor"], "they belong to logistic growth, which is not supported yet"),
    (&["changepoints"], "explicit changepoints are not supported yet; n_changepoints and changepoint_range are"),
    (&["stan_backend"], "there is no Stan here"),
];

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
    /// What to fit.
    pub model: ModelSpec,
    /// What to fit where that cannot be fitted; none to let the customer fail.
    pub fallback: Option<ModelSpec>,
    /// What is said about the input.
    pub input: InputSettings,
    /// Spacing of the dates; none to infer it for each customer.
    pub frequency: Option<Frequency>,
    /// Steps to forecast; 0 for no forecasts.
    pub horizon: usize,
    /// Whether the forecasts begin with the history.
    pub include_history: bool,
    /// Seed of the forecasts' intervals.
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
    /// Checks settings as text, names in any spelling.
    ///
    /// # Errors
    /// [`Error::Settings`] with every fault on a line of its own.
    pub fn from_text(settings: &BTreeMap<String, String>) -> Result<Self> {
        let mut text = Text::new(settings);
        let settings = Self::read(&mut text);
        for (names, reason) in REFUSED {
            for name in *names {
                text.refuse(name, reason);
            }
        }
        match text.into_faults().as_slice() {
            [] => Ok(settings),
            [fault] => Err(Error::Settings(format!("setting {fault}"))),
            faults => Err(Error::Settings(format!(
                "{} settings cannot be followed:\n  {}",
                faults.len(),
                faults.join("\n  ")
            ))),
        }
    }

    fn read(text: &mut Text<'_>) -> Self {
        let prophet = prophet(text);
        let baseline = |baseline| ModelSpec::Baseline { baseline, interval_width: prophet.interval_width };
        let model = text.choice(
            "model",
            &[
                ("prophet", ModelSpec::Prophet(prophet.clone())),
                ("seasonal-naive", baseline(BaselineSpec::SeasonalNaive)),
                ("mean", baseline(BaselineSpec::Mean)),
            ],
        );
        let fallback = text.choice(
            "fallback",
            &[
                ("seasonal-naive", Some(baseline(BaselineSpec::SeasonalNaive))),
                ("mean", Some(baseline(BaselineSpec::Mean))),
                ("none", None),
            ],
        );
        let has_version = text.is_given("version");
        let version = text.optional("version", |text| {
            if text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)) && !text.starts_with(['.', '_']) {
                Ok(text.to_owned())
            } else {
                Err("use letters, digits, dots, dashes and underscores".into())
            }
        });
        let input = InputSettings {
            timestamp: text.optional("timestamp", |text| Ok(text.to_owned())),
            target: text.optional("target", |text| Ok(text.to_owned())),
            customer: text.optional("customer", |text| Ok(text.to_owned())),
            duplicates: text.value("duplicates", Duplicates::Error, str::parse),
        };
        Self {
            model,
            fallback,
            input,
            frequency: text.optional("frequency", str::parse),
            horizon: text.value("horizon", 0, |text| text::integer(text, 0..=100_000)),
            include_history: text.value("include_history", false, text::boolean),
            seed: text.value("seed", 0, |text| text::integer(text, 0..=usize::MAX).map(|seed| seed as u64)),
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
        let Self { model, fallback, frequency, version, .. } = self;
        let frequency = frequency.map(|frequency| frequency.to_string());
        serde_json::to_string(&(model, fallback, frequency, version)).expect("plain data has a JSON form")
    }
}

fn prophet(text: &mut Text<'_>) -> ProphetSpec {
    let default = ProphetSpec::default();
    // Beyond these bounds a prior says nothing or leaves nothing, and its precision is lost to rounding.
    let scale = |text: &str| text::number(text, |x| (1e-9..=1e9).contains(&x), "use a number from 1e-9 to 1e9");
    let share = |text: &str| text::number(text, |x| x > 0.0 && x < 1.0, "use a number between 0 and 1");
    text.only("mcmc_samples", "0", "manyfit finds the optimum of the posterior and does not sample it");
    text.only("seasonality_mode", "additive", "multiplicative seasonality is not supported yet");
    if text.is("growth", "logistic") {
        text.refuse("growth", "logistic growth is not supported yet; linear and flat are");
    }
    ProphetSpec {
        growth: text.choice("growth", &[("linear", Growth::Linear), ("flat", Growth::Flat)]),
        n_changepoints: text.value("n_changepoints", default.n_changepoints, |text| text::integer(text, 0..=1_000)),
        changepoint_range: text.value("changepoint_range", default.changepoint_range, |text| {
            text::number(text, |x| (0.0..=1.0).contains(&x), "use a number from 0 to 1")
        }),
        changepoint_prior_scale: text.value("changepoint_prior_scale", default.changepoint_prior_scale, scale),
        yearly_seasonality: text.value("yearly_seasonality", SeasonalityChoice::Auto, seasonality),
        weekly_seasonality: text.value("weekly_seasonality", SeasonalityChoice::Auto, seasonality),
        daily_seasonality: text.value("daily_seasonality", SeasonalityChoice::Auto, seasonality),
        seasonality_prior_scale: text.value("seasonality_prior_scale", default.seasonality_prior_scale, scale),
        scaling: text.choice("scaling", &[("absmax", Scaling::Absmax), ("minmax", Scaling::Minmax)]),
        interval_width: text.value("interval_width", default.interval_width, share),
        uncertainty_samples: text
            .value("uncertainty_samples", default.uncertainty_samples, |text| text::integer(text, 0..=1_000_000)),
        history: text.choice("history", &[("tail", History::Tail), ("full", History::Full)]),
        ..default
    }
}

fn seasonality(text: &str) -> Result<SeasonalityChoice, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(SeasonalityChoice::Auto);
    }
    // As in Python, 1 is an order, and 0 is none.
    match (text::integer(text, 0..=100), text::boolean(text)) {
        (Ok(0), _) | (Err(_), Ok(false)) => Ok(SeasonalityChoice::Off),
        (Ok(order), _) => Ok(SeasonalityChoice::Order(order)),
        (_, Ok(true)) => Ok(SeasonalityChoice::On),
        _ => Err("use auto, true, false or a Fourier order from 1 to 100".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings> {
        Settings::from_text(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn nothing_said_means_prophets_defaults() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.model, ModelSpec::Prophet(ProphetSpec::default()));
        assert_eq!((settings.horizon, settings.seed), (0, 0));
        assert!(settings.fallback.is_some());
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
        assert_eq!(settings.horizon, 7);
        let ModelSpec::Prophet(prophet) = settings.model else { panic!("it is Prophet") };
        assert_eq!(prophet.yearly_seasonality, SeasonalityChoice::On);
        assert_eq!(prophet.weekly_seasonality, SeasonalityChoice::Order(6));
        assert_eq!(prophet.daily_seasonality, SeasonalityChoice::Off);
    }

    #[test]
    fn all_faults_are_in_one_message() {
        let message = settings(&[
            ("hotizon", "7"),
            ("growth", "logistic"),
            ("interval_width", "80"),
            ("mcmc-samples", "300"),
            ("n_changepoints", "-1"),
            ("duplicates", "median"),
            ("seasonality_mode", "multiplicative"),
        ])
        .unwrap_err()
        .to_string();
        for part in [
            "hotizon: no such setting; did you mean horizon?",
            "growth",
            "logistic growth is not supported yet",
            "interval_width",
            "between 0 and 1",
            "mcmc_samples",
            "n_changepoints",
            "duplicates",
            "multiplicative seasonality is not supported yet",
        ] {
            assert!(message.contains(part), "{part:?} is missing in:\n{message}");
        }
        assert_eq!(message.lines().count(), 1 + 7, "{message}");
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
}
