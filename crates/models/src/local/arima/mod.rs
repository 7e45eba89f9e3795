//! Seasonal ARIMA models with exact likelihood, of a given order or of the one with the least AICc.
//!
//! Box and Jenkins, Time Series Analysis, 1970; Hyndman and Khandakar, Automatic time series forecasting: the forecast package for R,
//! Journal of Statistical Software 27(3), 2008. The search is that of R's `auto.arima` and of statsforecast's `AutoARIMA`.
//!
//! | file | |
//! |---|---|
//! | `mod.rs` | a specification, a fitted model |
//! | `order.rs` | orders |
//! | `difference.rs` | how often a series is differenced |
//! | `search.rs` | the order of least AICc |
//! | `fit.rs` | the maximum of the likelihood of one order |
//! | `start.rs` | where that begins |
//! | `likelihood.rs` | the likelihood, at several points at once |
//! | `polynomial.rs` | polynomials in the backward shift |
//! | `future.rs` | forecasts and their variances |
//!
//! Of more than 20,000 values the last ones count. A season of more than 60 steps is ignored, and one that the series has not more than twice is not differenced. Where the search
//! finds no model, as in very short series, the differenced values have errors and perhaps a mean, and no more.

mod difference;
mod fit;
mod future;
mod likelihood;
mod order;
mod polynomial;
mod search;
mod start;
#[cfg(test)]
mod tests;

pub use order::Order;

use super::mstl;
use crate::{Error, Result, fit_error::FitError, footprint, forecast::Scores, interrupt::Interrupt};
use fit::{Effort, Estimate};
use likelihood::Arma;
use order::{MOST_DIFFERENCES, MOST_LAGS};
use search::{Stepwise, penalty};
use serde::{Deserialize, Serialize};

/// The longest season that is modelled.
const LONGEST_SEASON: usize = 60;

/// The most values: a fit takes a few hundred bytes for each, and a time in proportion to them.
const MOST_VALUES: usize = 20_000;

/// So few values are not tested for a unit root.
const SHORTEST_TEST: usize = 3;

/// The fit of a given order ends when the next step promises to lower the sum by less than this share.
const TOLERANCE: f64 = 1e-10;

/// ARIMA, unfitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ArimaSpec {
    /// p, d and q; with neither order the best ones are looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<[usize; 3]>,
    /// P, D and Q.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seasonal_order: Option<[usize; 3]>,
}

/// Fitted ARIMA: its coefficients, and what forecasts begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedArima {
    /// The order.
    pub order: Order,
    /// φ, from lag 1 on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ar: Vec<f64>,
    /// θ, from lag 1 on: errors are added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ma: Vec<f64>,
    /// Φ, from the lag of one season on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasonal_ar: Vec<f64>,
    /// Θ, from the lag of one season on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasonal_ma: Vec<f64>,
    /// Mean of the differenced values: a constant, or what they drift in a step or a season.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mean: f64,
    /// Standard deviation of the errors.
    pub sigma: f64,
    /// What the next differenced value is expected to be beside the mean, and what later ones take from the past.
    pub state: Vec<f64>,
    /// The last values, as many as differencing takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<f64>,
    /// The corrected Akaike criterion; none where the values are too few for it, or equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aicc: Option<f64>,
    /// The logarithm of the likelihood of the differenced values.
    #[serde(skip)]
    pub log_likelihood: f64,
    /// In-sample one-step errors of the differenced values.
    #[serde(skip)]
    pub scores: Scores,
}

/// Buffers that are reused from fit to fit.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    fit: fit::Workspace,
    mstl: mstl::Scratch,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

impl ArimaSpec {
    /// As in the setting `model`.
    pub(crate) const NAME: &str = "arima";

    /// Whether an order is one that can be fitted: three numbers of at most 10, the second of at most 2.
    #[must_use]
    pub fn allows([p, d, q]: [usize; 3]) -> bool {
        p.max(q) <= MOST_LAGS && d <= MOST_DIFFERENCES
    }

    /// Fits a series of at least one value; `season` is the length of the season in steps, 1 for none.
    ///
    /// # Errors
    /// [`FitError::TooShort`] without values, [`FitError::TooFewSteps`] and [`FitError::Unsuitable`] for the order, [`FitError::NotFinite`],
    /// [`FitError::Interrupted`].
    pub(super) fn fit(
        self,
        values: &[f64],
        season: usize,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedArima, FitError> {
        if values.is_empty() {
            return Err(FitError::TooShort { rows: 0 });
        }
        let values = &values[values.len().saturating_sub(MOST_VALUES)..];
        let largest = values.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        if !largest.is_finite() {
            return Err(FitError::NotFinite);
        }
        // A power of two changes no digit.
        let exponent = if largest > 0.0 { libm::ilogb(largest) } else { 0 };
        workspace.fit.values.clear();
        workspace.fit.values.extend(values.iter().map(|y| libm::scalbn(*y, -exponent)));
        if ![self.order, self.seasonal_order].into_iter().flatten().all(Self::allows) {
            return Err(FitError::Unsuitable(format!(
                "an order of ARIMA has at most {MOST_LAGS} lags and {MOST_DIFFERENCES} differences"
            )));
        }
        let period = if season <= LONGEST_SEASON { season.max(1) } else { 1 };
        let estimate = match self.given(period) {
            Some(order) => workspace.given(order, interrupt)?,
            None => workspace.automatic(period, interrupt)?,
        };
        Ok(FittedArima::new(&estimate, &mut workspace.fit, interrupt)?.scaled(exponent, values.len()))
    }

    /// The order that was asked for.
    fn given(self, period: usize) -> Option<Order> {
        if self.order.is_none() && self.seasonal_order.is_none() {
            return None;
        }
        let [p, d, q] = self.order.unwrap_or_default();
        let [seasonal_p, seasonal_d, seasonal_q] =
            if period > 1 { self.seasonal_order.unwrap_or_default() } else { [0; 3] };
        Some(Order { p, d, q, seasonal_p, seasonal_d, seasonal_q, period, constant: d + seasonal_d == 0 })
    }
}

impl Workspace {
    /// A given order.
    fn given(&mut self, order: Order, interrupt: Interrupt<'_>) -> Result<Estimate, FitError> {
        let needed = order.lost() + order.parameters() + 3;
        if self.fit.values.len() < needed {
            return Err(FitError::TooFewSteps { model: ArimaSpec::NAME, needed, steps: self.fit.values.len() });
        }
        self.differentiate(&order);
        self.fit
            .estimate(order, Effort::Thorough, None, TOLERANCE, f64::INFINITY, interrupt)?
            .ok_or(FitError::NotFinite)
    }

    /// The order of least AICc.
    fn automatic(&mut self, period: usize, interrupt: Interrupt<'_>) -> Result<Estimate, FitError> {
        let mut order = Order { period, ..Order::default() };
        let varies = !difference::is_constant(&self.fit.values);
        if varies && period > 1 && difference::is_seasonal(&self.fit.values, period, interrupt, &mut self.mstl)? {
            order.seasonal_d = 1;
        }
        self.differentiate(&order);
        while order.d < MOST_DIFFERENCES
            && self.fit.differenced.len() > SHORTEST_TEST
            && !difference::is_constant(&self.fit.differenced)
            && difference::has_unit_root(&self.fit.differenced)
        {
            order.d += 1;
            self.differentiate(&order);
        }
        if !difference::is_constant(&self.fit.differenced) {
            let rows = self.fit.values.len();
            if let Some(found) = Stepwise::new(&mut self.fit, order, rows, interrupt).run()? {
                return Ok(found);
            }
        }
        // Equal differences, or too few: they have a mean and errors.
        order.constant = order.d + order.seasonal_d <= 1;
        self.fit
            .estimate(order, Effort::Thorough, None, TOLERANCE, f64::INFINITY, interrupt)?
            .ok_or(FitError::NotFinite)
    }

    fn differentiate(&mut self, order: &Order) {
        difference::difference(&self.fit.values, order, &mut self.fit.differenced);
        self.fit.prepared = None;
    }
}

impl FittedArima {
    fn new(estimate: &Estimate, workspace: &mut fit::Workspace, interrupt: Interrupt<'_>) -> Result<Self, FitError> {
        let order = estimate.order;
        let mut arma = Arma::default();
        fit::expand(&order, &estimate.variables, &mut arma);
        let rows = workspace.differenced.len();
        let tail = workspace.values[workspace.values.len() - order.lost()..].to_vec();
        let (n, k) = (rows as f64, order.parameters() as f64);
        let filter = workspace.filter(&arma, interrupt)?;
        let squares: f64 = filter.residuals.iter().map(|[residual]| residual * residual).sum();
        let absolute: f64 = filter.residuals.iter().map(|[residual]| residual.abs()).sum();
        let state = filter.state().iter().map(|[element]| *element).collect();
        let sum = n * libm::log(estimate.sum.max(n * 1e-30));
        let [ar, seasonal_ar, ma, seasonal_ma] = fit::coefficients(&order, &estimate.variables);
        Ok(Self {
            order,
            ar,
            ma,
            seasonal_ar,
            seasonal_ma,
            mean: arma.mean,
            // As many degrees of freedom as R's `auto.arima` counts.
            sigma: (squares / (n - k).max(1.0)).sqrt(),
            state,
            tail,
            aicc: penalty(&order, rows)
                .filter(|_| squares > 0.0)
                .map(|penalty| sum + n * (1.0 + libm::log(std::f64::consts::TAU / n)) + penalty),
            log_likelihood: -0.5 * (sum + n * (1.0 + libm::log(std::f64::consts::TAU / n))),
            scores: Scores { mae: absolute / n, rmse: (squares / n).sqrt() },
        })
    }

    /// The fit to values 2^exponent times as large.
    fn scaled(mut self, exponent: i32, rows: usize) -> Self {
        let scale = |x: &mut f64| *x = libm::scalbn(*x, exponent);
        self.state.iter_mut().chain(&mut self.tail).for_each(scale);
        let Self { mean, sigma, scores, .. } = &mut self;
        [mean, sigma, &mut scores.mae, &mut scores.rmse].into_iter().for_each(scale);
        let shift = (rows - self.order.lost()) as f64 * std::f64::consts::LN_2 * f64::from(exponent);
        self.log_likelihood -= shift;
        self.aicc = self.aicc.map(|aicc| aicc + 2.0 * shift);
        self
    }

    /// Checks what a file says.
    pub(super) fn check(&self) -> Result<()> {
        let order = &self.order;
        let parts = [&self.ar, &self.seasonal_ar, &self.ma, &self.seasonal_ma];
        let lengths = parts.map(Vec::len);
        let fault = if order.parts().iter().any(|lags| *lags > MOST_LAGS) {
            format!("an order has more than {MOST_LAGS} lags")
        } else if order.d > MOST_DIFFERENCES || order.seasonal_d > MOST_DIFFERENCES {
            format!("an order has more than {MOST_DIFFERENCES} differences")
        } else if !(1..=LONGEST_SEASON).contains(&order.period) {
            format!("period is {}: it is from 1 to {LONGEST_SEASON}", order.period)
        } else if lengths != order.parts() {
            format!("there are {lengths:?} coefficients, and the order has {:?}", order.parts())
        } else if self.tail.len() != order.lost() {
            format!("tail has {} values, and differencing takes {}", self.tail.len(), order.lost())
        } else if self.state.len() != order.state() {
            format!("state has {} values, and the order has {}", self.state.len(), order.state())
        } else if self.sigma.is_nan() || self.sigma < 0.0 {
            format!("sigma is {}: a standard deviation is not negative", self.sigma)
        } else {
            return Ok(());
        };
        Err(Error::Data(fault))
    }

    /// Bytes on the heap, with those of a box around it.
    pub(super) fn footprint(&self) -> usize {
        let parts = [&self.ar, &self.seasonal_ar, &self.ma, &self.seasonal_ma, &self.state, &self.tail];
        size_of::<Self>() + parts.into_iter().map(footprint::of_vec).sum::<usize>()
    }
}
