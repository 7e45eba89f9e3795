//! The identity of a run.

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

use sha2::{Digest, Sha256};

use crate::{
    error::Result,
    prepare::options::Options,
    shard::Shard,
    store::{Entry, Stamp, Store, reading},
};

/// A hash of everything that the output depends on: the tables by name, size and version, the options, this program's version.
pub(in crate::prepare) fn fingerprint(input: &dyn Store, options: &Options, shard: Shard) -> Result<String> {
    let mut text = format!("{} {options:?} {shard}\n", env!("CARGO_PKG_VERSION"));
    let tables: BTreeMap<String, Stamp> = match input.survey()? {
        Some(stamps) => stamps.into_iter().collect(),
        None => input.list()?.into_iter().map(|entry| with_time(input, entry)).collect::<Result<_>>()?,
    };
    for (key, Stamp { size, tag }) in tables {
        // Writing to memory does not fail.
        let _ = writeln!(text, "{key} {size} {tag}");
    }
    let first = Sha256::digest(text).iter().take(16).fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
    Ok(format!("{first:032x}"))
}

/// The version of a file is its modification time. One that cannot be told is an error: the next run would take the output for that
/// of another preparation.
fn with_time(store: &dyn Store, entry: Entry) -> Result<(String, Stamp)> {
    let time = |path: PathBuf| {
        let time = fs::metadata(&path).and_then(|data| data.modified());
        time.map_err(|error| reading(&path, error))
    };
    let tag = format!("{:?}", store.file(&entry.key).map(time).transpose()?);
    Ok((entry.key, Stamp { size: entry.size, tag }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Durability, LocalStore};

    #[test]
    fn a_table_whose_time_cannot_be_told_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let store = LocalStore::new(place.path(), Durability::default());
        let entry = || Entry { key: "a.csv".into(), size: 1 };
        assert_eq!(with_time(&store, entry()).unwrap_err().code(), 4);
        fs::write(place.path().join("a.csv"), "x").unwrap();
        assert!(with_time(&store, entry()).unwrap().1.tag.starts_with("Some("));
    }
}
