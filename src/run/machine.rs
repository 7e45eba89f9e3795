//! Processors and memory of the machine, or of the container's share of it.

use std::{fs, thread};

/// Default number of worker threads: the processors that this process may use, considering a container's quota.
pub(crate) fn default_jobs() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Lets this process open as many files at once as it may. The limit that it starts with, often 1024, is kept low for programs
/// that wait for files in an old way.
pub(crate) fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Best effort: where it cannot be raised, it stays.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Bytes of memory that this process may use: the container's limit, otherwise the machine's memory.
pub(crate) fn available_memory() -> u64 {
    let limit = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    let machine =
        fs::read_to_string("/proc/meminfo").ok().and_then(|text| kibibytes(&text, "MemTotal:")).unwrap_or(4 << 30);
    limit.map_or(machine, |limit| limit.min(machine))
}

/// The value of a line such as `MemTotal:  16 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// Resident memory of this process in bytes; `None` if the system does not report it.
pub(crate) fn resident_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    kibibytes(&status, "VmRSS:")
}

/// Peak resident memory of this process in bytes; `None` if the system does not report it.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    kibibytes(&status, "VmHWM:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_processors_and_memory() {
        assert!(default_jobs() >= 1);
        assert!(available_memory() > 1 << 20);
        assert!(resident_memory().is_some_and(|bytes| bytes > 1 << 16));
        assert!(peak_memory().is_some_and(|bytes| bytes > 1 << 16));
        assert_eq!(kibibytes("MemTotal:       16 kB\nMemFree: 1 kB\n", "MemTotal:"), Some(16 * 1024));
    }
}
