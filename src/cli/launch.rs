//! The options of `pipeline` and `job`.

use super::{prepare::Prepare, settings_options::assignments};
use crate::{
    error::{Error, Result},
    launch::Launch,
    settings::{Settings, Task, merge},
};
use clap::{Args, Parser};

/// What to launch, and the settings of the fit.
#[derive(Args)]
pub(super) struct LaunchOptions {
    #[command(flatten)]
    launch: Launch,

    /// Setting of the fit, such as horizon=8; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl LaunchOptions {
    /// The launch; settings of the fit are checked as the fit itself will, and options of the preparation likewise.
    pub(super) fn into_launch(self) -> Result<Launch> {
        let mut launch = self.launch;
        check_preparation(&launch.prepare_argument)?;
        launch.hyperparameters = merge(&[assignments(&self.set)?])?;
        let task = Settings::from_text(&launch.hyperparameters)?.task;
        launch.regression = matches!(task, Task::Regression(_));
        Ok(launch)
    }
}

/// A command line of `manyfit prepare`.
#[derive(Parser)]
struct Preparation {
    #[command(flatten)]
    prepare: Prepare,
}

/// Checks options of the preparation as the job itself will.
fn check_preparation(arguments: &[String]) -> Result<()> {
    let refused = |complaint: &str| Error::Settings(format!("--prepare-argument: {complaint}"));
    let line = ["manyfit prepare"].into_iter().chain(arguments.iter().map(String::as_str));
    match Preparation::try_parse_from(line) {
        Ok(Preparation { prepare }) => prepare.check_for_job().map_err(|error| refused(&error.to_string())),
        Err(error) if !error.use_stderr() => Err(refused("--help has no use in a job; leave it out")),
        Err(error) => {
            let text = error.to_string();
            // The error and its tip, without the usage.
            let parts: Vec<&str> =
                text.split("\n\n").take_while(|part| !part.starts_with("Usage")).map(str::trim).collect();
            Err(refused(parts.join("; ").trim_start_matches("error: ")))
        }
    }
}
