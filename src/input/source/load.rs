//! A stored object to plain bytes: read whole, and unpacked if it is gzip.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;

use crate::{
    error::{Error, Result},
    input::{
        limits::{most_stored, most_unpacked, reading_whole, unpacks_to_too_much},
        source::input_file::InputFile,
    },
    store::Store,
};

/// Buffers that are reused for one object after another.
#[derive(Default)]
pub(in crate::input) struct Bytes {
    stored: Vec<u8>,
    unpacked: Vec<u8>,
    is_packed: bool,
}

impl Bytes {
    /// The bytes of a file: those that discovery has kept, or else [`Self::load`]. None of rows in memory.
    pub(in crate::input) fn load_file(&mut self, store: &dyn Store, file: &InputFile) -> Result<&[u8]> {
        if file.is_in_memory() {
            return Ok(&[]);
        }
        let Some(kept) = file.kept.take() else { return self.load(store, &file.key) };
        (self.stored, self.is_packed) = (kept, false);
        Ok(&self.stored)
    }

    /// The bytes of an object. Gzip is recognised by the first two bytes, not by the name: a transport may have unpacked
    /// `8.csv.gz`, or packed `8.csv`.
    pub(in crate::input) fn load(&mut self, store: &dyn Store, key: &str) -> Result<&[u8]> {
        let found = store.read_within(key, most_stored(), &mut self.stored);
        if !found.map_err(|error| reading_whole(error, &store.describe(key)))? {
            return Err(gone(&store.describe(key)));
        }
        self.is_packed = self.stored.starts_with(&[0x1f, 0x8b]);
        if !self.is_packed {
            return Ok(&self.stored);
        }
        let most = most_unpacked();
        if !unpack(&self.stored, &mut self.unpacked, most)
            .map_err(|source| damaged_gzip(&store.describe(key), &source))?
        {
            self.unpacked = Vec::new();
            return Err(Error::Data(format!("{}: {}", store.describe(key), unpacks_to_too_much(most))));
        }
        Ok(&self.unpacked)
    }

    /// Moves the bytes of the last object out.
    pub(in crate::input) fn take(&mut self) -> Vec<u8> {
        std::mem::take(if self.is_packed { &mut self.unpacked } else { &mut self.stored })
    }
}

/// Unpacks gzip over what `unpacked` holds; `false` if it would be more than `most` bytes.
fn unpack(packed: &[u8], unpacked: &mut Vec<u8>, most: u64) -> io::Result<bool> {
    unpacked.clear();
    MultiGzDecoder::new(packed).take(most.saturating_add(1)).read_to_end(unpacked)?;
    Ok(unpacked.len() as u64 <= most)
}

/// The error of a file that was listed and no longer exists.
pub(crate) fn gone(file: &str) -> Error {
    Error::Data(format!("{file}: no longer exists, but was listed before"))
}

/// The error of a file that cannot be decompressed.
pub(crate) fn damaged_gzip(file: &str, source: &io::Error) -> Error {
    Error::Data(format!("{file}: cannot be unpacked as gzip ({source}): the file is damaged or cut short"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::input::testing::Memory;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_of_several_members_is_unpacked_whatever_the_name() {
        let members = [gzip(b"ds,y\n"), gzip(b"2024-01-01,1\n")].concat();
        let store = Memory::with([("a.csv", members), ("b.csv.gz", b"ds,y\n".to_vec())]);
        let mut bytes = Bytes::default();
        assert_eq!(bytes.load(&store, "a.csv").unwrap(), b"ds,y\n2024-01-01,1\n");
        assert_eq!(bytes.load(&store, "b.csv.gz").unwrap(), b"ds,y\n");
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_left_there() {
        let (bomb, mut unpacked) = (gzip(&vec![b'0'; 1 << 20]), Vec::new());
        assert!(bomb.len() < 2_000);
        assert!(unpack(&bomb, &mut unpacked, 1 << 20).unwrap());
        assert!(!unpack(&bomb, &mut unpacked, (1 << 20) - 1).unwrap());
        assert_eq!(unpacked.len(), 1 << 20);
        assert!(!unpack(&bomb, &mut unpacked, 100).unwrap());
        assert!(unpacked.len() == 101 && unpack(&gzip(b""), &mut unpacked, 0).unwrap());
    }

    #[test]
    fn damaged_and_vanished_files_are_named() {
        let whole = gzip(b"ds,y\n2024-01-01,1\n");
        let store = Memory::with([("a.csv.gz", whole[..whole.len() - 12].to_vec())]);
        let mut bytes = Bytes::default();
        assert!(bytes.load(&store, "a.csv.gz").unwrap_err().to_string().starts_with("in/a.csv.gz: cannot be unpacked"));
        assert_eq!(
            bytes.load(&store, "b.csv").unwrap_err().to_string(),
            "in/b.csv: no longer exists, but was listed before"
        );
    }
}
