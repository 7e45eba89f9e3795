//! The options of every sub-command that trains: settings, and a file of them.

use crate::{
    error::{Error, Result},
    sagemaker::read_hyperparameters,
    settings::canonical_name,
};
use clap::Args;
use std::{collections::BTreeMap, path::PathBuf};

/// Settings as text.
#[derive(Args)]
pub(super) struct SettingsArguments {
    /// A setting, such as horizon=8 or growth=flat; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,

    /// File of settings: a JSON object, as SageMaker's hyperparameters.json; --set wins over it
    #[arg(long, value_name = "FILE")]
    hyperparameters: Option<PathBuf>,
}

impl SettingsArguments {
    /// The platform's settings, over them those of the file, over them those of the command line.
    pub(super) fn text(&self, platform: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let mut settings = BTreeMap::new();
        for (name, value) in platform {
            let name = canonical_name(&name);
            if let Some(other) = settings.insert(name.clone(), value.clone()).filter(|other| *other != value) {
                return Err(Error::Settings(format!("setting {name}: given twice, as {other:?} and as {value:?}")));
            }
        }
        if let Some(path) = &self.hyperparameters {
            let file = read_hyperparameters(path)?.ok_or_else(|| {
                Error::Settings(format!("--hyperparameters {}: no such file, or nothing in it", path.display()))
            })?;
            settings.extend(file.into_iter().map(|(name, value)| (canonical_name(&name), value)));
        }
        for setting in &self.set {
            let (name, value) = setting.split_once('=').ok_or_else(|| {
                Error::Settings(format!("--set {setting}: write a name and a value, such as --set horizon=8"))
            })?;
            settings.insert(canonical_name(name), value.trim().to_owned());
        }
        Ok(settings)
    }
}
