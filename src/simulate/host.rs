//! One host: its directory tree, its process, and its uploads.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{bucket::Bucket, simulation::Simulation};
use crate::{
    error::{Error, Result},
    run::this_program,
    sagemaker::{Paths, create_host_tree},
};

/// The exit code of a run that was stopped by a signal.
const STOPPED: i32 = 5;

/// A host of the job. After an interruption another machine takes over its name.
pub(super) struct Host {
    name: String,
    index: usize,
    keys: Vec<String>,
    tree: Paths,
    process: Child,
    restarts: usize,
}

impl Host {
    /// Creates a tree with the host's share of the channel and the bucket's artifacts, and starts a process in it.
    pub(super) fn start(
        simulation: &Simulation,
        index: usize,
        keys: Vec<String>,
        restarts: usize,
        bucket: &Bucket,
    ) -> Result<Self> {
        let name = format!("algo-{}", index + 1);
        let base = simulation.output.join("hosts").join(format!("{name}-{restarts}"));
        let tree = create_host_tree(&base, index, simulation.instances.into(), &simulation.settings)?;
        for key in &keys {
            link_or_copy(&simulation.input.join(key), &tree.channels().join("training").join(key))?;
        }
        bucket.restore(&tree.checkpoints())?;
        let (variable, path) = tree.variable();
        let mut command = train(simulation)?;
        let process =
            command.env(variable, path).spawn().map_err(|error| Error::storage("starting a process", error))?;
        Ok(Self { name, index, keys, tree, process, restarts })
    }

    /// Number of keys that it was given.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Number of artifacts among its checkpoints.
    pub(super) fn artifacts(&self) -> usize {
        let is_artifact = |name: &str| name.ends_with(".tar.gz");
        fs::read_dir(self.tree.checkpoints()).map_or(0, |entries| {
            entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_artifact)).count()
        })
    }

    pub(super) fn is_running(&mut self) -> Result<bool> {
        let ended = self.process.try_wait().map_err(|error| Error::storage("waiting for a process", error))?;
        Ok(ended.is_none())
    }

    /// Takes the machine away, with a warning (SIGTERM) or without (SIGKILL). Only what the agent uploaded by then survives.
    pub(super) fn stop(&mut self, warned: bool, bucket: &Bucket, rng: &mut ChaCha8Rng) -> Result<()> {
        let failed = |error| Error::storage("stopping a process", error);
        if warned {
            terminate(&mut self.process).map_err(failed)?;
        } else {
            self.process.kill().map_err(failed)?;
        }
        self.process.wait().map_err(failed)?;
        bucket.upload(&self.tree.checkpoints(), Some(rng))
    }

    /// Starts a new machine under the same name, with the same channel and every artifact of the bucket.
    pub(super) fn restart(&mut self, simulation: &Simulation, bucket: &Bucket) -> Result<()> {
        let keys = std::mem::take(&mut self.keys);
        *self = Self::start(simulation, self.index, keys, self.restarts + 1, bucket)?;
        Ok(())
    }

    /// Waits for the process to end and uploads the rest. Returns the manifest among its results.
    #[expect(clippy::case_sensitive_file_extension_comparisons, reason = "names that the program gave")]
    pub(super) fn finish(self, bucket: &Bucket) -> Result<PathBuf> {
        let ended = self.process.wait_with_output().map_err(|error| Error::storage("waiting for a process", error))?;
        check_exit(&self.name, &ended)?;
        bucket.upload(&self.tree.checkpoints(), None)?;
        let folder = self.tree.output("data");
        let is_manifest = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("manifest") && name.ends_with(".jsonl") && !name.contains("partial")
        };
        let mut entries = fs::read_dir(&folder)
            .map_err(|error| Error::storage(format_args!("listing {}", folder.display()), error))?
            .flatten()
            .map(|entry| entry.path());
        let found = entries.find(is_manifest);
        found.ok_or_else(|| Error::Bug(format!("{} left no manifest in {}", self.name, folder.display())))
    }
}

/// The number of customers in the hosts' manifests.
///
/// # Errors
/// [`Error::Bug`] if two hosts have the same customer.
pub(super) fn count_customers(manifests: &[PathBuf]) -> Result<usize> {
    let mut customers = BTreeSet::new();
    for path in manifests {
        let text = fs::read_to_string(path)
            .map_err(|error| Error::storage(format_args!("reading {}", path.display()), error))?;
        for line in text.lines() {
            let row: Value =
                serde_json::from_str(line).map_err(|error| Error::Bug(format!("{}: {error}", path.display())))?;
            let customer = row["customer"].as_str().unwrap_or_default().to_owned();
            if let Some(twice) = customers.replace(customer) {
                return Err(Error::Bug(format!("the customer {twice} is in two hosts' manifests")));
            }
        }
    }
    Ok(customers.len())
}

/// The command of a training process, whose standard error is captured.
pub(super) fn train(simulation: &Simulation) -> Result<Command> {
    let mut command = this_program().map_err(|error| Error::storage("finding this program", error))?;
    command.arg("train").arg("--jobs").arg(simulation.jobs.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

/// Makes a file available under another name: by a hard link if the file system allows it, by a copy otherwise.
fn link_or_copy(file: &Path, name: &Path) -> Result<()> {
    let linked = name
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::hard_link(file, name).or_else(|_| fs::copy(file, name).map(drop)));
    linked.map_err(|error| Error::storage(format_args!("copying to {}", name.display()), error))
}

/// Turns the exit code of a process into a result.
pub(super) fn check_exit(name: &str, ended: &Output) -> Result<()> {
    let stderr = String::from_utf8_lossy(&ended.stderr);
    let stderr = stderr.trim();
    match ended.status.code() {
        Some(0) => Ok(()),
        Some(2) => Err(Error::Settings(format!("{name}: {stderr}"))),
        Some(3) => Err(Error::Data(format!("{name}: {stderr}"))),
        Some(STOPPED) => Err(Error::Stopped(format!("{name}: {stderr}"))),
        _ => Err(Error::Bug(format!("{name} ended with {}: {stderr}", ended.status))),
    }
}

/// Sends SIGTERM.
fn terminate(process: &mut Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    let Some(pid) = Pid::from_raw(process.id() as i32) else { return process.kill() };
    kill_process(pid, Signal::TERM).map_err(Into::into)
}
