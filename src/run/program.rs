//! How this program is started once more, by itself.

use std::{env, ffi::OsString, io, process::Command, sync::OnceLock};

/// The words that start it, where they are not the path of its file: a program within another, such as Python's interpreter.
static STARTED_BY: OnceLock<Vec<OsString>> = OnceLock::new();

/// Says which words start this program: those of the first call count.
pub(crate) fn set_program(words: Vec<OsString>) {
    drop(STARTED_BY.set(words));
}

/// A command that starts this program.
///
/// # Errors
/// If its file is not known.
pub(crate) fn this_program() -> io::Result<Command> {
    let Some([program, words @ ..]) = STARTED_BY.get().map(Vec::as_slice) else {
        return env::current_exe().map(Command::new);
    };
    let mut command = Command::new(program);
    command.args(words);
    Ok(command)
}
