//! `manyfit settings`: what settings there are.

use super::output::print_line;
use crate::{
    error::{Error, Result},
    settings::{Family, reference},
};
use clap::Args;

/// List the settings of training, or describe one.
///
/// A setting is given as an option (--horizon 8), by --set horizon=8, in the file of --hyperparameters, or on SageMaker as a
/// hyperparameter.
#[derive(Args)]
pub(super) struct SettingsReference {
    /// Setting to describe, by its name or an alias
    name: Option<String>,

    /// List the settings of one model alone
    #[arg(long, value_name = "MODEL", value_parser = family)]
    model: Option<Family>,

    /// Print the page docs/settings.md
    #[arg(long, conflicts_with_all = ["name", "model"])]
    markdown: bool,
}

impl SettingsReference {
    pub(super) fn run(self) -> Result<()> {
        let text = match &self.name {
            _ if self.markdown => reference::markdown(),
            Some(name) => reference::describe(name, self.model).map_err(Error::Settings)?,
            None => reference::list(self.model),
        };
        print_line(&text)
    }
}

fn family(word: &str) -> Result<Family, String> {
    Family::parse(word).ok_or_else(|| format!("use one of {}", Family::NAMES.join(", ")))
}
