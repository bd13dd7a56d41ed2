//! The language of scenario files: what a file says is what the model holds.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use scrutinio::scenario::{
    BodyContent, Checked, Connection, Draw, Escape, Expect, Factor, Flow, HttpVersion, Objective, Overrides, Piece,
    Process, Request, SaveFrom, Scope, Size, StepKind, Template, load, parse,
};

const EVERYTHING: &str = include_str!("scenario_data/everything.yaml");

fn data() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenario_data"))
}

fn env(name: &str) -> Option<String> {
    (name == "TOKEN").then(|| "secret".to_owned())
}

fn read_with(text: &str, overrides: &Overrides) -> Checked {
    parse(text, "test.yaml", data(), overrides, &env).unwrap_or_else(|error| panic!("{error}"))
}

fn read(text: &str) -> Checked {
    read_with(text, &Overrides::default())
}

/// A scenario with this clock and this curve of rates.
fn with_curve(clock: &str, curve: &str) -> Checked {
    read(&format!(
        "name: curve\nclock: {{ {clock} }}\ntarget: http://127.0.0.1\n\
         populations: {{ all: {{ arrivals: {{ curve: [{curve}] }}, flow: one }} }}\nflows: {{ one: {{ steps: [{{ get: / }}] }} }}\n"
    ))
}

fn factors(checked: &Checked) -> &[Factor] {
    &checked.scenario.populations[0].arrivals.curve.as_ref().unwrap().factors
}

fn flow<'s>(checked: &'s Checked, name: &str) -> &'s Flow {
    checked.scenario.flows.iter().find(|flow| flow.name == name).unwrap()
}

fn requests(flow: &Flow) -> Vec<&Request> {
    let steps = flow.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Request(request) => Some(&**request),
        _ => None,
    });
    steps.collect()
}

/// A template as text, its slots in angle brackets.
fn shown(template: &Template) -> String {
    template
        .0
        .iter()
        .map(|piece| if let Piece::Text(text) = piece { text.clone() } else { format!("<{piece:?}>") })
        .collect()
}

#[test]
fn the_design_document_example_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    let mut csv = "section,voters,token\n".to_owned();
    (1..=174).for_each(|i| csv.push_str(&format!("{i},{},t{i}\n", 100 + i)));
    std::fs::write(dir.path().join("data/sections.csv"), csv).unwrap();
    let file = dir.path().join("night.yaml");
    std::fs::write(&file, include_str!("scenario_data/design.yaml")).unwrap();
    let checked = load(&file, &Overrides::default()).unwrap_or_else(|error| panic!("{error}"));
    let scenario = checked.scenario;
    let names: Vec<&str> = scenario.populations.iter().map(|population| population.name.as_str()).collect();
    assert_eq!(names, ["citizens", "maps", "newsrooms", "sections"]);
    assert_eq!((scenario.requests, scenario.clock.length), (Some(7_000_000), 108_900.0));
    assert_eq!((scenario.objectives.len(), scenario.flows.len()), (5, 4));
    let at_last = scenario.populations[0].arrivals.curve.as_ref().unwrap().factors[0].points[11];
    assert_eq!(at_last, (108_900.0, 3.0), "+1d 13:15 is 30 h 15 min after 07:00");
}

#[test]
fn every_key_is_read() {
    let checked = read(EVERYTHING);
    let scenario = &checked.scenario;
    let sizes: Vec<(&str, Size)> = scenario.populations.iter().map(|p| (p.name.as_str(), p.size)).collect();
    let expected = [
        ("members", Size::Share(0.4)),
        ("readers", Size::Share(0.6)),
        ("recorded", Size::Users(3)),
        ("sections", Size::Users(3)),
    ];
    assert_eq!(sizes, expected);
    // 108,900 s of day in 540 s of run.
    assert!((scenario.clock.compress - 108_900.0 / 540.0).abs() < 1e-9);
    let origins: Vec<(String, String)> =
        scenario.target.origins.iter().map(|o| (o.name.clone(), o.authority())).collect();
    let authority = |name: &str, host: &str| (name.to_owned(), host.to_owned());
    let expected = [
        authority("default", "elezioni.example"),
        authority("api", "127.0.0.1:8081"),
        authority("map", "map.example:80"),
    ];
    assert_eq!(origins, expected);
    let Process::Trace(instants) = &scenario.populations[2].arrivals.process else { panic!("recorded has a trace") };
    assert_eq!(**instants, [0.25, 3600.0, 68_400.0]);
    let scopes: Vec<&Scope> = scenario.objectives.iter().map(|objective| &objective.scope).collect();
    let step = |population, name: &str| Scope::Step(population, name.to_owned());
    assert_eq!(scopes[3..], [&step(1, "poll"), &step(1, "look around"), &step(1, "look around"), &step(3, "votes")]);
    assert_eq!(scenario.objectives[2].window.as_ref().map(|w| (w.from, w.to)), Some((57_300.0, 59_400.0)));
    assert_eq!(checked.notes, ["`members`: requests under `if` and `while` come on top of the planned ones"]);
}

#[test]
fn headers_lie_in_layers_and_null_takes_a_default_away() {
    let checked = read(EVERYTHING);
    let readers = &checked.scenario.populations[1];
    let headers: Vec<(&str, String)> =
        readers.headers.iter().map(|(name, value)| (name.as_str(), shown(value))).collect();
    assert_eq!(headers, [("User-Agent", "everything/1".to_owned()), ("Accept-Language", "it".to_owned())]);
}

#[test]
fn paths_and_queries_are_encoded_once() {
    let checked = read(EVERYTHING);
    let paths: Vec<(usize, String)> =
        requests(flow(&checked, "read")).iter().map(|r| (r.origin, shown(&r.path))).collect();
    let expected = [
        (0, "/"),
        (0, "/results?page=1&q=perch%C3%A9%20no"),
        (1, "/results"),
        (2, "/tiles/%C3%A8.png"),
        (0, "/style.css"),
        (0, "/night.js"),
        (0, "/"),
        (0, "/results"),
    ];
    assert_eq!(paths, expected.map(|(origin, path)| (origin, path.to_owned())));
    let names: Vec<&str> = requests(flow(&checked, "read")).iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        names,
        ["GET /", "GET /results", "poll", "HEAD map:/tiles/è.png", "GET /style.css", "script", "GET /", "GET /results"]
    );
}

#[test]
fn bodies_are_ready_but_for_their_slots() {
    let checked = read(EVERYTHING);
    let body = |request: &Request| {
        let body = request.body.as_ref().unwrap();
        let text = match &body.content {
            BodyContent::Template(template) => shown(template),
            BodyContent::File { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
            BodyContent::Multipart { boundary, .. } => {
                body.templates().map(shown).collect::<String>().replace(boundary, "B")
            }
        };
        (body.escape, text)
    };
    let member = requests(flow(&checked, "member"));
    assert_eq!(body(member[0]), (Escape::Percent, "user=<Feed(0)>&pass%20word=<RandomHex(8)>%26".to_owned()));
    assert_eq!(body(member[1]), (Escape::Plain, "<Saved(0)> <Saved(2)> <Saved(1)> {{".to_owned()));
    assert_eq!(body(member[2]), (Escape::Plain, "a photograph".to_owned()));
    let form = body(member.last().unwrap()).1;
    let photo = "name=\"photo\"; filename=\"me.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
    let notes = "\r\n--B\r\nContent-Disposition: form-data; name=\"notes\"\r\n\r\n";
    assert!(
        form.starts_with("--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nof <Feed(0)>\r\n--B"),
        "{form}"
    );
    assert!(form.contains(photo) && form.contains(&format!("{notes}<Session>{notes}last\r\n--B")), "{form}");
    assert!(form.ends_with("application/json\r\n\r\n{\"by\":<Session>}\r\n--B--\r\n"), "{form}");
    let votes = requests(flow(&checked, "report"))[1];
    let json = r#"{"section":"<Feed(0)>","version":<Saved(0)>,"votes":[<Feed(1)>,1.50,7,null,true,"no",{"a":"\"<Session>\"\n"},{},[]]}"#;
    assert_eq!(body(votes), (Escape::Json, json.to_owned()));
    let key = votes.headers.iter().find(|(name, _)| name == "Idempotency-Key").unwrap();
    // The step's number is its place in pre-order: at, at, get, at, post.
    assert_eq!(shown(&key.1), "<RunId>/sections/<Session>/4/<Nth>");
}

#[test]
fn saves_and_expectations_are_what_was_written() {
    let checked = read(EVERYTHING);
    let logon = requests(flow(&checked, "member"))[0];
    assert!(matches!(&logon.save[1].from, SaveFrom::Header(name) if name == "location"));
    assert!(matches!(&logon.save[2].from, SaveFrom::ETag));
    let delete = requests(flow(&checked, "member"))[3];
    let [Expect::Status(statuses)] = delete.expect.as_slice() else { panic!("only a status: {:?}", delete.expect) };
    assert_eq!((statuses.len(), statuses[0], statuses[101]), (102, 204, 404));
    let form = &requests(flow(&checked, "report"))[0].expect;
    let count = |what: fn(&Expect) -> bool| form.iter().filter(|expect| what(expect)).count();
    assert_eq!(count(|e| matches!(e, Expect::Json { equals: Some(_), .. })), 2);
    assert_eq!(count(|e| matches!(e, Expect::Text { .. })), 2);
    assert_eq!(count(|e| matches!(e, Expect::Size { min: 100, max: 4096 })), 1);
}

#[test]
fn steps_stand_in_pre_order_and_know_their_ends() {
    let checked = read(EVERYTHING);
    let read = flow(&checked, "read");
    let ends: Vec<u32> = read.steps.iter().map(|step| step.end).collect();
    // get, think ×4, pick { get | nothing }, repeat { get, head }, repeat { think }, parallel { get, get },
    // transaction { get, think, get }
    assert_eq!(ends, [1, 2, 3, 4, 5, 7, 7, 10, 9, 10, 12, 12, 15, 14, 15, 19, 17, 18, 19]);
    let StepKind::Pick(alternatives) = &read.steps[5].kind else { panic!("step 5 picks") };
    assert_eq!((alternatives[0].cumulative, alternatives[0].body.clone()), (2.0 / 3.0, 6..7));
    assert_eq!((alternatives[1].cumulative, alternatives[1].body.is_empty()), (1.0, true));
    let StepKind::Repeat { times, every, body } = &read.steps[7].kind else { panic!("step 7 repeats") };
    assert_eq!((*times, *every, body.clone()), ((3, 7), Some(60.0), 8..10));
    assert_eq!(read.connection, Connection::Shared { size: 64 });
    let StepKind::Think(think) = &read.steps[2].kind else { panic!("step 2 thinks") };
    let Draw::Lognormal { median, sigma } = think.draw else { panic!("a lognormal") };
    // P4: σ = ln(p95/median)/1.6448536269514722
    assert_eq!((median, sigma), (8.0, (35.0_f64 / 8.0).ln() / 1.644_853_626_951_472_2));
}

#[test]
fn seconds_are_elapsed_ones_across_a_change_of_clocks() {
    // Rome set clocks forward from 02:00 to 03:00 on 27 March 2016, and back from 03:00 on 30 October.
    let spring = with_curve(
        "from: 2016-03-26T22:00, to: 2016-03-27T10:00, zone: Europe/Rome",
        r#"{ line: [["22:00", 1], ["+1d 03:00", 2], ["+1d 10:00", 1]] }"#,
    );
    assert_eq!(spring.scenario.clock.length, 11.0 * 3600.0);
    assert_eq!(factors(&spring)[0].points[1].0, 4.0 * 3600.0);
    let autumn = with_curve(
        "from: 2016-10-29T22:00, to: 2016-10-30T10:00, zone: Europe/Rome",
        r#"{ line: [["+1d 02:30", 2], ["+1d 03:30", 1]] }"#,
    );
    assert_eq!(autumn.scenario.clock.length, 13.0 * 3600.0);
    // 02:30 comes twice that night and the first is meant; 03:30 comes once, two hours later.
    assert_eq!(factors(&autumn)[0].points, [(4.5 * 3600.0, 2.0), (6.5 * 3600.0, 1.0)]);
}

#[test]
fn a_daily_table_is_written_out_over_the_clock() {
    let checked = with_curve(
        "from: 2016-03-26T06:00, to: 2016-03-28T06:00, zone: Europe/Rome",
        r#"{ daily: [["02:30", 2], ["12:00", 10]] }"#,
    );
    let hours: Vec<(f64, f64)> = factors(&checked)[0].points.iter().map(|(at, level)| (at / 3600.0, *level)).collect();
    // Clocks are set forward over 02:30 on the 27th, so midday is 23 hours after midday and no point lies between.
    assert_eq!(hours.len(), 5, "{hours:?}");
    let start = 2.0 + 8.0 * 3.5 / 9.5;
    assert!((hours[0].1 - start).abs() < 1e-9 && hours[0].0 == 0.0, "{hours:?}");
    assert_eq!((hours[1], hours[2]), ((6.0, 10.0), (29.0, 10.0)));
    assert_eq!(hours[3], (43.5, 2.0));
    assert!((hours[4].1 - (2.0 + 8.0 * 3.5 / 9.5)).abs() < 1e-9 && hours[4].0 == 47.0, "{hours:?}");
}

#[test]
fn levels_are_per_second_and_series_may_have_their_own_unit() {
    let checked = read(EVERYTHING);
    let factors = &checked.scenario.populations[1].arrivals.curve.as_ref().unwrap().factors;
    assert_eq!(factors[3].points, [(0.0, 0.5)], "30/m");
    assert_eq!(factors[4].points[..2], [(0.0, 2.0), (18_000.0, 1.0)], "2, 60/m");
    assert_eq!(factors[5].points[..2], [(0.0, 2.0 / 60.0), (18_000.0, 1.0)], "2 of unit /m, 60/m");
}

#[test]
fn the_options_change_one_run() {
    let some = |text: &str| Some(text.to_owned());
    let set = [
        "populations.readers.share=50%",
        "populations.members.share=50%",
        "limits.timeout=7s",
        "slo.readers.0=p95 < 1s",
    ];
    let overrides = Overrides {
        scale: some("2.5"),
        compress: some("1"),
        window: some("22:55..23:30"),
        seed: some("9"),
        target: some("embedded:election"),
        set: set.map(str::to_owned).to_vec(),
        ..Overrides::default()
    };
    let checked = read_with(EVERYTHING, &overrides);
    let scenario = &checked.scenario;
    assert_eq!((scenario.requests, scenario.seed), (Some(250_000), 9));
    assert_eq!(
        (scenario.clock.window, scenario.clock.windowed, scenario.clock.compress),
        ((57_300.0, 59_400.0), true, 1.0)
    );
    assert!(scenario.target.embedded.is_some() && scenario.target.origins.len() == 3);
    assert_eq!(scenario.limits.timeout.as_secs_f64(), 7.0);
    assert_eq!(scenario.objectives[2].text, "p95 < 1s");
    // P9: rows and instants that are given do not scale; generated rows do.
    assert_eq!(scenario.populations[3].size, Size::Users(3));
    assert_eq!(scenario.populations[0].feed.as_ref().map(|feed| feed.row_count()), Some(1_558));
    assert_eq!(checked.notes.iter().filter(|note| note.contains("--scale leaves")).count(), 2, "{:?}", checked.notes);
    assert_eq!(checked.text, EVERYTHING, "the file's text is kept as it stands");
}

#[test]
fn options_of_the_target_are_about_the_one_that_was_typed() {
    let typed = |target: &str, set: &str| {
        let overrides =
            Overrides { target: Some(target.to_owned()), set: vec![set.to_owned()], ..Overrides::default() };
        read_with(EVERYTHING, &overrides).scenario.target
    };
    let target = typed("http://127.0.0.1:9", "target.http=2");
    assert_eq!((target.origins[0].port, target.origins[0].http.version), (9, HttpVersion::Two));
    assert!(typed("embedded:knobs", "target.delay=5ms").embedded.is_some());
    let target = typed("unix:/run/embedded:knobs", "target.http=2");
    assert!(target.embedded.is_none(), "only a target that begins so is an embedded service");
    assert_eq!(target.origins[0].unix.as_deref(), Some(std::path::Path::new("/run/embedded:knobs")));
    // An embedded service speaks both versions; which one is spoken is no knob of it.
    let target = typed("embedded:election", "target.http=2");
    assert_eq!((target.embedded.unwrap().1.len(), target.origins[0].http.version), (0, HttpVersion::Two));
}

#[test]
fn a_duration_is_the_compression_that_the_window_needs() {
    let some = |text: &str| Some(text.to_owned());
    let overrides = Overrides { duration: some("35s"), window: some("22:55..23:30"), ..Overrides::default() };
    assert_eq!(read_with(EVERYTHING, &overrides).scenario.clock.compress, 60.0);
}

#[test]
fn what_one_iteration_saves_a_later_one_may_use_but_another_alternative_not_in_the_same() {
    let flow = |steps: &str| {
        let text = format!(
            "name: saved\nclock: {{ from: 2016-06-05T07:00, to: 2016-06-05T08:00 }}\ntarget: http://127.0.0.1\n\
             populations: {{ all: {{ arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: one }} }}\nflows:\n  one:\n    steps:\n      - get: /\n{steps}"
        );
        parse(&text, "test.yaml", data(), &Overrides::default(), &env).map(|_| ()).map_err(|error| error.to_string())
    };
    let pick = "- pick:\n  - { weight: 1, steps: [{ get: /a, save: { x: etag } }] }\n  - { weight: 1, steps: [{ get: '/{{x}}' }] }\n";
    let told = flow(&pick.lines().map(|line| format!("      {line}\n")).collect::<String>());
    assert!(told.unwrap_err().contains("before any step can have saved it"));
    let repeat: String = pick.lines().map(|line| format!("          {line}\n")).collect();
    assert_eq!(flow(&format!("      - repeat:\n          times: 2\n          steps:\n{repeat}")), Ok(()));
}

#[test]
fn the_environment_is_read_and_its_value_is_never_written() {
    let checked = read(EVERYTHING);
    let token = requests(flow(&checked, "member"))[1].headers[0].1.clone();
    assert!(matches!(&token.0[1], Piece::Env { name, value } if name == "TOKEN" && value == "secret"));
    let written = serde_json::to_string(&checked.scenario.flows).unwrap();
    assert!(written.contains("TOKEN") && !written.contains("secret"));
}

#[test]
fn merge_keys_bring_what_is_not_written() {
    let text = "name: merged\nclock: { from: 2016-06-05T07:00, to: 2016-06-05T08:00 }\ntarget: http://127.0.0.1\n\
        x-slow: &slow { timeout: 9s, connect_timeout: 8s }\nx-small: &small { timeout: 1s, max_in_flight: 5 }\n\
        limits: { <<: [*slow, *small], connect_timeout: 2s }\n\
        populations: { all: { arrivals: { curve: [{ constant: 1 }] }, flow: one } }\nflows: { one: { steps: [{ get: / }] } }\n";
    let limits = read(text).scenario.limits;
    let seconds = (limits.timeout.as_secs_f64(), limits.connect_timeout.as_secs_f64());
    assert_eq!((seconds, limits.max_in_flight), ((9.0, 2.0), 5), "the written key, then the first map that has it");
}

#[test]
fn the_smallest_scenario_is_a_rate_over_a_clock() {
    let checked = with_curve("from: 2016-06-05T07:00, to: 2016-06-05T08:00", "{ constant: 20 }");
    let scenario = checked.scenario;
    assert_eq!((scenario.requests, scenario.populations[0].size), (None, Size::Rate { scale: 1.0 }));
    assert_eq!((scenario.clock.compress, scenario.clock.length, scenario.seed), (1.0, 3600.0, 1));
    assert_eq!(scenario.target.origins[0].authority(), "127.0.0.1");
    assert!(!scenario.trace_header && scenario.target.embedded.is_none());
}

#[test]
fn a_line_for_each_named_step_is_one_objective_for_each() {
    let objectives = |slo: &str| {
        let visit = "{ transaction: { name: buy, steps: [{ post: /cart, name: cart }, { post: /pay, name: pay }] } }";
        let text = format!(
            "name: each\nclock: {{ from: 2016-06-05T07:00, to: 2016-06-05T08:00 }}\ntarget: http://127.0.0.1\n\
             populations:\n  buyers: {{ arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: buy }}\n  idle: {{ arrivals: {{ \
             curve: [{{ constant: 1 }}] }}, flow: look }}\nflows: {{ buy: {{ steps: [{{ get: / }}, {visit}] }}, look: {{ steps: \
             [{{ get: /, name: home }}, {{ get: /x }}] }} }}\nslo: {{ {slo} }}\n"
        );
        let scenario = read(&text).scenario;
        let told = |o: &Objective| format!("{} {}", scenario.scope_name(&o.scope), o.text);
        scenario.objectives.iter().map(told).collect::<Vec<_>>()
    };
    let each = ["buyers.buy errors < 1%", "buyers.cart errors < 1%", "buyers.pay errors < 1%"];
    assert_eq!(objectives("buyers.*: [errors < 1%]"), each);
    assert_eq!(objectives("'*.*': [errors < 1%]"), [&each[..], &["idle.home errors < 1%"]].concat());
    // A step's own line stands in the place of the one that is for each, whichever comes first.
    for (slo, first) in [
        ("buyers.cart: [errors <1%], buyers.*: [errors < 1%]", 0),
        ("buyers.*: [errors < 1%], buyers.cart: [errors <1%]", 2),
    ] {
        let told = objectives(slo);
        assert_eq!((told.len(), told[first].as_str()), (3, "buyers.cart errors <1%"), "{told:?}");
    }
    for of_requests in ["amplification < 1.2", "service p99 < 1s", "errors 503 < 1%", "connect p99 < 1s"] {
        assert_eq!(
            objectives(&format!("buyers.*: [{of_requests}]")).len(),
            2,
            "a transaction is not sent: {of_requests}"
        );
    }
}
