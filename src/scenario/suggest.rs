//! "Did you mean …?": the nearest of the words that would have been right.

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
