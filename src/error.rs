//! Errors by who must act on them, and the exit code of each.
//!
//! | exit code | who acts | meaning |
//! |---|---|---|
//! | 0 | no one | every customer is done, or those that failed stay within `max_failures` |
//! | 1 | the developers | a bug in manyfit |
//! | 2 | the author of the settings | an unknown, missing or contradictory setting or option |
//! | 3 | the owner of the data | unusable input, or more failed customers than `max_failures` allows |
//! | 4 | the operator | a directory or a bucket that cannot be read or written |
//! | 5 | no one: run it again | stopped by a signal before every customer was done; the next run resumes |

use manyfit_models::told;
use std::{fmt::Display, io};

/// An error, classified by who can fix it.
///
/// The text says what happened, where, and what to do; `main` prints it once. Of what a file or a request says it has no control
/// characters and no more than people read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An invalid setting or option.
    #[error("{}", told(.0))]
    Settings(String),
    /// Input that cannot be used.
    #[error("{}", told(.0))]
    Data(String),
    /// A file, directory or bucket that cannot be read or written.
    #[error("{}", told(&format!("{what}: {source}")))]
    Storage {
        /// The operation and its path.
        what: String,
        /// The error of the operating system or the bucket.
        source: io::Error,
    },
    /// The run was interrupted before it was complete.
    #[error("{}", told(.0))]
    Stopped(String),
    /// A broken invariant.
    #[error("{} (a bug in manyfit: please report it)", told(.0))]
    Bug(String),
}

/// A result whose error says who must act.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A storage error: `what` failed with `source`.
    pub fn storage(what: impl Display, source: io::Error) -> Self {
        let advice =
            if is_out_of_files(&source) { " (raise the limit with ulimit -n, or set fewer --jobs)" } else { "" };
        Self::Storage { what: format!("{what}{advice}"), source }
    }

    /// The error of threads that cannot be started.
    pub(crate) fn no_threads(source: io::Error) -> Self {
        let what = "no more threads can be started (set fewer --jobs, or raise the limit of processes: ulimit -u, or the \
                    container's)";
        Self::Storage { what: what.into(), source }
    }

    /// All faults of settings, options or tables in one message: one by itself, or several `that` have something in common, a
    /// line each.
    pub(crate) fn all_settings(that: &str, faults: &[String]) -> Self {
        Self::Settings(match faults {
            [fault] => fault.clone(),
            faults => format!("{} {that}:\n  {}", faults.len(), faults.join("\n  ")),
        })
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

    /// Whether a whole bucket is unreachable (credentials, network), or no more files can be opened: then it is not the fault
    /// of an object, and other objects would fail too.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::Storage { source, .. }
            if source.kind() == io::ErrorKind::NotConnected || is_out_of_files(source))
    }
}

/// Whether this process, or the system, has too many open files.
pub(crate) fn is_out_of_files(error: &io::Error) -> bool {
    /// `ENFILE` and `EMFILE`, which have no kind of their own.
    const CODES: [i32; 2] = [23, 24];
    cfg!(unix) && error.raw_os_error().is_some_and(|code| CODES.contains(&code))
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
