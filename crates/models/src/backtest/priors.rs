//! What is known of models from other series, before a series has shown anything itself.

use crate::series_model::SeriesSpec;

/// What a model does on series that nothing is known about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Its error relative to that of other models.
    pub error: f64,
    /// By how much its intervals must be scaled to cover what they promise.
    pub interval_factor: f64,
}

impl Prior {
    /// Of a model.
    #[must_use]
    pub fn of(spec: &SeriesSpec) -> Self {
        let (error, interval_factor) = match spec.name() {
            "theta" => (0.93, 1.65),
            "ets" => (0.95, 1.25),
            "level-shape" => (1.0, 1.5),
            "drift" => (1.05, 1.1),
            "seasonal-naive" => (1.1, 1.9),
            "random-walk" => (1.1, 1.2),
            "prophet" => (1.1, 2.0),
            _ => (1.0, 1.3),
        };
        Self { error, interval_factor }
    }
}
