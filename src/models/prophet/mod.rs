//! Prophet: a piecewise trend plus seasonalities, fitted to its exact maximum a posteriori.
//!
//! The model, its scaling and its defaults are those of Python Prophet 1.5.0 (`forecaster.py`, `prophet.stan`); the
//! optimum is found directly (`solver.rs`) instead of by Stan.
//!
//! ```text
//! Series ─► Calendar (scaled time, changepoints, features, ZᵀZ) ─► Solver ─► FittedProphet ─► Forecast
//!           kept from the last customer where the timestamps are the same       ▲  │
//!                                                               model.json ─────┘◄─┘
//! ```

mod augurs;
mod calendar;
mod elimination;
mod fitted;
mod forecast;
mod json;
mod lasso;
mod linear_algebra;
mod normal_equations;
mod pandas;
mod posterior;
mod solver;
mod spec;

pub use augurs::ExactOptimizer;
pub use fitted::{FitNotes, FittedProphet, HistoryRow};
pub use posterior::Parameters;
pub use solver::LEAST_SIGMA;
pub use spec::{Growth, History, ProphetSpec, Scaling, Seasonality, SeasonalityChoice};

use super::{FitError, patience::Patience};
use crate::dataset::Series;
use calendar::Calendar;
use solver::{Problem, Solver, Unsolved};

/// Buffers and the last calendar of one worker thread.
#[derive(Debug, Default)]
pub struct Workspace {
    calendar: Option<(ProphetSpec, Calendar)>,
    solver: Solver,
    scaled: Vec<f64>,
}

impl ProphetSpec {
    /// Fits the model to a series.
    ///
    /// # Errors
    /// [`FitError::TooShort`] with fewer than two values, [`FitError::OutOfTime`] and [`FitError::Stopped`] when patience ends,
    /// [`FitError::NotFinite`] where the arithmetic overflows.
    pub fn fit(
        &self,
        series: &Series,
        patience: Patience<'_>,
        workspace: &mut Workspace,
    ) -> Result<FittedProphet, FitError> {
        let rows = series.len();
        if rows < 2 {
            return Err(FitError::TooShort { rows });
        }
        let Workspace { calendar, solver, scaled } = workspace;
        let ready =
            calendar.as_ref().is_some_and(|(spec, calendar)| spec == self && calendar.is_of(&series.timestamps));
        if !ready {
            *calendar = Some((self.clone(), Calendar::new(&series.timestamps, self)));
        }
        let (_, calendar) = calendar.as_ref().expect("it was filled above");

        let (least, most) = series
            .values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), &y| (least.min(y), most.max(y)));
        let (floor, y_scale) = match self.scaling {
            Scaling::Absmax => (0.0, least.abs().max(most.abs())),
            Scaling::Minmax => (least, most - least),
        };
        let y_scale = if y_scale == 0.0 { 1.0 } else { y_scale };
        scaled.clear();
        scaled.extend(series.values.iter().map(|y| (y - floor) / y_scale));

        let mut notes = FitNotes { rows, ..FitNotes::default() };
        let parameters = if least == most {
            notes.constant = true;
            constant(&calendar.design, scaled[0])
        } else {
            let problem = Problem { design: &calendar.design, normal: &calendar.normal, y: scaled, patience };
            let optimum = solver.solve(&problem).map_err(|unsolved| match unsolved {
                Unsolved::Interrupted(interruption) => interruption.into(),
                Unsolved::NotFinite => FitError::NotFinite,
            })?;
            notes.log_posterior = Some(optimum.log_posterior);
            notes.perfect_fit = optimum.perfect_fit;
            let errors = solver.residuals.iter();
            notes.mean_absolute_error = y_scale * errors.clone().map(|e| e.abs()).sum::<f64>() / rows as f64;
            notes.root_mean_squared_error = y_scale * (errors.map(|e| e * e).sum::<f64>() / rows as f64).sqrt();
            optimum.parameters
        };
        Ok(FittedProphet::new(self, calendar, series, parameters, (floor, y_scale), notes))
    }
}

/// What Python Prophet gives a constant series without a fit: the line through its first and last value.
fn constant(design: &posterior::Design, level: f64) -> Parameters {
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
    use std::{sync::atomic::AtomicBool, time::Instant};

    #[test]
    fn a_fit_ends_early_when_its_time_is_over_or_the_run_is_stopped() {
        let dates: Vec<i64> = (0..40).map(|day| day * 86_400_000).collect();
        let values = (0..40).map(|day| f64::from(day * day % 11)).collect();
        let series = Series { timestamps: dates.clone(), dates, values };
        let fit = |patience| ProphetSpec::default().fit(&series, patience, &mut Workspace::default()).map(|_| ());
        let stop = AtomicBool::new(true);
        assert_eq!(fit(Patience::default()), Ok(()));
        assert_eq!(fit(Patience { stop: Some(&stop), deadline: None }), Err(FitError::Stopped));
        assert_eq!(fit(Patience { stop: None, deadline: Some(Instant::now()) }), Err(FitError::OutOfTime));
    }
}
