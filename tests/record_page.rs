//! What the page of a run tells of steps, objectives and failures, and `summary.json` with it.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod record_support;

use record_support::{At, Run, Told, at, catalog, objective};
use scrutinio::judge::{FindingCode, judge};
use scrutinio::record::{
    Catalog, CatalogObjective, EndFacts, LaneUse, LanesRecord, LeftOut, PlannedPopulation, Reason, RunFacts,
};
use scrutinio::report::{Streams, Style, Summary, read_folder, write_text};
use scrutinio::scenario::Measure;
use scrutinio::unit::Span;

const WIDE: Style = Style { colour: false, width: 120 };

fn page(summary: &Summary, style: Style) -> String {
    let mut out = Vec::new();
    write_text(summary, None, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn summary(run: Run, change: impl FnOnce(&mut EndFacts)) -> Summary {
    let (recording, _folder) = run.finish(change);
    Summary::new(&recording, &judge(&recording), &facts())
}

fn facts() -> RunFacts {
    RunFacts {
        name: "shop".to_owned(),
        file: Some("shop.yaml".to_owned()),
        plan_digest: Some("ab".repeat(32)),
        populations: vec![PlannedPopulation { name: "citizens".to_owned(), sessions: 1, requests: 1_000 }],
        ..RunFacts::default()
    }
}

fn shop(lines: &[(&str, &str)]) -> Catalog {
    catalog(lines.iter().map(|(scope, line)| objective(scope, line)).collect())
}

/// A thousand requests of citizens, one each 10 ms: every fifth is of `results` and takes `slow` ms, the others 2 ms.
fn run(lines: &[(&str, &str)], slow: u64) -> Run {
    let mut run = Run::new(shop(lines), vec![100; 10]);
    for i in 0..1_000 {
        let (step, takes) = if i % 5 == 0 { (1, slow) } else { (0, 2) };
        let told = Told { population: 0, due: i * 10, woke: i * 10, done: i * 10 + takes, outcome: Ok(()) };
        run.request_at(At { step, ..At::default() }, told);
    }
    run
}

#[test]
fn each_objective_tells_its_own_quantile_and_counts() {
    let lines = [("citizens.results", "p95 < 100ms"), ("citizens", "p50 < 1s"), ("overall", "errors < 1%")];
    let summary = summary(run(&lines, 214), |_| {});
    let told: Vec<_> = summary.objectives.iter().map(|it| (it.was_us, it.limit_us, it.was_failed)).collect();
    assert_eq!(
        told,
        [(Some(214_015), Some(100_000), false), (Some(2_000), Some(1_000_000), false), (None, None, false)]
    );
    let page = page(&summary, WIDE);
    for line in [
        "  breached   citizens.results p95 < 100ms  was 214ms · 200 of 200 bad · at least 98.2% slower or failed, 5% allowed\n",
        "  met        citizens p50 < 1s             was 2ms · 0 of 1,000 bad · at most 0.368% slower or failed, 50% allowed\n",
        "  met        overall errors < 1%           0 of 1,000 bad · at most 0.368% failed, 1% allowed\n",
    ] {
        assert!(page.contains(line), "no `{line}` in\n{page}");
    }
}

#[test]
fn the_quantile_of_a_window_is_that_of_its_requests_and_failed_where_the_rank_is_not_right() {
    let windowed = |line: &str, from: u64, to: u64| CatalogObjective {
        window: Some((at(from), at(to))),
        text: format!("{line} during 10:00..10:01"),
        ..objective("overall", line)
    };
    let objectives = vec![windowed("p90 < 1s", 0, 1_000), windowed("p90 < 1s", 1_000, 2_000)];
    let mut run = Run::new(catalog(objectives), vec![100; 2]);
    for i in 0..200 {
        let outcome = if i >= 180 { Err(Reason::Timeout) } else { Ok(()) };
        let (due, takes) = (i * 10, if i < 100 { 40 } else { 2 });
        run.request(Told { population: 0, due, woke: due, done: due + takes, outcome });
    }
    let summary = summary(run, |_| {});
    let told: Vec<_> = summary.objectives.iter().map(|it| (it.n, it.was_us, it.was_failed)).collect();
    assert_eq!(told, [(100, Some(40_031), false), (100, None, true)]);
    assert!(page(&summary, WIDE).contains("  fell among those not right · 20 of 100 bad · between "));
}

#[test]
fn a_run_of_several_steps_has_a_row_for_each() {
    let page = page(&summary(run(&[("overall", "errors < 1%")], 214), |_| {}), WIDE);
    for line in [
        "step              requests  not right    p50    p90    p95    p99    max\n",
        "citizens.home          800          0    2ms    2ms    2ms    2ms    2ms\n",
        "citizens.results       200          0  214ms  214ms  214ms  214ms  214ms\n",
    ] {
        assert!(page.contains(line), "no `{line}` in\n{page}");
    }
}

#[test]
fn of_many_steps_the_worst_are_shown_and_of_few_the_named_first() {
    let steps = |names: Vec<String>| {
        let mut catalog = catalog(vec![objective("citizens", "errors < 50%")]);
        catalog.populations.truncate(1);
        let population = &mut catalog.populations[0];
        population.objectives_by_step = vec![vec![0]; names.len()];
        (population.steps, population.methods) = (names.clone(), vec!["GET".to_owned(); names.len()]);
        let mut run = Run::new(catalog, vec![]);
        for i in 0..names.len() as u64 * 10 {
            let (step, outcome) = ((i / 10) as u16, if i == 200 { Err(Reason::Status) } else { Ok(()) });
            let told = Told { population: 0, due: i, woke: i, done: i + 1 + u64::from(step), outcome };
            run.request_at(At { step, ..At::default() }, told);
        }
        page(&summary(run, |_| {}), WIDE)
    };
    let page = steps((0..30).map(|i| format!("step{i:02}")).collect());
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("citizens.step")).collect();
    assert!(rows.len() == 12 && rows[0].starts_with("citizens.step20"), "{page}");
    assert!(rows[1].starts_with("citizens.step29") && !page.contains("step17 "), "{page}");
    assert!(page.contains("… and 18 more in summary.json\n"), "{page}");
    let page = steps(["GET /a", "checkout"].map(str::to_owned).to_vec());
    assert!(page.find("citizens.checkout").unwrap() < page.find("citizens.GET /a").unwrap(), "{page}");
}

/// 600 redirects to a logon, 601 wrong statuses and a reset, of requests of two steps.
fn wrong() -> Run {
    let mut run = Run::new(shop(&[("overall", "errors < 1%")]), vec![100; 10]);
    for i in 0..1_202 {
        let told = |reason| Told { population: 0, due: i, woke: i, done: i + 3, outcome: Err(reason) };
        let (at, reason) = match i {
            0..600 => (
                At { status: 302, detail: &format!("302 to `/login?{i}`: not followed"), ..At::default() },
                Reason::Status,
            ),
            600..1_201 => {
                (At { step: 1, status: 401, detail: "status 401; 2xx is right", ..At::default() }, Reason::Status)
            }
            _ => (At { step: 1, detail: "the connection was closed", ..At::default() }, Reason::Reset),
        };
        run.request_at(at, told(reason));
    }
    run.close(10_000);
    run
}

#[test]
fn what_was_not_right_has_a_line_for_each_kind_with_the_command_that_shows_it() {
    let summary = summary(wrong(), |_| {});
    let page = page(&summary, WIDE);
    let shown = "                 scrutinio try shop.yaml -p citizens -s 7\n";
    for line in [
        "          601  failed.status · citizens.results · status 401; 2xx is right\n",
        "          600  failed.status · citizens.home · 302 to `/login?0`: not followed\n",
        "            1  failed.reset · citizens.results · the connection was closed\n",
    ] {
        assert!(page.contains(&format!("{line}{shown}")), "no `{line}` in\n{page}");
    }
    for failure in &summary.failures {
        assert_eq!(failure.kinds.iter().filter_map(|kind| kind.count).sum::<u64>(), failure.count, "{failure:?}");
    }
}

#[test]
fn a_killed_run_shows_the_examples_that_it_wrote() {
    let run = wrong();
    run.write_facts(facts());
    let page = page(&read_folder(run.folder.path()).unwrap(), WIDE);
    for line in [
        "        1,201  failed.status · citizens\n",
        "      example  failed.status · citizens.home · 302 to `/login?0`: not followed\n",
        "      example  failed.reset · citizens.results · the connection was closed\n",
    ] {
        assert!(page.contains(line), "no `{line}` in\n{page}");
    }
}

#[test]
fn sessions_that_never_began_are_counted_without_a_step() {
    let run = run(&[("overall", "errors < 90%")], 5);
    let gave_up = |end: &mut EndFacts| (end.planned, end.gave_up) = (Some(vec![1_500, 0]), Some(Reason::Drained));
    let summary = summary(run, gave_up);
    let kinds: Vec<_> = summary.failures[0].kinds.iter().map(|kind| (kind.count, kind.step.as_deref())).collect();
    assert_eq!(kinds, [(Some(500), None)]);
    assert!(page(&summary, WIDE).contains("          500  unfinished.drained · citizens\n"));
}

#[test]
fn writes_that_nobody_audited_are_told_under_the_verdict() {
    let lines = [("overall", "errors < 1%")];
    let mut with_writes = shop(&lines);
    with_writes.populations[0].methods[1] = "POST".to_owned();
    let mut run = Run::new(with_writes, vec![100; 10]);
    for i in 0..1_000 {
        let outcome = if i == 5 { Err(Reason::Status) } else { Ok(()) };
        let told = Told { population: 0, due: i, woke: i, done: i + 3, outcome };
        run.request_at(At { step: (i % 5 == 0).into(), ..At::default() }, told);
    }
    let summary = summary(run, |_| {});
    let [writes] = &summary.writes_not_audited[..] else { panic!("{:?}", summary.writes_not_audited) };
    assert_eq!((writes.step.as_str(), writes.method.as_str(), writes.requests), ("results", "POST", 199));
    assert!(page(&summary, WIDE).contains("\nverdict READY\n  writes were not audited: 199 POST results\n"));
    let without = self::summary(self::run(&lines, 5), |_| {});
    assert!(!page(&without, WIDE).contains("audited"));
}

#[test]
fn a_breach_says_whether_answers_were_slow_or_wrong_and_whose_they_were() {
    let cause = |run: Run| {
        let reason = &summary(run, |_| {}).reasons[0];
        (reason.told.cause.clone(), reason.told.cure.clone())
    };
    let (slow, cure) = cause(run(&[("citizens", "p90 < 100ms")], 401));
    assert_eq!(slow, "the target answered too slowly; 200 of the 200 slow ones are citizens.results (p50 401ms)");
    assert_eq!(cure, "see the target's own records around second 0", "nothing failed");
    let (slow, _) = cause(run(&[("citizens.results", "p90 < 100ms")], 401));
    assert_eq!(slow, "the target answered too slowly", "the scope names the step");
    let mut both = run(&[("citizens", "p90 < 1ms")], 401);
    (0..500).for_each(|i| both.right(1, i, i + 1));
    let (both, _) = cause(both);
    assert!(both.ends_with("; 800 of the 1,000 slow ones are citizens.home (p50 2ms)"), "{both}");
    let (wrong, cure) = cause(wrong());
    assert_eq!(
        wrong,
        "the target answered wrongly or not at all; 602 of the 1,202 that were not right are citizens.results"
    );
    assert_eq!(cure, "see the failures by kind, and the target's own records around second 0");
}

#[test]
fn what_held_up_a_ready_run_a_little_takes_one_line() {
    let waited = |line: &str| {
        let run = run(&[("citizens", line)], 5);
        let lane = LaneUse { run_queue: Span::from_millis(300), ..LaneUse::default() };
        let lanes = LanesRecord { lanes: vec![lane], wall: Span::from_secs(10), ..LanesRecord::default() };
        let summary = summary(run, |end| end.lanes = lanes);
        assert_eq!(summary.findings[0].code, FindingCode::RunQueue);
        page(&summary, WIDE)
    };
    let ready = waited("p90 < 1s");
    assert!(ready.contains("waited for a core: too little to matter here; in full in summary.json\n"), "{ready}");
    assert!(!ready.contains("cause:"), "{ready}");
    let breached = waited("p90 < 1ms");
    assert!(breached.contains("waited for a core: lane 0 waited 300ms for a core in 10s of run (3%)\n"), "{breached}");
}

#[test]
fn exchanges_beyond_the_requests_are_explained() {
    let mut summary = summary(run(&[("overall", "errors < 1%")], 5), |_| {});
    let connections = summary.connections.as_mut().unwrap();
    (connections.redirects, connections.reconnected) = (720, 2);
    summary.retries.as_mut().unwrap().retries = 12;
    summary.exchanges = Some(1_734);
    summary.target.as_mut().unwrap().received = 1_734;
    let page = page(&summary, WIDE);
    let sent = "sent 1,734 (720 after redirects, 12 tried again, 2 again on a new connection) = received 1,734\n";
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(sent.trim()), "{page}");
}

/// O7: what READY does not say stands beside it.
#[test]
fn a_verdict_has_beside_it_what_no_objective_is_about() {
    let mut summary = summary(run(&[("overall", "errors < 1%")], 5), |_| {});
    summary.objectives_left_out =
        vec![LeftOut { objective: "overall p99.9 < 1s".to_owned(), needs: Some(3_688), has: 1_000 }];
    let streams = Streams { opened: 60, lost: 60, messages_sent: 0, messages_received: 0, stalls: 0 };
    summary.populations.get_mut("citizens").unwrap().connections.as_mut().unwrap().streams = Some(streams);
    let beside = "verdict READY\n  1 of 2 objectives were left out, and are not proven\n  \
                  60 of 60 streams were lost, and no objective is about them\n";
    assert!(page(&summary, WIDE).contains(beside), "{}", page(&summary, WIDE));
    summary.objectives_left_out.clear();
    let streams = Streams { opened: 40, lost: 2, ..streams };
    summary.populations.get_mut("staff").unwrap().connections.as_mut().unwrap().streams = Some(streams);
    for (scope, measure, told) in [
        ("overall", None, Some("62 of 100")),
        ("citizens", Some(Measure::Open), Some("62 of 100")),
        ("citizens", Some(Measure::FrameGap), Some("2 of 40")),
        ("citizens.home", Some(Measure::RoundTrip), Some("2 of 40")),
        ("overall", Some(Measure::FrameGap), None),
    ] {
        (summary.objectives[0].scope, summary.objectives[0].measure) = (scope.to_owned(), measure);
        let page = page(&summary, WIDE);
        let line = page.lines().find_map(|line| line.split_once(" streams were lost"));
        assert_eq!(line.map(|(before, _)| before.trim()), told, "{scope}: {page}");
    }
}

/// What streams cost is none of their requests'.
#[test]
fn the_processor_time_of_a_request_is_told_of_runs_without_streams() {
    let mut summary = summary(run(&[("overall", "errors < 1%")], 5), |_| {});
    assert!(page(&summary, WIDE).contains("CPU 500ms (500µs a request) · "));
    summary.generator.cpu_us_per_request = Some(2_465.0);
    assert!(page(&summary, WIDE).contains("(2.47ms a request) · "));
    let streams = Streams { opened: 3, lost: 0, messages_sent: 3, messages_received: 9, stalls: 0 };
    summary.connections.as_mut().unwrap().streams = Some(streams);
    assert!(page(&summary, WIDE).contains("CPU 500ms · "));
}

#[test]
fn at_eighty_columns_objectives_go_on_below_and_columns_stay_two_blanks_apart() {
    let lines = [("citizens.results", "p95 < 100ms"), ("overall", "p99.9 < 1500ms")];
    let page = page(&summary(run(&lines, 214), |_| {}), Style { colour: false, width: 80 });
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    let below = "  breached   citizens.results p95 < 100ms\n               was 214ms · 200 of 200 bad · at least 98.2% slower or failed, 5%\n               \
                 allowed\n";
    assert!(page.contains(below), "{page}");
    let header = page.lines().find(|line| line.starts_with("response")).unwrap();
    assert!(header.contains("  p50  ") && !header.contains(" p50 p"), "{page}");
}

/// D1, in each interval: 60 right answers and 40 that were not.
#[test]
fn the_timeline_has_the_quantiles_of_each_interval() {
    let mut run = Run::new(catalog(vec![]), vec![100; 3]);
    for i in 0..100 {
        let outcome = if i < 40 { Err(Reason::Reset) } else { Ok(()) };
        run.request(Told { population: (i % 2) as u16, due: i, woke: i, done: i + 7, outcome });
    }
    run.close(2_000);
    run.close(3_000);
    let timeline = std::fs::read_to_string(run.folder.path().join("timeline.csv")).unwrap();
    let ends: Vec<Vec<&str>> = timeline.lines().map(|line| line.split(',').skip(15).collect()).collect();
    assert_eq!(ends, [["p50_us", "p99_us"], ["", ""], ["7003", "failed"], ["", ""]]);
    let killed = read_folder(run.folder.path()).unwrap();
    assert_eq!((killed.requests.completed, killed.damage.len()), (60, 0), "{:?}", killed.damage);
}
