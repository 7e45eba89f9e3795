//! Why a model could not be fitted to a series.

use crate::{data::CovariateError, frequency::civil, interrupt::Interruption};

/// Why a model could not be fitted to a series.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    /// The model needs more rows.
    #[error("{}", if *rows == 0 { "no row has a value" } else { "only one row has a value: Prophet needs two" })]
    TooShort {
        /// Rows that have a value.
        rows: usize,
    },
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
