//! Synthetic customers for tests, demonstrations and benchmarks.
//!
//! - the same seed gives the same bytes on any machine, with any number of threads;
//! - a customer depends only on the seed and its own number: a dataset of 1,000 customers is the beginning of one of a million.

mod draws;
mod energy;
mod housing;
mod text;

pub use energy::{Energy, Step};
pub use housing::Housing;

use crate::{error::Result, store::Store};
use draws::Draws;
use std::{
    io::Write,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

/// A kind of dataset.
#[derive(Clone, Debug)]
pub enum Dataset {
    /// See [`Housing`].
    Housing(Housing),
    /// See [`Energy`].
    Energy(Energy),
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Number of files.
    pub files: u64,
    /// Their sizes together.
    pub bytes: u64,
}

impl Dataset {
    /// Generates one customer and passes the name and content of each of its files to `file`.
    ///
    /// # Errors
    /// Those of `file`.
    pub fn customer(
        &self,
        seed: u64,
        number: u64,
        buffer: &mut Vec<u8>,
        file: impl FnMut(&str, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let draws = Draws::new(seed, number);
        match self {
            Self::Housing(housing) => housing.customer(number, draws, buffer, file),
            Self::Energy(energy) => energy.customer(number, draws, buffer, file),
        }
    }

    /// Writes the files of customers 0 to `customers` - 1, with several threads; stops at the first error.
    ///
    /// # Errors
    /// The store's.
    pub fn write(&self, seed: u64, customers: u64, threads: usize, store: &dyn Store) -> Result<Written> {
        let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
        let outcome = Mutex::new(Ok(Written::default()));
        thread::scope(|scope| {
            for _ in 0..threads.max(1) {
                scope.spawn(|| {
                    let (mut buffer, mut written) = (Vec::new(), Written::default());
                    let mut work = || {
                        while !failed.load(Ordering::Relaxed) {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= customers {
                                break;
                            }
                            self.customer(seed, number, &mut buffer, |name, content| {
                                written.files += 1;
                                written.bytes += content.len() as u64;
                                store.publish(name, content)
                            })?;
                        }
                        Ok(())
                    };
                    let result = work();
                    failed.fetch_or(result.is_err(), Ordering::Relaxed);
                    let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    match (&mut *outcome, result) {
                        (Ok(all), Ok(())) => {
                            all.files += written.files;
                            all.bytes += written.bytes;
                        }
                        (Ok(_), Err(error)) => *outcome = Err(error),
                        // The first failure is the one to report.
                        (Err(_), _) => {}
                    }
                });
            }
        });
        outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Energy {
    /// Writes customers 0 to `customers` - 1 as one table with the columns `customer_id,timestamp,consumption`, one
    /// customer after another; one customer's text is in memory at a time.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_table(&self, seed: u64, customers: u64, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(b"customer_id,timestamp,consumption\n")?;
        let mut buffer = Vec::new();
        for number in 0..customers {
            buffer.clear();
            self.rows(Some(number), Draws::new(seed, number), &mut buffer);
            out.write_all(&buffer)?;
        }
        Ok(())
    }
}
