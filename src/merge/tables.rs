//! The CSV tables of all shards, merged row by row.

use crate::{
    error::{Error, Result},
    store::{reading, writing},
};
use csv::{ByteRecord, Reader, Writer};
use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
};

/// Merges tables whose first column is the customer, sorted. If several have a customer, the first table's rows count.
pub(super) fn merge_tables(parts: &[PathBuf], out: &mut BufWriter<File>, path: &Path) -> Result<()> {
    let failed = |error: csv::Error| writing(path, error.into());
    let mut readers = Vec::with_capacity(parts.len());
    let mut header = ByteRecord::new();
    for part in parts {
        let mut reader = Reader::from_path(part).map_err(|error| reading(part, error.into()))?;
        let other = reader.byte_headers().map_err(failed)?;
        if header.is_empty() {
            header.clone_from(other);
        } else if header != *other {
            let (part, first) = (part.display(), parts[0].display());
            return Err(Error::Data(format!("{part} has other columns than {first}")));
        }
        let mut next = ByteRecord::new();
        let has_next = reader.read_byte_record(&mut next).map_err(failed)?;
        readers.push((reader, next, has_next));
    }
    let mut table = Writer::from_writer(out);
    table.write_byte_record(&header).map_err(failed)?;
    loop {
        let left = readers.iter().filter(|(.., has_next)| *has_next);
        let Some(customer) = left.map(|(_, next, _)| &next[0]).min().map(<[u8]>::to_vec) else { break };
        let mut written = false;
        for (reader, next, has_next) in &mut readers {
            let is_first = !written;
            while *has_next && next[0] == customer[..] {
                if is_first {
                    table.write_byte_record(next).map_err(failed)?;
                    written = true;
                }
                *has_next = reader.read_byte_record(next).map_err(failed)?;
            }
        }
    }
    table.flush().map_err(|error| writing(path, error))
}
