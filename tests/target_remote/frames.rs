//! What a run tells of streams, held against the target's own log of them.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use super::cli_support::unasked;

/// Three engineers, eight seconds each, in real time. Inputs come eleven times a second, which is no divisor of the
/// frames' thirty: so they come at any time between two.
const DRAWING: &str = r#"
name: drawing
clock: { from: 2026-01-05T10:00, to: 2026-01-05T10:00:20 }
target: { embedded: remote-work, start_time: 0s, log: target.log }
populations: { cad: { users: 3, arrivals: { burst: { at: "10:00", weight: 100%, spread: 1s } }, flow: draw, feed: { generate: 3, columns: { user: "e01{{row}}" } } } }
flows:
  draw:
    steps:
      - { get: /, follow: 5, save: { csrf: "form input[name=csrf]" } }
      - { post: /identity/logon, follow: 5, form: { csrf: "{{csrf}}", username: "{{feed.user}}", password: "pass-{{feed.user}}" } }
      - { post: "/api/desktops/{{feed.user}}-1/start", expect: { status: [200, 202] } }
      - { think: 500ms }
      - { post: "/api/desktops/{{feed.user}}-1/connect", save: { ticket: json $.ticket } }
      - ws: "/stream?ticket={{ticket}}"
        name: desktop
        then: [{ stream: { for: 8s, send: { rate: 11/s, json: { input: "{{input | number}}" } }, answers: { u64: 8 } } }]
slo: { cad.desktop: ["input_to_frame p95 < 10s"] }
"#;

/// What the log knows of one stream, in ms.
#[derive(Default)]
struct Logged {
    /// When each frame was handed over, and the newest input that it answers.
    frames: Vec<(f64, u64)>,
    /// When each input was read, and its number.
    inputs: Vec<(f64, u64)>,
}

impl Logged {
    fn gaps(&self) -> impl Iterator<Item = f64> {
        self.frames.windows(2).map(|pair| pair[1].0 - pair[0].0)
    }

    /// From the reading of each input to the first frame that answers it.
    fn answers(&self) -> impl Iterator<Item = f64> {
        let frame = |number: u64| self.frames.iter().find(|(_, input)| *input >= number);
        self.inputs.iter().filter_map(move |(read, number)| Some(frame(*number)?.0 - read))
    }
}

fn logged(log: &str) -> Vec<Logged> {
    let mut streams = BTreeMap::<String, Logged>::new();
    for line in log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let Some(session) = line["session"].as_str() else { continue };
        let stream = streams.entry(session.to_owned()).or_default();
        let ms = |key: &str| line[key].as_u64().map(|ns| ns as f64 / 1e6);
        let input = line["input"].as_u64().unwrap();
        stream.frames.extend(ms("sent_ns").map(|at| (at, input)));
        stream.inputs.extend(ms("input_ns").map(|at| (at, input)));
    }
    streams.into_values().collect()
}

fn quantile(mut values: Vec<f64>, p: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() as f64 * p).ceil() as usize).max(1) - 1]
}

#[test]
fn frame_gaps_and_answers_to_inputs_are_those_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("drawing.yaml"), DRAWING).unwrap();
    let mut command = unasked(Command::new(env!("CARGO_BIN_EXE_scrutinio")));
    let watch = scrutinio::truth::Watch::start().unwrap();
    let done =
        command.current_dir(&folder).args(["run", "drawing.yaml", "--out", "out", "--lanes", "1"]).output().unwrap();
    let calm = watch.end().is_calm();
    let told = format!("{}\n{}", String::from_utf8_lossy(&done.stderr), String::from_utf8_lossy(&done.stdout));
    let run = std::fs::read_dir(folder.path().join("out")).unwrap().next().unwrap().unwrap().path();
    let summary: Value = serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap();
    let measured = &summary["populations"]["cad"]["measures"]["desktop"];
    let streams = logged(&std::fs::read_to_string(folder.path().join("target.log")).unwrap());
    assert_eq!(streams.len(), 3, "{told}");

    // Every frame that was handed over while we listened; one may be on its way when a stream is closed.
    let count = |measure: &str| measured[measure]["samples"]["completed"].as_u64().unwrap();
    let frames: u64 = streams.iter().map(|stream| stream.frames.len() as u64).sum();
    assert!((frames - 3..=frames).contains(&count("frame_gap")), "{frames} frames; {told}");
    let answers: Vec<f64> = streams.iter().flat_map(Logged::answers).collect();
    let all = answers.len() as u64;
    assert!((all - 3..=all).contains(&count("input_to_frame")), "{all} inputs; {told}");

    let gaps: Vec<f64> = streams.iter().flat_map(Logged::gaps).collect();
    for (p, name, slack) in [(0.5, "p50", 10.0), (0.9, "p90", 40.0)] {
        let ms = |measure: &str| measured[measure]["value"][name].as_f64().unwrap() / 1e3;
        // Ours begins before the target has the input and ends after it has handed over the frame: never less than the
        // target's, but for the histogram's thousandth and the three that may be missing.
        let (ours, theirs) = (ms("input_to_frame"), quantile(answers.clone(), p - 0.02));
        assert!(ours >= theirs * 0.999, "{name}: {ours} ms, the log says {theirs} ms; {told}");
        let theirs = quantile(answers.clone(), p);
        assert!(!calm || ours <= theirs + slack, "{name}: {ours} ms, the log says {theirs} ms; {told}");
        // A gap that one side sees longer the other may see shorter.
        let (ours, theirs) = (ms("frame_gap"), quantile(gaps.clone(), p));
        assert!(!calm || (ours - theirs).abs() <= slack, "{name}: {ours} ms, the log says {theirs} ms; {told}");
    }
}
