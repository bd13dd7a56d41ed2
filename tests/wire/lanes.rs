//! What the lanes had of their cores: `lanes.csv`, and findings that name a cause (O5).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::rig::{Target, quick, start_quick};

/// A row of `lanes.csv`, times in seconds.
#[derive(Debug)]
struct Row {
    wall: f64,
    cpu: f64,
    run_queue: f64,
}

fn rows(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("lanes.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("second,lane,wall_s,cpu_s,run_queue_s,voluntary,involuntary,stood_s,steal_pct"));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let row = |line: &str| {
        let fields: Vec<f64> = line.split(',').map(number).collect();
        assert_eq!(fields.len(), 9, "{line}");
        Row { wall: fields[2], cpu: fields[3], run_queue: fields[4] }
    };
    lines.map(row).collect()
}

/// Pins the calling thread, and what it starts from now on, to the first core that it may use.
fn pin_to_one_core() {
    let may = sched_getaffinity(None).unwrap();
    let first = (0..CpuSet::MAX_CPU).find(|core| may.is_set(*core)).unwrap();
    let mut one = CpuSet::new();
    one.set(first);
    sched_setaffinity(None, &one).unwrap();
}

#[test]
fn a_lane_that_shares_its_core_with_a_busy_thread_is_found_to_have_waited() {
    let target = Target::start(&[]);
    let over = AtomicBool::new(false);
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            pin_to_one_core();
            while !over.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let run = scope.spawn(|| {
            pin_to_one_core();
            quick(&target.url(), &["-c", "4", "-d", "3s", "-t", "1"])
        });
        let done = run.join();
        over.store(true, Ordering::Relaxed);
        done.unwrap()
    });
    let lane = &done.summary["generator"]["by_lane"][0];
    let waited: f64 = rows(&done.folder).iter().map(|row| row.run_queue).sum();
    assert!((waited - lane["run_queue_s"].as_f64().unwrap()).abs() < 1e-3, "{waited}: {lane}");
    assert!(waited > 0.05, "beside a thread that always runs, a lane waits: {lane}");
    let codes: Vec<&str> =
        done.summary["findings"].as_array().unwrap().iter().flat_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"run_queue"), "{}", done.summary["findings"]);
}

#[test]
fn a_stopped_process_neither_works_nor_waits_and_its_reason_says_so() {
    let target = Target::start(&[]);
    let running = start_quick(&target.url(), &["-r", "300", "-d", "6s", "-t", "1"]);
    running.wait_for_folder();
    std::thread::sleep(Duration::from_millis(1_200));
    running.signal(Signal::STOP);
    std::thread::sleep(Duration::from_millis(3_200));
    running.signal(Signal::CONT);
    let done = running.wait();
    let rows = rows(&done.folder);
    let stopped = rows.iter().max_by(|a, b| a.wall.total_cmp(&b.wall)).unwrap();
    assert!(stopped.wall > 3.0 && stopped.cpu + stopped.run_queue < stopped.wall - 3.0, "{stopped:?}");
    let reason = &done.summary["reasons"][0];
    assert_eq!(reason["code"], "generator_late", "{reason}");
    // Something else is named in its place only where the kernel counted it: a tenth of these seconds at least.
    let cause = reason["cause"].as_str().unwrap();
    let (waited, stolen) = (cause.contains("(run-queue delay)"), cause.contains("(steal)"));
    let run_queue: f64 = rows.iter().map(|row| row.run_queue).sum();
    let steal_pct = done.summary["generator"]["steal_pct"].as_f64().unwrap();
    assert!(!waited || run_queue > 0.1 * stopped.wall, "a lane waited {run_queue} s: {reason}");
    assert!(!stolen || steal_pct > 1.0, "{steal_pct}% were stolen: {reason}");
    assert_eq!(cause.contains("the process was stopped"), !waited && !stolen, "{reason}");
}
