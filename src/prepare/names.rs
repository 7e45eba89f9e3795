//! What a file's name tells: whether it is a table, of which kind, and whose.

/// The customer that a file is named after, as in training: its name up to the first dot, or the directory's for `data.csv`
/// in one.
pub(super) fn customer_name(key: &str) -> &str {
    let (directories, file) = key.rsplit_once('/').unwrap_or(("", key));
    let stem = file.split('.').next().unwrap_or(file);
    let named_by_directory = stem.eq_ignore_ascii_case("data") && !directories.is_empty();
    if named_by_directory { directories.rsplit('/').next().unwrap_or(directories) } else { stem }
}

fn ends_with(key: &str, ending: &str) -> bool {
    let start = key.len().checked_sub(ending.len());
    start.and_then(|start| key.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// Whether a name is that of a table: `.csv`, `.csv.gz`, `.parquet`.
#[must_use]
pub fn is_table(key: &str) -> bool {
    is_text(key) || is_parquet(key)
}

fn is_text(key: &str) -> bool {
    ends_with(key, ".csv") || ends_with(key, ".csv.gz")
}

pub(super) fn is_parquet(key: &str) -> bool {
    ends_with(key, ".parquet")
}
