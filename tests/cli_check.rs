//! `check` as a user meets it: the page, its JSON, single arrivals, and exit codes.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::collections::BTreeSet;
use std::process::Stdio;

use cli_support::{DAY, Place, unasked};
use serde_json::Value;

fn place() -> Place {
    let place = Place::new();
    place.file("day.yaml", DAY);
    place
}

/// What is this machine's, and nobody else's.
fn without_machine(page: &str) -> String {
    let limit = page.split("max_in_flight ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let (before, rest) = page.split_once("\nthis machine\n").unwrap();
    let (_, after) = rest.split_once("\nplan digest").unwrap();
    format!("{before}\nthis machine\n  [facts]\n\nplan digest{after}").replace(limit, "[limit]")
}

#[test]
fn the_page_shows_the_whole_plan_at_80_columns() {
    let page = place().run(&["check", "day.yaml"]).with(0);
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    insta::assert_snapshot!("check", without_machine(&page));
}

#[test]
fn a_window_and_rates_are_shown_as_what_they_are() {
    let place = place();
    let rates = DAY.replace("requests: 50_000\n", "").replace("share: 90%", "").replace("share: 10%, ", "");
    place.file("rates.yaml", &rates);
    let args = ["check", "rates.yaml", "--window", "22:50..23:20", "--compress", "60", "--scale", "0.5"];
    let page = place.run(&args).with(0);
    insta::assert_snapshot!("check_window", without_machine(&page));
}

#[test]
fn users_who_would_have_come_before_the_window_are_told_as_the_herd_that_they_are() {
    let place = place();
    let burst = "{ burst: { at: \"08:00\", weight: 100%, spread: 30m } }";
    let day = DAY.replace(burst, "{ process: even, curve: [{ constant: 1 }] }");
    place.file("day.yaml", day.split("slo:").next().unwrap());
    let args = ["check", "day.yaml", "--compress", "600", "--window"];
    // Of 30 hours, 15 before the window and 14 behind it: ten of the twenty before, one in it.
    let page = place.run(&[&args[..], &["22:00..23:00"]].concat()).with(0);
    let told = "`offices`: 10 of 11 sessions come before the window and so start with it, all at once";
    let words: Vec<&str> = page.split_whitespace().collect();
    assert!(words.join(" ").contains(told), "{page}");
    let page = place.run(&[&args[..], &["07:00..08:00"]].concat()).with(0);
    assert!(!page.contains("all at once"), "{page}");
}

#[test]
fn transactions_are_planned_and_an_objective_about_too_few_is_refused() {
    let place = place();
    let scenario = |line: &str| {
        let visit = "{ transaction: { name: visit, steps: [{ get: / }, { think: 5s }, { get: /results }] } }";
        let flows = format!("flows: {{ work: {{ steps: [{{ repeat: {{ times: 2, steps: [{visit}] }} }}] }} }}");
        let people = "users: 20, arrivals: { burst: { at: \"08:00\", weight: 100%, spread: 30m } }, flow: work";
        let head = "name: visits\nclock: { from: 2016-06-05T07:00, to: 2016-06-05T09:00, compress: 600 }";
        let target = "target: { embedded: knobs }";
        format!(
            "{head}\n{target}\npopulations: {{ staff: {{ {people} }} }}\n{flows}\nslo: {{ staff.visit: ['{line}'] }}\n"
        )
    };
    place.file("visits.yaml", &scenario("p90 < 10s"));
    let page = place.run(&["check", "visits.yaml"]).with(0);
    assert!(page.contains("  transactions   staff: 40 visit\n"), "{page}");
    let check: Value = serde_json::from_str(&place.run(&["check", "--json", "visits.yaml"]).with(0)).unwrap();
    assert_eq!(check["populations"][0]["by_transaction"], serde_json::json!({ "visit": 40 }));
    assert_eq!((&check["objectives"][0]["planned"], &check["objectives"][0]["needed"]), (&40.into(), &36.into()));
    place.file("visits.yaml", &scenario("p95 < 10s"));
    let told = place.run(&["check", "visits.yaml"]);
    let why = "staff.visit: `p95 < 10s` needs at least 72 transactions to be proven, and the plan has 40 in its scope";
    assert!(told.code == Some(2) && told.stderr.contains(why), "{}", told.stderr);
}

#[test]
fn the_json_form_has_exact_figures_and_nothing_else_is_printed() {
    let place = place();
    let check: Value = serde_json::from_str(&place.run(&["check", "day.yaml", "--json"]).with(0)).unwrap();
    assert_eq!(check["requests"], 50_000);
    let sum =
        |key: &str| check["populations"].as_array().unwrap().iter().map(|p| p[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("requests"), 50_000);
    assert_eq!(check["sessions"], sum("sessions"));
    let readers = &check["populations"][2];
    assert_eq!((&readers["name"], &readers["peaks"][0]["at"]), (&"readers".into(), &"Sun 23:05".into()));
    assert_eq!(readers["peak_over_level_1"], 16.0);
    // A burst of 5 % of the readers' sessions.
    let (burst, sessions) = (&readers["bursts"][0]["sessions"], readers["sessions"].as_f64().unwrap());
    assert!((burst.as_f64().unwrap() - 0.05 * sessions).abs() <= 1.0, "{burst} of {sessions}");
    let objectives = check["objectives"].as_array().unwrap();
    let needed: Vec<&Value> = objectives.iter().map(|objective| &objective["needed"]).collect();
    assert_eq!(needed, [3_688, 368, 368, 72]);
}

#[test]
fn the_same_file_is_the_same_plan_and_another_seed_another() {
    let place = place();
    let names = |args: &[&str]| {
        let check: Value = serde_json::from_str(&place.run(&[&["check", "--json"], args].concat()).with(0)).unwrap();
        (check["plan_digest"].clone(), check["arrivals_hash"].clone())
    };
    let plain = names(&["day.yaml"]);
    assert_eq!(plain, names(&["day.yaml"]));
    assert_eq!(plain, names(&["day.yaml", "--target", "http://127.0.0.1:1"]), "the target is no part of the plan");
    assert_eq!(plain, names(&["day.yaml", "--seed", "7"]));
    assert_ne!(plain, names(&["day.yaml", "--seed", "8"]));
}

#[test]
fn the_stripes_of_the_arrivals_are_the_whole() {
    let place = place();
    let lines = |stripe: &str| {
        let args = ["check", "day.yaml", "--arrivals", "1000000", "--stripe", stripe];
        place.run(&args).with(0).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let whole = lines("0/1");
    let due = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), ["due_ns", "population", "session"]);
        line["due_ns"].as_u64().unwrap()
    };
    assert!(whole.iter().map(due).is_sorted());
    let parts: Vec<Vec<String>> = (0..3).map(|i| lines(&format!("{i}/3"))).collect();
    assert!(parts.iter().all(|part| part.iter().map(due).is_sorted()));
    let united: BTreeSet<&String> = parts.iter().flatten().collect();
    assert_eq!(united.len(), whole.len());
    assert_eq!(united, whole.iter().collect());
    let first = place.run(&["check", "day.yaml", "--arrivals", "5"]).with(0);
    assert_eq!(first.lines().collect::<Vec<_>>(), whole[..5]);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let place = place();
    let mut child = place
        .command(&["check", "day.yaml", "--arrivals", "1000000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn what_the_machine_lacks_is_a_failure_only_if_asked() {
    let place = place();
    // 4,000 sessions at once, each with a connection of its own, under a limit of 1,000 descriptors.
    let text = DAY.replace("8s, p95: 35s", "4h, p95: 5h").replace("embedded: knobs", "url: \"http://127.0.0.1:1\"");
    place.file("many.yaml", &text);
    let limited = |args: &str| {
        let program = env!("CARGO_BIN_EXE_scrutinio");
        let mut shell = unasked(std::process::Command::new("sh"));
        shell.args(["-c", &format!("ulimit -n 1000; exec {program} check many.yaml {args}")]);
        cli_support::Ended::from(shell.current_dir(place.dir.path()).output().unwrap())
    };
    let page = limited("").with(0);
    assert!(page.contains("descriptors: ") && page.contains("may open 744"), "{page}");
    limited("--strict").with(3);
    let check: Value = serde_json::from_str(&limited("--strict --json").with(3)).unwrap();
    assert_eq!(check["warnings"][0]["what"], "descriptors");
    assert_eq!(check["max_in_flight"], 744);
}

#[test]
fn ports_run_out_beyond_loopback_only() {
    let place = place();
    let text = DAY.replace("requests: 50_000", "requests: 2_000_000").replace("compress: 600", "compress: 3600");
    place.file("near.yaml", &text.replace("embedded: knobs", "url: \"http://127.0.0.1:1\""));
    place.file("far.yaml", &text.replace("embedded: knobs", "url: \"http://192.0.2.1:80\""));
    let lacks = |file: &str| {
        let check: Value = serde_json::from_str(&place.run(&["check", file, "--json"]).with(0)).unwrap();
        check["warnings"].as_array().unwrap().iter().any(|warning| warning["what"] == "ports")
    };
    assert!(lacks("far.yaml"));
    assert!(!lacks("near.yaml"));
}

#[test]
fn an_objective_that_cannot_be_proven_is_an_error_that_names_the_number() {
    let place = place();
    place.file("few.yaml", &DAY.replace("p95 < 500ms", "p99.99 < 500ms"));
    let ended = place.run(&["check", "few.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("needs at least 36,887 requests"), "{}", ended.stderr);
    assert!(ended.stdout.contains("cannot be proven"), "{}", ended.stdout);
}

#[test]
fn extra_requests_count_for_an_objective_as_far_as_they_can_come() {
    let place = place();
    let scenario = |slo: &str| {
        let waits = "{ while: { value: s, is_not: up, at_most: 3, steps: [{ get: /s, name: poll }] } }";
        let steps = format!("[{{ get: /, save: {{ s: json $.s }} }}, {waits}]");
        let people = "users: 20, arrivals: { burst: { at: \"08:00\", weight: 100%, spread: 30m } }, flow: work";
        let head = "name: waits\nclock: { from: 2016-06-05T07:00, to: 2016-06-05T09:00, compress: 600 }";
        let rest = format!("populations: {{ staff: {{ {people} }} }}\nflows: {{ work: {{ steps: {steps} }} }}");
        format!("{head}\ntarget: {{ embedded: knobs }}\n{rest}\nslo: {{ {slo} }}\n")
    };
    // Twenty are planned, and sixty polls at most come on top: 72 can be reached, 368 cannot.
    for (scope, planned, provable) in [("staff", "20 + up to 60", true), ("staff.poll", "0 + up to 60", false)] {
        place.file("waits.yaml", &scenario(&format!("{scope}: ['p95 < 1s']")));
        let told = place.run(&["check", "waits.yaml"]);
        assert!(told.stdout.contains(planned), "{}", told.stdout);
        assert_eq!(
            (told.code, told.stdout.contains("cannot be proven")),
            (Some(if provable { 0 } else { 2 }), !provable)
        );
    }
    let check = place.run(&["check", "--json", "waits.yaml"]).stdout;
    let check: Value = serde_json::from_str(&check).unwrap();
    assert_eq!(check["objectives"][0]["extra_most"], 60);
    place.file("waits.yaml", &scenario("overall: ['p99 < 1s']"));
    for command in ["check", "run"] {
        let told = place.run(&[command, "waits.yaml"]);
        let why = "overall: `p99 < 1s` needs at least 368 requests to be proven, and the plan has 20 in its scope, plus \
                   at most 60 under conditions";
        assert!(told.code == Some(2) && told.stderr.contains(why), "{command}: {}", told.stderr);
    }
    // Where a part of the day runs, what is only extra is no reason to leave an objective out.
    place.file("waits.yaml", &scenario("staff.poll: ['p90 < 1s']"));
    let page = place.run(&["check", "waits.yaml", "--window", "07:55..08:40"]).with(0);
    assert!(!page.contains("left out"), "{page}");
}

#[test]
fn a_wrong_file_and_a_wrong_stripe_are_usage_errors() {
    let place = place();
    place.file("typo.yaml", &DAY.replace("requests:", "reqests:"));
    let ended = place.run(&["check", "typo.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("did you mean `requests`"), "{}", ended.stderr);
    for stripe in ["3/3", "1", "x/2"] {
        let ended = place.run(&["check", "day.yaml", "--arrivals", "1", "--stripe", stripe]);
        assert_eq!(ended.code, Some(2), "{stripe}");
        assert!(ended.stderr.contains("expected a stripe"), "{}", ended.stderr);
    }
}

#[test]
fn streams_are_told_by_how_many_are_open_and_what_is_sent_on_them() {
    let place = place();
    let json = |file: &str| -> Value { serde_json::from_str(&place.run(&["check", file, "--json"]).with(0)).unwrap() };
    assert_eq!(json("day.yaml")["streams"], Value::Null);
    let poll = DAY.lines().find(|line| line.starts_with("  poll: ")).unwrap();
    let then = "[{ send: hello }, { stream: { for: 30m, send: { rate: 4/s, binary: 8 } } }]";
    let steps = format!("[{{ repeat: {{ times: 5, steps: [{{ ws: /, name: poll, then: {then} }}] }} }}]");
    place.file("live.yaml", &DAY.replace(poll, &format!("  poll: {{ steps: {steps} }}")));
    let check = json("live.yaml");
    let number = |of: &Value| of.as_f64().unwrap();
    let streams = &check["streams"];
    // 30 minutes of the day are three seconds of the run: twelve inputs, whatever the compression.
    let opened = number(&check["populations"][1]["requests"]);
    assert_eq!(number(&streams["opened"]), opened);
    assert_eq!(number(&streams["messages"]), opened * 13.0);
    // 1,000 sessions of 15 s in the 180 s of the run.
    let open = number(&streams["open_peak"]);
    assert!((60.0..150.0).contains(&open), "{streams}");
    assert_eq!(number(&streams["inputs_peak_per_s"]), open * 4.0);
    let page = place.run(&["check", "live.yaml"]).with(0);
    let row = page.split("\n  streams ").nth(1).unwrap().split("\n  bytes ").next().unwrap();
    let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = streams["open_peak_at"].as_str().unwrap();
    assert!(row.contains(&format!("opened, {open} open at once at {at}; ")), "{row}");
    assert!(row.contains(&format!("messages are sent on them, inputs at up to {}/s of the run", open * 4.0)), "{row}");
    place.file("once.yaml", &DAY.replace(poll, "  poll: { steps: [{ ws: /, name: poll, then: [{ send: hello }] }] }"));
    let words = place.run(&["check", "once.yaml"]).with(0).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("messages are sent on them; what is received"), "{words}");
    assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
}

#[test]
fn a_burst_that_a_window_cuts_begins_with_the_window() {
    let page = place().run(&["check", "day.yaml", "--scale", "10", "--window", "08:10..09:00"]).with(0);
    let line = "burst          offices: 200 sessions from the window's start on, over 20m";
    assert!(page.contains(line), "{page}");
    assert!(!page.contains("Sun 08:00"), "nothing starts before the window: {page}");
}

#[test]
fn an_option_below_zero_is_refused_in_words_and_not_taken_for_another_option() {
    let place = place();
    for (option, value, wanted) in [
        ("--scale", "-1", "--scale -1: expected a factor above 0"),
        ("--compress", "-1", "--compress -1: expected a number from 0.001"),
        ("--duration", "-5m", "--duration -5m: expected a duration"),
        ("--seed", "-7", "--seed -7: expected a whole number from 0"),
    ] {
        let ended = place.run(&["check", "day.yaml", option, value]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(wanted), "{}", ended.stderr);
    }
    for (option, value) in [("--rate", "-5"), ("--connections", "-5"), ("--duration", "-5s"), ("--requests", "-5")] {
        let ended = place.run(&["quick", "http://127.0.0.1:1/", option, value]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains(&format!("invalid value '{value}' for '{option} ")), "{}", ended.stderr);
    }
}

#[test]
fn a_header_that_cannot_be_sent_is_refused_on_the_command_line_as_in_a_scenario() {
    for (options, wanted) in [
        (&["-H", "Content-Length: 3"][..], "`Content-Length` cannot be set as a header"),
        (&["-H", "transfer-encoding: chunked"], "`transfer-encoding` cannot be set as a header"),
        (&["-H", "Connection: close"], "hint: --disable-keepalive"),
        (&["-H", "X-Scrutinio: me"], "hint: --trace-header"),
        (&["-H", "Sec-WebSocket-Key: x"], "`Sec-WebSocket-Key` cannot be set as a header"),
        (&["-H", "A: 1", "-H", "a: 2"], "the header `a` is given twice"),
        (&["-H", "Host: a.example/x"], "a host name, perhaps with a port"),
        (&["-H", "no colon"], "`no colon` is not a header; write `Name: value`"),
        (&["-H", "a b: c"], "`a b` cannot be the name of a header"),
        (&["-H", "A: b\rc"], "a line break or control character, which a header cannot hold"),
        (&["-T", "text/plain\r\nA: b"], "a line break or control character, which a header cannot hold"),
    ] {
        let ended = place().run(&[&["quick", "http://127.0.0.1:1/", "--body", "hello"], options].concat());
        assert_eq!(ended.code, Some(2), "{options:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(wanted), "{options:?}: {}", ended.stderr);
    }
}

/// Of twenty, two bursts of half have ten each on average: what this seed gives them is told, and not that.
#[test]
fn bursts_have_the_sessions_that_start_in_them() {
    let place = place();
    let bursts = r#"burst: [{ at: "08:00", weight: 50%, spread: 30m }, { at: "14:00", weight: 50%, spread: 10m }]"#;
    place.file("bursts.yaml", &DAY.replace(r#"burst: { at: "08:00", weight: 100%, spread: 30m }"#, bursts));
    let check: Value = serde_json::from_str(&place.run(&["check", "--json", "bursts.yaml"]).with(0)).unwrap();
    let offices = check["populations"].as_array().unwrap().iter().find(|p| p["name"] == "offices").unwrap();
    let starts: Vec<u64> = (0..2).map(|i| offices["bursts"][i]["starts"].as_u64().unwrap()).collect();
    assert_eq!(starts.iter().sum::<u64>(), 20);
    assert_ne!(starts[0], 10, "a seed that tells them apart");
    let page = place.run(&["check", "bursts.yaml"]).with(0);
    assert!(page.contains(&format!("offices: {} sessions from Sun 08:00 on", starts[0])), "{page}");
    assert!(page.contains("readers: about "), "with a curve under it: {page}");
}

/// S2: what follows an answer without a pause comes as fast as the target answers, whatever the plan has.
#[test]
fn a_plan_whose_rate_the_target_would_set_says_so() {
    let place = place();
    let told = |steps: &str| {
        let file = DAY.replace("steps: [{ get: / }, { think: { lognormal: { median: 8s, p95: 35s } } }", steps);
        place.file("hasty.yaml", &file);
        place.run(&["check", "--json", "hasty.yaml"]).with(0).contains("the target sets their rate")
    };
    assert!(!told("steps: [{ get: / }"), "not even half of them");
    assert!(told("steps: [{ get: / }, { get: /style }, { get: /script }"));
    assert!(!told("steps: [{ parallel: { connections: 6, steps: [{ get: / }, { get: /style }, { get: /script }] } }"));
}

/// What only a surge says: the levels of other curves are figures of their author's.
#[test]
fn without_a_surge_there_is_no_level_1() {
    let place = place();
    let surge = DAY.lines().find(|line| line.trim_start().starts_with("- surge:")).unwrap();
    let rest: Vec<&str> = DAY.lines().filter(|line| !line.trim_start().starts_with("- surge:")).collect();
    assert!(surge.contains("to: 16"), "{surge}");
    place.file("plain.yaml", &rest.join("\n"));
    let page = place.run(&["check", "plain.yaml"]).with(0);
    assert!(!page.contains("level"), "{page}");
    let check: Value = serde_json::from_str(&place.run(&["check", "plain.yaml", "--json"]).with(0)).unwrap();
    assert_eq!(
        (&check["rate"]["peak_over_level_1"], &check["populations"][2]["peak_over_level_1"]),
        (&Value::Null, &Value::Null)
    );
}
