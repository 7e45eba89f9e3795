//! `manyfit simulate`: a SageMaker job of many instances on this machine.

use super::{output::print_line, places::require_directory, settings_options::SettingsOptions};
use crate::{error::Result, settings::Settings, simulate::Simulation, store::Location};
use clap::Args;
use std::collections::BTreeMap;

/// Simulate a SageMaker job of many instances on this machine
///
/// Each instance is a process with its own directory tree, laid out as on the platform. Files
/// are distributed as by ShardedByS3Key. Instances can be interrupted at random and restart with
/// what was uploaded. The artifacts must be identical to those of a single process.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Simulate {
    #[command(flatten)]
    simulation: Simulation,

    #[command(flatten)]
    settings: SettingsOptions,
}

impl Simulate {
    pub(super) fn run(self) -> Result<()> {
        let mut simulation = self.simulation;
        simulation.settings = self.settings.text(BTreeMap::new())?;
        require_directory("--input", &Location::Directory(simulation.input.clone()))?;
        // Errors are reported once, and not by every instance.
        Settings::from_text(&simulation.settings)?;
        print_line(&simulation.run()?.to_string())
    }
}
