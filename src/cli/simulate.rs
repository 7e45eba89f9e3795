//! `manyfit simulate`: a SageMaker job of many instances on this machine.

use super::{output::print_line, places::require_directory, settings_options::SettingsOptions};
use crate::{
    error::{Error, Result},
    settings::Settings,
    simulate::Simulation,
    store::Location,
};
use clap::Args;
use std::{collections::BTreeMap, env, path::PathBuf};

/// Simulate a SageMaker job of many instances on this machine.
///
/// Each instance is a process with its own directory tree, laid out as on the platform. Files
/// are distributed as by ShardedByS3Key. Instances can be interrupted at random and restart with
/// what was uploaded. The artifacts must be identical to those of a single process.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Simulate {
    /// Folder with the customers' files
    #[arg(long, value_name = "DIR")]
    input: PathBuf,

    /// Empty folder for the instances' directory trees and results
    #[arg(long, value_name = "DIR")]
    output: PathBuf,

    /// Number of instances
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    instances: u16,

    /// Distribute files in a random order of this seed [default: in the order of their names]
    #[arg(long, value_name = "SEED")]
    shuffle_seed: Option<u64>,

    /// Number of interruptions, by SIGTERM or SIGKILL
    #[arg(long, value_name = "N", default_value_t = 0)]
    spot_stops: u16,

    /// Seed of the interruptions
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    settings: SettingsOptions,

    /// Worker threads per instance
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,
}

impl Simulate {
    pub(super) fn run(self) -> Result<()> {
        require_directory("--input", &Location::Directory(self.input.clone()))?;
        let settings = self.settings.text(BTreeMap::new())?;
        // Errors are reported once, and not by every instance.
        Settings::from_text(&settings)?;
        let program = env::current_exe().map_err(|error| Error::storage("finding this program", error))?;
        let outcome = Simulation {
            program: &program,
            input: &self.input,
            work: &self.output,
            instances: self.instances.into(),
            shuffle: self.shuffle_seed,
            stops: self.spot_stops.into(),
            seed: self.seed,
            jobs: self.jobs.into(),
            settings: &settings,
        }
        .run()?;
        print_line(&outcome.to_string())
    }
}
