//! A training job of many instances, rehearsed on one machine.
//!
//! ```text
//! keys ─► dealt to hosts ─► one tree and one process per host ─► checkpoints ─► "bucket" ─► compared with one process
//!                                   ▲  stops ─► restart in a new tree with the bucket's artifacts  │
//!                                   └───────────────────────────────────────────────────────────────┘
//! ```
//!
//! | module | one idea |
//! |---|---|
//! | `simulation` | what is rehearsed |
//! | `deal` | which host gets which key |
//! | `host` | one host: its tree, its process, what is uploaded of its work |
//! | `bucket` | what has been uploaded, and how it compares with one process's work |

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
    store::{Durability, LocalStore, Store},
};

/// Time between two looks at the hosts.
const TICK: Duration = Duration::from_millis(2);

/// What came of it.
#[derive(Debug)]
pub struct Rehearsal {
    /// Keys dealt to each host.
    pub keys: Vec<usize>,
    /// Stops that hit a host at work.
    pub stops: usize,
    /// Artifacts in the bucket, each equal to that of one process.
    pub artifacts: usize,
    /// Customers in the hosts' manifests, each in one.
    pub customers: usize,
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, stops, artifacts, customers } = self;
        let keys: Vec<String> = keys.iter().map(usize::to_string).collect();
        writeln!(f, "{} instances with {} keys, {stops} stops at work", keys.len(), keys.join(" + "))?;
        write!(f, "{artifacts} artifacts of {customers} customers are those of one process, byte for byte")
    }
}

impl Simulation<'_> {
    /// Rehearses the job.
    ///
    /// # Errors
    /// [`Error::Settings`] where the work folder is in use; whatever ends a host's process otherwise than well;
    /// [`Error::Bug`] where the hosts together did not do what one process does.
    pub fn run(&self) -> Result<Rehearsal> {
        let occupied = self.work.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let work = self.work.display();
            return Err(Error::Settings(format!("{work} is not empty: name a folder for this rehearsal alone")));
        }
        let entries = LocalStore::new(self.input, Durability::ProcessDeath).list()?;
        let keys: Vec<String> = entries.into_iter().map(|entry| entry.key).collect();
        let dealt = deal::deal(keys, self.instances, self.shuffle);
        let bucket = Bucket::new(self.work.join("bucket"));
        let counts = dealt.iter().map(Vec::len).collect();
        let mut hosts = dealt
            .into_iter()
            .enumerate()
            .map(|(index, keys)| Host::start(self, index, keys, &bucket))
            .collect::<Result<Vec<_>>>()?;
        let stops = self.stop_some(&mut hosts, &bucket)?;
        for host in &mut hosts {
            host.finish(&bucket)?;
        }
        let customers = host::customers_of(&hosts)?;
        let single = self.one_process()?;
        let artifacts = bucket.compare_with(&single)?;
        Ok(Rehearsal { keys: counts, stops, artifacts, customers })
    }

    /// Stops hosts at random moments and restarts them; how many were at work.
    fn stop_some(&self, hosts: &mut [Host], bucket: &Bucket) -> Result<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut at_work = 0;
        for _ in 0..self.stops {
            let chosen = rng.random_range(0..hosts.len());
            let host = &mut hosts[chosen];
            // After some artifacts more, or at its very start.
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

    /// The same work by one process; the folder of its artifacts.
    fn one_process(&self) -> Result<PathBuf> {
        let output = self.work.join("one-process");
        let mut command = host::train(self);
        command.arg("--input").arg(self.input).arg("--output").arg(&output);
        for (name, value) in self.settings {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let ended = command.output().map_err(|error| Error::storage("starting a process", error))?;
        host::judge("the run of one process", &ended)?;
        Ok(output.join("models"))
    }
}
