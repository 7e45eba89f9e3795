//! Which files of results the shards left.

use crate::{
    error::{Error, Result},
    store::reading,
};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Files by shard and number of shards.
pub(super) type Found = BTreeMap<(u64, u64), PathBuf>;

/// The files of a name in the folders, such as `manifest-0-of-3.jsonl`.
pub(super) fn find(folders: &[PathBuf], name: &str, extension: &str) -> Result<Found> {
    let mut found = Found::new();
    for folder in folders {
        let entries = fs::read_dir(folder).map_err(|error| reading(folder, error))?;
        for entry in entries {
            let path = entry.map_err(|error| reading(folder, error))?.path();
            let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
            let suffix = file.strip_prefix(name).and_then(|rest| rest.strip_suffix(&format!(".{extension}")));
            let Some(shard) = suffix.and_then(shard_of) else { continue };
            if let Some(other) = found.insert(shard, path.clone()) {
                let (path, other) = (path.display(), other.display());
                return Err(Error::Settings(format!("{other} and {path} are of the same shard: keep one")));
            }
        }
    }
    Ok(found)
}

/// `-0-of-3` as 0 of 3; the results of a run without shards have no suffix.
fn shard_of(suffix: &str) -> Option<(u64, u64)> {
    if suffix.is_empty() {
        return Some((0, 1));
    }
    let (index, count) = suffix.strip_prefix('-')?.split_once("-of-")?;
    Some((index.parse().ok()?, count.parse().ok()?))
}
