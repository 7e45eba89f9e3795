//! The CSV tables of all shards, merged row by row.

use crate::{
    error::{Error, Result},
    results::merge_sorted,
    store::{open_file, reading, writing},
};
use csv::{ByteRecord, Reader, Writer};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Merges tables whose first column is the customer, sorted. If several have a customer, the first table's rows count.
pub(super) fn merge_tables(parts: &[PathBuf], out: &mut impl Write, path: &Path) -> Result<()> {
    let failed = |error: csv::Error| writing(path, error.into());
    let mut header = ByteRecord::new();
    let mut tables = Vec::with_capacity(parts.len());
    for part in parts {
        let failed = move |error: csv::Error| reading(part, error.into());
        let mut reader = Reader::from_reader(open_file(part).map_err(|error| reading(part, error))?);
        let other = reader.byte_headers().map_err(failed)?;
        if header.is_empty() {
            header.clone_from(other);
        } else if header != *other {
            let (part, first) = (part.display(), parts[0].display());
            return Err(Error::Data(format!("{part} has other columns than {first}")));
        }
        tables.push(reader.into_byte_records().map(move |row| row.map_err(failed)));
    }
    let mut merged = Writer::from_writer(out);
    merged.write_byte_record(&header).map_err(failed)?;
    // The customer of the last row, and the table that its rows are taken from.
    let (mut customer, mut source) = (Vec::new(), 0);
    merge_sorted(
        tables,
        |row| row[0].to_vec(),
        |table, row| {
            if customer != row[0] {
                (customer, source) = (row[0].to_vec(), table);
            }
            if source == table { merged.write_byte_record(&row).map_err(failed) } else { Ok(()) }
        },
    )?;
    merged.flush().map_err(|error| writing(path, error))
}
