//! What people and programs read of a run: the text, `summary.json` and its schema.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use std::fs;

use record_support::{Run, Told, catalog, objective, schema};
use scrutinio::judge::{Standing, Uncovered, judge};
use scrutinio::record::{
    CatalogMeasure, CatalogObjective, EndFacts, Ending, LeftOut, PlannedPopulation, Reason, RunFacts, blocks,
};
use scrutinio::report::{Style, Summary, compression_words, read_folder, write_text};
use scrutinio::scenario::Measure;
use scrutinio::unit::Span;
use serde_json::{Value, json};

fn run_facts() -> RunFacts {
    let population = |name: &str, requests| PlannedPopulation { name: name.to_owned(), sessions: 1, requests };
    RunFacts {
        name: "election-night".to_owned(),
        seed: 20_160_605,
        lanes: 1,
        plan_digest: Some("ab".repeat(32)),
        arrivals_hash: Some(format!("{:032x}", 0xfeed)),
        populations: vec![population("citizens", 2_000), population("staff", 40)],
        compression: compression_words(Span::from_secs(108_900), 200.0),
        ..RunFacts::default()
    }
}

/// Twenty seconds of 100 citizens a second and 2 staff, with a target that stalls in every fourth second.
fn run() -> Run {
    let objectives =
        vec![objective("citizens", "p99 < 300ms"), objective("staff", "p90 < 1s"), objective("overall", "errors < 1%")];
    let mut run = Run::new(catalog(objectives), vec![102; 20]);
    for second in 0..20 {
        for i in 0..100 {
            let due = second * 1_000 + i * 10;
            let done = if second % 4 == 2 { (second + 1) * 1_000 + i } else { due + 2 + i % 7 };
            run.right(0, due, done);
        }
        run.right(1, second * 1_000, second * 1_000 + 12);
        let outcome = if second == 5 { Err(Reason::Status) } else { Ok(()) };
        run.request(Told {
            population: 1,
            due: second * 1_000,
            woke: second * 1_000,
            done: second * 1_000 + 9,
            outcome,
        });
        run.close(second * 1_000 + 1_000);
    }
    run
}

fn summary(run: Run, change: impl FnOnce(&mut EndFacts)) -> (Summary, tempfile::TempDir) {
    run.write_facts(run_facts());
    let (recording, folder) = run.finish(change);
    let blocks = blocks(folder.path(), &["citizens", "staff"]).expect("what was written");
    (Summary::new(&recording, &judge(&recording), &run_facts()).with_bounds(&recording, &blocks), folder)
}

fn text(summary: &Summary, style: Style) -> String {
    let mut out = Vec::new();
    write_text(summary, Some("results/election-night-20261123T193000Z-k3x9"), style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const PLAIN: Style = Style { colour: false, width: 100 };

#[test]
fn the_end_of_a_run_reads_well() {
    let (summary, _folder) = summary(run(), |_| {});
    insta::assert_snapshot!("not_ready", text(&summary, PLAIN));
}

#[test]
fn the_end_of_a_run_fits_eighty_columns_and_needs_no_colour() {
    let (summary, _folder) = summary(run(), |end| end.target_received = Some(2_039));
    let narrow = text(&summary, Style { colour: false, width: 80 });
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    let words = narrow.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("sent 2,040, but the target received 2,039"), "{narrow}");
    let coloured = text(&summary, Style { colour: true, width: 80 });
    let after_code = |part: &str| part.split_once('m').expect("the end of a colour code").1.to_owned();
    let stripped: String = coloured.split("\x1b[").skip(1).map(after_code).collect();
    assert_eq!(stripped, narrow);
}

#[test]
fn a_short_run_of_one_population_without_objectives_reads_short() {
    let mut short = catalog(vec![]);
    short.populations.truncate(1);
    let mut run = Run::new(short, vec![]);
    for i in 0..200 {
        run.right(0, i, i + 1);
    }
    let (summary, _folder) =
        summary(run, |end| (end.closed_loop, end.arrivals_hash, end.target_received) = (true, None, None));
    let quick = Summary { scenario: "quick http://127.0.0.1:8080/".to_owned(), compression: None, ..summary };
    insta::assert_snapshot!("quick", text(&quick, PLAIN));
}

#[test]
fn a_killed_run_reads_like_any_other_and_says_what_is_missing() {
    let run = run();
    run.write_facts(run_facts());
    let folder = run.folder.path();
    let timeline = fs::read(folder.join("timeline.csv")).unwrap();
    fs::write(folder.join("timeline.csv"), &timeline[..timeline.len() - 5]).unwrap();
    let summary = read_folder(folder).expect("a killed run");
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(problems(&json), Vec::<String>::new());
    for requests in [&json["requests"], &json["populations"]["staff"]["requests"]] {
        // What was open nobody knows, nor which requests were extra.
        assert_eq!((requests.get("unfinished"), requests.get("extra")), (Some(&Value::Null), None));
        assert_eq!((&requests["failed"], &requests["unsent"]), (&json!(1), &json!(0)));
    }
    insta::assert_snapshot!("killed", text(&summary, PLAIN));
}

#[test]
fn a_finished_folder_is_read_back_as_it_was_written() {
    let (summary, folder) = summary(run(), |_| {});
    summary.write(&mut fs::File::create(folder.path().join("summary.json")).unwrap()).unwrap();
    assert_eq!(read_folder(folder.path()).expect("a finished run"), summary);
}

/// A kill while the summary was being written leaves what was streamed.
#[test]
fn a_torn_summary_falls_back_to_what_was_streamed() {
    let (summary, folder) = summary(run(), |_| {});
    fs::write(folder.path().join("summary.json"), &serde_json::to_vec(&summary).unwrap()[..300]).unwrap();
    let falls_back = || {
        let read = read_folder(folder.path()).expect("the streamed files are there");
        assert_eq!(read.requests.completed, summary.requests.completed);
        assert!(read.damage.iter().any(|told| told.starts_with("summary.json is damaged")), "{:?}", read.damage);
    };
    falls_back();
    fs::write(folder.path().join("summary.json"), [0x7b, 0xff, 0xfe, 0x00]).unwrap();
    falls_back();
}

#[test]
fn the_summary_has_every_field_that_programs_rely_on() {
    let (summary, _folder) = summary(run(), |_| {});
    let summary = serde_json::to_value(&summary).unwrap();
    let at = |path: &str| summary.pointer(path).unwrap_or_else(|| panic!("no {path} in {summary:#}")).clone();
    assert_eq!((at("/schema_version"), at("/verdict"), at("/seed")), (json!(2), json!("NOT READY"), json!(20_160_605)));
    assert_eq!(at("/requests/planned"), json!(2_040));
    assert_eq!(at("/requests/by_reason"), json!({"failed.status": 1}));
    assert_eq!(at("/requests/extra"), json!({"due": 0, "completed": 0, "failed": 0, "unsent": 0, "unfinished": 0}));
    assert_eq!(at("/latency_us/response/count"), json!(2_040), "all requests of the scope");
    assert_eq!(at("/latency_us/response/p99_99"), Value::Null, "the rank falls on the failed request");
    assert_eq!(at("/populations/staff/steps/report/requests/failed"), json!(1));
    assert_eq!(at("/populations/staff/latency_us/response/p99"), Value::Null, "1 of 40 failed");
    assert_eq!(at("/objectives/0/result"), json!("breached"));
    assert_eq!((at("/objectives/0/allowed"), at("/objectives/0/observed")), (json!(0.01), json!(390.0 / 2_000.0)));
    let p50 = ["low", "high"].map(|bound| at(&format!("/populations/citizens/latency_us/response/p50_{bound}")));
    let [low, high] = p50.map(|bound| bound.as_u64().unwrap());
    assert!(low <= 6_003 && (6_003..1_000_000).contains(&high), "{low} {high}");
    assert_eq!(at("/latency_us/response/p99_99_high"), Value::Null, "among what was not right");
    assert_eq!(at("/latency_us/service/p50_low"), Value::Null);
    assert_eq!(at("/rate_rps/peak"), json!(202.0), "the stalled second's answers came in the next");
    assert_eq!(at("/generator/cpu_us_per_request"), json!(245.098));
    assert_eq!(at("/arrivals_hash"), json!(format!("{:032x}", 0xfeed)));
}

/// The run above, in which staff log on and look at a desktop.
fn run_with_measures() -> Run {
    let gaps = CatalogObjective {
        measure: Some(Measure::FrameGap),
        text: "frame_gap p90 < 50ms".to_owned(),
        ..objective("staff", "p90 < 50ms")
    };
    let logon = CatalogObjective { measure: Some(Measure::Transaction), ..objective("staff.logon", "p95 < 10s") };
    let mut catalog = catalog(vec![gaps, logon, objective("citizens", "errors < 1%")]);
    let measure =
        |name: &str, kind, objectives| CatalogMeasure { population: 1, name: name.to_owned(), kind, objectives };
    catalog.measures = vec![
        measure("desktop", Measure::FrameGap, vec![0]),
        measure("desktop", Measure::InputToFrame, vec![]),
        measure("logon", Measure::Transaction, vec![1]),
    ];
    let mut run = Run::new(catalog, vec![10; 10]);
    for i in 0..1_000 {
        run.right(0, i * 10, i * 10 + 2);
        run.measured(0, i * 10, Ok(if i % 5 == 0 { 60 } else { 33 }));
    }
    (0..19).for_each(|i| run.measured(2, i * 500, Ok(2_000 + i)));
    run.measured(2, 9_600, Err(Reason::Status));
    run.close(10_000);
    run
}

#[test]
fn measures_stand_beside_requests_and_are_judged() {
    let (summary, folder) = summary(run_with_measures(), |_| {});
    assert_eq!(problems(&serde_json::to_value(&summary).unwrap()), Vec::<String>::new());
    let staff = &serde_json::to_value(&summary).unwrap()["populations"]["staff"]["measures"];
    let (gap, logon) = (&staff["desktop"]["frame_gap"], &staff["logon"]["transaction"]);
    assert_eq!((&gap["samples"]["completed"], &gap["value"]["p50"]), (&json!(1_000), &json!(33_023)));
    assert_eq!(gap["value"]["p90"], json!(60_031));
    assert_eq!(staff["desktop"]["input_to_frame"]["value"]["count"], json!(0));
    assert_eq!(
        (&logon["samples"]["failed"], &logon["samples"]["by_reason"]),
        (&json!(1), &json!({"failed.status": 1}))
    );
    assert_eq!((&logon["value"]["count"], &logon["value"]["p99"]), (&json!(20), &Value::Null), "1 of 20 failed");
    let told: Vec<_> = summary.objectives.iter().map(|o| (o.n, o.k, o.result)).collect();
    assert_eq!(told, [(1_000, 200, Standing::Breached), (20, 1, Standing::Undecided), (1_000, 0, Standing::Met)]);
    insta::assert_snapshot!("measures", text(&summary, PLAIN));
    summary.write(&mut fs::File::create(folder.path().join("summary.json")).unwrap()).unwrap();
    assert_eq!(read_folder(folder.path()).expect("a finished run"), summary);
    // Killed before the summary: the bins of what was measured are there all the same.
    fs::remove_file(folder.path().join("summary.json")).unwrap();
    let killed = read_folder(folder.path()).expect("a killed run");
    let gaps = &killed.objectives.iter().find(|o| o.text == "frame_gap p90 < 50ms").expect("it was streamed");
    assert_eq!((gaps.measure, gaps.n, gaps.k), (Some(Measure::FrameGap), 1_000, 200));
}

/// D3: what a stop kept from its end has a line of its own, and is not among what was not right.
#[test]
fn what_a_stopped_run_did_not_end_is_told_and_is_nothing_wrong() {
    let mut run = run_with_measures();
    run.stop(10_000);
    for (due, reason) in [(9_500, Reason::Stopped), (10_000, Reason::NotBegun), (0, Reason::Stopped)] {
        run.request(Told { population: 0, due, woke: due, done: 10_000, outcome: Err(reason) });
    }
    (0..30).for_each(|_| run.measured(2, 10_000, Err(Reason::NotBegun)));
    let (summary, _folder) = summary(run, |end| end.ending = Ending::Interrupted);
    let page = text(&summary, PLAIN);
    let line = "not counted below, as the run was stopped: 1 not begun, 1 open; counted as not right: 1 open too long";
    assert!(page.split_whitespace().collect::<Vec<_>>().join(" ").contains(line), "{page}");
    let cells = |name: &str| {
        let row = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{page}"));
        row.split_whitespace().skip(1).take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(cells("staff.logon"), ["20", "1"]);
    assert_eq!(cells("citizens")[0], "1,001");
    assert_eq!(summary.failures.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>(), ["unfinished.overdue"]);
}

#[test]
fn an_objective_with_a_long_name_is_told_whole_at_80_columns() {
    let (mut summary, _folder) = summary(run_with_measures(), |_| {});
    summary.objectives[0].text = "input_to_frame p99 < 300ms during 22:55..23:30".to_owned();
    summary.objectives[0].scope = "payroll-of-the-region.desktop".to_owned();
    let page = text(&summary, Style { colour: false, width: 80 });
    assert!(page.lines().all(|line| line.starts_with("folder") || line.chars().count() <= 80), "{page}");
    for line in ["payroll-of-the-region.desktop input_to_frame p99 < 300ms during\n", "22:55..23:30\n"] {
        assert!(page.contains(line), "no `{line}` in\n{page}");
    }
}

#[test]
fn lag_is_null_in_closed_loop() {
    let (summary, _folder) = summary(run(), |end| end.closed_loop = true);
    assert_eq!(serde_json::to_value(&summary).unwrap()["latency_us"]["lag"], Value::Null);
}

#[test]
fn every_summary_keeps_its_schema_and_the_schema_names_every_field() {
    let (finished, _folder) = summary(run(), |_| {});
    let (interrupted, _folder) = summary(run(), |end| end.ending = Ending::Interrupted);
    let (died, _folder) = summary(run(), |end| end.ending = Ending::TargetDied);
    let (closed, _folder) = summary(run(), |end| (end.closed_loop, end.arrivals_hash) = (true, None));
    let (mut part, _folder) = summary(run(), |_| {});
    part.objectives_left_out = vec![LeftOut { objective: "overall p99 < 1s".to_owned(), needs: Some(368), has: 12 }];
    part.uncovered = vec![Uncovered { step: "staff.report".to_owned(), requests: 40, failed: 8, allowed: 0.01 }];
    for summary in [&finished, &interrupted, &died, &closed, &part] {
        assert_eq!(problems(&serde_json::to_value(summary).unwrap()), Vec::<String>::new());
    }
    let mut broken = serde_json::to_value(&finished).unwrap();
    broken["requests"]["failed"] = json!(-1);
    broken["latency_us"]["response"].as_object_mut().unwrap().remove("p99");
    broken["surprise"] = json!(true);
    broken["verdict"] = json!("PASSED");
    assert_eq!(problems(&broken).len(), 4, "{:?}", problems(&broken));
}

fn problems(summary: &Value) -> Vec<String> {
    schema::problems("summary", summary)
}

/// A judge who takes the highest second of `timeline.csv` must find the same.
#[test]
fn the_best_second_may_be_the_last_and_shorter_than_a_second() {
    let mut run = Run::new(catalog(vec![objective("citizens", "errors < 1%")]), vec![10, 40]);
    for i in 0..50 {
        let due = if i < 10 { i * 100 } else { 1_000 + i * 10 };
        run.right(0, due, due + 5);
    }
    run.close(1_600);
    let (summary, _folder) = summary(run, |end| end.elapsed = Span::from_millis(1_600));
    assert_eq!((summary.rate_rps.mean, summary.rate_rps.peak), (31.25, 40.0));
}
