//! `manyfit._native`: the extension module of the Python package.
//!
//! The package has the command and the library in one file, because a wheel cannot hold a program beside an extension module:
//! the script `manyfit` calls `command`.
//!
//! | module | content |
//! |---|---|
//! | `arrow` | tables of Python to and from Arrow's arrays; the only unsafe code |
//! | `errors` | errors as exceptions |
//! | `interruptible` | work without the interpreter's lock that Ctrl-C ends |
//! | `tables`, `models`, `fit` | the classes and functions of the module |

#![expect(clippy::needless_pass_by_value, reason = "the interpreter's arguments are converted to values")]

mod arrow;
mod errors;
mod fit;
mod interruptible;
mod models;
mod tables;

use pyo3::prelude::*;

/// The extension module.
#[pymodule]
mod _native {
    use std::ffi::OsString;

    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::errors::{DataError, SettingsError, StorageError};
    #[pymodule_export]
    use crate::fit::fit;
    #[pymodule_export]
    use crate::models::Models;
    #[pymodule_export]
    use crate::tables::{Frame, Table};

    /// Runs a command line, which begins with the program's name, and gives the exit code. Signals are the command's own.
    /// `program` are the words that start the command.
    #[pyfunction]
    fn command(python: Python<'_>, program: Vec<OsString>, words: Vec<OsString>) -> u8 {
        python.detach(|| manyfit::cli::main_within(program, words))
    }
}
