//! What is rehearsed.

use std::{collections::BTreeMap, path::Path};

/// A job of many instances, and how it is disturbed.
#[derive(Debug)]
pub struct Simulation<'a> {
    /// The program, whose sub-command `train` is run.
    pub program: &'a Path,
    /// The folder that stands for the channel's prefix.
    pub input: &'a Path,
    /// An empty or absent folder for the hosts' trees, the bucket and the run of one process.
    pub work: &'a Path,
    /// Number of instances, at least 1.
    pub instances: usize,
    /// Seed of the order in which keys are dealt, as in the channel's ShuffleConfig; none for the order of their names.
    pub shuffle: Option<u64>,
    /// Number of times that some host is stopped.
    pub stops: usize,
    /// Seed of which hosts are stopped, when, and how much of their work had been uploaded.
    pub seed: u64,
    /// Worker threads of each host.
    pub jobs: usize,
    /// The job's hyperparameters.
    pub settings: &'a BTreeMap<String, String>,
}
