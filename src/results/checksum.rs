//! What a file of results holds: the summary says it, so that others can tell whether the file is still the one that was
//! written with it.

use crate::{
    error::Result,
    store::{open_file, reading},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use xxhash_rust::xxh3::Xxh3;

/// The size of a file and a hash of its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// Size in bytes.
    pub bytes: u64,
    /// XXH3 with 128 bits, in hexadecimal digits.
    pub xxh3: String,
}

#[derive(Default)]
struct Sum {
    bytes: u64,
    hash: Xxh3,
}

/// The checksum of what was written so far.
#[derive(Clone, Default)]
pub(super) struct Running(Arc<Mutex<Sum>>);

/// A file whose checksum is taken while it is written.
pub(crate) struct SummedFile {
    file: File,
    running: Running,
}

impl Checksum {
    /// That of a file.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::error::Error::Storage) if it cannot be read.
    pub(crate) fn of_file(path: &Path) -> Result<Self> {
        let running = Running::default();
        let mut sink = Sink(&running);
        let copied = open_file(path).and_then(|file| io::copy(&mut BufReader::with_capacity(1 << 20, file), &mut sink));
        copied.map_err(|error| reading(path, error))?;
        Ok(running.get())
    }
}

impl Running {
    fn add(&self, bytes: &[u8]) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum.bytes += bytes.len() as u64;
        sum.hash.update(bytes);
    }

    pub(super) fn get(&self) -> Checksum {
        let sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Checksum { bytes: sum.bytes, xxh3: format!("{:032x}", sum.hash.digest128()) }
    }
}

impl SummedFile {
    pub(super) fn new(file: File) -> (Self, Running) {
        let running = Running::default();
        (Self { file, running: running.clone() }, running)
    }
}

impl Write for SummedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.running.add(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A writer that keeps nothing but the checksum.
struct Sink<'a>(&'a Running);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_while_writing_is_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let (mut file, running) = SummedFile::new(File::create(&path).unwrap());
        for part in ["a", "", "bcd", &"e".repeat(3_000_000)] {
            file.write_all(part.as_bytes()).unwrap();
        }
        assert_eq!(running.get(), Checksum::of_file(&path).unwrap());
        assert_eq!(running.get().bytes, 3_000_004);
        let empty = Running::default().get();
        assert_eq!((empty.bytes, empty.xxh3.as_str()), (0, "99aa06d3014798d86001c324468d497f"));
    }
}
