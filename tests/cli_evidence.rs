//! What `check` and `run` say of objectives before any traffic: what can be proven, what a part leaves out (P9, P10).
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use cli_support::{DAY, Place};
use serde_json::{Value, json};

fn place() -> Place {
    let place = Place::new();
    place.file("day.yaml", DAY);
    place
}

fn check(place: &Place, args: &[&str]) -> Value {
    serde_json::from_str(&place.run(&[&["check", "--json"], args].concat()).with(0)).unwrap()
}

/// Of each objective, whether it is left out.
fn left_out(check: &Value) -> Vec<bool> {
    check["objectives"].as_array().unwrap().iter().map(|o| o["left_out"].as_bool().unwrap()).collect()
}

#[test]
fn a_part_of_the_day_leaves_out_what_it_cannot_prove_and_another_speed_does_not() {
    let place = place();
    assert_eq!(left_out(&check(&place, &["day.yaml"])), [false; 4]);
    // 2,500 requests: too few for 0.1 %, and the window of the third has too few for p99.
    assert_eq!(left_out(&check(&place, &["day.yaml", "--scale", "0.05"])), [true, false, true, false]);
    let page = place.run(&["check", "day.yaml", "--scale", "0.05"]).with(0);
    let row = page.lines().find(|line| line.contains("overall errors < 0.1%")).unwrap();
    assert!(row.ends_with("left out"), "{page}");
    place.file("few.yaml", &DAY.replace("p95 < 500ms", "p99.99 < 500ms"));
    assert_eq!(left_out(&check(&place, &["few.yaml", "--window", "07:00..+1d 13:00"])), [false, false, false, true]);
    // The count is that of the whole file.
    assert_eq!(place.run(&["check", "few.yaml", "--duration", "1m"]).code, Some(2));
}

#[test]
fn the_whole_day_is_refused_with_the_scale_that_would_do_and_who_cannot_grow() {
    let place = place();
    place.file("few.yaml", &DAY.replace("pollers.poll: [\"p95 < 500ms\"]", "pollers.poll: [\"p99.99 < 500ms\"]"));
    let told = place.run(&["check", "few.yaml"]);
    assert_eq!(told.code, Some(2));
    let scale = told.stderr.split("`--scale ").nth(1).and_then(|rest| rest.split('`').next());
    let scale = scale.unwrap_or_else(|| panic!("no scale: {}", told.stderr));
    let enough = check(&place, &["few.yaml", "--scale", scale]);
    assert_eq!(left_out(&enough), [false; 4], "what the hint names is enough");
    let rows: String = (0..20).map(|i| format!("{i}\n")).collect();
    place.file("rows.csv", &format!("desk\n{rows}"));
    let fixed = DAY
        .replace("users: 20, arrivals", "users: 20, feed: { file: rows.csv }, arrivals")
        .replace("pollers.poll: [\"p95 < 500ms\"]", "offices: [\"p99 < 500ms\"]");
    place.file("fixed.yaml", &fixed);
    let told = place.run(&["check", "fixed.yaml"]).stderr;
    assert!(told.contains("`offices` cannot grow") && !told.contains("`--scale"), "{told}");
}

/// One that has ten samples at most, of which 72 would be needed.
#[test]
fn a_stream_that_is_opened_too_seldom_proves_nothing_about_its_samples() {
    let place = place();
    let scenario = |step: &str, line: &str| {
        let head = "name: live\nclock: { from: 2016-06-05T07:00, to: 2016-06-05T09:00, compress: 600 }";
        let people = "users: 10, arrivals: { burst: { at: \"08:00\", weight: 100%, spread: 30m } }, flow: watch";
        let rest = format!("populations: {{ staff: {{ {people} }} }}\nflows: {{ watch: {{ steps: [{step}] }} }}");
        format!("{head}\ntarget: {{ embedded: knobs }}\n{rest}\nslo: {{ staff.live: ['{line}'] }}\n")
    };
    let events = "{ sse: /, name: live, then: [{ stream: { for: 10m } }] }";
    let talk = "{ ws: /, name: live, then: [{ send: a }, { receive: 1 }, { send: b }, { receive: 1 }] }";
    for (step, line, most) in
        [(events, "open p95 < 1s", 10), (events, "first_event p95 < 1s", 10), (talk, "round_trip p95 < 1s", 20)]
    {
        place.file("live.yaml", &scenario(step, line));
        for command in ["check", "run"] {
            let told = place.run(&[command, "live.yaml"]);
            let why = "needs at least 72 samples to be proven, and the plan has";
            assert!(told.code == Some(2) && told.stderr.contains(why), "{line}: {}", told.stderr);
        }
        let page = place.run(&["check", "live.yaml"]).stdout;
        assert!(page.contains("cannot be proven"), "{line}: {page}");
        assert_eq!(page.contains(&format!("at most {most}")), line.starts_with("first") || line.starts_with("round"));
    }
    // How often a stream is lost no plan tells.
    place.file("live.yaml", &scenario(events, "reconnect p95 < 1s"));
    let page = place.run(&["check", "live.yaml"]).with(0);
    assert!(page.contains("unknown"), "{page}");
}

#[test]
fn a_line_for_each_named_step_is_left_out_where_a_step_is_too_rare() {
    let place = place();
    let steps = "[{ get: /, name: home }, { pick: [{ weight: 99, steps: [] }, { weight: 1, steps: [{ get: /f, name: faq }] }] }]";
    let text = DAY
        .replace("read: { steps: [{ get: / }", &format!("read: {{ steps: [{}", &steps[1..steps.len() - 1]))
        .replace("pollers.poll: [\"p95 < 500ms\"]", "readers.*: [\"errors < 1%\"]");
    place.file("each.yaml", &text);
    let check = check(&place, &["each.yaml"]);
    let each: Vec<Value> = check["objectives"].as_array().unwrap()[3..]
        .iter()
        .map(|o| json!([o["scope"], o["text"], o["left_out"]]))
        .collect();
    assert_eq!(each, [json!(["readers.faq", "errors < 1%", true]), json!(["readers.home", "errors < 1%", false])]);
    // Where nothing else is asked for, what proves nothing is refused.
    let nothing = text.split("slo:").next().unwrap().to_owned() + "slo: { 'readers.*': ['errors < 0.0001%'] }\n";
    place.file("nothing.yaml", &nothing);
    let told = place.run(&["check", "nothing.yaml"]);
    assert!(told.code == Some(2) && told.stderr.contains("readers.home: `errors < 0.0001%` needs"), "{}", told.stderr);
}
