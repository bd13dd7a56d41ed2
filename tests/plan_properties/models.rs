//! Scenarios made by hand, as the parser would hand them over: the night of DESIGN.md and small ones.
//! Shared by the tests of the plan and its bench.
#![allow(dead_code, reason = "the bench and the tests each use a part")]
#![allow(clippy::unwrap_used, reason = "made for tests")]

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU64;

use jiff::civil::date;
use scrutinio::plan::{Plan, PlanError};
use scrutinio::scenario::*;

/// One step of a flow, with those inside it.
#[derive(Clone, Debug)]
pub enum Node {
    Get,
    Named(&'static str),
    Think(Draw),
    At(f64, Option<Draw>),
    Pick(Vec<(f64, Vec<Node>)>),
    Repeat((u32, u32), Option<f64>, Vec<Node>),
    Transaction(&'static str, Vec<Node>),
    /// What is done if a condition holds, and what if not.
    If(Vec<Node>, Vec<Node>),
    /// How often at most it is done.
    While(u32, Vec<Node>),
    /// So many requests, of which so many may be open at once.
    Parallel(usize, u32),
}

/// Citizens think like this (docs/sources.md, Traffic): 8 s in the median, σ 0.9.
pub const READING: Draw = Draw::Lognormal { median: 8.0, sigma: 0.9 };

pub fn endless(draw: Draw) -> Distribution {
    Distribution { draw, max: f64::INFINITY }
}

fn get(name: &str) -> StepKind {
    let path = Template(vec![Piece::Text("/".to_owned())]);
    StepKind::Request(Box::new(Request {
        name: name.to_owned(),
        method: "GET".to_owned(),
        origin: 0,
        path,
        headers: vec![],
        body: None,
        revalidate: false,
        save: vec![],
        expect: vec![],
        timeout: None,
        stream: None,
        follow: 0,
        auth: None,
        retry: None,
    }))
}

/// Puts the nodes into one list in pre-order.
pub fn flow(nodes: &[Node]) -> Flow {
    let mut steps = Vec::new();
    lay(nodes, &mut steps);
    let (connection, on_failure) = (Connection::Session, OnFailure::Continue);
    Flow { name: "flow".to_owned(), connection, on_failure, cookies: true, steps, saved: vec![] }
}

fn lay(nodes: &[Node], steps: &mut Vec<Step>) -> std::ops::Range<u32> {
    let start = steps.len() as u32;
    for node in nodes {
        let at = steps.len();
        steps.push(Step { kind: get("GET /"), end: 0 });
        let kind = match node {
            Node::Get => get("GET /"),
            Node::Named(name) => get(name),
            Node::Think(draw) => StepKind::Think(endless(*draw)),
            Node::At(time, plus) => StepKind::At(At { time: *time, plus: plus.map(endless) }),
            Node::Pick(alternatives) => pick(alternatives, steps),
            Node::Parallel(requests, connections) => {
                StepKind::Parallel { connections: *connections, body: lay(&vec![Node::Get; *requests], steps) }
            }
            Node::If(then, otherwise) => {
                let (body, otherwise) = (lay(then, steps), lay(otherwise, steps));
                StepKind::If { condition: always(), body, otherwise }
            }
            Node::While(at_most, body) => {
                StepKind::While { condition: always(), at_most: *at_most, body: lay(body, steps) }
            }
            Node::Transaction(name, body) => StepKind::Transaction { name: (*name).to_owned(), body: lay(body, steps) },
            Node::Repeat(times, every, body) => {
                StepKind::Repeat { times: *times, every: *every, body: lay(body, steps) }
            }
        };
        steps[at] = Step { kind, end: steps.len() as u32 };
    }
    start..steps.len() as u32
}

/// A condition that holds as long as nothing is saved.
fn always() -> Condition {
    Condition { saved: 0, test: ValueTest::Saved(false) }
}

fn pick(alternatives: &[(f64, Vec<Node>)], steps: &mut Vec<Step>) -> StepKind {
    let all: f64 = alternatives.iter().map(|(weight, _)| weight).sum();
    let mut sum = 0.0;
    let mut laid: Vec<Alternative> = Vec::new();
    for (weight, body) in alternatives {
        sum += weight / all;
        laid.push(Alternative { cumulative: sum, body: lay(body, steps) });
    }
    laid.last_mut().unwrap().cumulative = 1.0;
    StepKind::Pick(laid)
}

pub fn line(points: &[(f64, f64)]) -> Curve {
    Curve { factors: vec![Factor { interpolation: Interpolation::Linear, points: points.to_vec() }], surges: vec![] }
}

pub fn poisson(curve: Curve) -> Arrivals {
    Arrivals { process: Process::Poisson, curve: Some(curve), bursts: vec![] }
}

pub fn burst(at: f64, spread: f64) -> Arrivals {
    Arrivals { process: Process::Poisson, curve: None, bursts: vec![Burst { at, weight: 1.0, spread }] }
}

/// Populations and their flows, added one after the other; sorted by name when the scenario is made.
pub struct Maker {
    pub scenario: Scenario,
}

impl Maker {
    /// A scenario of this many seconds, at 07:00 on the election's day, without requests.
    pub fn new(length: f64) -> Self {
        let from = date(2016, 6, 5).at(7, 0, 0, 0).in_tz("Europe/Rome").unwrap();
        let clock = Clock { from, length, window: (0.0, length), windowed: false, compress: 1.0, warm_up: 0.0 };
        Self {
            scenario: Scenario {
                name: "made".to_owned(),
                seed: 20_160_605,
                clock,
                requests: None,
                target: Target { embedded: None, events: Vec::new(), origins: vec![] },
                populations: vec![],
                flows: vec![],
                objectives: vec![],
                before: None,
                after: None,
                limits: Limits::default(),
                trace_header: false,
            },
        }
    }

    pub fn requests(mut self, n: u64) -> Self {
        self.scenario.requests = Some(n);
        self
    }

    pub fn compress(mut self, factor: f64) -> Self {
        self.scenario.clock.compress = factor;
        self
    }

    pub fn window(mut self, from: f64, to: f64) -> Self {
        self.scenario.clock.window = (from, to);
        self.scenario.clock.windowed = true;
        self
    }

    pub fn population(mut self, name: &str, size: Size, arrivals: Arrivals, nodes: &[Node]) -> Self {
        let flow_index = self.scenario.flows.len();
        self.scenario.flows.push(flow(nodes));
        let population = Population {
            name: name.to_owned(),
            size,
            arrivals,
            flow: flow_index,
            feed: None,
            headers: vec![],
            returning: 0.0,
        };
        self.scenario.populations.push(population);
        self.scenario.populations.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        self
    }

    pub fn plan(&self) -> Result<Plan, PlanError> {
        build(&self.scenario, 2)
    }
}

pub fn build(scenario: &Scenario, threads: usize) -> Result<Plan, PlanError> {
    Plan::build(scenario, NonZeroUsize::new(threads).unwrap(), &AtomicU64::new(0))
}

const HOUR: f64 = 3600.0;

/// The citizens' curve of DESIGN.md, in seconds after 07:00.
pub fn night_curve() -> Curve {
    let points = [
        (7.0, 1.0),
        (7.75, 1.0),
        (12.0, 5.0),
        (15.0, 4.0),
        (19.0, 6.0),
        (22.0 + 55.0 / 60.0, 8.0),
        (26.0, 6.0),
        (29.0, 3.0),
        (32.0, 6.0),
        (34.0, 8.0),
        (36.0, 6.0),
        (37.25, 3.0),
    ];
    let mut curve = line(&points.map(|(hour, level)| ((hour - 7.0) * HOUR, level)));
    curve.surges.push(Surge { at: 16.0 * HOUR, to: 16.0, rise: 300.0, half_life: 2700.0 });
    curve
}

/// What a citizen does: home, eight to twelve pages, three to seven polls; 16 requests in the mean.
pub fn citizen() -> Vec<Node> {
    let pages = [28.05, 20.75, 20.0, 11.43, 10.0, 9.77].map(|weight| (weight, vec![Node::Get])).to_vec();
    vec![
        Node::Get,
        Node::Think(READING),
        Node::Repeat((8, 12), None, vec![Node::Pick(pages), Node::Think(READING)]),
        Node::Repeat((3, 7), Some(60.0), vec![Node::Get]),
    ]
}

/// Three requests at each bulletin and at the count.
pub fn section() -> Vec<Node> {
    let count = Draw::Lognormal { median: 4.5 * HOUR, sigma: 0.5 };
    let report =
        |hour: f64, plus: Draw| vec![Node::At((hour - 7.0) * HOUR, Some(plus)), Node::Get, Node::Get, Node::Get];
    let spread = Draw::Uniform(0.0, 1200.0);
    [report(12.0, spread), report(19.0, spread), report(23.0, spread), report(23.0, count)].concat()
}

/// The election night of DESIGN.md with this many requests.
pub fn night(requests: u64) -> Maker {
    let share = |percent: f64| Size::Share(percent / 100.0);
    let polls = [Node::Repeat((20, 30), Some(60.0), vec![Node::Get, Node::Get, Node::Get])];
    Maker::new(30.25 * HOUR)
        .requests(requests)
        .compress(200.0)
        .population("citizens", share(85.0), poisson(night_curve()), &citizen())
        .population("newsrooms", share(12.0), poisson(night_curve()), &polls)
        .population("maps", share(3.0), poisson(night_curve()), &[Node::Get])
        .population("sections", Size::Users(174), burst(0.0, 1800.0), &section())
}
