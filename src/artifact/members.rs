//! The files at the root of a model's directory or archive, read without trusting either.
//!
//! Nothing is unpacked to disk: a member's name is compared, never used as a path.

use super::pack::METADATA_FILE;
use crate::{
    error::{Error, Result},
    store::{read_whole, reading},
};
use flate2::bufread::MultiGzDecoder;
use manyfit_models::FittedSeries;
use std::{
    ffi::OsStr,
    fmt::Display,
    fs,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

/// How much of a model is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes.
    pub file: u64,
    /// The largest archive, unpacked, in bytes.
    pub unpacked: u64,
}

impl Limits {
    /// Limits for model files of at most this many bytes.
    #[must_use]
    pub const fn of_file(file: u64) -> Self {
        Self { file, unpacked: file.saturating_mul(2) }
    }
}

impl Default for Limits {
    /// A file of 1 GiB: far more than the model of one customer needs.
    fn default() -> Self {
        Self::of_file(1 << 30)
    }
}

/// The largest number of files in a directory or archive.
const MOST_MEMBERS: usize = 10_000;

/// The largest metadata file, and the largest extended tar header.
pub(super) const LARGEST_HEADER: u64 = 1 << 20;

/// How many names an error lists.
const NAMES_SHOWN: usize = 5;

/// The contents of a model's directory or archive.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The content of `.manyfit.json`.
    pub(super) metadata: Option<Vec<u8>>,
    /// The visible files at the root.
    pub(super) files: Vec<Member>,
    /// Files in subdirectories: an error names them if there is no model at the root.
    elsewhere: Vec<String>,
    /// It is a directory, whose names an error must not tell: a client of the server may have asked for any.
    is_directory: bool,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    content: Content,
}

/// A file's content, or where to read it.
#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    At(PathBuf),
}

impl Member {
    pub(super) fn read(self, limits: Limits) -> Result<Vec<u8>> {
        match self.content {
            Content::Bytes(bytes) => Ok(bytes),
            Content::At(path) => read_file(&path, self.name, limits.file),
        }
    }
}

impl Members {
    /// A model file on its own.
    pub(super) fn of_file(metadata: Option<Vec<u8>>, name: String, bytes: Vec<u8>) -> Self {
        Self { metadata, files: vec![Member { name, content: Content::Bytes(bytes) }], ..Self::default() }
    }

    /// Lists a directory; only the metadata is read.
    ///
    /// A link may lead to another file within the directory, as Kubernetes mounts volumes, but not out of it.
    pub(super) fn of_directory(directory: &Path) -> Result<Self> {
        let cannot = |error| reading(directory, error);
        let root = directory.canonicalize().map_err(cannot)?;
        let mut members = Self { is_directory: true, ..Self::default() };
        for (number, entry) in fs::read_dir(&root).map_err(cannot)?.enumerate() {
            check_count(number)?;
            let entry = entry.map_err(cannot)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if is_ignored(&name) {
                continue;
            }
            let Ok(target) = entry.path().canonicalize() else { continue };
            if target.is_dir() {
                members.note_elsewhere(format!("{name}/"));
                continue;
            }
            if !target.starts_with(&root) {
                return Err(Error::Data(format!(
                    "{name} is a link that leads out of the model's directory: put the file itself there"
                )));
            }
            if name == METADATA_FILE {
                members.metadata = Some(read_file(&target, METADATA_FILE, LARGEST_HEADER)?);
            } else {
                members.files.push(Member { name, content: Content::At(target) });
            }
        }
        // The file system's order is arbitrary; an error that lists names should be reproducible.
        members.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(members)
    }

    /// Reads the files at the root of a `tar.gz`.
    pub(super) fn of_archive(bytes: &[u8], limits: Limits) -> Result<Self> {
        if !is_gzip(bytes) {
            return Err(Error::Data(
                "this is not a tar.gz (no gzip header): pack the model with tar -czf NAME.tar.gz model.json".into(),
            ));
        }
        let mut unpacked = MultiGzDecoder::new(bytes).take(limits.unpacked.saturating_add(1));
        let members = Self::of_tar(&mut unpacked, limits.file);
        if unpacked.limit() == 0 {
            let limit = limits.unpacked;
            return Err(Error::Data(format!("the archive unpacks to more than {limit} bytes, which is the limit")));
        }
        members
    }

    fn of_tar(unpacked: &mut impl Read, largest: u64) -> Result<Self> {
        let mut members = Self::default();
        let mut archive = tar::Archive::new(&mut *unpacked);
        // Raw, because the library would read an extended name of any length into memory.
        let entries = archive.entries().map_err(damaged)?.raw(true);
        let mut long_name: Option<Vec<u8>> = None;
        for (number, entry) in entries.enumerate() {
            check_count(number)?;
            let mut entry = entry.map_err(damaged)?;
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() {
                let header = read_entry(&mut entry, "the header of a member", LARGEST_HEADER)?;
                if kind.is_gnu_longname() {
                    long_name = Some(header.into_iter().take_while(|byte| *byte != 0).collect());
                } else if kind.is_pax_local_extensions() {
                    long_name = pax_path(&header).or(long_name);
                }
                continue;
            }
            if kind.is_pax_global_extensions() {
                continue;
            }
            let name = long_name.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
            let (name, at_root) = checked_name(&name)?;
            if kind.is_dir() || at_root && is_ignored(&name) {
                continue;
            }
            if !at_root {
                members.note_elsewhere(name);
                continue;
            }
            if !(kind.is_file() || kind.is_contiguous()) {
                return Err(Error::Data(format!(
                    "{name} in the archive is a link or a device: pack the file itself (tar --dereference)"
                )));
            }
            if name == METADATA_FILE {
                members.metadata = Some(read_entry(&mut entry, &name, LARGEST_HEADER)?);
            } else {
                let content = Content::Bytes(read_entry(&mut entry, &name, largest)?);
                // As in unpacking an archive, the last of several members of one name wins.
                members.files.retain(|file| file.name != name);
                members.files.push(Member { name, content });
            }
        }
        // The gzip checksum is at the very end.
        io::copy(unpacked, &mut io::sink()).map_err(damaged)?;
        Ok(members)
    }

    fn note_elsewhere(&mut self, name: String) {
        if self.elsewhere.len() < NAMES_SHOWN {
            self.elsewhere.push(name);
        }
    }

    /// The name of the model file where no metadata names it: `model.json`, `xgboost-model`, or the only candidate.
    pub(super) fn model_file(&self) -> Result<String> {
        let named = |name: &str| self.files.iter().find(|member| member.name == name);
        let only = |wanted: &dyn Fn(&Member) -> bool| {
            let mut wanted = self.files.iter().filter(|member| wanted(member));
            wanted.next().filter(|_| wanted.next().is_none())
        };
        let has_extension = |member: &Member| {
            let extension = Path::new(&member.name).extension().and_then(OsStr::to_str);
            matches!(extension, Some("json" | "ubj" | "ubjson"))
        };
        [FittedSeries::COMBINATION_FILE, FittedSeries::PROPHET_FILE, "xgboost-model"]
            .into_iter()
            .find_map(named)
            .or_else(|| only(&has_extension))
            // AWS's XGBoost container takes a model file of any name.
            .or_else(|| only(&|_| true))
            .map(|member| member.name.clone())
            .ok_or_else(|| Error::Data(self.why_no_model_file()))
    }

    fn why_no_model_file(&self) -> String {
        let list = |names: &mut dyn Iterator<Item = &str>| match names.take(NAMES_SHOWN).collect::<Vec<_>>().join(", ")
        {
            _ if self.is_directory => String::new(),
            names => format!(": {names}"),
        };
        if !self.files.is_empty() {
            let files = list(&mut self.files.iter().map(|member| member.name.as_str()));
            return format!("several files could be the model{files}; leave only one of them at the root");
        }
        if self.elsewhere.is_empty() {
            return "there is no file in it: put model.json or xgboost-model at its root".into();
        }
        let elsewhere = list(&mut self.elsewhere.iter().map(String::as_str));
        format!(
            "there is no model file at the root, only in folders{elsewhere}; put the file itself there (tar -C DIRECTORY .)"
        )
    }
}

fn check_count(members: usize) -> Result<()> {
    if members < MOST_MEMBERS {
        return Ok(());
    }
    Err(Error::Data(format!("more than {MOST_MEMBERS} files: a model is one file")))
}

/// Whether bytes begin as a gzip file does.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Hidden files are skipped, as AWS's containers do.
fn is_ignored(name: &str) -> bool {
    name.starts_with('.') && name != METADATA_FILE
}

/// The name as text without `./`, and whether it names a file at the root.
fn checked_name(name: &[u8]) -> Result<(String, bool)> {
    let name = String::from_utf8_lossy(name);
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err(Error::Data(format!(
            "the archive has a member {name:?} with a path that leads out of it: the archive is not safe"
        )));
    }
    let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    Ok((parts.join("/"), parts.len() == 1))
}

/// The value of `path` in a member's pax header.
fn pax_path(header: &[u8]) -> Option<Vec<u8>> {
    tar::PaxExtensions::new(header)
        .filter_map(Result::ok)
        .find(|extension| extension.key_bytes() == b"path")
        .map(|extension| extension.value_bytes().to_vec())
}

/// Reads a file of at most `limit` bytes; errors call it `name`.
pub(crate) fn read_file(path: &Path, name: impl Display, limit: u64) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    match read_whole(path, limit, &mut content) {
        Ok(()) => Ok(content),
        Err(error) => Err(match error.kind() {
            ErrorKind::FileTooLarge => Error::Data(format!("{name}: {error}")),
            ErrorKind::InvalidInput | ErrorKind::IsADirectory => {
                Error::Data(format!("{name} is not a regular file ({error}): put the model file itself there"))
            }
            _ => reading(path, error),
        }),
    }
}

/// The error of a file of so many bytes, where fewer are allowed.
fn exceeds(name: impl Display, bytes: u64, limit: u64) -> Error {
    Error::Data(format!("{name} has {bytes} bytes, the limit is {limit}"))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn damaged(error: io::Error) -> Error {
    Error::Data(format!("the archive is truncated or damaged: {error}; write or upload it again"))
}

/// A whole member. The declared size is only a hint: memory grows with what is really there.
fn read_entry<R: Read>(entry: &mut tar::Entry<'_, R>, name: &str, limit: u64) -> Result<Vec<u8>> {
    let declared = entry.size();
    if declared > limit {
        return Err(exceeds(name, declared, limit));
    }
    let mut content = Vec::with_capacity(declared.min(LARGEST_HEADER) as usize);
    entry.read_to_end(&mut content).map_err(damaged)?;
    if (content.len() as u64) < declared {
        let message = format!("{name} has {} of its {declared} bytes", content.len());
        return Err(damaged(io::Error::new(io::ErrorKind::UnexpectedEof, message)));
    }
    Ok(content)
}
