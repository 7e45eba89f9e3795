//! Which names are objects, and which belong to other programs.

use crate::error::{Error, Result};

/// The suffix of unfinished writes: the upload agent of a SageMaker checkpoint directory does not upload them.
pub(super) const UNFINISHED: &str = ".sagemaker-ignore";

/// The suffixes of marker files that the upload agent creates next to the files it uploads.
const MARKERS: [&str; 2] = [".sagemaker-uploading", ".sagemaker-uploaded"];

/// Whether a file or directory of this name is not an object and contains none.
pub(super) fn is_hidden(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'.' | b'_'))
        || name.ends_with(UNFINISHED.as_bytes())
        || MARKERS.iter().any(|marker| name.ends_with(marker.as_bytes()))
}

/// Whether a text is a valid key, as [`Store`](super::Store) defines it.
#[must_use]
pub fn is_key(text: &str) -> bool {
    check(text).is_ok()
}

/// Rejects a key that points outside the store or that `list` would not show.
pub(super) fn check(key: &str) -> Result<()> {
    key.split('/').find_map(complaint).map_or(Ok(()), |complaint| Err(refusal(key, complaint)))
}

/// [`check`] for an object of a bucket, which other programs may have written with empty parts in its key, such as `a//b`.
#[cfg(feature = "s3")]
pub(super) fn check_in_bucket(key: &str) -> Result<()> {
    let mut parts = key.split('/').filter(|part| !part.is_empty());
    let is_folder = key.is_empty() || key.ends_with('/');
    let complaint = if is_folder { complaint("") } else { parts.find_map(complaint) };
    complaint.map_or(Ok(()), |complaint| Err(refusal(key, complaint)))
}

/// What is wrong with a part of a key.
fn complaint(part: &str) -> Option<&'static str> {
    match part {
        "" => Some("has an empty part; write it without a `/` at its ends and without `//`"),
        "." | ".." => Some("has a part `.` or `..`; write it as a plain relative path"),
        _ if is_hidden(part.as_bytes()) => Some(
            "has a part that starts with `.` or `_` or ends like an upload marker; such names are skipped, rename it",
        ),
        _ => None,
    }
}

fn refusal(key: &str, complaint: &str) -> Error {
    Error::Data(format!("the object name {key:?} {complaint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_relative_paths_are_keys() {
        for key in ["8.tar.gz", "a/b/c.csv", "Zürich 3", "a..b", "x.sagemaker-uploaded.csv", "a\\b", "line\nfeed"] {
            assert!(check(key).is_ok(), "{key:?}");
        }
    }

    #[test]
    fn names_outside_the_store_and_hidden_names_are_rejected() {
        let outside = ["", "/etc/passwd", "a/", "a//b", "..", "../x", "a/../b", "a/./b"];
        let hidden =
            [".x", "_SUCCESS", "a/_b/c", "x.sagemaker-ignore", "d.sagemaker-uploading/x", "x.sagemaker-uploaded"];
        for key in outside.into_iter().chain(hidden) {
            let message = check(key).unwrap_err().to_string();
            assert!(message.starts_with(&format!("the object name {key:?} has ")), "{message}");
        }
    }
}
