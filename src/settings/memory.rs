//! How much memory there is.

use std::path::Path;

/// Bytes of memory that this process may use: the machine's, or less if a control group says so.
pub(super) fn available_memory() -> u64 {
    const UNKNOWN: u64 = 2 << 30;
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory_of_machine(&text));
    let group = std::fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| memory_of_group(&text));
    machine.unwrap_or(UNKNOWN).min(group.unwrap_or(u64::MAX))
}

pub(super) fn memory_of_machine(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// The smallest limit of this process's control groups and of those above them.
pub(super) fn memory_of_group(groups: &str) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (root, file) = match fields.next()? {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => return None,
        };
        let path = Path::new(fields.next()?.trim_start_matches('/'));
        let limit = |folder: &Path| std::fs::read_to_string(Path::new(root).join(folder).join(file)).ok();
        path.ancestors().filter_map(limit).filter_map(|text| text.trim().parse::<u64>().ok()).min()
    });
    limits.min()
}
