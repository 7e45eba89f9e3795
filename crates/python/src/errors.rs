//! Errors as exceptions, by who must act.

use manyfit::error::Error;
use pyo3::{
    create_exception,
    exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError},
    prelude::*,
};

create_exception!(manyfit, SettingsError, PyValueError, "An invalid setting or argument: its author must act.");
create_exception!(manyfit, DataError, PyValueError, "Input that cannot be used: its owner must act.");
create_exception!(manyfit, StorageError, PyOSError, "A place that cannot be read or written: its operator must act.");

/// An error as the exception for who must act.
pub(crate) fn raised(error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Settings(_) => SettingsError::new_err(text),
        Error::Data(_) => DataError::new_err(text),
        Error::Storage { .. } => StorageError::new_err(text),
        Error::Stopped(_) => PyKeyboardInterrupt::new_err(text),
        Error::Bug(_) => PyRuntimeError::new_err(text),
    }
}
