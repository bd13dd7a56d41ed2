//! What recording costs: a request on a lane, and an interval in the hub.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use scrutinio::record::{
    Catalog, CatalogObjective, CatalogPopulation, Ended, HostSample, Hub, Recorder, Sinks, Slice, Woken,
};
use scrutinio::unit::{Instant, Span};

/// Four populations of five steps and four objectives, three for each request: like the election night.
fn catalog() -> Catalog {
    let objective = |quantile: &str| CatalogObjective {
        scope: "overall".to_owned(),
        text: format!("{quantile} < 300ms"),
        measure: None,
        metric: format!("{quantile} < 300ms").parse().expect("a metric"),
        window: None,
        can_grow: true,
    };
    let population = |i: usize| CatalogPopulation {
        name: format!("population-{i}"),
        steps: (0..5).map(|step| format!("step-{step}")).collect(),
        methods: vec!["GET".to_owned(); 5],
        step_by_number: (0..5).map(Some).collect(),
        objectives_by_step: vec![vec![0, 1, 2]; 5],
    };
    Catalog {
        populations: (0..4).map(population).collect(),
        objectives: ["p99", "p99.9", "p90", "p50"].map(objective).to_vec(),
        left_out: Vec::new(),
        measures: Vec::new(),
        bin: Span::from_millis(100),
        strata: vec![0],
        warm_up: Span::ZERO,
        limit_covers_target: true,
        tightest_limit: Some(Span::from_millis(300)),
    }
}

/// Request `i` of a load of 20,000 a second, answered in 1 to 9 ms.
fn request(i: u64) -> Ended {
    let due = Instant::from_nanos(i * 50_000);
    let woke = due + Span::from_micros(20 + i % 30);
    let sent = woke + Span::from_micros(5);
    let done = sent + Span::from_micros(1_000 + i.wrapping_mul(2_654_435_761) % 8_000);
    Ended {
        population: (i % 4) as u16,
        step: (i % 5) as u16,
        extra: false,
        outcome: Ok(()),
        woken: Woken { due, ready: due, woke, paced: true },
        taken_up: true,
        sent: Some(sent),
        first: Some(done),
        done,
        read_delay: Span::from_micros(10),
        first_read_delay: Span::from_micros(10),
        timeout: Span::from_secs(10),
        connect: None,
        handshake: None,
        pool_wait: None,
        status: 200,
        bytes_sent: 200,
        bytes_received: 3_000,
        exchanges: 1,
        ours_before: Span::ZERO,
        ours_before_sent: Span::ZERO,
    }
}

fn record(recorder: &mut Recorder, i: u64) {
    let ended = black_box(request(i));
    recorder.woken(&ended.woken);
    recorder.ended(&ended);
}

/// A second of requests at a time, with its hand-over, so that the slice's rows stay as few as in a run.
fn requests(c: &mut Criterion) {
    const PER_SECOND: u64 = 20_000;
    let catalog = Arc::new(catalog());
    let (out, slices) = channel();
    let (back, spare) = channel();
    let mut recorder = Recorder::new(catalog, 0, out, spare);
    let mut group = c.benchmark_group("record");
    group.throughput(Throughput::Elements(PER_SECOND));
    let mut next = 0;
    group.bench_function("second of 20,000 requests, handed over", |b| {
        b.iter(|| {
            (next..next + PER_SECOND).for_each(|i| record(&mut recorder, i));
            next += PER_SECOND;
            recorder.hand_over(0, Instant::ZERO);
            let mut slice = slices.recv().expect("it was handed over");
            slice.clear();
            back.send(slice).expect("the recorder lives");
        });
    });
    group.finish();
}

fn second_of_requests(catalog: &Arc<Catalog>) -> Slice {
    let (out, slices) = channel();
    let (_back, spare) = channel();
    let mut recorder = Recorder::new(Arc::clone(catalog), 0, out, spare);
    (0..20_000).for_each(|i| record(&mut recorder, i));
    recorder.hand_over(0, Instant::ZERO);
    slices.recv().expect("it was handed over")
}

fn intervals(c: &mut Criterion) {
    let catalog = Arc::new(catalog());
    let slice = second_of_requests(&catalog);
    c.bench_function("hub: add and close a second of 20,000 requests", |b| {
        b.iter_batched_ref(
            || Hub::new(Arc::clone(&catalog), vec![], SystemTime::UNIX_EPOCH, Sinks::nowhere()).expect("a hub"),
            |hub| {
                hub.add(0, &slice).expect("added");
                hub.close_interval(Instant::from_nanos(1_000_000_000), HostSample::default()).expect("written");
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(5)).sample_size(20);
    targets = requests, intervals
}
criterion_main!(benches);
