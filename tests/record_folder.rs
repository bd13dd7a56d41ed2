//! A run's folder is its recording: read back it is equal, and cut or changed it is told, never a panic.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use record_support::{At, Run, Told, as_read, at, catalog, objective, schema};
use scrutinio::judge::{judge, judge_again};
use scrutinio::record::{
    AroundOutcome, AroundRequest, CatalogMeasure, CatalogObjective, Class, EndFacts, Ending, HostSample, LaneUse,
    LeftOut, OtherRun, Place, PlannedPopulation, Reason, Recording, RunFacts, load,
};
use scrutinio::report::{Style, Summary, read_folder, write_text};
use scrutinio::scenario::{AskedLine, Measure};
use scrutinio::unit::{Instant, Span};

/// A request of a generated run, in milliseconds.
#[derive(Clone, Debug)]
struct Request {
    step: usize,
    due: u64,
    lag: u64,
    took: u64,
    outcome: Option<usize>,
    /// Something beside it, and a number for it.
    beside: (u8, u64),
}

/// A run, as it is generated.
#[derive(Clone, Debug)]
struct Case {
    requests: Vec<Request>,
    intervals: usize,
    ending: usize,
    closed_loop: bool,
    missing: u64,
    steal_pct: f64,
    nominal: Vec<u64>,
}

fn cases() -> impl Strategy<Value = Case> {
    let outcome = prop_oneof![3 => Just(None), 1 => (0..Reason::ALL.len()).prop_map(Some)];
    let request = (0..3usize, 0..9_000u64, 0..400u64, 0..2_000u64, outcome, (0..8u8, 0..1_000_000_007u64));
    let request =
        request.prop_map(|(step, due, lag, took, outcome, beside)| Request { step, due, lag, took, outcome, beside });
    let of_run = (0..24usize, 0..3usize, any::<bool>(), 0..3u64, 0.0..30.0f64, prop::collection::vec(0..9u64, 0..20));
    (prop::collection::vec(request, 0..60), of_run).prop_map(|(requests, of_run)| {
        let (intervals, ending, closed_loop, missing, steal_pct, nominal) = of_run;
        Case { requests, intervals, ending, closed_loop, missing, steal_pct, nominal }
    })
}

/// A catalog with every kind of objective, and of what is measured.
fn every_kind() -> scrutinio::record::Catalog {
    let windowed =
        |text: &str| CatalogObjective { window: Some((at(2_000), at(5_500))), ..objective("citizens", text) };
    let gaps = CatalogObjective { measure: Some(Measure::FrameGap), ..objective("staff", "p90 < 50ms") };
    let mut catalog = catalog(vec![
        objective("citizens", "p99 < 300ms"),
        objective("staff.report", "errors <= 5%"),
        objective("overall", "amplification < 1.2"),
        windowed("p50 <= 250ms"),
        windowed("amplification < 1.5"),
        gaps,
        objective("staff", "service p90 < 1s"),
        objective("citizens", "at most 3 errors 5xx"),
        windowed("wait p99 <= 10ms"),
        objective("overall", "rate >= 2/s"),
    ]);
    let measure =
        |kind, objectives| CatalogMeasure { population: 1, name: "desk, \"top\"".to_owned(), kind, objectives };
    catalog.measures = vec![measure(Measure::FrameGap, vec![5]), measure(Measure::Transaction, vec![])];
    catalog.left_out = vec![LeftOut { objective: "staff p99 < 1s".to_owned(), needs: Some(368), has: 12 }];
    catalog.strata = vec![0, 5];
    catalog
}

/// Does what the case says, with every interval closed.
fn driven(case: &Case) -> Run {
    let mut run = Run::new(every_kind(), case.nominal.clone());
    let planned = |name: &str| PlannedPopulation { name: name.to_owned(), sessions: 7, requests: 30 };
    run.write_facts(RunFacts {
        plan_digest: (!case.closed_loop).then(|| "ab".repeat(32)),
        populations: ["citizens", "staff"].map(planned).into(),
        ..RunFacts::default()
    });
    let chunk = case.requests.len() / (case.intervals + 1) + 1;
    for (i, requests) in case.requests.chunks(chunk).enumerate() {
        requests.iter().for_each(|request| record(&mut run, request));
        let ms = (i as u64 + 1) * 1_003;
        let cpu = Span::from_nanos(ms * 123_457);
        let used = LaneUse { cpu, run_queue: Span::from_nanos(ms * 77), voluntary: ms, involuntary: 3, stood: cpu };
        run.look(ms, used, case.steal_pct / (i + 1) as f64);
        run.close(ms);
    }
    run
}

fn record(run: &mut Run, request: &Request) {
    let Request { step, due, lag, took, outcome, beside: (what, n) } = *request;
    let (population, step) = ([0, 0, 1][step], [0, 1, 0][step]);
    let outcome = outcome.map_or(Ok(()), |reason| Err(Reason::ALL[reason]));
    let told = Told { population, due, woke: due + lag, done: due + lag + took, outcome };
    run.request_at(At { step, waited: lag % 7, status: 500 + (n % 3) as u16, detail: "`a` 7\n" }, told);
    let recorder = run.recorder();
    match what {
        0 => recorder.stood_still(Instant::from_nanos(n), Instant::from_nanos(2 * n)),
        1 => recorder.unasked(population, step, Place::Behind, || vec![b'\\', 0xff, n as u8]),
        2 => recorder.measured(0, at(due), Ok(Span::from_nanos(n)), Span::from_millis(lag)),
        3 => recorder.measured(1, at(due), Err(Reason::Reset), Span::ZERO),
        4 => recorder.counters_of(population).streams_lost[Reason::Reset as usize] += n,
        5 => recorder.counters().handshakes_full += 1,
        _ => recorder.counters_of(population).extra_due += n % 2,
    }
}

/// What the rest of the process tells of the end.
fn end(case: &Case, end: &mut EndFacts) {
    end.ending = [Ending::Finished, Ending::Interrupted, Ending::TargetDied][case.ending];
    end.gave_up = (end.ending != Ending::Finished).then_some(Reason::Stopped);
    end.closed_loop = case.closed_loop;
    end.host = HostSample { steal_pct: case.steal_pct, cpu: Span::from_nanos(987_654_321), ..end.host };
    end.planned.as_mut().unwrap()[0] += case.missing;
    end.planned_samples = vec![None, Some(case.missing)];
    end.planned_length = Some(Span::from_nanos(12_345_678_901));
    end.other_runs = vec![OtherRun { pid: 7, what: "run \"x\"".to_owned() }];
    end.target_death = (end.ending == Ending::TargetDied).then(|| "signal: 9".to_owned());
    let (step, detail) = ("GET /stock".to_owned(), "3 lost".to_owned());
    end.after =
        vec![AroundRequest { step, status: Some(200), outcome: AroundOutcome::Broken, detail, response_us: 41 }];
}

fn summary(recording: &Recording) -> Summary {
    Summary::new(recording, &judge(recording), &RunFacts::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// judge(load(write(r))) = judge(r), as load(write(r)) = r.
    #[test]
    fn a_run_that_ended_is_read_back_equal(case in cases()) {
        let (recording, folder) = driven(&case).finish(|facts| end(&case, facts));
        let recording = as_read(recording);
        let stored = serde_json::from_slice(&fs::read(folder.path().join("recording.json")).unwrap()).unwrap();
        prop_assert_eq!(schema::problems("recording", &stored), Vec::<String>::new());
        let (read, _) = load(folder.path()).expect("a folder");
        prop_assert_eq!(summary(&read), summary(&recording));
        prop_assert_eq!(read, recording);
    }

    /// What is in no file of a killed run is what its process had not told the hub, or tells at the end.
    #[test]
    fn a_killed_run_is_read_back_as_far_as_its_files_go(case in cases()) {
        let closed = || {
            let mut run = driven(&case);
            run.close(30_000);
            run
        };
        let killed = closed();
        let (ended, _folder) = closed().finish(|facts| facts.closed_loop = case.closed_loop);
        let (read, _) = load(killed.kill().path()).expect("a folder");
        prop_assert_eq!((&read.damage, read.end.ending), (&Vec::new(), Ending::Killed));
        prop_assert_eq!(&read.bins, &ended.bins);
        for (read, ended) in read.populations.iter().zip(&ended.populations) {
            prop_assert_eq!((&read.tally, &read.response), (&ended.tally, &ended.response));
        }
        prop_assert_eq!((&read.lag, &read.read_delay), (&ended.lag, &ended.read_delay));
        prop_assert_eq!((&read.end.lanes, read.end.closed_loop), (&ended.end.lanes, case.closed_loop));
        for (read, ended) in read.seconds.iter().zip(&ended.seconds) {
            prop_assert_eq!(read, ended);
        }
        let counts = |recording: &Recording| {
            // A rate is that of the seconds that have passed, by the intervals as they were written.
            let objectives = judge(recording).objectives.into_iter().filter(|o| !o.text.starts_with("rate"));
            objectives.map(|o| (o.n, o.k, o.worst_second)).collect::<Vec<_>>()
        };
        prop_assert_eq!(counts(&read), counts(&ended));
    }
}

/// The files of a run with something of everything, and what it recorded.
fn sound() -> &'static (BTreeMap<String, Vec<u8>>, Recording) {
    static SOUND: OnceLock<(BTreeMap<String, Vec<u8>>, Recording)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let requests = (0..48).map(|i| Request {
            step: i % 3,
            due: i as u64 * 190,
            lag: i as u64 % 50,
            took: i as u64 * 10,
            outcome: (i % 4 == 0).then_some(i % Reason::ALL.len()),
            beside: (i as u8 % 8, i as u64 * 999_983),
        });
        let (steal_pct, nominal) = (2.5, vec![5; 12]);
        let (intervals, ending, closed_loop, missing) = (15, 0, false, 0);
        let case = Case { requests: requests.collect(), intervals, ending, closed_loop, missing, steal_pct, nominal };
        let (recording, folder) = driven(&case).finish(|facts| end(&case, facts));
        assert!(recording.memory.is_some(), "ten intervals have a trend");
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        let files = files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()));
        (files.collect(), as_read(recording))
    })
}

/// A folder of these files, of which one is different.
fn folder(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> tempfile::TempDir {
    let (mut files, folder) = (sound().0.clone(), tempfile::TempDir::new().unwrap());
    change(&mut files);
    files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    folder
}

/// Takes out what a run that was killed has not written.
fn unfinished(files: &mut BTreeMap<String, Vec<u8>>, killed: bool) {
    files.retain(|name, _| !killed || !["recording.json", "totals.hlog"].contains(&name.as_str()));
}

/// Everything that is done with a folder, whatever is in it.
fn used(folder: &Path) -> Option<Recording> {
    if let Ok(summary) = read_folder(folder) {
        write_text(&summary, None, Style { colour: false, width: 80 }, &mut std::io::sink()).unwrap();
    }
    let (recording, facts) = load(folder).ok()?;
    let lines = ["overall", "citizens", "staff.*", "*.*", "nobody"].map(|scope| AskedLine {
        scope: scope.to_owned(),
        text: "errors < 1%".to_owned(),
        measure: None,
        metric: "errors < 1%".parse().unwrap(),
        window: None,
    });
    let clock = facts.clock.as_ref().and_then(|clock| clock.clock());
    judge_again(recording.clone(), clock.as_ref(), &lines, "scrutinio run");
    judge(&recording);
    Some(recording)
}

const FILES: [&str; 9] = [
    "run.json",
    "recording.json",
    "totals.hlog",
    "generator.hlog",
    "intervals.hlog",
    "timeline.csv",
    "objectives.csv",
    "lanes.csv",
    "failures.ndjson",
];

/// Each field is in its schema, and each field of a schema is there.
#[test]
fn the_files_in_json_keep_their_schemas_and_these_name_every_field() {
    let of = |name: &str| serde_json::from_slice::<serde_json::Value>(&sound().0[&format!("{name}.json")]).unwrap();
    let (mut run, mut recording) = (of("run"), of("recording"));
    for (name, stored) in [("run", &run), ("recording", &recording)] {
        assert_eq!(schema::problems(name, stored), Vec::<String>::new());
    }
    run["labels"]["build"] = 12.into();
    run["objectives"][0]["kind"] = "speed".into();
    run.as_object_mut().unwrap().remove("bin_ms");
    assert_eq!(
        schema::problems("run", &run),
        ["run.bin_ms is missing", "run.objectives[0].kind: \"speed\"", "run.labels.build: 12"]
    );
    recording["populations"][0]["steps"][0]["more"] = 1.into();
    recording["sums"]["bins"][0]["n"] = (-1).into();
    assert_eq!(schema::problems("recording", &recording).len(), 2);
}

#[test]
fn a_folder_has_these_files_and_no_others() {
    let mut names = FILES.map(str::to_owned);
    names.sort();
    assert_eq!(sound().0.keys().cloned().collect::<Vec<_>>(), names);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Cut anywhere, it is told, or was of no weight for the verdict.
    #[test]
    fn a_file_that_is_cut_is_told(file in 0..FILES.len(), cut in 0.0..1.0f64) {
        let folder = folder(|files| {
            let bytes = files.get_mut(FILES[file]).unwrap();
            bytes.truncate((bytes.len() as f64 * cut) as usize);
        });
        let Some(mut read) = used(folder.path()) else { return Ok(()) };
        if read.unfit().is_empty() {
            read.damage.clear();
            let mut sound = sound().1.clone();
            if ["lanes.csv", "failures.ndjson"].contains(&FILES[file]) {
                (sound.end.lanes, sound.failures) = (read.end.lanes.clone(), read.failures.clone());
            }
            prop_assert_eq!(read, sound);
        }
    }

    /// Bytes that a disk or an editor made up: no panic.
    #[test]
    fn a_file_with_other_bytes_never_panics(
        file in 0..FILES.len(), places in prop::collection::vec((0.0..1.0f64, any::<u8>()), 1..4), killed in any::<bool>(),
    ) {
        let folder = folder(|files| {
            let bytes = files.get_mut(FILES[file]).unwrap();
            for (place, byte) in places {
                let index = (bytes.len() as f64 * place) as usize;
                bytes[index] = byte;
            }
            unfinished(files, killed);
        });
        used(folder.path());
    }

    /// Digits are the changes that keep a file what it is.
    #[test]
    fn a_file_with_other_digits_never_panics(file in 0..FILES.len(), places in prop::collection::vec((any::<usize>(), b'0'..=b'9'), 1..6), killed in any::<bool>()) {
        let folder = folder(|files| {
            let bytes = files.get_mut(FILES[file]).unwrap();
            let digits: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i].is_ascii_digit()).collect();
            for (place, digit) in places {
                bytes[digits[place % digits.len()]] = digit;
            }
            unfinished(files, killed);
        });
        used(folder.path());
    }
}

#[test]
fn a_file_that_is_missing_is_told() {
    for name in FILES {
        let folder = folder(|files| drop(files.remove(name)));
        let read = used(folder.path()).expect("the rest is there");
        let told = read.damage.iter().any(|damage| damage.file == name);
        // Without what is written last a run is one that was killed.
        assert!(told || (name == "recording.json" && read.end.ending == Ending::Killed), "{name}");
    }
}

fn told(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Vec<String> {
    let read = used(folder(change).path()).expect("it is read as far as can be");
    read.unfit().iter().map(ToString::to_string).collect()
}

fn replaced(files: &mut BTreeMap<String, Vec<u8>>, name: &str, what: &str, by: &str) {
    let text = String::from_utf8(files[name].clone()).unwrap();
    assert!(text.contains(what), "no `{what}` in {name}");
    files.insert(name.to_owned(), text.replacen(what, by, 1).into_bytes());
}

#[test]
fn what_keeps_a_folder_from_being_judged_is_told_by_file_and_line() {
    assert_eq!(told(|_| {}), Vec::<String>::new());
    let version = told(|files| replaced(files, "run.json", "\"schema_version\": 2", "\"schema_version\": 99"));
    assert_eq!(version, ["run.json has schema_version 99, and 2 is known here"]);
    let version = told(|files| replaced(files, "recording.json", "\"schema_version\": 2", "\"schema_version\": 1"));
    assert_eq!(version, ["recording.json has schema_version 1, and 2 is known here"]);
    let lines = sound().0["objectives.csv"].iter().filter(|byte| **byte == b'\n').count();
    let cut = told(|files| {
        let bytes = files.get_mut("objectives.csv").unwrap();
        let end = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        bytes.truncate(end);
    });
    assert!(cut[0].starts_with(&format!("objectives.csv, line {}: up to here it has ", lines - 1)), "{cut:?}");
    let torn = told(|files| {
        files.get_mut("objectives.csv").unwrap().pop();
    });
    assert_eq!(torn[0], format!("objectives.csv, line {lines}: the last line is torn, and left out"));
    let fewer = told(|files| {
        let mut facts: serde_json::Value = serde_json::from_slice(&files["run.json"]).unwrap();
        facts["objectives"].as_array_mut().unwrap().pop();
        files.insert("run.json".to_owned(), serde_json::to_vec_pretty(&facts).unwrap());
    });
    assert_eq!(fewer[0], "recording.json is about 10 objectives, and run.json about 9");
    let broken = told(|files| replaced(files, "run.json", "\"seed\":", "\"seed\" "));
    assert!(broken[0].starts_with("run.json, line "), "{broken:?}");
    let (totals, found) = (sound().0["totals.hlog"].len() / 2, "totals.hlog, line ");
    let cut = told(|files| files.get_mut("totals.hlog").unwrap().truncate(totals));
    assert!(
        cut.iter().any(|told| told.starts_with(found) && told.ends_with("it is cut: its last line is missing")),
        "{cut:?}"
    );
}

/// What a verdict does not stand on is left out, and told beside it.
#[test]
fn what_is_of_no_weight_for_the_verdict_may_be_lost() {
    let read = used(folder(|files| drop(files.insert("failures.ndjson".to_owned(), b"{}\n".to_vec()))).path()).unwrap();
    assert_eq!((read.damage.len(), read.unfit().len()), (1, 0));
    assert_eq!(read.damage[0].to_string(), "failures.ndjson, line 1: damaged lines are left out");
    assert_eq!(read.tally().class(Class::Failed), sound().1.tally().class(Class::Failed));
}
