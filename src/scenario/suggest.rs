//! "Did you mean …?": the nearest of the words that would have been right, and what other load testers' words are here.

use crate::unit::{Quantile, Span};

/// Words longer than this are compared with nothing, so that a huge key costs nothing.
const LONGEST: usize = 64;

/// The candidate nearest to `word` by edits (a swap of neighbours is one), if it is near enough to be
/// what was meant: at most a third of the word's letters, so that of one or two none may differ.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let most = word.len() / 3;
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (edits(&word, &candidate.to_lowercase().chars().collect::<Vec<_>>()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Keys of other load testers, and how the language says the same.
const ELSEWHERE: [(&[&str], &str); 8] = [
    (&["thresholds"], "`slo` says what must hold: `slo: { overall: [\"p99 < 300ms\"] }`"),
    (&["vus"], "sessions come as a population's `arrivals` say; `users: 10` there gives their number"),
    (&["stages", "phases"], "a population's `arrivals: { curve: […] }` says how traffic rises and falls"),
    (&["scenarios"], "`populations` says who comes and when, `flows` what they do"),
    (&["base_url", "baseUrl"], "`target` says where requests go: `target: http://127.0.0.1:8080`"),
    (&["sleep", "pause"], "`think` waits: `think: 2s`"),
    (&["checks", "assert"], "`expect` says what is right: `expect: { status: 200 }`"),
    (&["extract", "capture"], "`save` keeps values: `save: { id: json $.id }`"),
];

/// How the language says what is a key elsewhere.
pub(super) fn key_of_ours(key: &str) -> Option<&'static str> {
    ELSEWHERE.iter().find(|(keys, _)| keys.contains(&key)).map(|(_, ours)| *ours)
}

/// The objective that was meant by a line about what other load testers measure: `p90 < 500ms` by `p(90)<500`.
pub(super) fn objective_of_ours(line: &str) -> Option<String> {
    let (name, limit) = line.split_at(line.find('<')?);
    let than = if limit.starts_with("<=") { "<=" } else { "<" };
    let limit = match limit.trim_start_matches(['<', '=']).trim() {
        bare if is_bare(bare) => format!("{bare}ms"),
        limit if limit.parse::<Span>().is_ok() => limit.to_owned(),
        _ => "300ms".to_owned(),
    };
    let word = name.rsplit(':').next().unwrap_or(name).trim().replace(['(', ')'], "");
    match &*word {
        quantile if quantile.parse::<Quantile>().is_ok() => Some(format!("write `{quantile} {than} {limit}`")),
        "med" | "median" => Some(format!("write `p50 {than} {limit}`")),
        "avg" | "average" | "mean" | "max" | "min" | "http_req_duration" | "response_time" | "latency" => {
            Some(format!("objectives are about quantiles: `p99 {than} {limit}`"))
        }
        "rate" | "error_rate" | "http_req_failed" => Some("write `errors < 0.1%`".to_owned()),
        _ => None,
    }
}

/// A number that has no unit, with those that a length of time may have.
pub(super) fn with_unit(text: &str) -> Option<String> {
    is_bare(text).then(|| format!("write the unit: `{text}s` or `{text}ms`"))
}

/// Whether a text is a number alone, such as `5` or `0.25`.
fn is_bare(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.parse::<f64>().is_ok()
}

/// The optimal string alignment distance, by the usual table of which three rows are kept.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_of_other_load_testers_are_said_in_words_of_ours() {
        for (line, ours) in [
            ("p(90)<500", Some("write `p90 < 500ms`")),
            ("http_req_duration: p(99.9) <= 1s", Some("write `p99.9 <= 1s`")),
            ("p90 < 500", Some("write `p90 < 500ms`")),
            ("med<50", Some("write `p50 < 50ms`")),
            ("avg < 200ms", Some("objectives are about quantiles: `p99 < 200ms`")),
            ("http_req_duration < soon", Some("objectives are about quantiles: `p99 < 300ms`")),
            ("rate<0.01", Some("write `errors < 0.1%`")),
            ("frame_gaps p99 < 5ms", None),
            ("weather < 5", None),
            ("avg", None),
            ("< 5", None),
        ] {
            assert_eq!(objective_of_ours(line).as_deref(), ours, "{line}");
        }
    }

    #[test]
    fn the_nearest_word_is_suggested_and_a_strange_one_is_not() {
        let words = ["populations", "requests", "clock", "seed"];
        for (word, meant) in [
            ("population", Some("populations")),
            ("Requests", Some("requests")),
            ("clcok", Some("clock")),
            ("sead", Some("seed")),
            ("weather", None),
            ("sd", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words), meant, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(1_000_000), words), None);
    }
}
