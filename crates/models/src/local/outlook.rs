//! What a local model expects of the next steps.

/// What a local model expects of the next steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outlook {
    /// Point forecasts, shape (horizon).
    pub(crate) mean: Vec<f64>,
    /// Standard deviations of the errors, shape (horizon).
    pub(crate) deviation: Vec<f64>,
    /// Simulated futures where the errors are not normal: for each step its sorted draws; otherwise empty.
    pub(crate) simulated: Vec<Vec<f64>>,
}
