//! Which files to process, and in which order.

use crate::{
    input::{ColumnNames, Contents, Discovery, InputFile, Skipped},
    shard::Shard,
    store::Store,
    words::counted,
};
use manyfit_models::data::CustomerId;

/// The files of one shard, largest first, so that the last worker does not end with the longest file.
pub(super) struct Plan {
    pub(super) files: Vec<InputFile>,
    /// Customers of this shard, refused ones included.
    pub(super) customers: usize,
    pub(super) refused: Vec<(String, String)>,
    /// A file or folder that cannot be read, of customers that are not known.
    pub(super) unknown: Option<String>,
    skipped: Skipped,
    pub(super) columns: Option<ColumnNames>,
}

impl Plan {
    pub(super) fn new(discovery: Discovery, shard: Shard) -> Self {
        let Discovery { mut files, mut refused, unknown, skipped, columns } = discovery;
        for file in &mut files {
            if let Contents::Many(customers) = &mut file.contents {
                customers.retain(|(customer, _)| shard.contains(customer));
            }
        }
        files.retain(|file| file.customers().next().is_some_and(|customer| shard.contains(customer)));
        // An invalid customer name belongs to no shard: the first one reports it.
        refused.retain(|(name, _)| CustomerId::new(name).map_or(shard.index() == 0, |id| shard.contains(&id)));
        files.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.key.cmp(&b.key)));
        let customers = files.iter().map(|file| file.customers().count()).sum::<usize>() + refused.len();
        Self { files, customers, refused, unknown, skipped, columns }
    }

    /// The names of all customers of this shard, refused ones included.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let customers = self.files.iter().flat_map(InputFile::customers).map(CustomerId::as_str);
        customers.chain(self.refused.iter().map(|(name, _)| name.as_str()))
    }

    /// Messages about what was found.
    pub(super) fn describe(&self, input: &dyn Store, shard: Shard) -> Vec<String> {
        let mut lines = Vec::new();
        let input = input.describe("");
        let input = input.trim_end_matches('/');
        let part = if shard == Shard::ALL { String::new() } else { format!(" (shard {shard})") };
        if self.customers == 0 {
            lines.push(format!("no customers in {input}{part}: nothing to do"));
        } else {
            let (customers, files) = (counted(self.customers, "customer"), counted(self.files.len(), "file"));
            lines.push(format!("{customers} in {files} of {input}{part}"));
        }
        if let Some(columns) = &self.columns {
            lines.push(columns.to_string());
        }
        if self.skipped.count > 0 {
            lines.push(format!("skipped: {}", self.skipped));
        }
        lines
    }
}
