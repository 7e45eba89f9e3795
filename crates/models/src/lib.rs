//! From one customer's data to a fitted model to a forecast or a prediction.
//!
//! A family of models is a variant of [`ModelSpec`] (what to fit to a series) or [`RegressionSpec`](regression::RegressionSpec)
//! (what to fit to a table of features), and of [`FittedModel`] (what was fitted), with the same verbs for all: fit, forecast
//! or predict, to and from its file.

pub mod baseline;
pub mod data;
mod error;
mod footprint;
pub mod frequency;
pub mod future;
pub mod holidays;
mod parameters;
pub mod patience;
pub mod prophet;
pub mod regression;
pub mod ridge;
pub mod trees;

use crate::data::{Covariates, Feature, Series};
pub use error::{Error, Result};

use baseline::{BaselineSpec, FittedBaseline};
use frequency::Frequency;
use patience::{Interruption, Patience};
use prophet::{CovariateError, FittedProphet, ProphetSpec};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use regression::FittedRegression;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// What to fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "a run has a few of them")]
pub enum ModelSpec {
    /// See [`prophet`].
    Prophet(ProphetSpec),
    /// See [`baseline`].
    Baseline {
        /// Which one.
        baseline: BaselineSpec,
        /// Probability that the forecast's interval should cover.
        interval_width: f64,
        /// No forecast, nor an end of its interval, is below it; in the units of the input.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lower_bound: Option<f64>,
    },
}

/// What was fitted.
#[derive(Clone, Debug, PartialEq)]
pub enum FittedModel {
    /// See [`prophet`].
    Prophet(Box<FittedProphet>),
    /// See [`baseline`].
    Baseline(FittedBaseline),
    /// See [`regression`].
    Regression(Box<FittedRegression>),
}

/// The largest magnitude of a value: sums over a history, and forecasts many times as high, stay finite.
const LARGEST_VALUE: f64 = 1e300;

/// Why a model could not be fitted to a series.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// The model needs more rows.
    #[error("{}", if *rows == 0 { "no row has a value" } else { "only one row has a value: Prophet needs two" })]
    TooShort {
        /// Rows that have a value.
        rows: usize,
    },
    /// The deadline passed.
    #[error("the fit did not end within its time limit; raise customer_time_limit or leave it unset")]
    OutOfTime,
    /// The run is being stopped.
    #[error("the run was stopped")]
    Stopped,
    /// The arithmetic overflowed.
    #[error("the values are too large or too far apart to compute with; scale them")]
    NotFinite,
    /// A further column is missing or wrong.
    #[error(transparent)]
    Covariate(#[from] CovariateError),
    /// A changepoint that was asked for is not within the history.
    #[error("the changepoint {} is not within the history", prophet::civil(*date))]
    ChangepointOutside {
        /// Milliseconds since the epoch.
        date: i64,
    },
}

impl From<Interruption> for FitError {
    fn from(interruption: Interruption) -> Self {
        match interruption {
            Interruption::OutOfTime => Self::OutOfTime,
            Interruption::Stopped => Self::Stopped,
        }
    }
}

/// Buffers of one worker thread, for all families.
#[derive(Debug, Default)]
pub struct Workspace {
    prophet: prophet::Workspace,
    /// For trees.
    pub trees: trees::Scratch,
}

/// A forecast: one value per date in each vector, in the units of the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Milliseconds since the epoch.
    pub dates: Vec<i64>,
    /// The point forecast.
    pub yhat: Vec<f64>,
    /// Lower end of its interval.
    pub yhat_lower: Vec<f64>,
    /// Upper end of its interval.
    pub yhat_upper: Vec<f64>,
    /// The trend.
    pub trend: Vec<f64>,
    /// Lower end of the trend's interval.
    pub trend_lower: Vec<f64>,
    /// Upper end of the trend's interval.
    pub trend_upper: Vec<f64>,
    /// Sum of the additive components.
    pub additive_terms: Vec<f64>,
    /// Sum of the multiplicative components, as a share of the trend: yhat is trend · (1 + it) + `additive_terms`.
    pub multiplicative_terms: Vec<f64>,
    /// Each component by name: additive ones in the units of the input, multiplicative ones as a share of the trend.
    ///
    /// Seasonalities, each holiday, `holidays` for all of them, regressors, `extra_regressors_additive` and
    /// `extra_regressors_multiplicative`. The optimum is one set of parameters, so that a component has no interval.
    pub components: Vec<(String, Vec<f64>)>,
}

impl Forecast {
    /// With no yhat, nor an end of its interval, below a bound; the trend and the components stay what they are.
    fn bounded(mut self, bound: Option<f64>) -> Self {
        if let Some(bound) = bound {
            for y in [&mut self.yhat, &mut self.yhat_lower, &mut self.yhat_upper].into_iter().flatten() {
                *y = y.max(bound);
            }
        }
        self
    }
}

/// How well a model follows the history it was fitted to, in the units of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean absolute error.
    pub mae: f64,
    /// Root mean squared error.
    pub rmse: f64,
}

impl ModelSpec {
    /// The family's name, as in the setting `model`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Prophet(_) => "prophet",
            Self::Baseline { baseline: BaselineSpec::SeasonalNaive, .. } => "seasonal-naive",
            Self::Baseline { baseline: BaselineSpec::Mean, .. } => "mean",
        }
    }

    /// Fits the model to a series whose dates have the given frequency.
    pub fn fit(
        &self,
        series: &Series,
        frequency: Frequency,
        patience: Patience<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedModel, FitError> {
        if series.values.iter().any(|y| y.abs() > LARGEST_VALUE) {
            return Err(FitError::NotFinite);
        }
        match self {
            Self::Prophet(spec) => {
                let fitted = spec.fit(series, patience, &mut workspace.prophet)?;
                Ok(FittedModel::Prophet(Box::new(fitted)))
            }
            Self::Baseline { baseline, interval_width, lower_bound } => baseline
                .fit(series, frequency, *interval_width, *lower_bound)
                .map(FittedModel::Baseline)
                .ok_or(FitError::TooShort { rows: 0 }),
        }
    }
}

impl FittedModel {
    /// The family's name, as in the setting `model`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Prophet(_) => "prophet",
            Self::Baseline(FittedBaseline { model: BaselineSpec::SeasonalNaive, .. }) => "seasonal-naive",
            Self::Baseline(FittedBaseline { model: BaselineSpec::Mean, .. }) => "mean",
            Self::Regression(fitted) => fitted.name(),
        }
    }

    /// Name of the file that holds the model in its artifact.
    #[must_use]
    pub const fn file_name(&self) -> &'static str {
        match self {
            Self::Prophet(_) => "model.json",
            Self::Baseline(_) => "baseline.json",
            Self::Regression(fitted) => fitted.file_name(),
        }
    }

    /// The file's content: for Prophet, the serialisation of Python Prophet; for trees, XGBoost's.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Prophet(fitted) => fitted.to_json(),
            Self::Baseline(fitted) => serde_json::to_vec(fitted).expect("plain data has a JSON form"),
            Self::Regression(fitted) => fitted.to_bytes(),
        }
    }

    /// Reads a file that [`FittedModel::to_bytes`] or, for Prophet, Python or, for trees, XGBoost wrote. `features` are
    /// those of the artifact's metadata, if there are any; see [`FittedRegression::from_file`].
    ///
    /// # Errors
    /// A sentence that says what is wrong with the content.
    pub fn from_file(file_name: &str, content: &[u8], features: Option<Vec<Feature>>) -> Result<Self, String> {
        match file_name {
            "model.json" => Ok(Self::Prophet(Box::new(FittedProphet::from_json(content)?))),
            "baseline.json" => FittedBaseline::from_json(content).map(Self::Baseline),
            FittedRegression::XGBOOST_FILE | FittedRegression::RIDGE_FILE => {
                let fitted = FittedRegression::from_file(file_name, content, features);
                fitted.map(|fitted| Self::Regression(Box::new(fitted))).map_err(|error| error.to_string())
            }
            other => Err(format!("{other:?} is not a model file")),
        }
    }

    /// Errors within the history; none for a model that was read from its file, and none for regression, see
    /// [`regression::Accuracy`].
    #[must_use]
    pub fn scores(&self) -> Scores {
        let (mae, rmse) = match self {
            Self::Prophet(fitted) => (fitted.notes.mean_absolute_error, fitted.notes.root_mean_squared_error),
            Self::Baseline(fitted) => fitted.errors,
            Self::Regression(_) => (0.0, 0.0),
        };
        Scores { mae, rmse }
    }

    /// The next `horizon` dates after the history; none for regression, which knows no dates.
    #[must_use]
    pub fn future_dates(&self, frequency: Frequency, horizon: usize) -> Vec<i64> {
        let last = match self {
            Self::Prophet(fitted) => fitted.last_date(),
            Self::Baseline(fitted) => fitted.last_date,
            Self::Regression(_) => return Vec::new(),
        };
        frequency.after(last, horizon)
    }

    /// Predicts at increasing dates; the same seed gives the same draws. Empty for regression, which predicts rows of features.
    ///
    /// # Errors
    /// Where the covariates lack what [`FittedModel::columns`] names.
    pub fn forecast(
        &self,
        dates: &[i64],
        covariates: Covariates<'_>,
        seed: [u8; 32],
    ) -> Result<Forecast, CovariateError> {
        match self {
            Self::Prophet(fitted) => fitted.forecast(dates, covariates, &mut ChaCha8Rng::from_seed(seed)),
            Self::Baseline(fitted) => Ok(fitted.forecast(dates)),
            Self::Regression(_) => Ok(Forecast::default()),
        }
    }

    /// Names of the columns that a forecast needs at its dates.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Prophet(fitted) => fitted.columns().collect(),
            Self::Baseline(_) | Self::Regression(_) => Vec::new(),
        }
    }

    /// Names of the columns that a forecast looks at: those, and what it knows a usual value of.
    #[must_use]
    pub fn all_columns(&self) -> Vec<&str> {
        match self {
            Self::Prophet(fitted) => fitted.all_columns().collect(),
            Self::Baseline(_) | Self::Regression(_) => Vec::new(),
        }
    }
}

/// The value below which a standard normal falls with probability `p`.
fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The `low` and the `high` quantile of a sample, by linear interpolation between order statistics as
/// `numpy.percentile` has it.
///
/// Reorders the sample.
fn quantiles_in_place(sample: &mut [f64], low: f64, high: f64) -> (f64, f64) {
    let last = (sample.len() - 1) as f64;
    let below = (low * last).floor() as usize;
    let (_, &mut at, above) = sample.select_nth_unstable_by(below, f64::total_cmp);
    let next = above.iter().copied().fold(f64::INFINITY, f64::min);
    let interpolate = |at: f64, next: f64, share: f64| if share > 0.0 { at + share * (next - at) } else { at };
    let lower = interpolate(at, next, low * last - below as f64);

    // The high one is among those above the low one, unless the two share a place.
    let place = (high * last).floor() as usize;
    let upper = if place == below {
        interpolate(at, next, high * last - place as f64)
    } else {
        let (_, &mut at, above) = above.select_nth_unstable_by(place - below - 1, f64::total_cmp);
        let next = above.iter().copied().fold(f64::INFINITY, f64::min);
        interpolate(at, next, high * last - place as f64)
    };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_order_statistics() {
        assert_eq!(quantiles_in_place(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.1, 0.5), (1.4, 3.0));
        assert_eq!(quantiles_in_place(&mut [3.0, 1.0, 2.0, 5.0, 4.0], 0.0, 1.0), (1.0, 5.0));
        assert_eq!(quantiles_in_place(&mut [2.0, 1.0], 0.25, 0.75), (1.25, 1.75));
        assert_eq!(quantiles_in_place(&mut [7.0], 0.1, 0.9), (7.0, 7.0));
    }
}
