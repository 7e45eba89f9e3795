//! Simple exponential smoothing, and the parameter of least squared errors for it.

/// Bounds of a smoothing parameter that is optimised.
const BOUNDS: [f64; 2] = [0.1, 0.3];
/// The width at which the search ends.
const NARROW: f64 = 1e-12;

/// An exponentially smoothed value, from the first on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    alpha: f64,
    pub(super) value: Option<f64>,
}

impl Level {
    pub(super) const fn new(alpha: f64) -> Self {
        Self { alpha, value: None }
    }

    pub(super) fn update(&mut self, y: f64) {
        let before = self.value.unwrap_or(y);
        self.value = Some(self.alpha * y + (1.0 - self.alpha) * before);
    }
}

/// The smoothing parameter with the least sum of squared one-step errors, by golden sections. It is in the middle of its bounds where
/// the values do not depend on it.
pub(super) fn best_alpha(values: &[f64]) -> f64 {
    let ratio = f64::midpoint(5.0_f64.sqrt(), 1.0);
    let [mut low, mut high] = BOUNDS;
    let mut left = high - (high - low) / ratio;
    let mut right = low + (high - low) / ratio;
    let (mut at_left, mut at_right) = (squares(values, left), squares(values, right));
    while high - low >= NARROW && at_left != at_right {
        if at_left < at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - (high - low) / ratio;
            at_left = squares(values, left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + (high - low) / ratio;
            at_right = squares(values, right);
        }
    }
    f64::midpoint(high, low)
}

fn squares(values: &[f64], alpha: f64) -> f64 {
    let mut level = Level::new(alpha);
    let errors = values.iter().map(|&y| {
        let error = level.value.map_or(0.0, |forecast| y - forecast);
        level.update(y);
        error
    });
    errors.map(|error| error * error).sum()
}
