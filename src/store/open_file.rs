//! Opening files without waiting: what is no file (a pipe, a socket, a device) is refused at once. A pipe that was put in a
//! file's place would otherwise be waited for, and no signal ends that.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::{fs::OFlags, io::Errno};

/// Do not wait for the other end of a pipe. No difference for a file.
const AT_ONCE: OFlags = OFlags::NONBLOCK;

/// Neither wait nor follow a link.
pub(super) const LOOK_ONLY: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW);

/// The most bytes by which a file may have grown since it was looked at, without more memory.
const SPARE: usize = 32;

/// Opens a file for reading.
///
/// # Errors
/// Also if it is not a file, but a pipe or the like.
pub fn open_file(path: &Path) -> io::Result<File> {
    open_with(path, File::options().read(true), AT_ONCE)
}

/// Opens a file, and nothing else.
pub(super) fn open_with(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<File> {
    open_sized(path, options, flags).map(|(file, _)| file)
}

/// Opens a file and tells its size.
fn open_sized(path: &Path, options: &mut OpenOptions, flags: OFlags) -> io::Result<(File, u64)> {
    let file = options.custom_flags(flags.bits() as i32).open(path).map_err(|error| match error.raw_os_error() {
        // A pipe or a socket that nobody has open.
        Some(code) if code == Errno::NXIO.raw_os_error() => no_file(),
        Some(code) if code == Errno::LOOP.raw_os_error() && flags.contains(OFlags::NOFOLLOW) => {
            io::Error::new(ErrorKind::InvalidInput, "a link is in its place: remove it")
        }
        _ => error,
    })?;
    let data = file.metadata()?;
    if data.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if data.is_file() { Ok((file, data.len())) } else { Err(no_file()) }
}

fn no_file() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is a pipe, a socket or a device, not a file")
}

/// Reads a whole file of at most `limit` bytes into a buffer, which is cleared.
///
/// # Errors
/// As for [`open_file`]; [`ErrorKind::FileTooLarge`] before anything is read, if it has more bytes.
pub(crate) fn read_whole(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    let (file, size) = open_sized(path, File::options().read(true), AT_ONCE)?;
    let too_large = |size: u64| {
        io::Error::new(ErrorKind::FileTooLarge, format!("it has {size} bytes, of which at most {limit} are read"))
    };
    if size > limit {
        return Err(too_large(size));
    }
    // In one call where the size is right: the library would ask for it again. In sequence, as a FastFile channel streams.
    buffer.try_reserve_exact(size as usize + SPARE).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    while rustix::io::retry_on_intr(|| rustix::io::read(&file, rustix::buffer::spare_capacity(buffer)))? > 0 {
        if buffer.len() as u64 > limit {
            return Err(too_large(buffer.len() as u64));
        }
        if buffer.capacity() == buffer.len() {
            buffer.reserve(SPARE);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::net::UnixListener, process::Command, time::Instant};

    #[test]
    fn a_file_is_read_whole_and_one_that_is_too_large_is_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let mut buffer = b"before".to_vec();
        for size in [0, 1, 31, 32, 33, 100_000] {
            let bytes: Vec<u8> = (0..size).map(|at| at as u8).collect();
            fs::write(&path, &bytes).unwrap();
            read_whole(&path, size as u64, &mut buffer).unwrap();
            assert!(buffer == bytes, "{size}");
        }
        File::create(&path).unwrap().set_len(3 << 40).unwrap();
        let error = read_whole(&path, 1 << 30, &mut buffer).unwrap_err();
        assert_eq!((error.kind(), buffer.len()), (ErrorKind::FileTooLarge, 0));
        // What has no size of its own, as the files of the system, is read too.
        read_whole(Path::new("/proc/self/status"), 1 << 20, &mut buffer).unwrap();
        assert!(buffer.starts_with(b"Name:"));
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let _socket = UnixListener::bind(at("socket")).unwrap();
        let begun = Instant::now();
        for path in [at("pipe"), at("socket"), "/dev/zero".into(), folder.path().into()] {
            assert!(open_file(&path).is_err(), "{}", path.display());
            assert!(read_whole(&path, 1 << 20, &mut Vec::new()).is_err(), "{}", path.display());
        }
        assert!(begun.elapsed().as_secs() < 5);
    }
}
