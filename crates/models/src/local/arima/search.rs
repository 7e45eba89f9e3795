//! The order of least AICc, by the stepwise search of Hyndman and Khandakar, Automatic time series forecasting: the forecast package
//! for R, Journal of Statistical Software 27(3), 2008.
//!
//! Limits, first models and the order of steps are those of R's `auto.arima` and of statsforecast's `AutoARIMA`. Every model has its
//! exact likelihood, so nothing is approximated in long series.

use super::{
    fit::{Effort, Estimate, Workspace},
    order::Order,
    polynomial::{from_partials, roots_are_beyond},
};
use crate::interrupt::{Interrupt, Interruption};

/// The largest p and q, P and Q, and the most models.
const MOST: usize = 5;
const MOST_SEASONAL: usize = 2;
const MODELS: usize = 94;

/// Models with a root nearer to the unit circle than this are left out.
const NEAREST_ROOT: f64 = 1.01;

/// The fit of a model ends when the next step promises to lower the sum by less than this share, and that of the one that is kept.
const TOLERANCE: f64 = 1e-7;
const FINE: f64 = 1e-10;

/// Steps from a model to its neighbours: what is added to p, q, P and Q.
const STEPS: [[isize; 4]; 16] = [
    [0, 0, -1, 0],
    [0, 0, 0, -1],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 0, -1, -1],
    [0, 0, -1, 1],
    [0, 0, 1, -1],
    [0, 0, 1, 1],
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [-1, -1, 0, 0],
    [-1, 1, 0, 0],
    [1, -1, 0, 0],
    [1, 1, 0, 0],
];

/// A model, and its criterion.
#[derive(Clone, Debug)]
struct Found {
    estimate: Estimate,
    aicc: f64,
}

/// One search.
pub(super) struct Stepwise<'a> {
    workspace: &'a mut Workspace,
    interrupt: Interrupt<'a>,
    /// Differences and season; the other orders do not matter.
    differences: Order,
    rows: usize,
    tried: Vec<Order>,
    best: Option<Found>,
}

/// n log Σ + this is AICc, up to what is the same for all models; none if there are too many parameters.
pub(super) fn penalty(order: &Order, rows: usize) -> Option<f64> {
    let (n, k) = (rows as f64, order.parameters() as f64 + 1.0);
    (n - k - 1.0 > 0.0).then(|| 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0))
}

impl<'a> Stepwise<'a> {
    pub(super) fn new(workspace: &'a mut Workspace, differences: Order, rows: usize, interrupt: Interrupt<'a>) -> Self {
        Self { workspace, interrupt, differences, rows, tried: Vec::new(), best: None }
    }

    /// The best model; none if none has all roots outside the unit circle.
    pub(super) fn run(mut self) -> Result<Option<Estimate>, Interruption> {
        let Order { d, seasonal_d, period, .. } = self.differences;
        let rows = self.rows;
        let (most, seasonal) = (MOST.min(rows / 3), period > 1);
        let most = if seasonal { most.min(period - 1).max(usize::from(most > 0)) } else { most };
        let most_seasonal = if seasonal { MOST_SEASONAL.min(rows / 3 / period) } else { 0 };
        let limits = [most, most, most_seasonal, most_seasonal];
        let allowed = d + seasonal_d <= 1;
        let first = if rows < 10 { [1, 1, 0, 0] } else { [2, 2, 1, 1] };
        let first: [usize; 4] = std::array::from_fn(|i| first[i].min(limits[i]));
        let [one, seasonal_one] = [most.min(1), most_seasonal.min(1)];
        self.attempt(first, allowed)?;
        self.attempt([0; 4], allowed)?;
        self.attempt([one, 0, seasonal_one, 0], allowed)?;
        self.attempt([0, one, 0, seasonal_one], allowed)?;
        if allowed {
            self.attempt([0; 4], false)?;
        }
        while self.tried.len() < MODELS && self.step(limits, allowed)? {}
        let Some(Found { estimate, .. }) = self.best else { return Ok(None) };
        // The one that is kept may have a better maximum.
        let thorough =
            self.workspace.estimate(estimate.order, Effort::Thorough, None, FINE, estimate.sum, self.interrupt)?;
        let better = thorough.filter(|other| other.sum < estimate.sum && is_regular(other));
        Ok(Some(better.unwrap_or(estimate)))
    }

    /// Tries the neighbours of the best model until one is better; false if none is.
    fn step(&mut self, limits: [usize; 4], allowed: bool) -> Result<bool, Interruption> {
        let Some(best) = self.best.as_ref().map(|found| found.estimate.order) else { return Ok(false) };
        let at = [best.p, best.q, best.seasonal_p, best.seasonal_q];
        for step in STEPS {
            let lags: [Option<usize>; 4] =
                std::array::from_fn(|i| at[i].checked_add_signed(step[i]).filter(|lags| *lags <= limits[i]));
            if let [Some(p), Some(q), Some(sp), Some(sq)] = lags
                && self.attempt([p, q, sp, sq], best.constant)?
            {
                return Ok(true);
            }
        }
        if allowed { self.attempt(at, !best.constant) } else { Ok(false) }
    }

    /// Fits a model unless it was; whether it is better than the best one before.
    fn attempt(&mut self, [p, q, seasonal_p, seasonal_q]: [usize; 4], constant: bool) -> Result<bool, Interruption> {
        let order = Order { p, q, seasonal_p, seasonal_q, constant, ..self.differences };
        let Some(penalty) = penalty(&order, self.workspace.differenced.len()) else { return Ok(false) };
        if self.tried.contains(&order) || self.tried.len() >= MODELS {
            return Ok(false);
        }
        self.tried.push(order);
        let n = self.workspace.differenced.len() as f64;
        let rival = self.best.as_ref().map_or(f64::INFINITY, |best| libm::exp((best.aicc - penalty) / n));
        let neighbour = self.best.as_ref().map(|found| &found.estimate);
        let estimate = self.workspace.estimate(order, Effort::Quick, neighbour, TOLERANCE, rival, self.interrupt)?;
        let Some(estimate) = estimate.filter(|estimate| estimate.sum < rival && is_regular(estimate)) else {
            return Ok(false);
        };
        let aicc = n * libm::log(estimate.sum.max(n * 1e-30)) + penalty;
        self.best = Some(Found { estimate, aicc });
        Ok(true)
    }
}

/// Whether no root is near the unit circle.
fn is_regular(estimate: &Estimate) -> bool {
    let mut rest = &estimate.variables[..];
    let period = estimate.order.period as f64;
    let distances = [NEAREST_ROOT, libm::pow(NEAREST_ROOT, period)];
    estimate.order.parts().into_iter().enumerate().all(|(part, count)| {
        let (partials, others) = rest.split_at(count);
        rest = others;
        roots_are_beyond(&from_partials(partials)[..count], distances[part % 2])
    })
}
