//! The identity of a run.

use std::{collections::BTreeMap, fmt::Write, fs};

use sha2::{Digest, Sha256};

use crate::{
    error::Result,
    prepare::options::Options,
    shard::Shard,
    store::{Entry, Stamp, Store},
};

/// A hash of everything that the output depends on: the tables by name, size and version, the options, this program's version.
pub(in crate::prepare) fn fingerprint(input: &dyn Store, options: &Options, shard: Shard) -> Result<String> {
    let mut text = format!("{} {options:?} {shard}\n", env!("CARGO_PKG_VERSION"));
    let tables: BTreeMap<String, Stamp> = match input.survey()? {
        Some(stamps) => stamps.into_iter().collect(),
        None => input.list()?.into_iter().map(|entry| with_time(input, entry)).collect(),
    };
    for (key, Stamp { size, tag }) in tables {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{key} {size} {tag}");
    }
    let first = Sha256::digest(text).iter().take(16).fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
    Ok(format!("{first:032x}"))
}

/// The version of a file is its modification time.
fn with_time(store: &dyn Store, entry: Entry) -> (String, Stamp) {
    let data = store.file(&entry.key).and_then(|path| fs::metadata(path).ok());
    let tag = format!("{:?}", data.and_then(|data| data.modified().ok()));
    (entry.key, Stamp { size: entry.size, tag })
}
