//! The same seed is the same load, whatever runs it: one lane, two or four (P7, P8).

use crate::rig::{Target, run, scenario, side_by_side};

const STEPS: &str = "[{ get: /a }, { think: { exponential: 20ms } },
                      { repeat: { times: 0..3, steps: [{ pick: [{ weight: 2, steps: [{ get: /b }] }, { weight: 1, steps: [{ get: /c }] }] }] } }]";

#[test]
fn the_same_seed_sends_the_same_requests_on_1_2_and_4_lanes() {
    let runs = side_by_side([("1", "7"), ("2", "7"), ("4", "7"), ("2", "8")], |(lanes, seed)| {
        let target = Target::start(&[]);
        let yaml = scenario(&target.url(), 300, 2, "session", STEPS, "trace_header: true");
        let done = run(&yaml.replace("even", "poisson"), &["--lanes", lanes, "--seed", seed]);
        assert_eq!(done.summary["arrivals_hash"], done.facts["arrivals_hash"], "planned = ran");
        assert_eq!(done.facts["lanes"].to_string(), lanes);
        // run/population/session/step: the run's id is random.
        let ids: Vec<String> =
            target.stop().into_iter().map(|line| line.id.split_once('/').unwrap().1.to_owned()).collect();
        assert_eq!(ids.len() as u64, done.completed());
        let mut sorted = ids;
        sorted.sort();
        let identity = [&done.facts["plan_digest"], &done.facts["arrivals_hash"]].map(ToString::to_string);
        (identity, sorted)
    });
    assert!(runs[0] == runs[1] && runs[1] == runs[2], "the lanes make no difference");
    assert_ne!(runs[2], runs[3], "the seed does");
}
