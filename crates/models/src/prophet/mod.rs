//! Prophet: a piecewise trend plus seasonalities, fitted to its exact maximum a posteriori.
//!
//! The model, its scaling and its defaults are those of Python Prophet 1.5.0 (`forecaster.py`, `prophet.stan`); the
//! optimum is found directly (`solver.rs`, and `nonlinear.rs` for multiplicative terms and logistic growth) instead of by Stan.
//!
//! ```text
//! Series ─► Calendar (scaled time, changepoints, features, ZᵀZ) ─► Solver ─► FittedProphet ─► Forecast
//!           kept from the last customer where the timestamps are the same       ▲  │
//!                                                               model.json ─────┘◄─┘
//! ```
//!
//! Regressors, conditions, cap and floor come from the extra columns of the series ([`crate::data::Columns`]) and, for a
//! forecast, from [`crate::data::Covariates`].

mod augurs;
mod calendar;
mod country;
mod curvature;
mod descent;
mod elimination;
mod escape;
mod faults;
mod features;
mod fitted;
mod footprint;
mod forecast;
mod json;
mod lasso;
mod nonlinear;
mod normal_equations;
mod point;
mod posterior;
#[cfg(test)]
mod random_starts;
mod relaxation;
mod scales;
mod search;
mod solver;
mod spec;
mod tangent;
mod terms;
mod versions;
mod warm_start;

pub use augurs::ExactOptimizer;
pub use features::{FittedRegressor, Terms};
pub use fitted::{FitNotes, FittedProphet, HistoryRow};
pub use forecast::Uncertainty;
pub use posterior::Parameters;
pub use solver::LEAST_SIGMA;
pub use spec::{Growth, History, ProphetSpec, Scaling, SeasonalityChoice};
pub use terms::{CountryHolidays, CustomSeasonality, Holiday, Holidays, Mode, Regressor, Seasonality, Standardize};
pub use versions::Tuned;

use crate::{
    data::{CovariateError, Series},
    fit_error::FitError,
    interrupt::Interrupt,
};
use calendar::Calendar;
use fitted::Found;
use nonlinear::NonlinearSolver;
use normal_equations::NormalMatrix;
use posterior::Design;
use scales::Scales;
use solver::{Problem, Solver};

/// Buffers and the last calendar of one worker thread.
#[derive(Debug, Default)]
pub struct Workspace {
    calendar: Option<(ProphetSpec, Calendar)>,
    solver: Solver,
    nonlinear: NonlinearSolver,
    scaled: Vec<f64>,
    caps: Vec<f64>,
    own: Option<(Design, NormalMatrix)>,
}

impl ProphetSpec {
    /// Fits the model to a series and its extra columns.
    ///
    /// # Errors
    /// [`FitError::TooShort`] with fewer than two values, [`FitError::Covariate`] where a column is missing or wrong,
    /// [`FitError::ChangepointOutside`] where a changepoint is not in the history, [`FitError::Interrupted`] where `interrupt` ended the fit, [`FitError::NotFinite`] where the arithmetic overflows.
    pub fn fit(
        &self,
        series: &Series,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedProphet, FitError> {
        self.fit_from(series, None, interrupt, workspace)
    }

    /// The same from an earlier model of the series, which takes fewer steps to the optimum.
    ///
    /// The exact solver of additive models with linear or flat growth ignores it: it needs no starting point.
    ///
    /// # Errors
    /// As [`ProphetSpec::fit`].
    pub fn fit_from(
        &self,
        series: &Series,
        earlier: Option<&FittedProphet>,
        interrupt: Interrupt<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedProphet, FitError> {
        let rows = series.len();
        if rows < 2 {
            return Err(FitError::TooShort { rows });
        }
        let history = series.timestamps[0]..=series.timestamps[rows - 1];
        if let Some(&date) = self.changepoints.iter().flatten().find(|date| !history.contains(date)) {
            return Err(FitError::ChangepointOutside { date });
        }
        let Workspace { calendar, solver, nonlinear, scaled, caps, own } = workspace;
        let ready =
            calendar.as_ref().is_some_and(|(spec, calendar)| spec == self && calendar.timestamps == series.timestamps);
        if !ready {
            *calendar = Some((self.clone(), Calendar::new(&series.timestamps, self)));
        }
        let (_, calendar) = calendar.as_mut().expect("it was filled above");

        let scales = Scales::of(self, series)?;
        scales.scale(&series.values, scaled);
        scales.scale(&scales.caps, caps);
        std::mem::swap(&mut calendar.design.cap, caps);
        let calendar = &*calendar;
        let mut terms = calendar.terms.clone();
        let (design, normal) = if self.columns().next().is_some() {
            let (design, normal) = own.insert(own_design(calendar, &mut terms, series)?);
            (&*design, &*normal)
        } else {
            (&calendar.design, &calendar.normal)
        };

        let mut notes = FitNotes { rows, ..FitNotes::default() };
        let first = series.values[0];
        let parameters = if self.growth != Growth::Logistic && series.values.iter().all(|&y| y == first) {
            notes.constant = true;
            constant(design, scaled[0])
        } else {
            let problem = Problem { design, normal, y: scaled, interrupt };
            let linear = design.is_linear();
            let optimum = if linear {
                solver.solve(&problem)?
            } else {
                let start = earlier
                    .and_then(|earlier| earlier.carry_over(self.growth, calendar, &scales, &terms, &series.timestamps));
                nonlinear.solve(&problem, start.as_ref())?
            };
            notes.log_posterior = Some(optimum.log_posterior);
            notes.perfect_fit = optimum.perfect_fit;
            notes.steps = if linear { 0 } else { nonlinear.steps() };
            let errors = if linear { solver.residuals.iter() } else { nonlinear.residuals.iter() };
            let y_scale = scales.y_scale;
            notes.scores.mae = y_scale * errors.clone().map(|e| e.abs()).sum::<f64>() / rows as f64;
            notes.scores.rmse = y_scale * (errors.map(|e| e * e).sum::<f64>() / rows as f64).sqrt();
            optimum.parameters
        };
        let found = Found { terms, parameters, scales, features: &design.features, notes };
        Ok(FittedProphet::new(self, calendar, series, found))
    }
}

/// A calendar's design with the regressors and conditions of one customer, and its normal equations.
fn own_design(
    calendar: &Calendar,
    terms: &mut Terms,
    series: &Series,
) -> Result<(Design, NormalMatrix), CovariateError> {
    let (dates, covariates) = (&series.timestamps, series.covariates());
    for regressor in &mut terms.regressors {
        let values = covariates.values_at(&regressor.name, dates, None)?;
        regressor.learn_scales(&values);
    }
    let mut design = calendar.design.clone();
    let mut same = vec![true; terms.shared_columns()];
    terms.apply_conditions(dates, covariates, &mut design.features, |columns| same[columns].fill(false))?;
    terms.append_regressors(dates, covariates, &mut design.features)?;
    (design.prior_scales, design.multiplicative) = (terms.prior_scales(), terms.multiplicative());
    let normal = NormalMatrix::with_known(&design, &calendar.normal, |feature| same.get(feature) == Some(&true));
    Ok((design, normal))
}

/// Python Prophet's result for a constant series, without a fit: the line through its first and last value.
fn constant(design: &Design, level: f64) -> Parameters {
    Parameters {
        k: 0.0,
        m: level,
        delta: vec![0.0; design.changepoints.len()],
        beta: vec![0.0; design.prior_scales.len()],
        sigma: LEAST_SIGMA,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::CovariateError,
        forecast_request::{Dates, ForecastRequest},
        interrupt::Interruption,
    };
    use std::{sync::atomic::AtomicBool, time::Instant};

    #[test]
    fn a_fit_ends_early_when_its_time_is_over_or_the_run_is_stopped() {
        let dates: Vec<i64> = (0..40).map(|day| day * 86_400_000).collect();
        let values = (0..40).map(|day| f64::from(day * day % 11)).collect();
        let series = Series { timestamps: dates.clone(), dates, values, ..Series::default() };
        let fit = |interrupt| ProphetSpec::default().fit(&series, interrupt, &mut Workspace::default()).map(|_| ());
        let stop = AtomicBool::new(true);
        assert_eq!(fit(Interrupt::default()), Ok(()));
        assert_eq!(fit(Interrupt { stop: Some(&stop), ..Interrupt::default() }), Err(Interruption::Stopped.into()));
        assert_eq!(
            fit(Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() }),
            Err(Interruption::OutOfTime.into())
        );
        let spec = ProphetSpec { seasonality_mode: Mode::Multiplicative, ..ProphetSpec::default() };
        let fit = |interrupt| spec.fit(&series, interrupt, &mut Workspace::default()).map(|_| ());
        assert_eq!(fit(Interrupt { stop: Some(&stop), ..Interrupt::default() }), Err(Interruption::Stopped.into()));
        assert_eq!(
            fit(Interrupt { deadline: Some(Instant::now()), ..Interrupt::default() }),
            Err(Interruption::OutOfTime.into())
        );
    }

    #[test]
    fn a_forecast_ends_early_when_its_time_is_over_or_the_run_is_stopped() {
        let fitted = ProphetSpec::default()
            .fit(&growing(120), Interrupt::default(), &mut Workspace::default())
            .expect("a series that can be fitted");
        let dates: Vec<i64> = (120..150).map(|day| day * 86_400_000).collect();
        let forecast = |interrupt| {
            let request = ForecastRequest { interrupt, ..ForecastRequest::new(Dates::At(&dates)) };
            fitted.answer(&request).map(|forecast| forecast.yhat.len())
        };
        let stop = AtomicBool::new(true);
        assert_eq!(forecast(Interrupt::NONE), Ok(30));
        for (interrupt, expected) in [
            (Interrupt { stop: Some(&stop), ..Interrupt::NONE }, Interruption::Stopped),
            (Interrupt { deadline: Some(Instant::now()), ..Interrupt::NONE }, Interruption::OutOfTime),
        ] {
            assert_eq!(forecast(interrupt), Err(CovariateError::Interrupted(expected)));
        }
    }

    /// A trend that bends, a week that grows with it, and a noise that repeats itself only after a long time.
    fn growing(days: i64) -> Series {
        let dates: Vec<i64> = (0..days).map(|day| day * 86_400_000).collect();
        let value = |day: i64| {
            let (t, noise) = (day as f64, (day * 7_919 % 101) as f64 / 101.0);
            (10.0 + 0.05 * t + 0.1 * (t - 80.0).max(0.0)) * (1.0 + 0.2 * (t * 0.9).sin()) + noise
        };
        Series { timestamps: dates.clone(), values: (0..days).map(value).collect(), dates, ..Series::default() }
    }

    #[test]
    fn from_an_earlier_model_the_optimum_is_the_same_and_the_way_to_it_shorter() {
        let multiplicative = ProphetSpec { seasonality_mode: Mode::Multiplicative, ..ProphetSpec::default() };
        let logistic = ProphetSpec { growth: Growth::Logistic, cap: Some(80.0), ..ProphetSpec::default() };
        let flat = ProphetSpec { growth: Growth::Flat, ..multiplicative.clone() };
        for spec in [multiplicative, logistic, flat] {
            let mut workspace = Workspace::default();
            let earlier = spec.fit(&growing(200), Interrupt::default(), &mut workspace).unwrap();
            let series = growing(207);
            let anew = spec.fit(&series, Interrupt::default(), &mut workspace).unwrap();
            let warm = spec.fit_from(&series, Some(&earlier), Interrupt::default(), &mut workspace).unwrap();
            let (cold, log_posterior) = (anew.notes.log_posterior.unwrap(), warm.notes.log_posterior.unwrap());
            assert!((cold - log_posterior).abs() < 1e-6 * cold.abs(), "{cold} {log_posterior}");
            // Flat growth has one start and hardly a way to go, three or four steps.
            let shorter = warm.notes.steps < anew.notes.steps || spec.growth == Growth::Flat && warm.notes.steps < 5;
            assert!(shorter, "{} {}", warm.notes.steps, anew.notes.steps);
        }
    }
}
