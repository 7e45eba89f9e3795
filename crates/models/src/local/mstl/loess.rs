//! Local regression on equally spaced points. (Cleveland, Robust locally weighted regression and smoothing scatterplots, Journal of the
//! American Statistical Association 74, 1979; Cleveland et al., STL, Journal of Official Statistics 6(1), 1990, section 2.1.)

use crate::linear_algebra::dot;

/// More weights than this are worked out anew for each smoothing.
const MOST_WEIGHTS: usize = 1 << 22;

/// A smoother of a number of points.
///
/// Points are equally spaced, so that all windows that lie within them have the same weights, and those at the end are those at the
/// beginning in reverse: weights are worked out once.
#[derive(Debug, Default)]
pub(super) struct Loess {
    points: usize,
    /// Points of a window that lies within the history; odd.
    length: usize,
    linear: bool,
    /// Weights where the whole window lies within the points.
    inner: Vec<f64>,
    /// Weights of the first points, one row for each, beginning with the point before the first; empty if they were too many.
    edge: Vec<f64>,
    row: Vec<f64>,
    reversed: Vec<f64>,
}

impl Loess {
    /// Sets the smoother up for a number of points, at least 2, and a window; `linear` fits lines, otherwise constants.
    pub(super) fn prepare(&mut self, points: usize, length: usize, linear: bool) {
        if (self.points, self.length, self.linear) == (points, length, linear) {
            return;
        }
        (self.points, self.length, self.linear) = (points, length, linear);
        let window = self.window();
        self.row.resize(window, 0.0);
        self.inner.resize(window, 0.0);
        let mut row = std::mem::take(&mut self.inner);
        self.weigh(self.half() as f64, None, &mut row);
        self.inner = row;
        let rows = self.edge_points() + 1;
        self.edge.clear();
        if rows * window <= MOST_WEIGHTS {
            self.edge.resize(rows * window, 0.0);
            let mut edge = std::mem::take(&mut self.edge);
            for (k, row) in edge.chunks_exact_mut(window).enumerate() {
                self.weigh(k as f64 - 1.0, None, row);
            }
            self.edge = edge;
        }
    }

    fn window(&self) -> usize {
        self.length.min(self.points)
    }

    const fn half(&self) -> usize {
        (self.length - 1) / 2
    }

    /// Points at the beginning whose windows are not centred.
    fn edge_points(&self) -> usize {
        self.half().min(self.points.div_ceil(2))
    }

    /// Smooths the points; `robustness` weighs them. Points whose window weighs nothing stay.
    pub(super) fn smooth(&mut self, y: &[f64], robustness: Option<&[f64]>, out: &mut [f64]) {
        let n = self.points;
        if robustness.is_some() || self.edge.is_empty() {
            for i in 0..n {
                out[i] = self.estimate(y, robustness, i as f64).unwrap_or(y[i]);
            }
            return;
        }
        let (window, edge) = (self.window(), self.edge_points());
        self.reverse_end(y);
        for (i, row) in self.edge.chunks_exact(window).skip(1).enumerate() {
            out[i] = dot(row, &y[..window]);
            out[n - 1 - i] = dot(row, &self.reversed);
        }
        for i in edge..n - edge.min(n) {
            out[i] = dot(&self.inner, &y[i - edge..][..window]);
        }
    }

    /// The values one step before the first point and one after the last.
    pub(super) fn beyond(&mut self, y: &[f64], robustness: Option<&[f64]>) -> [Option<f64>; 2] {
        if robustness.is_some() || self.edge.is_empty() {
            return [-1.0, self.points as f64].map(|at| self.estimate(y, robustness, at));
        }
        self.reverse_end(y);
        let row = &self.edge[..self.window()];
        [Some(dot(row, &y[..row.len()])), Some(dot(row, &self.reversed))]
    }

    /// The last window's values in reverse.
    fn reverse_end(&mut self, y: &[f64]) {
        self.reversed.clear();
        self.reversed.extend(y[self.points - self.window()..self.points].iter().rev());
    }

    /// The value at one place by weights of its own; none if all of them are zero.
    fn estimate(&mut self, y: &[f64], robustness: Option<&[f64]>, at: f64) -> Option<f64> {
        let window = self.window();
        let first = (at - self.half() as f64).max(0.0).min((self.points - window) as f64) as usize;
        let mut row = std::mem::take(&mut self.row);
        let weighs = self.weigh(at - first as f64, robustness.map(|weights| &weights[first..][..window]), &mut row);
        let value = weighs.then(|| dot(&row, &y[first..][..window]));
        self.row = row;
        value
    }

    /// Weights of a window's points for the value at a place, in steps from the first of them; `false` if all are zero.
    fn weigh(&self, at: f64, robustness: Option<&[f64]>, row: &mut [f64]) -> bool {
        let beyond = if self.length > self.points { ((self.length - self.points) / 2) as f64 } else { 0.0 };
        let reach = at.max((row.len() - 1) as f64 - at) + beyond;
        let mut total = 0.0;
        for (k, weight) in row.iter_mut().enumerate() {
            let distance = (k as f64 - at).abs();
            *weight = if distance > 0.999 * reach {
                0.0
            } else if distance <= 0.001 * reach {
                1.0
            } else {
                let share = distance / reach;
                let rest = 1.0 - share * share * share;
                rest * rest * rest
            };
            if let Some(robustness) = robustness {
                *weight *= robustness[k];
            }
            total += *weight;
        }
        if total <= 0.0 {
            return false;
        }
        for weight in row.iter_mut() {
            *weight /= total;
        }
        if self.linear {
            let mean: f64 = row.iter().enumerate().map(|(k, weight)| weight * k as f64).sum();
            let spread: f64 = row.iter().enumerate().map(|(k, w)| w * (k as f64 - mean) * (k as f64 - mean)).sum();
            // Points that are all at one place have no slope.
            if spread.sqrt() > 0.001 * (self.points - 1) as f64 {
                let slope = (at - mean) / spread;
                for (k, weight) in row.iter_mut().enumerate() {
                    *weight *= slope * (k as f64 - mean) + 1.0;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_own_smooth_and_goes_on() {
        let y: Vec<f64> = (0..20).map(|k| 3.0 - 0.5 * f64::from(k)).collect();
        for length in [3, 7, 19, 21, 41] {
            let mut loess = Loess::default();
            loess.prepare(20, length, true);
            let mut out = vec![0.0; 20];
            loess.smooth(&y, None, &mut out);
            for (one, other) in out.iter().zip(&y) {
                assert!((one - other).abs() < 1e-13, "{length}: {out:?}");
            }
            let [before, after] = loess.beyond(&y, None);
            assert!((before.unwrap() - 3.5).abs() < 1e-12 && (after.unwrap() + 7.0).abs() < 1e-12);
        }
    }

    #[test]
    fn weights_that_are_kept_smooth_as_weights_of_the_moment() {
        for (n, length, linear) in
            [(2, 7, false), (9, 11, true), (10, 11, false), (11, 11, true), (30, 7, true), (31, 3, false)]
        {
            let y: Vec<f64> = (0..n).map(|k| libm::sin((k * k) as f64)).collect();
            let mut loess = Loess::default();
            loess.prepare(n, length, linear);
            let (mut kept, mut anew) = (vec![0.0; n], vec![0.0; n]);
            loess.smooth(&y, None, &mut kept);
            loess.smooth(&y, Some(&vec![1.0; n]), &mut anew);
            for (one, other) in kept.iter().zip(&anew) {
                assert!((one - other).abs() < 1e-14, "{n} {length}");
            }
            let (one, other) = (loess.beyond(&y, None), loess.beyond(&y, Some(&vec![1.0; n])));
            assert!((one[0].unwrap() - other[0].unwrap()).abs() < 1e-13);
            assert!((one[1].unwrap() - other[1].unwrap()).abs() < 1e-13);
        }
    }
}
