//! Why a model could not be fitted to a series.

use crate::{data::CovariateError, frequency::civil, interrupt::Interruption};

/// Why a model could not be fitted to a series.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// Prophet needs more rows.
    #[error("{}", if *rows == 0 { "no row has a value" } else { "only one row has a value: Prophet needs two" })]
    TooShort {
        /// Rows that have a value.
        rows: usize,
    },
    /// The model needs more steps of history.
    #[error("{model} needs {needed} values, and the series has {steps}")]
    TooFewSteps {
        /// As in the setting `model`.
        model: &'static str,
        /// Steps that it needs.
        needed: usize,
        /// Steps from the first to the last value.
        steps: usize,
    },
    /// The model is none for such a series; the text says why.
    #[error("{0}")]
    Unsuitable(String),
    /// The fit was ended early.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
    /// The arithmetic overflowed.
    #[error("the values are too large or too far apart to compute with; scale them")]
    NotFinite,
    /// A column of the series is missing or invalid.
    #[error(transparent)]
    Covariate(#[from] CovariateError),
    /// A specified changepoint is not within the history.
    #[error("the changepoint {} is not within the history", civil(*date))]
    ChangepointOutside {
        /// Milliseconds since the epoch.
        date: i64,
    },
}

impl FitError {
    /// Whether the same model would fail on the same series again, so that another model is called for.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(self, Self::TooShort { .. } | Self::TooFewSteps { .. } | Self::Unsuitable(_) | Self::NotFinite)
    }
}
