//! What a machine lacks for a plan: descriptors, ports, processors, memory. Only what can be computed from the
//! plan and read from the machine is said, each with both numbers and what to do.

use std::net::IpAddr;

use serde::Serialize;

use crate::plan::Plan;
use crate::report::words::count;
use crate::scenario::{Connection, Scenario};
use crate::unit::{Bytes, Rate};

use super::Check;
use super::calibration::{Ceiling, SAFE_SHARE};
use super::memory::SESSION;

/// Seconds for which Linux keeps a closed connection's port (TIME_WAIT).
const TIME_WAIT_SECONDS: usize = 60;
/// Processor time of a request in a busy lane, in µs, where no step looks into bodies: `quick -c 64` against the
/// knob server on another core of a virtual Xeon took 7.4 to 8.1.
const REQUEST_CPU_US: f64 = 8.0;

/// The machine that would run the plan.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Cores that this process may use.
    pub cores: usize,
    /// Lanes that a run would have.
    pub lanes: usize,
    /// Whether the embedded target and the lanes would share cores (M1).
    pub shares_cores: bool,
    /// File descriptors left for connections.
    pub descriptors: u64,
    /// Local ports for connections to one address and port, from each source address.
    pub ports: u64,
    /// Source addresses of the connections that leave this machine; of several origins, the least.
    pub sources: usize,
    /// Source addresses of the scenario that are none of this machine.
    pub foreign_sources: Vec<IpAddr>,
    /// Memory that this process may still take; `None`: not known.
    pub memory_bytes: Option<u64>,
    /// What a lane can do here, as `calibrate` measured it; `None`: not known.
    pub ceiling: Option<Ceiling>,
    /// Why that is not known, and how it can be.
    pub not_calibrated: Option<String>,
    /// Whether all traffic stays on loopback, where source addresses rotate and ports do not run out (M2).
    pub loopback: bool,
}

/// Something that the machine lacks.
#[derive(Clone, Debug, Serialize)]
pub struct Warning {
    /// What: `descriptors`, `ports`, `source_addresses`, `cores`, `memory`.
    pub what: &'static str,
    /// What the plan needs and what there is.
    pub seen: String,
    /// What to do.
    #[serde(rename = "do")]
    pub cure: &'static str,
}

/// What the machine lacks for a plan.
pub(super) fn warnings(check: &Check, scenario: &Scenario, plan: &Plan) -> Vec<Warning> {
    let machine = &check.machine;
    let per_session = scenario.flows.iter().any(|flow| flow.connection == Connection::Session);
    let all = [
        per_session.then(|| descriptors(check.alive_peak, machine)).flatten(),
        ports(check, plan, per_session, machine),
        match &machine.ceiling {
            Some(ceiling) => over_half(plan, machine.lanes, ceiling),
            None => lanes(check.rate.peak, machine),
        },
        sources(machine),
        shared(machine),
        memory(check, machine),
    ];
    all.into_iter().flatten().collect()
}

fn descriptors(alive: u64, machine: &Machine) -> Option<Warning> {
    (alive > machine.descriptors).then(|| Warning {
        what: "descriptors",
        seen: format!(
            "{} sessions alive at once may each hold a connection; this process may open {}",
            count(alive),
            count(machine.descriptors)
        ),
        cure: "raise the hard limit on open files (ulimit -Hn)",
    })
}

/// Each connection that is open, or was closed within TIME_WAIT, holds a port (M2).
fn ports(check: &Check, plan: &Plan, per_session: bool, machine: &Machine) -> Option<Warning> {
    let opened = busiest(&plan.connections, TIME_WAIT_SECONDS);
    let open = if per_session { check.alive_peak } else { 0 };
    let (needed, sources) = (opened.max(open), machine.sources as u64);
    (!machine.loopback && needed > machine.ports * sources).then(|| Warning {
        what: "ports",
        seen: format!(
            "{} connections open within {TIME_WAIT_SECONDS} s, the time a closed one keeps its port, and {} sessions \
             are alive at once; this machine has {} ports to each address of the target from each source address, \
             of which there {}; {} would do",
            count(opened),
            count(open),
            count(machine.ports),
            if sources > 1 { format!("are {sources}") } else { "is 1".to_owned() },
            count(needed.div_ceil(machine.ports.max(1)))
        ),
        cure: "name more source_addresses, widen net.ipv4.ip_local_port_range, or keep connections longer",
    })
}

fn sources(machine: &Machine) -> Option<Warning> {
    let foreign: Vec<String> = machine.foreign_sources.iter().map(ToString::to_string).collect();
    (!foreign.is_empty()).then(|| Warning {
        what: "source_addresses",
        seen: format!("not of this machine, so no connection can come from there: {}", foreign.join(", ")),
        cure: "run on the machine that has them, or add them (ip address add)",
    })
}

/// The most in any `width` bins that follow each other.
fn busiest(series: &[u64], width: usize) -> u64 {
    let (mut sum, mut most) = (0, 0);
    for (i, n) in series.iter().enumerate() {
        sum += n;
        if i >= width {
            sum -= series[i - width];
        }
        most = most.max(sum);
    }
    most
}

/// Whether the highest second of a plan is over half of what so many lanes can do.
pub fn over_half(plan: &Plan, lanes: usize, ceiling: &Ceiling) -> Option<Warning> {
    let most = |series: &[u64]| series.iter().max().copied().unwrap_or(0) as f64 / plan.nominal_bin.as_secs_f64();
    too_much(most(&plan.nominal), most(&plan.connections), lanes, ceiling)
}

fn too_much(requests: f64, new_connections: f64, lanes: usize, ceiling: &Ceiling) -> Option<Warning> {
    let share = ceiling.lanes_at_ceiling(requests, new_connections) / lanes as f64;
    let cores = ceiling.lanes_needed(requests, new_connections);
    let rate = |n: f64| Rate::per_second(n).unwrap_or_default();
    (share > SAFE_SHARE).then(|| Warning {
        what: "cores",
        seen: format!(
            "the highest second has {} requests and {} new connections, {:.0}% of what {lanes} {} can do here \
             ({} each on open connections, {} on new ones, as measured over {}): at half of it, it takes {} lanes, each with a core, or {} \
             shards like this machine",
            count(requests as u64),
            count(new_connections as u64),
            share * 100.0,
            if lanes == 1 { "lane" } else { "lanes" },
            rate(ceiling.requests_rps.round()),
            rate(ceiling.new_connections_rps.round()),
            ceiling.spoken.words(),
            count(cores),
            count(cores.div_ceil(lanes as u64)),
        ),
        cure: "use more cores or machines, compress less, or lower --scale",
    })
}

fn lanes(peak: u64, machine: &Machine) -> Option<Warning> {
    let needed = peak as f64 * REQUEST_CPU_US / 1e6;
    (needed > machine.lanes as f64).then(|| Warning {
        what: "cores",
        seen: format!(
            "{} in the highest second take about {needed:.1} cores at {REQUEST_CPU_US} µs a request; the lanes have {}",
            Rate::per_second(peak as f64).unwrap_or_default(),
            machine.lanes
        ),
        cure: "use more cores, compress less, or lower --scale",
    })
}

fn shared(machine: &Machine) -> Option<Warning> {
    machine.shares_cores.then(|| Warning {
        what: "cores",
        seen: format!("the target and {} lanes share {} cores and slow each other down", machine.lanes, machine.cores),
        cure: "use a machine with more cores, or start the target elsewhere",
    })
}

fn memory(check: &Check, machine: &Machine) -> Option<Warning> {
    let (needed, left) = (check.memory_needed_bytes, machine.memory_bytes?);
    (needed > left).then(|| Warning {
        what: "memory",
        seen: format!(
            "the run takes about {}, of it {} sessions alive at once up to {} at {} each; {} are left",
            Bytes(needed),
            count(check.alive_peak),
            Bytes(check.alive_peak.saturating_mul(SESSION)),
            Bytes(SESSION),
            Bytes(left)
        ),
        cure: "use a machine with more memory, or fewer lanes, steps or sessions at once",
    })
}

#[cfg(test)]
mod tests {
    use super::super::calibration::Spoken;
    use super::*;

    #[test]
    fn over_half_of_the_ceiling_is_told_with_what_it_takes() {
        let ceiling =
            Ceiling { spoken: Spoken::Tls, requests_rps: 100_000.0, new_connections_rps: 20_000.0, lower_bound: false };
        assert!(too_much(100_000.0, 0.0, 2, &ceiling).is_none(), "half of two lanes");
        let seen = |requests, new, lanes| too_much(requests, new, lanes, &ceiling).map(|warning| warning.seen);
        let told = seen(180_000.0, 5_000.0, 1).unwrap();
        assert!(told.contains("180,000 requests and 5,000 new connections, 200% of what 1 lane can do"), "{told}");
        assert!(told.contains("takes 4 lanes, each with a core, or 4 shards"), "{told}");
        assert!(told.contains("as measured over HTTP/1.1 and TLS"), "{told}");
        let told = seen(180_000.0, 5_000.0, 3).unwrap();
        assert!(
            told.contains("67% of what 3 lanes") && told.contains("4 lanes, each with a core, or 2 shards"),
            "{told}"
        );
    }

    #[test]
    fn the_busiest_minute_is_a_sliding_one() {
        assert_eq!(busiest(&[5, 1, 1, 9, 9, 1], 2), 18);
        assert_eq!(busiest(&[5, 1], 60), 6);
        assert_eq!(busiest(&[], 60), 0);
    }
}
