//! Synthetic customers for tests, demonstrations and benchmarks.
//!
//! - the same seed gives the same bytes on any machine, with any number of threads;
//! - a customer depends only on the seed and its own number: a dataset of 1,000 customers is the beginning of one of a million.

mod draws;
mod energy;
mod housing;
mod output;
mod text;

pub use energy::Energy;
pub use housing::Housing;
pub use output::Written;

use crate::{error::Result, run::thread_pool, store::Store};
use draws::Draws;
use output::Output;
use rayon::prelude::*;
use std::io::Write;

/// A kind of dataset.
#[derive(Clone, Debug)]
pub enum Dataset {
    /// See [`Housing`].
    Housing(Housing),
    /// See [`Energy`].
    Energy(Energy),
}

impl Dataset {
    /// Writes the files of customers 0 to `customers` - 1, with several threads; stops at the first error.
    ///
    /// # Errors
    /// The store's.
    pub fn write<'a>(&self, seed: u64, customers: u64, threads: usize, store: &'a dyn Store) -> Result<Written> {
        let output = || Output { store, text: Vec::new(), written: Written::default() };
        let write = |mut output: Output<'a>, number| {
            let draws = Draws::new(seed, number);
            match self {
                Self::Housing(housing) => housing.customer(number, draws, &mut output)?,
                Self::Energy(energy) => energy.customer(number, draws, &mut output)?,
            }
            Ok(output)
        };
        let sum = |a: Written, b: Written| Ok(Written { files: a.files + b.files, bytes: a.bytes + b.bytes });
        thread_pool("generate", threads)?.install(|| {
            let parts = (0..customers).into_par_iter().try_fold(output, write);
            parts.map(|output: Result<Output<'a>>| Ok(output?.written)).try_reduce(Written::default, sum)
        })
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
