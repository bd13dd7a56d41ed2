//! What `{{random.…}}` gives: draws that never repeat within a run, and are the same whatever runs it (P4).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::rig::{run, scenario, side_by_side};
use crate::server::{Reply, Request, Server, ok};

/// A request with draws in all its places, the first and the last as long as draws may be.
const POST: &str = r#"post: "/{{random.hex(1024)}}", query: { q: "{{random.hex(16)}}" },
    headers: { X-Draw: "{{random.hex(32)}}" }, auth: { basic: { user: "{{random.hex(16)}}", password: "{{random.hex(16)}}" } },
    text: "{{random.hex(1024)}}""#;
/// Sixteen digits each.
const DRAWS: usize = 64 + 1 + 2 + 2 + 64;

#[test]
fn no_draw_repeats_in_another_place_repetition_step_or_session_whatever_number_of_lanes() {
    let runs = side_by_side(["1", "3"], |lanes| {
        let server = Server::start(|_| Reply::Keep(ok("")));
        let steps = format!("[{{ repeat: {{ times: 3, steps: [{{ {POST} }}, {{ {POST} }}] }} }}]");
        let done = run(&scenario(&server.url(), 6, 1, "session", &steps, ""), &["--lanes", lanes]);
        assert_eq!(done.completed(), 36, "{}", done.said);
        server.requests().iter().flat_map(drawn).collect::<Vec<String>>()
    });
    let sets: Vec<BTreeSet<&String>> = runs.iter().map(|run| run.iter().collect()).collect();
    assert_eq!((runs[0].len(), sets[0].len()), (36 * DRAWS, 36 * DRAWS));
    assert!(sets[0] == sets[1], "the lanes make no difference");
}

/// The draws of a request, by sixteen digits.
fn drawn(request: &Request) -> Vec<String> {
    let basic = STANDARD.decode(request.header("authorization").unwrap().strip_prefix("Basic ").unwrap()).unwrap();
    let path = request.line.split(' ').nth(1).unwrap();
    let texts = [path.as_bytes(), request.header("x-draw").unwrap().as_bytes(), &basic, &request.body];
    let digits = |text: &[u8]| {
        let runs = text.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= 16);
        runs.flat_map(|run| run.chunks(16)).map(|word| String::from_utf8(word.to_vec()).unwrap()).collect::<Vec<_>>()
    };
    texts.into_iter().flat_map(digits).collect()
}
