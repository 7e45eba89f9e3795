//! How much of the memory a file of input may take. Its rows, as they are read, come to several times the bytes given here.

use crate::{error::Error, run::available_memory};
use std::io::ErrorKind;

/// A file is read whole if it is at most one part in so many of the memory.
const STORED_SHARE: u64 = 4;

/// What is packed, as gzip or Parquet, may unpack to one part in so many.
const UNPACKED_SHARE: u64 = 16;

const ADVICE: &str = "cut it into smaller files with manyfit prepare, or take a machine with more memory";

/// Bytes that a file may have which is read whole.
pub(super) fn most_stored() -> u64 {
    available_memory() / STORED_SHARE
}

/// Bytes that a packed file may unpack to.
pub(super) fn most_unpacked() -> u64 {
    available_memory() / UNPACKED_SHARE
}

/// What is wrong with a file that unpacks to more than `most` bytes.
pub(super) fn unpacks_to_too_much(most: u64) -> String {
    format!("unpacks to more than {most} bytes, a {UNPACKED_SHARE}th of the memory: {ADVICE}")
}

/// The error of reading a file whole; one that is too large is not the operator's to mend.
pub(super) fn reading_whole(error: Error, file: &str) -> Error {
    match error {
        Error::Storage { source, .. } if source.kind() == ErrorKind::FileTooLarge => {
            Error::Data(format!("{file}: has more than {} bytes, a quarter of the memory: {ADVICE}", most_stored()))
        }
        error => error,
    }
}
