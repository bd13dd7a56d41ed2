//! Memory: what this process may have, held against what is needed before anything is announced or sent.
//!
//! What does not fit would be killed, or give up, half-way, and its end be taken for the target's. What fits may still
//! grow by what no plan tells, such as large answers.

use std::fs;
use std::path::Path;

use anyhow::anyhow;
use rustix::process::{Resource, getrlimit};

use crate::plan::Plan;
use crate::report;
use crate::scenario::{Connection, Scenario};
use crate::unit::{Bytes, STACK_BYTES};

use super::args::ServiceArg;
use super::cores::Cores;

/// What a service takes for a connection that is open, seen as 21 to 22 KiB.
const CONNECTION: u64 = 20 << 10;

const DATA: &str = "RLIMIT_DATA, which is `ulimit -d`";
const ADDRESSES: &str = "RLIMIT_AS, which is `ulimit -v`";

/// What takes memory, and how much.
pub struct Need {
    /// What: `the run`.
    pub who: &'static str,
    /// How much, without stacks.
    pub bytes: u64,
    /// Its threads. Their stacks count where memory counts that is only reserved.
    pub threads: usize,
}

impl Need {
    /// What a run takes with so many that plan at once, or lanes.
    pub fn of_run(bytes: u64, workers: usize) -> Self {
        // Beside them, the one that shows how planning goes on, and the one that hears signals.
        Self { who: "the run", bytes, threads: workers + 2 }
    }

    /// What a service takes at least, that many threads serving so many connections at once.
    pub fn of_service(service: ServiceArg, serving: usize, connections: u64) -> Self {
        // With their pages, and the store's cache, and the stacks of the directory's checks.
        let base = match service {
            ServiceArg::Knobs | ServiceArg::Null => 4 << 20,
            ServiceArg::Election => 24 << 20,
            ServiceArg::RemoteWork => 10 << 20,
        };
        Self { who: "the target", bytes: base + connections.saturating_mul(CONNECTION), threads: serving + 2 }
    }
}

/// What the run of a plan takes, and the target that it starts.
pub fn of_plan(scenario: &Scenario, plan: &Plan, cores: &Cores) -> Vec<Need> {
    let lanes = cores.lanes.len();
    let run = Need::of_run(report::memory_needed(scenario, plan, lanes), lanes);
    let target = scenario.target.embedded.as_ref().map(|(service, _)| {
        let kept = scenario.flows.iter().any(|flow| flow.connection == Connection::Session);
        Need::of_service((*service).into(), cores.target.len().max(1), if kept { plan.alive_peak } else { 0 })
    });
    [run].into_iter().chain(target).collect()
}

/// Holds each need against the limits of a process, and all together against what the cgroup leaves.
///
/// # Errors
/// One of them is too low, with both numbers.
pub fn hold(needs: &[Need]) -> anyhow::Result<()> {
    for Need { who, bytes, threads } in needs {
        let reserved = bytes.saturating_add((threads * STACK_BYTES) as u64);
        for (name, takes, most) in [
            (DATA, reserved, limit(Resource::Data)),
            (ADDRESSES, reserved.saturating_add(mapped()), limit(Resource::As)),
        ] {
            if takes > most {
                return Err(too_little(who, takes, most, &format!("a process may have ({name})")));
            }
        }
    }
    let (all, left) = (needs.iter().map(|need| need.bytes).sum(), of_cgroup());
    match (needs.iter().map(|need| need.who).collect::<Vec<_>>().join(" and "), left) {
        (who, Some(left)) if all > left => Err(too_little(&who, all, left, "the cgroup leaves (memory.max)")),
        _ => Ok(()),
    }
}

fn too_little(who: &str, takes: u64, most: u64, whose: &str) -> anyhow::Error {
    anyhow!("too little memory: {who} would take about {}, and {} is what {whose}", Bytes(takes), Bytes(most))
}

/// Memory that this process may still take: what is available, and no more than its limits and its cgroup leave; `None`:
/// not known.
pub fn left() -> Option<u64> {
    let available = kib(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
    let limits = limit(Resource::Data).min(limit(Resource::As).saturating_sub(mapped()));
    Some(available.min(limits).min(of_cgroup().unwrap_or(u64::MAX)))
}

/// The limits of a process's memory that are set, in words; empty without any.
pub fn limits_set() -> String {
    let set = [(DATA, Resource::Data), (ADDRESSES, Resource::As)].map(|(name, resource)| (name, limit(resource)));
    let set = set.iter().filter(|(_, most)| *most < u64::MAX);
    set.map(|(name, most)| format!("; a process may have {} ({name})", Bytes(*most))).collect()
}

fn limit(resource: Resource) -> u64 {
    getrlimit(resource).current.unwrap_or(u64::MAX)
}

/// What is mapped beside memory of one's own: the program and its libraries.
fn mapped() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["VmExe:", "VmLib:"].map(|key| kib(&status, key).unwrap_or(0)).iter().sum()
}

fn of_cgroup() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    cgroup_leaves(Path::new("/sys/fs/cgroup"), Path::new(own))
}

/// What a cgroup and those that it is in leave; `None` without a limit. Cached files make room for what is needed.
fn cgroup_leaves(root: &Path, own: &Path) -> Option<u64> {
    let leaves = |folder: &Path| {
        let read = |file: &str| fs::read_to_string(root.join(folder).join(file)).ok();
        let number = |file: &str| read(file)?.trim().parse::<u64>().ok();
        let most = number("memory.max")?;
        let stat = read("memory.stat").unwrap_or_default();
        let cached = ["inactive_file ", "active_file "].map(|key| value(&stat, key).unwrap_or(0)).iter().sum();
        Some(most.saturating_sub(number("memory.current")?.saturating_sub(cached)))
    };
    own.ancestors().filter_map(leaves).min()
}

fn kib(text: &str, key: &str) -> Option<u64> {
    value(text, key).map(|kib| kib << 10)
}

/// The number behind a key of one of the kernel's tables.
fn value(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_cgroup_counts_without_what_it_caches() {
        let root = tempfile::tempdir().unwrap();
        let own = Path::new("machine/run");
        let write = |folder: &str, file: &str, text: &str| {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::write(root.path().join(folder).join(file), text).unwrap();
        };
        assert_eq!(cgroup_leaves(root.path(), own), None);
        write("machine/run", "memory.max", "max\n");
        write("machine/run", "memory.current", "1000\n");
        assert_eq!(cgroup_leaves(root.path(), own), None);
        write("machine", "memory.max", "5000\n");
        write("machine", "memory.current", "4000\n");
        assert_eq!(cgroup_leaves(root.path(), own), Some(1000));
        write("machine", "memory.stat", "anon 100\ninactive_file 2000\nactive_file 500\n");
        assert_eq!(cgroup_leaves(root.path(), own), Some(3500));
        write("", "memory.max", "400");
        write("", "memory.current", "500");
        assert_eq!(cgroup_leaves(root.path(), own), Some(0));
    }

    #[test]
    fn too_little_is_told_with_both_numbers() {
        let error = hold(&[Need { who: "the run", bytes: u64::MAX, threads: 1 }]);
        // Without any limit it would do.
        let Err(error) = error else { return };
        assert!(error.to_string().contains("too little memory: the run would take about "), "{error}");
    }
}
