//! The command: parse, run, print the error once, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    manyfit::cli::main()
}
