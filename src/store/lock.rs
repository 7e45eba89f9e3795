//! One writer at a time: a lock that the system releases however its holder ends.
//!
//! The lock is a file that is locked, not one that exists. It names its holder for those who are refused, and it is removed at
//! the end. If the holder is killed it stays, unlocked, and says how the names of its unfinished files begin: whoever takes the
//! lock next knows that nobody writes them any more.

use super::{
    file_error::cannot,
    key::UNFINISHED,
    open_file::{LOOK_ONLY, open_with},
    staged::writer,
};
use crate::error::{Error, Result};
use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, ErrorKind, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// More than the holders of a lock write into it.
const LONGEST: u64 = 64 << 10;

/// How the names of temporary files begin: see [`writer`].
const WRITERS: &str = "manyfit-";

/// More time than it takes to remove a lock's file.
const REMOVAL: Duration = Duration::from_millis(200);

/// The right to be the only writer of something, until it is dropped.
#[derive(Debug)]
pub struct WriterLock {
    /// What is held, first what is held alone.
    held: Vec<Held>,
    /// How the temporary names of killed holders begin.
    left: Vec<String>,
}

/// A lock's file.
#[derive(Debug)]
struct Held {
    path: PathBuf,
    file: File,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Alone,
    /// With others that write other parts.
    Shared,
    /// The file system has no locks, as in some containers: it is up to the user that runs do not overlap.
    Unsupported,
}

/// Who has a lock, for messages: displays as `another run (process 7 on host)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Runs of parts of what is to be locked.
    Parts,
    /// The process that signed; empty if none did.
    Process(String),
}

impl WriterLock {
    /// Locks a whole folder, or the part of it that has this suffix in its files' names; with an empty suffix the whole. Runs of
    /// different parts do not exclude each other, and none goes along with one of the whole.
    ///
    /// # Errors
    /// [`Error::Settings`] if another process has it.
    pub fn of_folder(folder: &Path, suffix: &str) -> Result<Self> {
        let busy = |holder: &Holder| {
            let folder = folder.display();
            format!("{folder}: {holder} is writing its results there: wait until it ends, or choose another --output")
        };
        let path = |suffix: &str| folder.join(format!("run{suffix}.lock{UNFINISHED}"));
        if suffix.is_empty() {
            return Self::at(path(""), busy);
        }
        let whole = Held::take(path(""), Kind::Shared).map_err(|refused| refused.into_error(busy))?;
        let mut lock = Self::at(path(suffix), busy)?;
        lock.held.push(whole);
        Ok(lock)
    }

    /// Locks a file that is about to be written, by a file beside it.
    ///
    /// # Errors
    /// [`Error::Settings`] if another process has it.
    pub fn of_file(path: &Path) -> Result<Self> {
        // With room for the extension.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name: String = name.chars().take(50).collect();
        Self::at(path.with_file_name(format!("{name}.lock{UNFINISHED}")), |holder| {
            let path = path.display();
            format!("{path}: {holder} is writing it: wait until it ends, or choose another --output")
        })
    }

    /// Takes the lock whose file is at a path; `busy` is the message if another process has it.
    ///
    /// # Errors
    /// [`Error::Settings`] if another process has it.
    pub fn at(path: PathBuf, busy: impl Fn(&Holder) -> String) -> Result<Self> {
        let mut held = Held::take(path, Kind::Alone).map_err(|refused| refused.into_error(busy))?;
        let text = read(&mut held.file);
        let is_writer = |line: &&str| {
            line.strip_prefix(WRITERS).and_then(|rest| rest.split_once('-')).is_some_and(|(process, random)| {
                let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                is_number(process) && random.len() == 16 && is_number(random)
            })
        };
        let first_words = text.lines().filter_map(|line| line.split(' ').next());
        let mut left: Vec<String> = first_words.filter(is_writer).map(str::to_owned).collect();
        left.retain(|other| other != writer());
        if held.kind == Kind::Unsupported {
            // They may still be at work.
            left.clear();
        }
        held.sign(&left).map_err(|error| cannot("write", &held.path, error))?;
        Ok(Self { held: vec![held], left })
    }

    /// Removes what killed holders were writing, by calling `sweep` with how the names of each one's temporary files begin.
    ///
    /// # Errors
    /// Those of `sweep`.
    pub fn sweep(&mut self, sweep: impl Fn(&str) -> Result<()>) -> Result<()> {
        self.left.iter().try_for_each(|writer| sweep(writer))?;
        self.left.clear();
        let Some(own) = self.held.first_mut() else { return Ok(()) };
        own.sign(&[]).map_err(|error| cannot("write", &own.path, error))
    }
}

/// Why a lock was not taken.
enum Refused {
    Busy(Holder),
    Error(Error),
}

impl Refused {
    fn into_error(self, busy: impl Fn(&Holder) -> String) -> Error {
        match self {
            Self::Busy(holder) => Error::Settings(busy(&holder)),
            Self::Error(error) => error,
        }
    }
}

impl Held {
    fn take(path: PathBuf, kind: Kind) -> std::result::Result<Self, Refused> {
        let failed = |error| Refused::Error(cannot("lock", &path, error));
        let begun = Instant::now();
        loop {
            let mut options = File::options();
            let options = options.create(true).truncate(false).read(true).write(true);
            let mut file = open_with(&path, options, LOOK_ONLY).map_err(failed)?;
            let taken = if kind == Kind::Shared { file.try_lock_shared() } else { file.try_lock() };
            match taken {
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, file, kind }),
                // A holder that ended just now has removed the file that was opened.
                Ok(()) => {}
                // The last of those who share it has it alone while it removes it.
                Err(TryLockError::WouldBlock) if kind == Kind::Shared && begun.elapsed() < REMOVAL => {
                    thread::sleep(REMOVAL / 20);
                }
                Err(TryLockError::WouldBlock) => return Err(Refused::Busy(holder(&mut file, kind))),
                Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                    return Ok(Self { path, file, kind: Kind::Unsupported });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// Writes who has the lock, below the killed holders whose files are not swept yet.
    fn sign(&mut self, left: &[String]) -> io::Result<()> {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let process = std::process::id();
        self.file.rewind()?;
        self.file.set_len(0)?;
        let own = format!("{} process {process} on {}\n", writer(), host.trim());
        let lines: Vec<&str> = left.iter().map(String::as_str).chain([own.as_str()]).collect();
        self.file.write_all(lines.join("\n").as_bytes())
    }
}

/// Whether a file is still the one at its path.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |data: fs::Metadata| (data.dev(), data.ino());
    let own = file.metadata().map(identity).ok();
    own.is_some() && own == fs::symlink_metadata(path).map(identity).ok()
}

/// What those who had the lock have written; nothing if it cannot be read.
fn read(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.take(LONGEST).read_to_end(&mut bytes));
    read.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&bytes).into_owned())
}

/// Who has a lock that was not to be had: the last one that signed, unless those who have it share it.
fn holder(file: &mut File, wanted: Kind) -> Holder {
    if wanted == Kind::Alone && file.try_lock_shared().is_ok() {
        return Holder::Parts;
    }
    let text = read(file);
    Holder::Process(text.lines().last().and_then(|line| line.split_once(' ')).map_or("", |(_, who)| who).to_owned())
}

impl Drop for Held {
    fn drop(&mut self) {
        // A file that others share is removed by the last of them.
        if self.kind != Kind::Shared || self.file.try_lock().is_ok() && is_at(&self.file, &self.path) {
            // Best effort: one that stays is taken by the next run.
            drop(fs::remove_file(&self.path));
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parts => f.write_str("a run of a part of the customers (--shard)"),
            Self::Process(who) if who.is_empty() => f.write_str("another run"),
            Self::Process(who) => write!(f, "another run ({who})"),
        }
    }
}

/// Whether a file system has no locks.
fn is_unsupported(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_second_is_refused_and_told_who_has_it_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let lock = WriterLock::of_folder(folder.path(), "").unwrap();
        for suffix in ["", "-0-of-2"] {
            let error = WriterLock::of_folder(folder.path(), suffix).unwrap_err();
            assert_eq!(error.code(), 2);
            let process = format!("another run (process {} on ", std::process::id());
            assert!(error.to_string().contains(&process), "{error}");
            assert!(error.to_string().contains("choose another --output"), "{error}");
        }
        drop(lock);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        drop(WriterLock::of_folder(folder.path(), "").unwrap());
    }

    #[test]
    fn parts_go_together_and_not_with_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let parts = ["-0-of-2", "-1-of-2"].map(|part| WriterLock::of_folder(folder.path(), part).unwrap());
        let error = WriterLock::of_folder(folder.path(), "").unwrap_err();
        assert!(error.to_string().contains("a run of a part of the customers"), "{error}");
        let error = WriterLock::of_folder(folder.path(), "-1-of-2").unwrap_err();
        assert!(error.to_string().contains("another run (process"), "{error}");
        let [first, second] = parts;
        drop(first);
        assert_eq!(names(folder.path()), ["run-1-of-2.lock.sagemaker-ignore", "run.lock.sagemaker-ignore"]);
        drop(second);
        assert_eq!(names(folder.path()), Vec::<String>::new());
        drop(WriterLock::of_folder(folder.path(), "").unwrap());
    }

    #[test]
    fn what_a_killed_holder_left_is_known_until_it_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv.lock.sagemaker-ignore");
        let killed = "manyfit-7-00000000000000aa";
        fs::write(&path, format!("{killed} process 7 on h\nmanyfit-../x-0 y\nmanyfit-7-0 z\n")).unwrap();
        let mut lock = WriterLock::of_file(&folder.path().join("t.csv")).unwrap();
        assert_eq!(lock.left, [killed]);
        // Killed before it has swept, its own files and theirs are left.
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(killed) && text.lines().count() == 2, "{text}");
        lock.sweep(|writer| {
            assert_eq!(writer, killed);
            Ok(())
        })
        .unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(writer()) && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn odd_things_in_the_place_of_the_lock_are_errors_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let lock = |name: &str| folder.path().join(format!("{name}.lock.sagemaker-ignore"));
        fs::write(folder.path().join("theirs"), "theirs").unwrap();
        std::os::unix::fs::symlink(folder.path().join("theirs"), lock("a")).unwrap();
        fs::create_dir(lock("b")).unwrap();
        for name in ["a", "b"] {
            let error = WriterLock::of_file(&folder.path().join(name)).unwrap_err();
            assert_eq!(error.code(), 4, "{error}");
            assert!(error.to_string().contains(lock(name).to_str().unwrap()), "{error}");
        }
        assert_eq!(fs::read_to_string(folder.path().join("theirs")).unwrap(), "theirs");
    }
}
