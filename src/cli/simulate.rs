//! `manyfit simulate`: a SageMaker job of many instances, rehearsed on this machine.

use super::{output::print_line, places::require_directory, settings_options::SettingsOptions};
use crate::{
    error::{Error, Result},
    settings::Settings,
    simulate::Simulation,
    store::Location,
};
use clap::Args;
use std::{collections::BTreeMap, env, path::PathBuf};

/// Rehearse a SageMaker job of many instances on this machine.
///
/// Every instance is a process in a tree of its own, as the platform lays it out. Files are
/// dealt to instances as ShardedByS3Key deals objects; instances can be stopped at random, and
/// come back with what had been uploaded. In the end all artifacts must be those of one process.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Simulate {
    /// Folder with the customers' files
    #[arg(long, value_name = "DIR")]
    input: PathBuf,

    /// Empty folder for the instances' trees and what they make
    #[arg(long, value_name = "DIR")]
    output: PathBuf,

    /// Number of instances
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    instances: u16,

    /// Deal files in the order that this seed gives [default: in the order of their names]
    #[arg(long, value_name = "SEED")]
    shuffle_seed: Option<u64>,

    /// Stop some instance so many times, with SIGTERM or SIGKILL
    #[arg(long, value_name = "N", default_value_t = 0)]
    spot_stops: u16,

    /// Seed of the stops
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,

    #[command(flatten)]
    settings: SettingsOptions,

    /// Worker threads of each instance
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: u16,
}

impl Simulate {
    pub(super) fn run(self) -> Result<()> {
        require_directory("--input", &Location::Directory(self.input.clone()))?;
        let settings = self.settings.text(BTreeMap::new())?;
        // Faults are said once, and not by every instance.
        Settings::from_text(&settings)?;
        let program = env::current_exe().map_err(|error| Error::storage("finding this program", error))?;
        let rehearsal = Simulation {
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
        print_line(&rehearsal.to_string())
    }
}
