//! What held the generator up: told with its cause from the kernel's counts, and never a verdict by itself (O5).
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use record_support::{Run, Told, catalog, objective};
use scrutinio::judge::{Code, Finding, FindingCode, HeldUp, HeldUpBy, Judgement, Verdict, Why, judge};
use scrutinio::record::{LaneLog, LaneUse, LanesRecord, MemoryTrend, Place, Unasked};
use scrutinio::report::ReasonSummary;
use scrutinio::unit::{Instant, Span};

/// What the busiest lane of a machine did in one second: share of the time that it ran, waited for a core, and that
/// was stolen.
type Second = (f64, f64, f64);

const IDLE: Second = (0.2, 0.0, 0.0);

/// 30 seconds of two lanes, of which the second did as told; the first did nothing.
fn lanes(second: impl Fn(u64) -> Second) -> LanesRecord {
    let mut log = LaneLog::new(Box::new(std::io::sink())).unwrap();
    let mut used = LaneUse::default();
    for i in 0..30 {
        let (ran, waited, stolen) = second(i);
        used.cpu = used.cpu.saturating_add(Span::from_secs_f64(ran));
        used.run_queue = used.run_queue.saturating_add(Span::from_secs_f64(waited));
        // A little after the second, as the collecting thread is.
        let now = Instant::ZERO + Span::from_millis((i + 1) * 1_000 + 2);
        log.close_interval(now, &[Some(LaneUse::default()), Some(used)], stolen * 100.0).unwrap();
    }
    log.finish()
}

/// 30 seconds of 100 requests a second, of which those due from second 10 to 14 wake at 15 s if it was late.
fn judged(late: bool, closed: bool, second: impl Fn(u64) -> Second) -> Judgement {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![100; 30]);
    for i in 0..3_000 {
        let due = i * 10;
        let woke = if late && (10_000..15_000).contains(&due) { 15_000 } else { due };
        run.request(Told { population: 0, due, woke, done: woke + 5, outcome: Ok(()) });
    }
    let stolen = (0..30).map(|i| second(i).2).sum::<f64>() / 30.0;
    let lanes = lanes(second);
    let recording = run.finish(|end| {
        (end.lanes, end.closed_loop) = (lanes, closed);
        end.host.steal_pct = stolen * 100.0;
    });
    judge(&recording.0)
}

fn found(judgement: &Judgement) -> Vec<FindingCode> {
    judgement.findings.iter().map(Finding::code).collect()
}

/// What was seen, in words.
fn seen_words(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| scrutinio::report::Told::from(finding).seen).collect()
}

/// In the seconds that the run was late in, else nothing to tell.
fn then(what: Second) -> impl Fn(u64) -> Second {
    move |i| if (10..15).contains(&i) { what } else { IDLE }
}

/// R8.
#[test]
fn answers_that_nobody_asked_for_are_told_beside_ready_the_worst_first() {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![100; 30]);
    (0..3_000).for_each(|i| run.right(0, i * 10, i * 10 + 5));
    let mut recording = run.finish(|_| {}).0;
    let seen = |place, count| Unasked { population: 0, step: 0, place, count, head: b"HTTP/1.1 200 \xff\r\n".to_vec() };
    recording.unasked =
        vec![seen(Place::Behind, 1), seen(Place::Idle, 1_200), seen(Place::Before, 3), seen(Place::Stream, 2)];
    let judgement = judge(&recording);
    assert_eq!((judgement.verdict, found(&judgement)), (Some(Verdict::Ready), vec![FindingCode::Unasked]));
    let step = format!("citizens {}", recording.catalog.populations[0].steps[0]);
    let told = format!(
        "bytes came 1,200 times on an idle connection ({step}), 3 times before its request ({step}), \
         2 times on a stream that was not open ({step}), once elsewhere; the first: HTTP/1.1 200 \\xff\\r\\n"
    );
    assert_eq!(seen_words(&judgement.findings), [told]);
}

#[test]
fn a_lane_with_nothing_in_its_way_is_no_finding() {
    let judgement = judged(false, false, |_| (0.79, 0.009, 0.009));
    assert_eq!((judgement.verdict, found(&judgement)), (Some(Verdict::Ready), vec![]));
}

#[test]
fn each_cause_is_found_and_none_of_them_decides() {
    let judgement = judged(false, false, then((0.97, 0.24, 0.12)));
    assert_eq!(judgement.verdict, Some(Verdict::Ready), "{:?}", judgement.reasons);
    assert_eq!(found(&judgement), [FindingCode::LaneBusy, FindingCode::RunQueue, FindingCode::Steal]);
    assert_eq!(
        seen_words(&judgement.findings),
        [
            "in 5 of 30 intervals a lane ran for over 80% of the time; lane 1 used 32.8% of its core over the run",
            "lane 1 waited 1.2s for a core in 30s of run (4%); most 240ms of 1s in second 10",
            "the machine's host took 2% of its processor time, most 12% in second 10",
        ]
    );
}

#[test]
fn the_thresholds_are_where_they_are_said_to_be() {
    // One busy interval is luck; 1 % of the run or 10 % of an interval is told of waiting and steal.
    let once = |what: Second| judged(false, false, move |i| if i == 10 { what } else { IDLE });
    assert_eq!(found(&once((0.99, 0.09, 0.09))), []);
    assert_eq!(found(&once((0.2, 0.11, 0.0))), [FindingCode::RunQueue]);
    assert_eq!(found(&once((0.2, 0.0, 0.11))), [FindingCode::Steal]);
    assert_eq!(found(&judged(false, false, |_| (0.2, 0.012, 0.0))), [FindingCode::RunQueue]);
    assert_eq!(found(&judged(false, false, |_| (0.2, 0.0, 0.012))), [FindingCode::Steal]);
}

/// One wait of the kernel's is more than 1 % of a run of a millisecond.
#[test]
fn a_share_of_the_run_needs_a_second_of_it() {
    let told = |ms: u64| {
        let mut run = Run::new(catalog(vec![objective("citizens", "p50 < 3s")]), vec![1]);
        run.right(0, 0, ms);
        let lane = LaneUse { run_queue: Span::from_millis(ms / 20), ..LaneUse::default() };
        let lanes = LanesRecord { lanes: vec![lane], wall: Span::from_millis(ms), ..LanesRecord::default() };
        found(&judge(&run.finish(|end| (end.lanes, end.host.steal_pct) = (lanes, 2.0)).0))
    };
    assert_eq!(told(999), []);
    assert_eq!(told(1_000), [FindingCode::RunQueue, FindingCode::Steal]);
}

#[test]
fn in_a_closed_loop_a_busy_lane_means_that_the_rate_is_its_own() {
    let judgement = judged(false, true, |_| (0.97, 0.0, 0.0));
    assert_eq!(found(&judgement), [FindingCode::LaneBusy]);
    assert!(matches!(judgement.findings[0], Finding::LaneBusy { busy_intervals: 30, closed_loop: true, .. }));
}

#[test]
fn memory_that_grows_is_told_from_a_tenth_and_eight_mebibytes_on() {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![1; 30]);
    (0..3_000).for_each(|i| run.right(0, i * 10, i * 10 + 5));
    let mut recording = run.finish(|_| {}).0;
    let mut told = |from_bytes: u64, rise_bytes: i64, late: f64| {
        let slope = rise_bytes as f64 * 4.0;
        recording.memory = Some(MemoryTrend {
            from_bytes,
            rise_bytes,
            slope_bytes_per_hour: slope,
            late_slope_bytes_per_hour: slope * late,
        });
        judge(&recording).findings
    };
    assert_eq!(told(20 << 20, 8 << 20, 1.0), []);
    assert_eq!(told(200 << 20, 20 << 20, 1.0), []);
    assert_eq!(told(20 << 20, -(9 << 20), 1.0), []);
    assert_eq!(told(20 << 20, 9 << 20, 0.2), [], "it rose once");
    let grown = told(20 << 20, 9 << 20, 0.3);
    assert!(matches!(grown[0], Finding::MemoryGrows { trend: MemoryTrend { rise_bytes: 9_437_184, .. }, .. }));
    assert_eq!(
        seen_words(&grown),
        [
            "after the first tenth of the run, memory rose by 9.0 MiB from 20.0 MiB (36.0 MiB an hour), and was still rising at the end"
        ]
    );
}

/// What held the generator up where it was late.
fn held_up(judgement: &Judgement) -> Option<&HeldUp> {
    let Why::Late { held_up, .. } = &judgement.reasons[0].why else { panic!("{:?}", judgement.reasons) };
    held_up.as_ref()
}

/// The cause that stands beside INVALID for distorted load, and in words.
fn named(second: Second) -> (Vec<HeldUpBy>, String) {
    let judgement = judged(true, false, then(second));
    assert_eq!((judgement.verdict, judgement.reasons[0].why.code()), (Some(Verdict::Invalid), Code::GeneratorLate));
    (held_up(&judgement).unwrap().by.clone(), ReasonSummary::from(&judgement.reasons[0]).told.cause)
}

#[test]
fn a_generator_late_names_what_happened_in_its_own_seconds() {
    for (second, by, words) in [
        ((0.5, 0.45, 0.0), vec![HeldUpBy::RunQueue], "a lane waited 45% of the time for its core"),
        ((0.5, 0.0, 0.3), vec![HeldUpBy::Steal], "the hypervisor took 30% of the machine's time (steal)"),
        ((0.98, 0.0, 0.0), vec![HeldUpBy::Busy], "a lane ran 98% of the time: the generator is the bottleneck"),
        ((0.01, 0.001, 0.0), vec![], "the process was stopped"),
    ] {
        let (found, cause) = named(second);
        assert_eq!(found, by, "{second:?}");
        assert!(cause.contains(words), "{second:?}: {cause}");
    }
    let (found, both) = named((0.5, 0.45, 0.3));
    assert_eq!(found, [HeldUpBy::RunQueue, HeldUpBy::Steal]);
    assert!(both.contains("waited") && both.contains("steal") && !both.contains("stopped"), "{both}");
}

#[test]
fn what_happened_in_other_seconds_is_no_cause() {
    let judgement = judged(true, false, |i| if (10..15).contains(&i) { (0.01, 0.0, 0.0) } else { (0.1, 0.9, 0.9) });
    assert_eq!(held_up(&judgement).unwrap().by, []);
}

#[test]
fn where_the_kernel_tells_nothing_the_causes_are_only_listed() {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![100; 30]);
    for i in 0..3_000 {
        let woke = if (10_000..15_000).contains(&(i * 10)) { 15_000 } else { i * 10 };
        run.request(Told { population: 0, due: i * 10, woke, done: woke + 5, outcome: Ok(()) });
    }
    let judgement = judge(&run.finish(|_| {}).0);
    assert_eq!(judgement.reasons[0].why.code(), Code::GeneratorLate);
    assert_eq!(held_up(&judgement), None);
    let told = ReasonSummary::from(&judgement.reasons[0]).told;
    assert!(told.cause.contains("starved of CPU, stopped"), "{}", told.cause);
}
