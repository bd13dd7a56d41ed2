//! The long cases: each a target and a run, all side by side, measured once and asked by many tests.

use std::sync::{LazyLock, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use scrutinio::plan::Plan;
use scrutinio::scenario::{self, Overrides};
use scrutinio::truth::{Request, Sample, Watch};
use scrutinio::unit::Span;
use serde_json::Value;

use crate::rig::{Running, Target, run, start_quick};

/// Stations of a queue, each on a port of its own.
const STATIONS: usize = 32;

/// 20 ms, but half a second of standstill in every five.
const STANDSTILL: &[&str] = &["--delay", "20ms", "--stall", "500ms/5s"];

/// Five times as long with `SCRUTINIO_LONG=1`.
pub fn lengths() -> u32 {
    if std::env::var_os("SCRUTINIO_LONG").is_some_and(|value| value != "0") { 5 } else { 1 }
}

/// A case that is under way, or its end.
pub struct Case {
    thread: Mutex<Option<JoinHandle<Measured>>>,
    measured: OnceLock<Measured>,
}

/// What a case has come to.
pub struct Measured {
    /// `summary.json`.
    pub summary: Value,
    /// Each request that the server logged.
    pub requests: Vec<Request>,
    /// The summary of a closed loop on the same server at the same time, where there was one.
    pub closed: Option<Value>,
    /// Whether the machine had time left meanwhile: then upper bounds hold too.
    pub calm: bool,
}

/// All cases; the first look at any starts every one of them.
pub struct Cases {
    /// Constant delay of 50 ms, evenly 100 a second.
    pub constant: Case,
    /// 32 queues of one server, each loaded to a half; mean service 20 ms.
    pub one_server: Case,
    /// 32 queues of two servers, each loaded to a half; mean service 40 ms.
    pub two_servers: Case,
    /// Half a second of standstill in every five, else 20 ms; open loop, and a closed one beside it.
    pub stall: Case,
    /// The same standstill for 100 a second on four connections: what they can carry is twice what comes.
    pub few_connections: Case,
}

/// The cases.
pub static CASES: LazyLock<Cases> = LazyLock::new(|| Cases {
    constant: Case::start(|| constant(10 * lengths())),
    one_server: Case::start(|| queues(&["--exponential", "20ms"], 1)),
    two_servers: Case::start(|| queues(&["--exponential", "40ms", "--servers", "2"], 2)),
    stall: Case::start(|| steady(STANDSTILL, 300, 25 * lengths(), "poisson", 256, true)),
    few_connections: Case::start(|| steady(STANDSTILL, 100, 25 * lengths(), "poisson", 4, false)),
});

impl Cases {
    /// How many there are, and in how many of them the machine had time left; waits for their ends.
    pub fn calm(&self) -> (usize, usize) {
        let Self { constant, one_server, two_servers, stall, few_connections } = self;
        let all = [constant, one_server, two_servers, stall, few_connections];
        (all.len(), all.iter().filter(|case| case.measured().calm).count())
    }
}

/// Two seconds of the constant delay, measured here and now.
pub fn brief() -> Measured {
    constant(2)
}

/// Starts the cases, for a test that has no use for them but whose time they may take as well.
pub fn begin() {
    LazyLock::force(&CASES);
}

impl Case {
    fn start(work: fn() -> Measured) -> Self {
        Self { thread: Mutex::new(Some(std::thread::spawn(work))), measured: OnceLock::new() }
    }

    /// What it came to; waits for its end.
    pub fn measured(&self) -> &Measured {
        self.measured.get_or_init(|| {
            let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
            thread.expect("another test was the first to see this case fail").join().expect("the case ran")
        })
    }
}

fn constant(seconds: u32) -> Measured {
    steady(&["--delay", "50ms"], 100, seconds, "even", 256, false)
}

/// 32 stations loaded by one Poisson process of 800 a second, each session at one that is drawn for it.
fn queues(knobs: &[&str], seed: u64) -> Measured {
    let stations = STATIONS.to_string();
    let target = Target::start(&[knobs, &["--stations", &stations, "--knob-seed", &seed.to_string()]].concat());
    let origins: Vec<_> = target.addresses.iter().enumerate().map(|(i, at)| format!("s{i}: 'http://{at}'")).collect();
    let picks: Vec<_> = (0..STATIONS).map(|i| format!("{{ weight: 1, steps: [{{ get: 's{i}:/' }}] }}")).collect();
    let steps = format!("[{{ pick: [{}] }}]", picks.join(", "));
    let yaml = yaml(&format!("targets: {{ {} }}", origins.join(", ")), 800, 25 * lengths(), "poisson", &steps, seed);
    measure(&yaml, target, None)
}

/// One station, loaded at a rate over a pool of connections; `closed`: with a closed loop of two connections beside it.
fn steady(knobs: &[&str], rate: u32, seconds: u32, process: &str, pool: u32, closed: bool) -> Measured {
    let target = Target::start(knobs);
    let yaml = yaml(&format!("target: {}", target.url()), rate, seconds, process, "[{ get: / }]", 1);
    let yaml = yaml.replace("shared: 256", &format!("shared: {pool}"));
    // A target's first standstill comes a period after its start: from here on, whole periods hold whole standstills.
    std::thread::sleep(Duration::from_millis(700).saturating_sub(Instant::now() - target.since));
    let beside = closed.then(|| start_quick(&target.url(), &["-c", "2", "-d", &format!("{seconds}s"), "-t", "1"]));
    measure(&yaml, target, beside)
}

fn yaml(target: &str, rate: u32, seconds: u32, process: &str, steps: &str, seed: u64) -> String {
    format!(
        "name: truth
clock: {{ from: 2026-01-01T00:00:00, to: 2026-01-01T00:{:02}:{:02} }}
{target}
requests: {}
seed: {seed}
trace_header: true
limits: {{ timeout: 60s }}
populations:
  all: {{ share: 100%, arrivals: {{ process: {process}, curve: [constant: 1] }}, flow: visit }}
flows:
  visit: {{ connection: {{ shared: 256 }}, steps: {steps} }}
",
        seconds / 60,
        seconds % 60,
        rate * seconds,
    )
}

fn measure(yaml: &str, target: Target, beside: Option<Running>) -> Measured {
    let watch = Watch::start().unwrap();
    let done = run(yaml, &["--lanes", "1"]);
    let machine = watch.end();
    if !machine.is_calm() {
        println!("the machine was busy in {} of {} seconds: upper bounds are not held", machine.busy, machine.seconds);
    }
    let closed = beside.map(|running| running.wait().summary);
    let start = done.start_ns();
    let plan = plan(yaml);
    let lines: Vec<_> = target.stop().into_iter().filter(|line| line.id.contains('/')).collect();
    assert_eq!(done.completed(), plan.requests, "{}", done.summary["requests"]);
    assert_eq!(lines.len() as u64, plan.requests, "sent = received");
    let requests = lines.iter().map(|line| Request::of(line, &plan, start).unwrap()).collect();
    Measured { summary: done.summary.clone(), requests, closed, calm: machine.is_calm() }
}

/// The plan of a scenario, made apart from the run.
fn plan(yaml: &str) -> Plan {
    let file = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
    std::fs::write(file.path(), yaml).unwrap();
    let checked = scenario::load(file.path(), &Overrides::default()).unwrap();
    Plan::build(&checked.scenario, std::num::NonZeroUsize::MIN, &std::sync::atomic::AtomicU64::new(0)).unwrap()
}

impl Measured {
    /// A latency of the summary in ms: `response`, `service`, `lag` … and `p50`, `max` ….
    pub fn ms(&self, latency: &str, figure: &str) -> f64 {
        in_ms(&self.summary, latency, figure)
    }

    /// The response times by the plan and the server: from due to answered.
    pub fn responses(&self) -> Sample {
        Sample::of(self.requests.iter().map(Request::response))
    }

    /// The service times by the server alone.
    pub fn services(&self) -> Sample {
        Sample::of(self.requests.iter().map(Request::held))
    }
}

/// A time in ms.
pub fn ms(span: Span) -> f64 {
    span.as_secs_f64() * 1e3
}

/// A quantile of a sample in ms, by its name: `p99.9`.
pub fn quantile_ms(sample: &Sample, name: &str) -> f64 {
    ms(sample.quantile(name.parse().unwrap()).unwrap())
}

/// A latency of a summary in ms.
pub fn in_ms(summary: &Value, latency: &str, figure: &str) -> f64 {
    let value = &summary["latency_us"][latency][figure];
    value.as_f64().unwrap_or_else(|| panic!("{latency} {figure} is {value}")) / 1000.0
}
