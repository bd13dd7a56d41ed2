//! Facts about this machine, for `run.json`.

use std::fs;

use crate::engine::limits;
use crate::record::HostFacts;

/// What this machine is; what cannot be read is empty or 0.
pub fn facts() -> HostFacts {
    let uname = rustix::system::uname();
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    HostFacts {
        kernel: format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()),
        cpu_model: value(&cpuinfo, "model name").unwrap_or_default().to_owned(),
        cores: limits::cores().len(),
        memory_bytes: value(&meminfo, "MemTotal").and_then(kib).unwrap_or(0),
    }
}

/// Memory that this process may still take: what is available, and no more than its cgroup leaves; `None`: not known.
pub fn memory_left() -> Option<u64> {
    let available = value(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable").and_then(kib)?;
    let cgroup = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse::<u64>().ok();
    let left = cgroup("memory.max").zip(cgroup("memory.current")).map(|(max, used)| max.saturating_sub(used));
    Some(left.map_or(available, |left| left.min(available)))
}

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim())
}

fn kib(text: &str) -> Option<u64> {
    text.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
