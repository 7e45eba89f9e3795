//! Named blocks of bytes that arrive in any order and are read back sorted by name; on disk, so that millions fit.

use crate::{
    error::{Error, Result},
    store::create_anew,
};
use std::{
    fs::{self, File},
    io::{BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A file of named blocks.
pub(crate) struct Spool {
    path: PathBuf,
    file: BufWriter<File>,
    end: u64,
    index: Vec<(String, u64, usize)>,
}

impl Spool {
    /// Creates an empty spool; replaces one that an earlier run left.
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        let file = create_anew(&path)?;
        Ok(Self { path, file: BufWriter::new(file), end: 0, index: Vec::new() })
    }

    pub(crate) fn append(&mut self, name: &str, block: &[u8]) -> Result<()> {
        self.file.write_all(block).map_err(|error| self.failed("writing", error))?;
        self.index.push((name.to_owned(), self.end, block.len()));
        self.end += block.len() as u64;
        Ok(())
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands what was appended to the operating system, so that it survives the death of this process.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| self.failed("writing", error))
    }

    /// Calls `each` with every name and block, sorted by name.
    pub(crate) fn read_sorted(&mut self, mut each: impl FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        self.flush()?;
        let mut index = std::mem::take(&mut self.index);
        index.sort();
        let mut block = Vec::new();
        let mut position = u64::MAX;
        let mut file = std::io::BufReader::new(self.file.get_ref());
        for (name, start, length) in &index {
            if position != *start {
                file.seek(SeekFrom::Start(*start)).map_err(|error| self.failed("reading", error))?;
            }
            block.resize(*length, 0);
            file.read_exact(&mut block).map_err(|error| self.failed("reading", error))?;
            position = start + *length as u64;
            each(name, &block)?;
        }
        Ok(())
    }

    /// Removes the file.
    pub(crate) fn remove(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(|error| self.failed("removing", error))
    }

    fn failed(&self, doing: &str, error: std::io::Error) -> Error {
        Error::storage(format_args!("{doing} {}", self.path.display()), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_sorted_by_name_and_the_file_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool");
        fs::write(&path, "left by an earlier run").unwrap();
        let mut spool = Spool::create(path.clone()).unwrap();
        for (name, block) in [("b", "22"), ("c", ""), ("a", "1"), ("aa", "333")] {
            spool.append(name, block.as_bytes()).unwrap();
        }
        let mut seen = Vec::new();
        spool
            .read_sorted(|name, block| {
                seen.push((name.to_owned(), String::from_utf8(block.to_vec()).unwrap()));
                Ok(())
            })
            .unwrap();
        let expected = [("a", "1"), ("aa", "333"), ("b", "22"), ("c", "")];
        assert_eq!(seen, expected.map(|(name, block)| (name.to_owned(), block.to_owned())));
        spool.remove().unwrap();
        assert!(!path.exists());
    }
}
