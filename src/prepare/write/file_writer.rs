//! Customers to files.

use std::{
    mem,
    sync::mpsc::{Receiver, Sender, channel},
};

use super::{
    bundles::Bundle,
    csv::{TimeFormat, TimeWriter, write_header, write_rows},
    file_names::bundle_key,
    output_rows::{OutputRow, output_rows},
    tasks::WriteTask,
};
use crate::{
    error::Result,
    prepare::{
        gather::CustomerSlice,
        options::{Options, OutputFormat},
        quality::Quality,
    },
    shard::Shard,
    store::Store,
};

/// What all files of a run have in common.
pub(in crate::prepare) struct FileStyle<'a> {
    pub(in crate::prepare) options: &'a Options,
    pub(in crate::prepare) shard: Shard,
    /// Names of the kept columns in the output.
    pub(in crate::prepare) kept: Vec<String>,
    /// Number of bundles of the run.
    pub(in crate::prepare) bundles: usize,
}

/// A customer and its output.
type Customer<'a> = (CustomerSlice<'a>, Vec<OutputRow<'a>>);

/// Writes files. Each thread has its own.
pub(in crate::prepare) struct FileWriter<'a> {
    style: &'a FileStyle<'a>,
    store: &'a dyn Store,
    times: TimeWriter,
    bytes: Vec<u8>,
    /// Results of writes, and how many have not arrived.
    results: (Sender<Result<()>>, Receiver<Result<()>>),
    pending: usize,
}

impl<'a> FileWriter<'a> {
    pub(in crate::prepare) fn new(style: &'a FileStyle<'a>, store: &'a dyn Store) -> Self {
        Self { style, store, times: TimeWriter::default(), bytes: Vec::new(), results: channel(), pending: 0 }
    }

    /// Writes the files of a task and waits until all of them are there. `customers` are sorted by name, as is the returned
    /// quality of each.
    pub(in crate::prepare) fn write(
        &mut self,
        task: &WriteTask,
        bundles: &[Bundle],
        customers: &[CustomerSlice<'_>],
    ) -> Result<Vec<Quality>> {
        let report = self.start(task, bundles, customers);
        // All of them, also after a failure: no write may go on when this returns.
        let pending = self.results.1.iter().take(mem::take(&mut self.pending));
        let finished = pending.fold(Ok(()), Result::and);
        report.and_then(|report| finished.map(|()| report))
    }

    fn start(&mut self, task: &WriteTask, bundles: &[Bundle], customers: &[CustomerSlice<'_>]) -> Result<Vec<Quality>> {
        let FileStyle { options, shard, .. } = *self.style;
        let extension = options.format.extension();
        let mut report = Vec::with_capacity(customers.len());
        if task.bundles.is_empty() {
            for rows in customers {
                let customer = [(*rows, output_rows(*rows, options)?)];
                self.file(&format!("{}.{extension}", rows.customer), &customer, false, &mut report)?;
            }
            return Ok(report);
        }
        for at in task.bundles.clone() {
            let (first, end) = (bundles[at].first, bundles.get(at + 1).map(|next| next.first));
            let inside = |rows: &&CustomerSlice<'_>| rows.hash >= first && end.is_none_or(|end| rows.hash < end);
            let output = customers.iter().filter(inside).map(|rows| Ok((*rows, output_rows(*rows, options)?)));
            let output = output.collect::<Result<Vec<_>>>()?;
            self.file(&bundle_key(at, self.style.bundles, shard, extension), &output, true, &mut report)?;
        }
        report.sort_unstable_by(|a, b| a.customer.cmp(&b.customer));
        Ok(report)
    }

    /// Starts to write one file; `many`: with a customer column. Fails if an earlier write has failed.
    fn file(&mut self, key: &str, customers: &[Customer<'_>], many: bool, report: &mut Vec<Quality>) -> Result<()> {
        let FileStyle { options, kept, .. } = self.style;
        let bytes = &mut self.bytes;
        bytes.clear();
        match options.format {
            OutputFormat::Csv => {
                let times = customers.iter().flat_map(|(_, output)| output).map(|row| row.time);
                self.times.format = TimeFormat::shortest(times);
                if options.header {
                    write_header(many, &options.target_name, kept, bytes);
                }
                for (rows, output) in customers {
                    write_rows(many.then_some(rows.customer), output, kept.len(), &mut self.times, bytes);
                }
            }
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => super::parquet::write(customers, many, &options.target_name, kept, bytes)?,
            #[cfg(not(feature = "parquet"))]
            OutputFormat::Parquet => {
                return Err(crate::error::Error::Settings(
                    "this manyfit was built without Parquet: use a build with the feature parquet, or --format csv"
                        .into(),
                ));
            }
        }
        let written = self.results.0.clone();
        let done = move |result: Result<_>| drop(written.send(result.map(drop)));
        self.pending += 1;
        self.store.publish_behind(key, mem::take(bytes), Box::new(done));
        while let Ok(result) = self.results.1.try_recv() {
            self.pending -= 1;
            result?;
        }
        report.extend(customers.iter().map(|(rows, output)| Quality::new(*rows, output, key, options)));
        Ok(())
    }
}
