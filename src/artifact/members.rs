//! The files at the root of a model, of a directory or of an archive, read without trust.
//!
//! Nothing is ever unpacked to a disk, so a member's name is only compared, never followed.

use super::{archive::METADATA_FILE, open::OpenError};
use flate2::bufread::MultiGzDecoder;
use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

/// How much of a model is read before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes.
    pub file: u64,
    /// The largest archive, unpacked, in bytes.
    pub unpacked: u64,
    /// The largest number of files.
    pub members: usize,
}

impl Limits {
    /// Limits for model files of at most so many bytes.
    #[must_use]
    pub const fn of_file(file: u64) -> Self {
        Self { file, unpacked: file.saturating_mul(2), members: 10_000 }
    }
}

impl Default for Limits {
    /// A file of 1 GiB: far more than any model that one customer has.
    fn default() -> Self {
        Self::of_file(1 << 30)
    }
}

/// The metadata, and the name that an archive may give a later member, are this long at most.
const LARGEST_HEADER: u64 = 1 << 20;

/// How many names an error shows.
const NAMES_SHOWN: usize = 5;

/// What lies in a model's directory or archive.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// The content of `.manyfit.json`.
    pub(super) metadata: Option<Vec<u8>>,
    /// The visible files at the root.
    pub(super) files: Vec<Member>,
    /// Files elsewhere, for the error that says where the model is instead.
    pub(super) elsewhere: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) content: Content,
}

/// What is in a file: read already, or where it is.
#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    At(PathBuf),
}

impl Member {
    /// The content.
    pub(super) fn read(self, limits: Limits) -> Result<Vec<u8>, OpenError> {
        match self.content {
            Content::Bytes(bytes) => Ok(bytes),
            Content::At(path) => read_file(&path, &self.name, limits.file),
        }
    }
}

impl Members {
    /// Notes a file that is not at the root.
    fn note(&mut self, name: String) {
        if self.elsewhere.len() < NAMES_SHOWN {
            self.elsewhere.push(name);
        }
    }

    /// Lists a directory; of its files only the metadata is read.
    ///
    /// A link may lead from one file of the directory to another, as where Kubernetes mounts volumes, but not out of it.
    pub(super) fn of_directory(directory: &Path, limits: Limits) -> Result<Self, OpenError> {
        let cannot = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                OpenError::Missing(format!("there is no directory {}", directory.display()))
            }
            _ => OpenError::Storage { what: format!("reading {}", directory.display()), source: error },
        };
        let home = directory.canonicalize().map_err(cannot)?;
        let mut found = Self::default();
        for (number, entry) in fs::read_dir(&home).map_err(cannot)?.enumerate() {
            if number >= limits.members {
                return Err(too_many(limits));
            }
            let entry = entry.map_err(cannot)?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if hidden(&name) && name != METADATA_FILE {
                continue;
            }
            let path = entry.path();
            let Ok(target) = path.canonicalize() else { continue };
            if target.is_dir() {
                found.note(format!("{name}/"));
                continue;
            }
            if !target.starts_with(&home) {
                return Err(OpenError::Refused(format!(
                    "{name} is a link that leads out of the model's directory: put the file itself there"
                )));
            }
            if !target.is_file() {
                return Err(OpenError::Refused(format!("{name} is no regular file: put the model file itself there")));
            }
            if name == METADATA_FILE {
                found.metadata = Some(read_file(&target, METADATA_FILE, LARGEST_HEADER)?);
            } else {
                found.files.push(Member { name, content: Content::At(target) });
            }
        }
        // The order of a directory is the file system's; an error that lists names should not change with it.
        found.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Reads the files at the root of a `tar.gz`.
    pub(super) fn of_archive(bytes: &[u8], limits: Limits) -> Result<Self, OpenError> {
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            return Err(OpenError::Refused(
                "this is no gzip file, so no tar.gz: pack the model with tar -czf NAME.tar.gz model.json".into(),
            ));
        }
        let damaged = |error: io::Error| match error.kind() {
            io::ErrorKind::FileTooLarge => OpenError::TooLarge(format!(
                "the archive unpacks to more than {} bytes, which is the limit",
                limits.unpacked
            )),
            _ => OpenError::Refused(format!("the archive is cut off or damaged: {error}; write or upload it again")),
        };
        let mut unpacked = Bounded { inner: MultiGzDecoder::new(bytes), left: limits.unpacked };
        let mut found = Self::default();
        let mut archive = tar::Archive::new(&mut unpacked);
        // Raw, because the library would take a name of any length into memory.
        let entries = archive.entries().map_err(damaged)?.raw(true);
        let mut long_name: Option<Vec<u8>> = None;
        for (number, entry) in entries.enumerate() {
            if number >= limits.members {
                return Err(too_many(limits));
            }
            let mut entry = entry.map_err(damaged)?;
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() {
                let header =
                    read_up_to(&mut entry, LARGEST_HEADER, "the header of a member").map_err(|e| e.or(damaged))?;
                if kind.is_gnu_longname() {
                    long_name = Some(header.into_iter().take_while(|byte| *byte != 0).collect());
                } else if kind.is_pax_local_extensions()
                    && let Some(path) = pax_path(&header)
                {
                    long_name = Some(path);
                }
                continue;
            }
            if kind.is_pax_global_extensions() {
                continue;
            }
            let name = long_name.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
            let (name, at_root) = checked_name(&name)?;
            if kind.is_dir() {
                continue;
            }
            if !at_root {
                found.note(name);
                continue;
            }
            if hidden(&name) && name != METADATA_FILE {
                continue;
            }
            if !(kind.is_file() || kind.is_contiguous()) {
                return Err(OpenError::Refused(format!(
                    "{name} in the archive is a link or a device: pack the file itself (tar --dereference)"
                )));
            }
            if name == METADATA_FILE {
                let content = read_up_to(&mut entry, LARGEST_HEADER, &name).map_err(|e| e.or(damaged))?;
                found.metadata = Some(content);
            } else {
                let content = read_up_to(&mut entry, limits.file, &name).map_err(|e| e.or(damaged))?;
                // As where an archive is unpacked, the last of two members of one name counts.
                found.files.retain(|file| file.name != name);
                found.files.push(Member { name, content: Content::Bytes(content) });
            }
        }
        // The gzip checksum stands at the very end.
        io::copy(&mut unpacked, &mut io::sink()).map_err(damaged)?;
        Ok(found)
    }
}

fn too_many(limits: Limits) -> OpenError {
    OpenError::TooLarge(format!("more than {} files: a model is one file", limits.members))
}

/// A file that is passed over, as AWS's containers do.
fn hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// The name as text without `./`, and whether it is that of a file at the root.
fn checked_name(name: &[u8]) -> Result<(String, bool), OpenError> {
    let name = String::from_utf8_lossy(name).into_owned();
    let mut parts: Vec<&OsStr> = Vec::new();
    for component in Path::new(&name).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part),
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(OpenError::Refused(format!(
                    "the archive has a member {name:?} that leads out of it, as no honest archive does"
                )));
            }
        }
    }
    let clean: PathBuf = parts.iter().collect();
    Ok((clean.to_string_lossy().into_owned(), parts.len() == 1))
}

/// The value of `path` in a member's pax header.
fn pax_path(header: &[u8]) -> Option<Vec<u8>> {
    tar::PaxExtensions::new(header)
        .filter_map(Result::ok)
        .find(|extension| extension.key_bytes() == b"path")
        .map(|extension| extension.value_bytes().to_vec())
}

fn read_file(path: &Path, name: &str, limit: u64) -> Result<Vec<u8>, OpenError> {
    let cannot = |error| OpenError::Storage { what: format!("reading {}", path.display()), source: error };
    let mut file = File::open(path).map_err(cannot)?;
    let size = file.metadata().map_err(cannot)?.len();
    read_sized(&mut file, size, limit, name).map_err(|error| error.or(cannot))
}

/// Why a file was not read.
enum Unread {
    TooLarge(OpenError),
    Io(io::Error),
}

impl Unread {
    fn or(self, describe: impl FnOnce(io::Error) -> OpenError) -> OpenError {
        match self {
            Self::TooLarge(error) => error,
            Self::Io(error) => describe(error),
        }
    }
}

/// A member of an archive, which is as long as its header says or was cut off.
fn read_up_to<R: Read>(entry: &mut tar::Entry<'_, R>, limit: u64, name: &str) -> Result<Vec<u8>, Unread> {
    let size = entry.size();
    let content = read_sized(entry, size, limit, name)?;
    if (content.len() as u64) < size {
        return Err(Unread::Io(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{name} has {} of its {size} bytes", content.len()),
        )));
    }
    Ok(content)
}

/// Everything there is to read, if it is no more than the limit. The declared size is only a hint: memory grows with what
/// is really there.
fn read_sized(from: &mut impl Read, declared: u64, limit: u64, name: &str) -> Result<Vec<u8>, Unread> {
    let too_large =
        |size: u64| Unread::TooLarge(OpenError::TooLarge(format!("{name} has {size} bytes, the limit is {limit}")));
    if declared > limit {
        return Err(too_large(declared));
    }
    let mut content = Vec::with_capacity(declared.min(LARGEST_HEADER) as usize);
    from.take(limit + 1).read_to_end(&mut content).map_err(Unread::Io)?;
    if content.len() as u64 > limit { Err(too_large(content.len() as u64)) } else { Ok(content) }
}

/// A reader that ends in an error instead of going on without end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}
