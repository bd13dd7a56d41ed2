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

fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim())
}

fn kib(text: &str) -> Option<u64> {
    text.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
