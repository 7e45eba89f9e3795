//! Customers to files.

use std::{
    mem,
    sync::mpsc::{Receiver, Sender, channel},
};

use super::{
    bundles::Bundle,
    csv::{TimeFormat, TimeWriter, write_header, write_rows},
    file_names::bundle_key,
    held_back::{Parts, parts},
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
type Customer<'a> = (CustomerSlice<'a>, Parts<'a>);

/// Writes files. Each thread has its own.
pub(in crate::prepare) struct FileWriter<'a> {
    style: &'a FileStyle<'a>,
    /// Where files for training go, and those for validation, if there are any.
    stores: [Option<&'a dyn Store>; 2],
    times: TimeWriter,
    bytes: Vec<u8>,
    /// Results of writes, and how many have not arrived.
    results: (Sender<Result<()>>, Receiver<Result<()>>),
    pending: usize,
}

impl<'a> FileWriter<'a> {
    pub(in crate::prepare) fn new(style: &'a FileStyle<'a>, stores: [Option<&'a dyn Store>; 2]) -> Self {
        Self { style, stores, times: TimeWriter::default(), bytes: Vec::new(), results: channel(), pending: 0 }
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
                let customer = [(*rows, parts(*rows, output_rows(*rows, options)?, options))];
                self.files(&format!("{}.{extension}", rows.customer), &customer, false, &mut report)?;
            }
            return Ok(report);
        }
        for at in task.bundles.clone() {
            let (first, end) = (bundles[at].first, bundles.get(at + 1).map(|next| next.first));
            let inside = |rows: &&CustomerSlice<'_>| rows.hash >= first && end.is_none_or(|end| rows.hash < end);
            let output = customers
                .iter()
                .filter(inside)
                .map(|rows| Ok((*rows, parts(*rows, output_rows(*rows, options)?, options))));
            let output = output.collect::<Result<Vec<_>>>()?;
            self.files(&bundle_key(at, self.style.bundles, shard, extension), &output, true, &mut report)?;
        }
        report.sort_unstable_by(|a, b| a.customer.cmp(&b.customer));
        Ok(report)
    }

    /// Starts to write the files of customers' parts, those that have rows; `many`: with a customer column.
    fn files(&mut self, key: &str, customers: &[Customer<'_>], many: bool, report: &mut Vec<Quality>) -> Result<()> {
        for (part, store) in self.stores.into_iter().enumerate() {
            let part: Vec<(&str, &[OutputRow<'_>])> =
                customers.iter().map(|(rows, parts)| (rows.customer, parts[part].as_slice())).collect();
            if let Some(store) = store
                && part.iter().any(|(_, rows)| !rows.is_empty())
            {
                self.file(store, key, &part, many)?;
            }
        }
        let options = self.style.options;
        let quality =
            |(rows, [training, validation]): &Customer<'_>| Quality::new(*rows, [training, validation], key, options);
        report.extend(customers.iter().map(quality));
        Ok(())
    }

    /// Starts to write one file. Fails if an earlier write has failed.
    fn file(&mut self, store: &dyn Store, key: &str, customers: &[(&str, &[OutputRow<'_>])], many: bool) -> Result<()> {
        let FileStyle { options, kept, .. } = self.style;
        let has_times = !options.has_features();
        let bytes = &mut self.bytes;
        bytes.clear();
        match options.format {
            OutputFormat::Csv => {
                if has_times {
                    let times = customers.iter().flat_map(|(_, output)| *output).map(|row| row.time);
                    self.times.format = TimeFormat::shortest(times);
                }
                if options.header {
                    write_header(many, has_times, &options.target_name, kept, bytes);
                }
                for (name, output) in customers {
                    let times = has_times.then_some(&mut self.times);
                    write_rows(many.then_some(*name), output, kept.len(), times, bytes);
                }
            }
            #[cfg(feature = "parquet")]
            OutputFormat::Parquet => {
                super::parquet::write(customers, (many, has_times), &options.target_name, kept, bytes)?;
            }
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
        store.publish_behind(key, mem::take(bytes), Box::new(done));
        while let Ok(result) = self.results.1.try_recv() {
            self.pending -= 1;
            result?;
        }
        Ok(())
    }
}
