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

/// Seconds for which Linux keeps a closed connection's port (TIME_WAIT).
pub const TIME_WAIT_SECONDS: u64 = 60;

/// That no descriptor is left, with the limit and how to raise it.
pub fn no_descriptor() -> String {
    let limit = getrlimit(Resource::Nofile);
    let number = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
    let (soft, hard) = (number(limit.current), number(limit.maximum));
    let way = if soft == hard {
        "scrutinio has raised it to the hard limit already, which only root can raise: `ulimit -Hn`, LimitNOFILE= of a \
         service, --ulimit nofile= of a container"
    } else {
        "the hard limit allows more, but the system did not let scrutinio raise it: `ulimit -n`"
    };
    format!("no file descriptor is left: this process may have {soft} (hard limit {hard}); {way}")
}

/// That no local port is left towards `target` from each of `sources` addresses (0: the one that the kernel chooses),
/// with the limit and how to raise it, for `per_second` new connections a second.
pub fn no_port(target: &str, sources: usize, per_second: f64) -> String {
    let (low, high) = local_port_range();
    let ports = u64::from(high - low) + 1;
    let needed = (per_second * TIME_WAIT_SECONDS as f64 / ports as f64).ceil().max(sources as f64 + 1.0);
    format!(
        "no local port is left towards {target}: net.ipv4.ip_local_port_range is {low} {high}, which are {ports} ports \
         from each source address, of which there {}; a connection that this side closes keeps its port for \
         {TIME_WAIT_SECONDS} s. {needed} source_addresses would do for {per_second:.0} new connections a second; or \
         widen the range (sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"), or keep connections longer",
        if sources > 1 { format!("are {sources}") } else { "is 1".to_owned() },
    )
}

/// The first and the last port that the kernel gives to connections; its default where it cannot be read.
pub fn local_port_range() -> (u16, u16) {
    port_range(&std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default())
}

fn port_range(text: &str) -> (u16, u16) {
    let mut bounds = text.split_whitespace().filter_map(|bound| bound.parse().ok());
    match (bounds.next(), bounds.next()) {
        (Some(low), Some(high)) if low <= high => (low, high),
        _ => (32_768, 60_999),
    }
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

    /// The share of the machine's time that was stolen since an earlier reading, in percent, to the thousandth.
    pub fn steal_pct_since(&self, earlier: &Self) -> f64 {
        let total = self.total_ticks.saturating_sub(earlier.total_ticks);
        let steal = self.steal_ticks.saturating_sub(earlier.steal_ticks);
        if total == 0 { 0.0 } else { (steal as f64 * 1e5 / total as f64).round() / 1e3 }
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
    fn a_port_range_is_read_and_what_would_do_is_counted() {
        assert_eq!(port_range("1024\t65535\n"), (1024, 65_535));
        assert_eq!(port_range("junk"), (32_768, 60_999));
        let (low, high) = local_port_range();
        let minute = f64::from(high - low + 1) / 60.0;
        let text = no_port("db:80", 1, minute * 4.5);
        assert!(text.contains(&format!("{low} {high}")) && text.contains("5 source_addresses"), "{text}");
        assert!(no_port("db:80", 3, 0.0).contains("4 source_addresses"), "more than there are");
    }

    #[test]
    fn reads_what_this_process_uses() {
        let usage = Usage::read();
        assert!(usage.rss_bytes > 0 && usage.max_rss_bytes >= usage.rss_bytes);
        assert!(!cores().is_empty());
    }
}
