//! What a run leaves on disk and in memory: conservation, streaming, and folders cut at any byte.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use std::fs;
use std::sync::OnceLock;

use proptest::prelude::*;
use record_support::{Run, Told, as_read, at, catalog, objective};
use scrutinio::record::{Bin, CatalogObjective, Class, Ending, Histogram, Reason, Recording, load};
use scrutinio::unit::Span;

/// What an objective saw in all.
fn bin_sum(recording: &Recording, objective: usize) -> Bin {
    let mut sum = Bin::default();
    recording.bins[objective].iter().for_each(|bin| sum.add(*bin));
    sum
}

/// Five seconds of two populations: right answers, every kind of failure, one late and one held back.
fn mixed_run() -> Run {
    let objectives = vec![objective("citizens", "p99 < 300ms"), objective("overall", "errors < 1%")];
    let mut run = Run::new(catalog(objectives), vec![60; 5]);
    for second in 0..5 {
        for i in 0..50 {
            run.right(0, second * 1_000 + i * 20, second * 1_000 + i * 20 + 5);
        }
        for (i, reason) in Reason::ALL.into_iter().enumerate() {
            let due = second * 1_000 + i as u64 * 50;
            run.request(Told { population: 1, due, woke: due, done: due + 30, outcome: Err(reason) });
        }
        run.close(second * 1_000 + 1_003);
    }
    run
}

#[test]
fn every_request_is_counted_once_in_memory_and_on_disk() {
    let (recording, folder) = mixed_run().finish(|_| {});
    assert_eq!(recording.identity, Ok(()));
    let tally = recording.tally();
    assert_eq!((tally.total(), tally.completed), (5 * 66, 250));
    assert_eq!([Class::Failed, Class::Unsent, Class::Unfinished].map(|class| tally.class(class)), [40, 20, 20]);
    assert_eq!(bin_sum(&recording, 0).n, 250, "citizens");
    let overall = bin_sum(&recording, 1);
    assert_eq!((overall.n, overall.k), (315, 65), "three of the reasons leave open how a request would have ended");
    assert_eq!(recording.counters.expect("counted").exchanges, 330);
    assert_eq!(recording.populations[0].steps[0].tally, recording.populations[0].tally);

    assert_eq!(fs::read_to_string(folder.path().join("failures.ndjson")).unwrap().lines().count(), 80);
    assert_eq!(load(folder.path()).expect("a folder").0, as_read(recording));
}

/// The promise: up to the last closed interval, with no word from the end of the run.
#[test]
fn a_killed_run_still_has_every_closed_interval() {
    let run = mixed_run();
    let read = load(run.folder.path()).expect("a folder").0;
    assert_eq!((read.end.ending, &read.damage), (Ending::Killed, &Vec::new()));
    assert_eq!(read.tally().total(), 5 * 66);
    let (lags, answers) = (read.lag.as_ref().map(Histogram::len), read.read_delay.as_ref().map(Histogram::len));
    assert_eq!((lags, answers), (Some(5 * 66), Some(5 * 50)));
    assert_eq!(bin_sum(&read, 1).n, 315);
    assert_eq!(read.seconds.iter().map(|s| s.done + s.failed + s.unsent + s.unfinished).sum::<u32>(), 330);
    assert!((read.end.host.cpu.as_secs_f64() - 0.5003).abs() < 0.000_5);
    assert_eq!(read.end.max_rss_bytes, 10 << 20);
}

#[test]
fn an_imbalance_is_data_and_no_panic() {
    let (recording, _folder) = mixed_run().finish(|end| end.planned = Some(vec![251, 80]));
    let broken = recording.identity.expect_err("251 were planned");
    assert_eq!(broken.len(), 1);
    assert_eq!((broken[0].planned, broken[0].accounted), (251, 250));
}

#[test]
fn what_a_stopped_run_did_not_begin_is_unfinished_and_what_it_began_is_still_checked() {
    let stopped = |planned: Vec<u64>| {
        mixed_run().finish(|end| (end.planned, end.gave_up) = (Some(planned), Some(Reason::Stopped))).0
    };
    let recording = stopped(vec![1_000, 80]);
    assert_eq!(recording.identity, Ok(()));
    assert_eq!(recording.populations[0].tally.reason(Reason::NotBegun), 750);
    // Fewer planned than began: not to be hidden by what was not begun.
    assert!(stopped(vec![200, 80]).identity.is_err());
}

#[test]
fn a_closed_loop_has_no_lag_rather_than_zero() {
    let (recording, _folder) = mixed_run().finish(|end| end.closed_loop = true);
    assert!(recording.lag.is_none());
}

#[test]
fn a_snapshot_tells_the_last_interval_and_ranks_failures_slowest() {
    let mut run = Run::new(catalog(vec![]), vec![4, 4]);
    for i in 0..4 {
        run.right(0, i * 100, i * 100 + 8);
    }
    run.close(1_000);
    let seen = run.snapshot();
    assert_eq!((seen.woke, seen.done, seen.failed, seen.in_flight, seen.nominal), (4, 4, 0, 3, 4));
    assert_eq!((seen.rate_per_s, seen.nominal_per_s), (4.0, 4.0));
    assert!(seen.response_p50.is_some_and(|p50| p50.as_nanos().abs_diff(8_000_000) <= 8_000));
    assert_eq!(seen.lag_p50, Some(Span::ZERO));
    for i in 0..3 {
        let due = 1_000 + i * 100;
        run.request(Told { population: 0, due, woke: due, done: due + 1, outcome: Err(Reason::Reset) });
    }
    run.close(2_000);
    let seen = run.snapshot();
    assert_eq!((seen.done, seen.failed, seen.ended, seen.response_p50), (4, 3, 3, None));
}

/// Defect 5 of docs/sources.md: throughput by intended time shows a rate the server never saw.
#[test]
fn rates_go_by_the_second_of_done_and_objectives_by_the_second_of_due() {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![1]);
    run.right(0, 500, 2_500);
    let (recording, _folder) = run.finish(|_| {});
    assert_eq!(recording.seconds.iter().map(|second| second.done).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(recording.bins[0].len(), 6);
    assert_eq!(recording.bins[0][5].k, 1);
}

/// What ends after its bin was written is a further row: the rows of a key add up.
#[test]
fn a_slow_answer_adds_to_a_bin_that_is_written() {
    let mut run = Run::new(catalog(vec![objective("citizens", "p99 < 300ms")]), vec![2]);
    run.right(0, 500, 510);
    run.close(1_000);
    run.right(0, 550, 3_000);
    run.close(4_000);
    let text = fs::read_to_string(run.folder.path().join("objectives.csv")).unwrap();
    assert_eq!(
        text,
        "bin_ms,objective,n,k,k_without_us\n\
         500,citizens p99 < 300ms,1,0,0\n\
         500,overall errors,1,0,0\n\
         500,citizens errors,1,0,0\n\
         500,citizens p99 < 300ms,1,1,1\n\
         500,overall errors,1,0,0\n\
         500,citizens errors,1,0,0\n"
    );
    assert_eq!(bin_sum(&load(run.folder.path()).expect("a folder").0, 0).n, 2);
}

#[test]
fn an_objective_in_a_window_owns_a_histogram_by_due() {
    let objective = CatalogObjective { window: Some((at(1_000), at(2_000))), ..objective("citizens", "p99 < 300ms") };
    let mut run = Run::new(catalog(vec![objective]), vec![3]);
    run.right(0, 900, 1_500);
    run.right(0, 1_900, 2_500);
    run.request(Told { population: 0, due: 1_950, woke: 1_950, done: 2_000, outcome: Err(Reason::Reset) });
    let (recording, folder) = run.finish(|_| {});
    assert_eq!(bin_sum(&recording, 0).n, 2);
    let text = fs::read_to_string(folder.path().join("totals.hlog")).unwrap();
    assert!(text.contains("#[Total objective.0 is citizens p99 < 300ms]"), "{text}");
    assert!(text.contains("Tag=objective.0,1.000,1.000,600"), "{text}");
}

/// Its n and K are requests and exchanges: there is no response time to be taken for a failure.
#[test]
fn an_objective_on_exchanges_has_no_histogram() {
    let windowed = CatalogObjective { window: Some((at(0), at(2_000))), ..objective("citizens", "amplification < 2") };
    let mut run = Run::new(catalog(vec![windowed]), vec![1]);
    run.right(0, 900, 910);
    let (recording, folder) = run.finish(|_| {});
    assert_eq!(bin_sum(&recording, 0).n, 1);
    let text = fs::read_to_string(folder.path().join("totals.hlog")).unwrap();
    assert!(text.contains("response.0") && !text.contains("objective.0"), "{text}");
}

#[test]
fn examples_of_failures_are_bounded_by_reason() {
    let mut run = Run::new(catalog(vec![]), vec![]);
    for second in 0..60 {
        for i in 0..200 {
            let due = second * 1_000 + i;
            run.request(Told { population: 0, due, woke: due, done: due + 1, outcome: Err(Reason::Refused) });
        }
        run.close(second * 1_000 + 1_000);
    }
    run.request(Told { population: 0, due: 61_000, woke: 61_000, done: 61_001, outcome: Err(Reason::Reset) });
    run.close(62_000);
    let text = fs::read_to_string(run.folder.path().join("failures.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 101, "a storm of one reason leaves room for another");
}

#[test]
fn a_folder_without_a_run_says_so() {
    let folder = tempfile::TempDir::new().unwrap();
    let error = || load(folder.path()).expect_err("no run is there").to_string();
    assert!(error().contains("is an empty folder"), "{}", error());
    fs::write(folder.path().join("notes.txt"), "of somebody").unwrap();
    assert!(error().contains("is not the folder of a run"), "{}", error());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Killed at any byte of any file: it loads, never counts more than happened, and tells a torn line.
    #[test]
    fn a_folder_cut_at_any_byte_still_loads(cuts in prop::array::uniform4(0.0..1.0f64)) {
        static RUN: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let files = ["intervals.hlog", "timeline.csv", "objectives.csv", "failures.ndjson"];
        let whole = RUN.get_or_init(|| {
            let killed = mixed_run().kill();
            files.map(|name| fs::read(killed.path().join(name)).unwrap()).into()
        });
        let folder = tempfile::TempDir::new().unwrap();
        for ((name, cut), bytes) in files.iter().zip(cuts).zip(whole) {
            fs::write(folder.path().join(name), &bytes[..(bytes.len() as f64 * cut) as usize]).unwrap();
        }
        let read = load(folder.path()).expect("it loads").0;
        prop_assert!(read.tally().total() <= 320);
        prop_assert!(read.seconds.iter().map(|second| second.done).sum::<u32>() <= 250);
        for (i, _) in read.catalog.objectives.iter().enumerate() {
            prop_assert!(bin_sum(&read, i).n <= 320);
        }
        for population in &read.populations {
            prop_assert_eq!(population.response.len(), population.tally.completed);
        }
        for name in files {
            let torn = !matches!(fs::read(folder.path().join(name)).unwrap().last(), None | Some(b'\n'));
            prop_assert_eq!(torn, read.damage.iter().any(|told| told.what.contains("torn") && told.file == name), "{}", name);
        }
    }
}
