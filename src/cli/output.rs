//! The standard output. Its reader may close the pipe early, as in `manyfit train … | head`: the work goes on without it.

use crate::error::{Error, Result};
use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write},
};

/// A writer that ignores a closed pipe.
pub(super) struct PipeTolerant<W>(W);

/// The standard output, tolerant of a closed pipe.
pub(super) fn stdout() -> PipeTolerant<io::Stdout> {
    PipeTolerant(io::stdout())
}

impl<W: Write> Write for PipeTolerant<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ignore_closed_pipe(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        ignore_closed_pipe(self.0.flush(), ())
    }
}

fn ignore_closed_pipe<T>(result: io::Result<T>, instead: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(instead),
        other => other,
    }
}

/// The standard error, for messages that the work does not depend on: where it cannot be written to, they are lost.
pub(super) fn tell(text: impl Display) {
    // In one piece, so that the lines of threads do not mix.
    let text = text.to_string();
    drop(io::stderr().write_all(text.as_bytes()));
}

/// Prints a text and ends the line.
pub(super) fn print_line(text: &str) -> Result<()> {
    writeln!(stdout(), "{}", text.trim_end()).map_err(|error| Error::storage("printing", error))
}

/// Prints indented JSON.
pub(super) fn print_json(value: &impl Serialize) -> Result<()> {
    print_line(&serde_json::to_string_pretty(value).expect("plain data has a JSON form"))
}
