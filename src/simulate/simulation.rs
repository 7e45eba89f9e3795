//! The parameters of a simulation.

use std::{collections::BTreeMap, path::Path};

/// A job of many instances and the interruptions that it suffers.
#[derive(Debug)]
pub struct Simulation<'a> {
    /// The program, whose sub-command `train` is run.
    pub program: &'a Path,
    /// The folder in place of the training channel's S3 prefix.
    pub input: &'a Path,
    /// An empty or absent folder for the hosts' trees, the bucket and the run of one process.
    pub work: &'a Path,
    /// Number of instances, at least 1.
    pub instances: usize,
    /// Seed of the order in which keys are distributed, as in the channel's ShuffleConfig; `None` for the order of their names.
    pub shuffle: Option<u64>,
    /// Number of interruptions.
    pub stops: usize,
    /// Seed of which hosts are interrupted, when, and how much of their work was uploaded by then.
    pub seed: u64,
    /// Worker threads of each host.
    pub jobs: usize,
    /// The job's hyperparameters.
    pub settings: &'a BTreeMap<String, String>,
}
