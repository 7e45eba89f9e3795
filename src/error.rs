//! What can go wrong, by who must act, and the exit code of each.
//!
//! | exit code | who acts | meaning |
//! |---|---|---|
//! | 0 | nobody | every customer is done, or those that failed stay within `max_failures` |
//! | 1 | the developers | a bug in manyfit |
//! | 2 | whoever wrote the settings | an unknown, missing or contradictory setting or option |
//! | 3 | the owner of the data | unusable input, or more failed customers than `max_failures` allows |
//! | 4 | the operator | a directory or a bucket that cannot be read or written |
//! | 5 | nobody: run it again | stopped by a signal before every customer was done; a second run continues |

use std::{fmt::Display, io, process::ExitCode};

/// A failure with the person who can mend it.
///
/// The text says what, where and what to do; it is printed once, by `main`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting or option that cannot be followed.
    #[error("{0}")]
    Settings(String),
    /// Input that cannot be used.
    #[error("{0}")]
    Data(String),
    /// A place that cannot be read or written.
    #[error("{what}: {source}")]
    Storage {
        /// What was being done, and where.
        what: String,
        /// What the system answered.
        source: io::Error,
    },
    /// The run was stopped from outside before it was done.
    #[error("{0}")]
    Stopped(String),
    /// Something that must not happen.
    #[error("{0} (a bug in manyfit: please report it)")]
    Bug(String),
}

/// A result whose failure says who must act.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A storage failure: `what` was being done, the system answered `source`.
    pub fn storage(what: impl Display, source: io::Error) -> Self {
        Self::Storage { what: what.to_string(), source }
    }

    /// The documented exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Bug(_) => 1,
            Self::Settings(_) => 2,
            Self::Data(_) => 3,
            Self::Storage { .. } => 4,
            Self::Stopped(_) => 5,
        }
    }
}

impl Error {
    /// Whether a distant place as a whole is out of reach (credentials, network), so that no other object of it fares
    /// better.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::Storage { source, .. } if source.kind() == io::ErrorKind::NotConnected)
    }
}

impl From<manyfit_models::Error> for Error {
    fn from(error: manyfit_models::Error) -> Self {
        match error {
            manyfit_models::Error::Parameter(text) => Self::Settings(text),
            manyfit_models::Error::Data(text) => Self::Data(text),
            manyfit_models::Error::Interrupted(interruption) => Self::Stopped(interruption.to_string()),
        }
    }
}

impl From<&Error> for ExitCode {
    fn from(error: &Error) -> Self {
        Self::from(error.code())
    }
}
