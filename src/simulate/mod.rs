//! Simulates a SageMaker training job of many instances on one machine.
//!
//! ```text
//! keys ─► dealt to hosts ─► one tree and one process per host ─► checkpoints ─► "bucket" ─► compared with one process
//!                                   ▲  stops ─► restart in a new tree with the bucket's artifacts  │
//!                                   └───────────────────────────────────────────────────────────────┘
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `simulation` | the parameters of a simulation |
//! | `deal` | distribution of keys to hosts |
//! | `host` | one host: its directory tree, its process, its uploads |
//! | `bucket` | uploaded artifacts, and their comparison with those of one process |

mod bucket;
mod deal;
mod host;
mod simulation;

pub use simulation::Simulation;

use std::{fmt, path::PathBuf, thread, time::Duration};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use self::{bucket::Bucket, host::Host};
use crate::{
    error::{Error, Result},
    store::{Durability, LocalStore, Store, WriterLock, create_directory},
};

/// Polling interval for the state of the hosts.
const TICK: Duration = Duration::from_millis(2);

/// The result of a simulation.
#[derive(Debug)]
pub struct Outcome {
    /// Keys dealt to each host.
    pub keys: Vec<usize>,
    /// Interruptions that hit a running host.
    pub stops: usize,
    /// Artifacts in the bucket, each identical to that of a single process.
    pub artifacts: usize,
    /// Customers in the hosts' manifests, each in exactly one.
    pub customers: usize,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, stops, artifacts, customers } = self;
        let keys: Vec<String> = keys.iter().map(usize::to_string).collect();
        writeln!(f, "{} instances with {} keys, {stops} running instances interrupted", keys.len(), keys.join(" + "))?;
        write!(f, "{artifacts} artifacts of {customers} customers are identical to those of one process")
    }
}

impl Simulation {
    /// Runs the job, and the same work in one process to compare with.
    ///
    /// # Errors
    /// [`Error::Settings`] if the work folder is not empty; the error of a host's process that failed;
    /// [`Error::Bug`] if the hosts' results differ from those of one process.
    pub fn run(&self) -> Result<Outcome> {
        let (output, instances) = (&self.output, usize::from(self.instances));
        let occupied = output.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let output = output.display();
            return Err(Error::Settings(format!("{output} is not empty: choose an empty folder for the simulation")));
        }
        create_directory(output)?;
        let _lock = WriterLock::of_folder(output, "")?;
        let entries = LocalStore::new(&self.input, Durability::ProcessDeath).list()?;
        let keys: Vec<String> = entries.into_iter().map(|entry| entry.key).collect();
        let dealt = deal::deal(keys, instances, self.shuffle_seed);
        let bucket = Bucket::new(output.join("bucket"));
        let counts = dealt.iter().map(Vec::len).collect();
        let mut hosts = dealt
            .into_iter()
            .enumerate()
            .map(|(index, keys)| Host::start(self, index, keys, 0, &bucket))
            .collect::<Result<Vec<_>>>()?;
        let stops = self.stop_some(&mut hosts, &bucket)?;
        let manifests = hosts.into_iter().map(|host| host.finish(&bucket)).collect::<Result<Vec<_>>>()?;
        let customers = host::count_customers(&manifests)?;
        let single = self.one_process()?;
        let artifacts = bucket.compare_with(&single)?;
        Ok(Outcome { keys: counts, stops, artifacts, customers })
    }

    /// Interrupts hosts at random moments and restarts them. Returns how many were running.
    fn stop_some(&self, hosts: &mut [Host], bucket: &Bucket) -> Result<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut at_work = 0;
        for _ in 0..self.spot_stops {
            let chosen = rng.random_range(0..hosts.len());
            let host = &mut hosts[chosen];
            // After some more artifacts, or at its very start.
            let more = if rng.random_bool(0.25) { 0 } else { rng.random_range(1..=host.keys().max(1)) };
            let goal = host.artifacts() + more;
            while host.is_running()? && host.artifacts() < goal {
                thread::sleep(TICK);
            }
            if host.is_running()? {
                at_work += 1;
                host.stop(rng.random_bool(0.5), bucket, &mut rng)?;
                host.restart(self, bucket)?;
            }
        }
        Ok(at_work)
    }

    /// Does the same work in one process. Returns the folder of its artifacts.
    fn one_process(&self) -> Result<PathBuf> {
        let output = self.output.join("one-process");
        let mut command = host::train(self)?;
        command.arg("--input").arg(&self.input).arg("--output").arg(&output);
        for (name, value) in &self.settings {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let ended = command.output().map_err(|error| Error::storage("starting a process", error))?;
        host::check_exit("the run of one process", &ended)?;
        Ok(output.join("models"))
    }
}
