//! From an optimum to a better one that no descent reaches: what is tried before the best optimum is believed.
//!
//! Three things keep a descent in the wrong optimum, each with a test of its own:
//!
//! 1. **The noise.** With less of it the trend may bend more, which may pay together although no single bend does; or the other
//!    way round. The model that is tangent at the optimum shows every noise at which it has an optimum. Where it could follow
//!    the series much more closely, the noise is also lowered step by step, and the trend with it.
//! 2. **The prior of the offset** of logistic growth, m = −c/k: it is a wall at k = 0, and the better optimum may be behind it.
//! 3. **A series around zero**: terms that multiply a trend near zero say little there, and the tangent model shows nothing.
//!    The noise is raised step by step, too.

use super::{
    descent::objective,
    point::{Point, Start},
    search::{Best, Search},
    solver::{INTERPOLATING, Problem, best_variance},
    spec::Growth,
    tangent,
};
use crate::fit_error::FitError;

/// So many better optima are followed one after the other.
const MOST_ESCAPES: usize = 5;

/// An optimum of the tangent model with a noise this near, as the logarithm of a ratio, is the present one.
const NEAR: f64 = 0.02;

/// The noise is lowered step by step where least squares of the tangent model leave less than this share of u.
const WORTHWHILE: f64 = 0.5;

/// By how much u falls or rises at each step, at most how often, and with how many steps of the search each time.
const CHANGE: f64 = 0.6;
const MOST_CHANGES: usize = 30;
const STEPS_PER_CHANGE: usize = 2;
const LEAST_GAIN_PER_CHANGE: f64 = 0.1;

/// The other side of k = 0 is tried where |k| costs less than this, in units of log p, as a bend of the trend.
const DEAREST_SIDE: f64 = 200.0;

/// On the other side the search begins at this offset m, with at least this slope, and with u so many times that of the optimum.
const OFFSET_BEHIND: f64 = 5.0;
const LEAST_SLOPE: f64 = 1e-3;
const NOISE_BEHIND: f64 = 2.0;

impl Search {
    /// Looks for better optima from the best one, and goes on from each that it finds.
    pub(super) fn escape(&mut self, problem: &Problem<'_>) -> Result<(), FitError> {
        for _ in 0..MOST_ESCAPES {
            let Some(from) = self.best.clone() else { break };
            let variance = self.variance_at(problem, &from.point);
            // Where the trend cannot bend there is nothing to find, nor where the model goes through every row.
            if problem.normal.ramps == 0 || variance < INTERPOLATING * INTERPOLATING {
                break;
            }
            self.escape_from(problem, &from, variance)?;
            if !self.has_passed(&from) {
                break;
            }
        }
        Ok(())
    }

    /// The same once: until one of the tests finds a better optimum.
    fn escape_from(&mut self, problem: &Problem<'_>, from: &Best, variance: f64) -> Result<(), FitError> {
        self.descent.point.clone_from(&from.point);
        let valleys = tangent::at_point(&mut self.descent, problem, variance, &mut self.additive)?;
        for other in valleys.variances.into_iter().filter(|other| (other / variance).ln().abs() > NEAR) {
            self.descend_from(problem, Start { point: from.point.clone(), variance: other })?;
        }
        if !self.has_passed(from) {
            self.try_other_side(problem, from, variance)?;
        }
        if !self.has_passed(from) && valleys.lowest < WORTHWHILE * variance {
            let least = (0.5 * valleys.lowest).max(1e-4 * variance);
            self.change_noise(problem, from, variance, CHANGE, |variance, _| variance < least)?;
        }
        if !self.has_passed(from) && is_around_zero(problem) {
            let is_straight = |_, point: &Point| point.delta.iter().all(|x| *x == 0.0);
            self.change_noise(problem, from, variance, 1.0 / CHANGE, is_straight)?;
        }
        Ok(())
    }

    /// Goes down from the other side of k = 0, where a bend of the trend can make up for it.
    fn try_other_side(&mut self, problem: &Problem<'_>, from: &Best, variance: f64) -> Result<(), FitError> {
        let [slope, level, ..] = from.point.free[..] else { return Ok(()) };
        let cost = slope.abs() / problem.design.changepoint_prior_scale;
        if problem.design.growth != Growth::Logistic || cost > DEAREST_SIDE {
            return Ok(());
        }
        let mut point = from.point.clone();
        point.free[0] = -slope.signum() * (level.abs() / OFFSET_BEHIND).max(LEAST_SLOPE);
        self.descend_from(problem, Start { point, variance: NOISE_BEHIND * variance })
    }

    /// Follows the optimum for a noise that changes step by step until it `is_over`, and goes down wherever that leads to
    /// another one.
    fn change_noise(
        &mut self,
        problem: &Problem<'_>,
        from: &Best,
        mut variance: f64,
        change: f64,
        is_over: impl Fn(f64, &Point) -> bool,
    ) -> Result<(), FitError> {
        let (mut before, mut point) = (from.objective, from.point.clone());
        for _ in 0..MOST_CHANGES {
            if is_over(variance, &point) {
                break;
            }
            variance *= change;
            self.descent.point = point;
            self.descent.held = Some(variance);
            self.descent.descend(problem, LEAST_GAIN_PER_CHANGE, STEPS_PER_CHANGE, None)?;
            point = self.descent.point.clone();
            let sse = self.descent.place(problem, &point);
            let left = best_variance(problem.y.len() as f64, sse);
            let here = objective(problem, &point, sse, left);
            // Beyond an optimum the noise that is best for the point lies further on; in another valley φ falls.
            let is_beyond = if change < 1.0 { left < variance } else { left > variance };
            if is_beyond || here < before {
                self.descend(problem, None)?;
            }
            if is_beyond {
                let found = self.variance(problem);
                variance = if change < 1.0 { variance.min(found) } else { variance.max(found) };
            }
            before = here;
        }
        Ok(())
    }
}

/// Whether terms multiply the trend of a series that is above zero as well as below.
pub(super) fn is_around_zero(problem: &Problem<'_>) -> bool {
    let (multiplicative, y) = (&problem.design.multiplicative, problem.y);
    multiplicative.contains(&true) && y.iter().any(|y| *y < 0.0) && y.iter().any(|y| *y > 0.0)
}

#[cfg(test)]
mod tests {
    use crate::{
        data::Series,
        interrupt::Interrupt,
        prophet::{ProphetSpec, Workspace},
    };
    use jiff::{ToSpan, civil::date, tz::TimeZone};
    use serde::Deserialize;
    use serde_json::Value;

    /// A series that has had a fit in a worse optimum, with the best that 64 random starts found under several settings.
    #[derive(Deserialize)]
    struct Case {
        fits: Vec<Fit>,
        values: Vec<f64>,
    }

    #[derive(Deserialize)]
    struct Fit {
        rows: usize,
        settings: Value,
        log_posterior: f64,
    }

    /// Values of successive months.
    fn monthly(values: &[f64]) -> Series {
        let months = (0..values.len()).map(|month| date(1988, 4, 1) + (month as i64).months());
        let dates = months.map(|day| day.to_zoned(TimeZone::UTC).unwrap().timestamp().as_millisecond());
        let dates: Vec<i64> = dates.collect();
        Series { timestamps: dates.clone(), dates, values: values.to_vec(), ..Series::default() }
    }

    fn log_posterior(series: &Series, settings: &Value, workspace: &mut Workspace) -> f64 {
        let spec = ProphetSpec::deserialize(settings).unwrap();
        spec.fit(series, Interrupt::default(), workspace).unwrap().notes.log_posterior.unwrap()
    }

    #[test]
    fn no_fit_ends_in_an_optimum_worse_than_one_that_is_known() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("optima.json")).unwrap();
        let mut workspace = Workspace::default();
        for (number, case) in cases.iter().enumerate() {
            for fit in &case.fits {
                let found = log_posterior(&monthly(&case.values[..fit.rows]), &fit.settings, &mut workspace);
                let worse = fit.log_posterior - found;
                assert!(worse < 1e-6 * found.abs(), "series {number}, {}: worse by {worse}", fit.settings);
            }
        }
    }
}
