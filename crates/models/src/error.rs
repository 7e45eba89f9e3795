//! Why a model cannot be fitted, read or used.

use crate::{interrupt::Interruption, words::told};
use std::fmt::Display;

/// Why a model cannot be fitted, read or used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter is out of its range, contradicts another, or is not supported.
    #[error("{}", told(.0))]
    Parameter(String),
    /// Data or a model file cannot be used.
    #[error("{}", told(.0))]
    Data(String),
    /// The fit was ended early.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
}

/// The faults of parameters, collected so that one error reports them all.
#[derive(Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    /// Notes a parameter whose value breaks a rule.
    pub(crate) fn check(&mut self, holds: bool, name: &str, value: impl Display, rule: impl Display) {
        if !holds {
            self.0.push(format!("{name}={value}: {rule}"));
        }
    }

    /// Notes a parameter that is not a share.
    pub(crate) fn check_share<T: Copy + Display + PartialOrd + From<u8>>(&mut self, name: &str, share: T) {
        let holds = share > T::from(0) && share <= T::from(1);
        self.check(holds, name, share, "must be above 0 and at most 1");
    }

    /// An error with one fault a line, indented from the second on, if there are any.
    pub(crate) fn into_result(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Parameter(self.0.join("\n  "))) }
    }
}

/// A result with the [`Error`] of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
