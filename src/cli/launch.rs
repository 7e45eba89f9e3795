//! The options of `pipeline` and `job`.

use super::{launch_regression, prepare::Prepare, settings_options::assignments};
use crate::{
    error::{Error, Result},
    launch::Launch,
    settings::{Settings, Task, merge},
};
use clap::{Args, Parser};
use std::collections::BTreeMap;

/// What to launch, and the settings of the fit.
#[derive(Args)]
pub(super) struct LaunchOptions {
    #[command(flatten)]
    launch: Launch,

    /// Setting of the fit, such as horizon=8; may be repeated. holidays, overrides and future are places in S3
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl LaunchOptions {
    /// The launch; settings of the fit are checked as the fit itself will, and options of the preparation likewise.
    pub(super) fn into_launch(self) -> Result<Launch> {
        let mut launch = self.launch;
        let given = assignments(&self.set)?;
        if let Some(place) = given.get("validation") {
            return Err(Error::Settings(format!(
                "--set validation={place}: it is no setting but a place: write --validation {place}"
            )));
        }
        let mut settings = merge(&[given])?;
        let task = Settings::without_tables(&settings)?.task;
        launch.regression = matches!(task, Task::Regression(_));
        launch.backtest = matches!(&task, Task::Forecast(task) if task.backtest.is_some());
        if let (Task::Forecast(_), Some(place)) = (&task, &launch.validation) {
            return Err(Error::Settings(format!(
                "--validation {place} is for regression models, and the model is {}",
                task.model_name()
            )));
        }
        if !launch.prepared {
            prepare(&mut launch, &mut settings, &task)?;
        }
        launch.set_settings(settings);
        Ok(launch)
    }
}

/// Completes and checks the options of the preparation.
fn prepare(launch: &mut Launch, settings: &mut BTreeMap<String, String>, task: &Task) -> Result<()> {
    if launch.regression {
        launch_regression::hand_on(settings, &mut launch.prepare_argument);
    }
    let prepare = parsed(&launch.prepare_argument)?;
    if prepare.features.regression && !launch.regression {
        return Err(refused(&format!(
            "--regression is for tables of features, and the model is {}: choose one of regression with --set model, or leave \
             it out",
            task.model_name()
        )));
    }
    if launch.regression {
        launch_regression::agree(&prepare, settings)?;
    }
    launch.splits = prepare.features.validation().is_some();
    match &launch.validation {
        Some(place) if launch.splits => Err(Error::Settings(format!(
            "--validation {place}: Prepare sets rows apart for validation, as --prepare-argument says: keep one of both"
        ))),
        _ => Ok(()),
    }
}

/// A command line of `manyfit prepare`.
#[derive(Parser)]
struct Preparation {
    #[command(flatten)]
    prepare: Prepare,
}

/// Checks options of the preparation as the job itself will.
fn parsed(arguments: &[String]) -> Result<Prepare> {
    let line = ["manyfit prepare"].into_iter().chain(arguments.iter().map(String::as_str));
    match Preparation::try_parse_from(line) {
        Ok(Preparation { prepare }) => {
            prepare.check_for_job().map_err(|error| refused(&error.to_string()))?;
            Ok(prepare)
        }
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

fn refused(complaint: &str) -> Error {
    Error::Settings(format!("--prepare-argument: {complaint}"))
}
