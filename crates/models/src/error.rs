//! Why a model cannot be fitted, read or used.

use crate::interrupt::Interruption;

/// Why a model cannot be fitted, read or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter is out of its range, contradicts another, or is not supported.
    #[error("{0}")]
    Parameter(String),
    /// Data or a model file cannot be used.
    #[error("{0}")]
    Data(String),
    /// The fit was ended early.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
}

impl Error {
    /// No faults of parameters, or all of them, one a line.
    pub(crate) fn parameters(faults: &[String]) -> Result<()> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Parameter(faults.join("\n"))) }
    }
}

/// A result with the [`Error`] of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
