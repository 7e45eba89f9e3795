//! Processors and memory of the machine, or of the container's share of it.

use std::{fs, path::Path, sync::LazyLock, thread};

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

/// Bytes of memory that this process may use: the machine's memory, or less by a limit of its control group, the container's, or
/// of its resources (`ulimit -v`, `ulimit -d`).
pub(crate) fn available_memory() -> u64 {
    /// Asked once, as a file of input is measured against it.
    static AVAILABLE: LazyLock<u64> = LazyLock::new(|| {
        let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| kibibytes(&text, "MemTotal:"));
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let limits = [group_limit(Path::new("/sys/fs/cgroup"), &groups), resource_limit()];
        limits.into_iter().flatten().fold(machine.unwrap_or(4 << 30), u64::min)
    });
    *AVAILABLE
}

/// The lowest limit of memory of the control groups below `root` that a process is in, and of those that they are in. `groups` is
/// what the system says of the process: lines such as `4:memory:/a/b` or, of the second version, `0::/a/b`.
fn group_limit(root: &Path, groups: &str) -> Option<u64> {
    let of_line = |line: &str| {
        let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
        let (root, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        // In a container its own group is the root, whatever it is called outside.
        let group = Path::new(group.trim_start_matches('/'));
        let limit = |group: &Path| fs::read_to_string(root.join(group).join(file)).ok()?.trim().parse::<u64>().ok();
        group.ancestors().filter_map(limit).min()
    };
    groups.lines().filter_map(of_line).min()
}

/// The lower one of the limits of addresses and of data.
fn resource_limit() -> Option<u64> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        [Resource::As, Resource::Data].into_iter().filter_map(|resource| getrlimit(resource).current).min()
    }
    #[cfg(not(unix))]
    None
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

    #[test]
    fn a_group_has_the_lowest_limit_of_those_that_it_is_in() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let limit = |groups: &str| group_limit(root.path(), groups);
        assert_eq!(limit("0::/job/step\n"), None);
        write("memory.max", "9000\n");
        write("job/memory.max", "1000\n");
        write("job/step/memory.max", "max\n");
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("memory/job/memory.limit_in_bytes", "500\n");
        assert_eq!(limit("0::/job/step\n"), Some(1000));
        assert_eq!(limit("0::/\n"), Some(9000));
        // In a container, by its name outside.
        assert_eq!(limit("0::/docker/4f1a\n"), Some(9000));
        assert_eq!(limit("5:cpu,cpuacct:/job\n4:memory:/job\n0::/job\n"), Some(500));
        assert_eq!(limit("4:memory:/\n"), Some(9_223_372_036_854_771_712));
        assert_eq!(limit("4:memoryless:/job\nnonsense\n"), None);
    }
}
