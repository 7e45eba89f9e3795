//! The commands: options to settings, and calls into the layers below. One file per command.

mod explain;
mod generate;
mod job;
mod launch;
mod launch_regression;
mod merge;
mod output;
mod pipeline;
mod places;
mod plan;
mod plot;
mod predict;
mod prepare;
mod regression_options;
mod report;
mod s3;
mod serve;
mod settings;
mod settings_options;
mod signals;
mod simulate;
mod train;
mod values;

pub(crate) use settings_options::assignments;

use crate::{
    error::Error,
    run::{raise_open_files, set_program},
    sagemaker::FailureFile,
    settings::{is_setting, normalized},
    words::printable,
};
use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use std::{env, ffi::OsString, io, process::ExitCode};

/// Fit one model per customer, for thousands of customers, in one run.
#[derive(Parser)]
#[command(version, after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done (failed customers within max_failures), 1 bug, 2 settings, 3 data, 4 storage,
5 stopped by a signal (run it again to continue).";

#[derive(Subcommand)]
enum Command {
    Prepare(Box<prepare::Prepare>),
    Train(train::Train),
    Generate(generate::Generate),
    Predict(predict::Predict),
    Pipeline(pipeline::Pipeline),
    Job(job::Job),
    Plan(Box<plan::Plan>),
    Merge(merge::Merge),
    Report(report::Report),
    Explain(explain::Explain),
    Plot(plot::Plot),
    Simulate(simulate::Simulate),
    Serve(serve::Serve),
    Settings(settings::SettingsReference),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::from(run(env::args_os().collect()))
}

/// Runs a command line within another program: `words` begin with the program's name, `program` are the words that start it once
/// more. Gives the exit code.
#[must_use]
pub fn main_within(program: Vec<OsString>, words: Vec<OsString>) -> u8 {
    set_program(program);
    run(words)
}

fn run(words: Vec<OsString>) -> u8 {
    raise_open_files();
    // With --input, the command does not run as a job of the platform, even on a machine with the platform's files.
    let is_local = words.iter().any(|word| word.as_encoded_bytes().starts_with(b"--input"));
    let failure = if is_local { None } else { FailureFile::detect() };
    let tell = |cause: &str| failure.iter().for_each(|file| file.write(cause));
    let command = words.get(1).and_then(|word| word.to_str()).map(str::to_owned);
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(mut error) => {
            suggest_setting(&mut error, command.as_deref());
            if error.use_stderr() {
                tell(&error.to_string());
            }
            let printed = error.print().is_ok();
            return if error.use_stderr() { 2 } else { print_code(printed) };
        }
    };
    let result = match arguments.command {
        Command::Prepare(prepare) => prepare.run(),
        Command::Train(train) => train.run(),
        Command::Generate(generate) => generate.run(),
        Command::Predict(predict) => predict.run(),
        Command::Pipeline(pipeline) => pipeline.run(),
        Command::Job(job) => job.run(),
        Command::Plan(plan) => plan.run(),
        Command::Merge(merge) => merge.run(),
        Command::Report(report) => report.run(),
        Command::Explain(explain) => explain.run(),
        Command::Plot(plot) => plot.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Serve(serve) => serve.run(),
        Command::Settings(settings) => settings.run(),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            let text = error.to_string();
            // Names within it may have anything in them; the lines are its own.
            let text = text.lines().map(printable).collect::<Vec<_>>().join("\n");
            output::tell(format_args!("manyfit: {text}\n"));
            tell(&text);
            error.code()
        }
    }
}

/// The exit code of what is only printed.
fn print_code(printed: bool) -> u8 {
    if printed { 0 } else { Error::storage("printing", io::ErrorKind::WriteZero.into()).code() }
}

/// Commands that take settings.
const WITH_SETTINGS: [&str; 5] = ["train", "plan", "simulate", "pipeline", "job"];

/// Says of an unknown option that it is a setting, if it is one.
fn suggest_setting(error: &mut clap::Error, command: Option<&str>) {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return };
    let name = normalized(option.trim_start_matches('-').split('=').next().unwrap_or_default());
    let takes_settings = command.is_some_and(|command| WITH_SETTINGS.contains(&command));
    if error.kind() == clap::error::ErrorKind::UnknownArgument && takes_settings && is_setting(&name) {
        let tip = format!("{name} is a setting: write --set {name}=VALUE");
        error.remove(ContextKind::SuggestedArg);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
}
