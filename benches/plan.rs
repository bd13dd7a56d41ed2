//! What planning costs: a block of random bits, an arrival, a session's path, and whole plans.
//!
//! `cargo bench --bench plan` measures the parts. With `PLAN_REQUESTS=1000000000` it plans the election
//! night once with that many requests instead and prints the seconds, the most memory and the hash.

use std::hint::black_box;
use std::time::{Duration, Instant as Now};

use criterion::{BatchSize, Criterion, Throughput};
use scrutinio::plan::{ArrivalsHash, Stripe, Use, Walk, words};
use scrutinio::scenario::Size;
use scrutinio::unit::Instant;

#[path = "../tests/plan_properties/models.rs"]
mod models;

use models::{Maker, Node, build, burst, night};

fn main() {
    if let Ok(requests) = std::env::var("PLAN_REQUESTS") {
        return whole(requests.replace('_', "").parse().expect("PLAN_REQUESTS is a number"));
    }
    let mut criterion = Criterion::default().configure_from_args().measurement_time(Duration::from_secs(3));
    parts(&mut criterion);
    criterion.final_summary();
}

fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    let mut n = 0;
    group.bench_function("philox block", |bencher| {
        bencher.iter(|| {
            n += 1;
            words(42, n, 1, Use::Pick, 0)
        })
    });
    let plan = night(1_000_000).plan().expect("the night has a plan");
    let path = &plan.populations[0].path;
    let (mut walk, mut hash) = (Walk::default(), ArrivalsHash::default());
    group.throughput(Throughput::Elements(plan.sessions));
    group.bench_function("arrivals", |bencher| bencher.iter(|| plan.arrivals(Stripe::ALL).map(black_box).count()));
    let per_session = plan.populations[0].requests / plan.populations[0].sessions;
    group.throughput(Throughput::Elements(per_session));
    group.bench_function("citizen's path, timed", |bencher| {
        bencher.iter(|| {
            n += 1;
            walk.restart(path, n);
            let mut done = Instant::ZERO;
            while let Some(due) = walk.next(path, done) {
                done = due.due;
            }
            done
        })
    });
    group.bench_function("citizen's path, hashed", |bencher| {
        bencher.iter(|| {
            n += 1;
            hash.add(path, n, Instant::ZERO);
        })
    });
    group.sample_size(10).throughput(Throughput::Elements(1_000_000));
    group.bench_function("a million requests, one thread", |bencher| {
        bencher.iter_batched(
            || night(1_000_000),
            |made| build(&made.scenario, 1).map(|plan| plan.requests),
            BatchSize::PerIteration,
        )
    });
}

/// Plans the night, and a crowd of one-request sessions, once.
fn whole(requests: u64) {
    let crowd = Maker::new(3600.0).population("crowd", Size::Users(requests), burst(0.0, 3600.0), &[Node::Get]);
    for (name, made) in [("night", night(requests)), ("one-request sessions", crowd)] {
        let start = Now::now();
        let plan = build(&made.scenario, 2).expect("it has a plan");
        let took = start.elapsed().as_secs_f64();
        let start = Now::now();
        let last = plan.arrival(0, plan.populations[0].sessions - 1);
        println!(
            "{name}: {} requests, {} sessions in {took:.2} s; hash {:032x}; sampled {:?}; alive {}; last due {}; last arrival {} in {:.6} s; {}",
            plan.requests,
            plan.sessions,
            plan.arrivals_hash,
            plan.nominal_sampled,
            plan.alive_peak,
            plan.last_due,
            last.due,
            start.elapsed().as_secs_f64(),
            memory(),
        );
    }
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("memory unknown").to_owned()
}
