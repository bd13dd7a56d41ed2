//! What the traffic of a run went to, in words: the second line of its page.

use crate::report::words::count;
use crate::unit::Rate;

use crate::record::{QuickFacts, RunFacts};

/// `http://127.0.0.1:8080`, the origins of a scenario; `POST http://127.0.0.1:8080/ · 100/s · 50 connections` of `quick`.
/// Empty where `run.json` is lost.
pub fn to(run: &RunFacts) -> String {
    run.quick.as_ref().map_or_else(|| run.target.join(", "), of_quick)
}

fn of_quick(quick: &QuickFacts) -> String {
    let method = if quick.method == "GET" { String::new() } else { format!("{} ", quick.method) };
    let mut parts = vec![format!("{method}{}", quick.url)];
    parts.extend(quick.rate_per_s.and_then(Rate::per_second).map(|rate| rate.to_string()));
    let connections = match quick.connections {
        1 => "1 connection".to_owned(),
        n => format!("{} connections", count(n.into())),
    };
    parts.push(match (quick.disable_keepalive, quick.streams) {
        (true, _) => format!("{connections} at once, a new one for each request"),
        (false, 1) => connections,
        (false, n) => format!("{connections} of {n} streams"),
    });
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_quick_was_asked_for_is_told_in_words() {
        let url = "http://127.0.0.1:8080/".to_owned();
        let quick = QuickFacts { url, method: "GET".to_owned(), connections: 50, streams: 1, ..QuickFacts::default() };
        assert_eq!(of_quick(&quick), "http://127.0.0.1:8080/ · 50 connections");
        let quick = QuickFacts { method: "POST".to_owned(), rate_per_s: Some(100.0), streams: 8, ..quick };
        assert_eq!(of_quick(&quick), "POST http://127.0.0.1:8080/ · 100/s · 50 connections of 8 streams");
        let quick = QuickFacts { disable_keepalive: true, connections: 1, ..quick };
        assert!(of_quick(&quick).ends_with("1 connection at once, a new one for each request"), "{}", of_quick(&quick));
    }
}
