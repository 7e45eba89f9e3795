//! Where bytes live: named objects in a directory or a bucket, and files that are written safely.
//!
//! One trait, one contract: `tests/suite/store_contract.rs` is run on every implementation.
//!
//! | module | content |
//! |---|---|
//! | `file_error` | errors of files in one wording |
//! | `interface` | the trait [`Store`] |
//! | `key` | which names are objects |
//! | `local`, `s3` | a directory and a bucket as a store |
//! | `lock` | one writer at a time |
//! | `location` | where a store is, as users write it |
//! | `memory` | objects in memory |
//! | `open_file` | opening files, and nothing else, without waiting |
//! | `selection` | a store that shows some objects of another |
//! | `staged` | writing a file under a temporary name and renaming it |

mod file_error;
mod interface;
mod key;
mod local;
mod location;
mod lock;
mod memory;
mod open_file;
#[cfg(feature = "s3")]
mod s3;
mod s3_options;
mod selection;
mod staged;

#[cfg(feature = "s3")]
pub use s3::S3Store;
pub use {
    file_error::{create_directory, reading, writing},
    interface::{Done, Entry, Lease, Stamp, Store, Unlisted},
    key::is_key,
    local::{Durability, LocalStore},
    location::Location,
    lock::{Holder, WriterLock},
    memory::MemoryStore,
    open_file::open_file,
    s3_options::S3Options,
    selection::Selection,
    staged::{StagedFile, write_file},
};
pub(crate) use {
    file_error::{look, too_large},
    open_file::read_whole,
    staged::{create_anew, sweep},
};
