//! The options of every sub-command that trains: settings, and a file of them.

use crate::{
    error::{Error, Result},
    sagemaker::read_hyperparameters,
    settings::{Setting, common_settings, merge, normalized},
};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::{collections::BTreeMap, path::PathBuf};

/// Settings as text.
#[derive(Args)]
pub(super) struct SettingsOptions {
    /// A setting, such as horizon=8 or growth=flat; may be repeated. `manyfit settings` lists all
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// File of settings: a JSON object, as SageMaker's hyperparameters.json; options and --set take precedence over it
    #[arg(long, value_name = "FILE")]
    hyperparameters: Option<PathBuf>,

    #[command(flatten)]
    common: CommonSettings,
}

/// The common settings that are given as options of their own.
struct CommonSettings(Vec<(&'static Setting, String)>);

impl SettingsOptions {
    /// All settings as one. Precedence: options and `--set`, then the file, then the platform's hyperparameters.
    pub(super) fn text(&self, platform: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let file = match &self.hyperparameters {
            None => BTreeMap::new(),
            Some(path) => read_hyperparameters(path)?.ok_or_else(|| {
                Error::Settings(format!("--hyperparameters {}: no such file, or it is empty", path.display()))
            })?,
        };
        let mut given = assignments(&self.set)?;
        for (setting, value) in &self.common.0 {
            if let Some((name, other)) = given.iter().find(|(name, other)| setting.is_called(name) && *other != value) {
                let option = option(setting);
                return Err(Error::Settings(format!(
                    "--{option} {value} and --set {name}={other} are the same setting: keep one"
                )));
            }
            given.insert(setting.name.into(), value.clone());
        }
        merge(&[platform, file, given])
    }
}

/// The settings of `--set NAME=VALUE`; of a name that is repeated, the last.
pub(crate) fn assignments(set: &[String]) -> Result<BTreeMap<String, String>> {
    let assignment = |setting: &String| {
        let (name, value) = setting.split_once('=').ok_or_else(|| {
            Error::Settings(format!("--set {setting}: write a name and a value, such as --set horizon=8"))
        })?;
        Ok((normalized(name), value.trim().to_owned()))
    };
    set.iter().map(assignment).collect()
}

fn option(setting: &Setting) -> String {
    setting.name.replace('_', "-")
}

impl Args for CommonSettings {
    fn augment_args(command: Command) -> Command {
        common_settings().fold(command, |command, setting| {
            // `plan` and `simulate` have a seed of their own.
            if command.get_arguments().any(|argument| argument.get_id() == setting.name) {
                return command;
            }
            let default =
                if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
            let help = format!("{}{default}", setting.help.trim_end_matches('.'));
            // The names of options live as long as the process.
            let long: &'static str = option(setting).leak();
            let argument = Arg::new(setting.name).long(long).value_name("VALUE").help(help);
            command.arg(argument.help_heading("Common settings"))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for CommonSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // Another type is the option of that name that the sub-command has itself.
        let value = |setting: &Setting| matches.try_get_one::<String>(setting.name).ok().flatten().cloned();
        Ok(Self(common_settings().filter_map(|setting| Some((setting, value(setting)?.trim().to_owned()))).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
