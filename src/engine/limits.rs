//! The machine's limits: descriptors, cores, memory and processor time, as the kernel tells them.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::unit::Span;

/// Descriptors that are not connections: files, epoll sets, timers, the terminal.
pub const OTHER_DESCRIPTORS: u64 = 256;

/// Raises the soft limit of descriptors to the hard one; what it is then.
pub fn raise_descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    now.current.unwrap_or(u64::MAX)
}

/// The cores that this process may run on, ascending.
pub fn cores() -> Vec<usize> {
    match sched_getaffinity(None) {
        Ok(set) => (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect(),
        Err(_) => (0..std::thread::available_parallelism().map_or(1, usize::from)).collect(),
    }
}

/// Pins the calling thread to these cores.
pub fn pin_this_thread(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// Lets every other thread of this process go first: for the one that writes files while lanes may share its core.
pub fn go_last_this_thread() {
    // On Linux a thread has a priority of its own. One that the system does not let go down stays as it is.
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 10);
}

/// What the process and the machine have used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Resident memory now, in bytes.
    pub rss_bytes: u64,
    /// The greatest resident memory so far, in bytes.
    pub max_rss_bytes: u64,
    /// Processor time of the process, user and system.
    pub cpu: Span,
    /// Time stolen from all cores by the hypervisor, in clock ticks.
    pub steal_ticks: u64,
    /// All clock ticks of all cores.
    pub total_ticks: u64,
}

impl Usage {
    /// Reads /proc; what cannot be read is 0.
    pub fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let (steal_ticks, total_ticks) = cpu_ticks(&stat);
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Self {
            rss_bytes: status_kib(&status, "VmRSS:") << 10,
            max_rss_bytes: status_kib(&status, "VmHWM:") << 10,
            cpu: Span::from_nanos(cpu.tv_sec as u64 * 1_000_000_000 + cpu.tv_nsec as u64),
            steal_ticks,
            total_ticks,
        }
    }

    /// The share of the machine's time that was stolen since an earlier reading, in percent.
    pub fn steal_pct_since(&self, earlier: &Self) -> f64 {
        let total = self.total_ticks.saturating_sub(earlier.total_ticks);
        let steal = self.steal_ticks.saturating_sub(earlier.steal_ticks);
        if total == 0 { 0.0 } else { steal as f64 * 100.0 / total as f64 }
    }
}

fn status_kib(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Column 8 and the sum of columns 1 to 8 of the first line of /proc/stat (docs/sources.md, Generator): the guest
/// columns are in user and nice already.
fn cpu_ticks(stat: &str) -> (u64, u64) {
    let first = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = first.split_whitespace().skip(1).take(8).filter_map(|tick| tick.parse().ok()).collect();
    (ticks.get(7).copied().unwrap_or(0), ticks.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_the_eighth_column_and_guest_time_is_not_counted_twice() {
        assert_eq!(cpu_ticks("cpu  10 1 5 80 2 0 1 3 10 1\ncpu0 1"), (3, 102));
    }

    #[test]
    fn reads_what_this_process_uses() {
        let usage = Usage::read();
        assert!(usage.rss_bytes > 0 && usage.max_rss_bytes >= usage.rss_bytes);
        assert!(!cores().is_empty());
    }
}
