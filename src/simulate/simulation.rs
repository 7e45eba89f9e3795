//! The parameters of a simulation.

use clap::Args;
use std::{collections::BTreeMap, path::PathBuf};

/// A job of many instances and the interruptions that it suffers: options of the command line.
#[derive(Args, Debug)]
pub struct Simulation {
    /// Folder with the customers' files
    // In place of the training channel's S3 prefix.
    #[arg(long, value_name = "DIR")]
    pub(crate) input: PathBuf,

    /// Empty folder for the instances' directory trees and results
    #[arg(long, value_name = "DIR")]
    pub(super) output: PathBuf,

    /// Number of instances
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) instances: u16,

    /// Distribute files in a random order of this seed [default: in the order of their names]
    // As the channel's ShuffleConfig.
    #[arg(long, value_name = "SEED")]
    pub(super) shuffle_seed: Option<u64>,

    /// Number of interruptions, by SIGTERM or SIGKILL
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) spot_stops: u16,

    /// Seed of the interruptions
    // Which hosts are interrupted, when, and how much of their work was uploaded by then.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(super) seed: u64,

    /// Worker threads per instance
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: u16,

    /// The job's hyperparameters.
    #[arg(skip)]
    pub(crate) settings: BTreeMap<String, String>,
}
