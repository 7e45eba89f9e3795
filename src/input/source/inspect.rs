//! A look into a few files before all are read: what tells whose their rows are, and what their columns are called.

use crate::{
    input::{
        csv::file::Scratch,
        schema::{description::ColumnNames, whose::Whose},
        settings::InputSettings,
        source::{
            file_name::Format,
            input_file::{Budget, InputFile},
            listing::{columns_of, head_of, whose_rows},
            load::Bytes,
        },
    },
    store::Store,
};

/// The layout and the column names are taken from the first readable file among this many.
const INSPECTED: usize = 10;

/// A file of fewer bytes is read whole rather than its beginning, as it may be kept for its reader.
const SMALL: u64 = 1 << 20;

/// What tells whose the rows of a file are, if it is `known`, and else by the first file, and the columns of the first file that
/// has the required ones.
///
/// A file that cannot be read is ignored here: its error is reported later.
pub(super) fn inspect<'a>(
    store: &dyn Store,
    settings: &InputSettings,
    files: impl Iterator<Item = &'a InputFile>,
    known: Option<Whose>,
    budget: &Budget,
) -> (Option<Whose>, Option<ColumnNames>) {
    let (mut bytes, mut scratch) = (Bytes::default(), Scratch::default());
    let mut by_column = known.or(settings.customer.is_some().then_some(Whose::Column));
    let mut columns = None;
    for file in files.take(INSPECTED) {
        let Ok(content) = bytes.load(store, &file.key) else { continue };
        let mut by_folder = Some(Whose::Folder);
        let whose = if file.in_folder { &mut by_folder } else { &mut by_column };
        columns = columns_of(content, (&file.key, file.format), settings, whose, &mut scratch);
        budget.keep(bytes.take(), file);
        if columns.is_some() {
            break;
        }
    }
    (by_column, columns)
}

/// Whether some of a few files that lie apart have a column of customers: the first file may be a stray one.
pub(super) fn some_name_customers(
    store: &dyn Store,
    settings: &InputSettings,
    files: &[InputFile],
    budget: &Budget,
) -> bool {
    let (last, mut scratch) = (files.len().saturating_sub(1), Scratch::default());
    let mut apart = vec![last / 4, last / 2, last - last / 4, last];
    apart.retain(|at| *at > 0);
    apart.dedup();
    apart.into_iter().any(|at| {
        let (file, mut bytes) = (&files[at], Bytes::default());
        let is_small = file.unpacked_size() <= SMALL;
        let content = if is_small { bytes.load(store, &file.key).ok() } else { None };
        // Only the beginning of a large file of text; a Parquet file has its names at its end.
        let head = if is_small || file.format == Format::Parquet { None } else { head_of(store, &file.key).ok() };
        let Some(content) = content.or(head.as_deref()) else { return false };
        let whose = whose_rows(content, file.format, settings, &mut scratch);
        if is_small {
            budget.keep(bytes.take(), file);
        }
        whose == Some(Whose::Column)
    })
}
