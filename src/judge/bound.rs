//! How much evidence a proportion needs. Confidence bounds on what was seen will stand here.

/// One-sided level of every statement: 97.5 % (O3).
const ALPHA: f64 = 0.025;

/// The least number of requests that can prove, with not one of them bad, that at most the share `allowed`
/// is bad: ⌈ln .025 / ln(1 − allowed)⌉ (P10; docs/sources.md, Evidence). `u64::MAX` where nothing may be bad: no number
/// proves that.
pub fn requests_needed(allowed: f64) -> u64 {
    (ALPHA.ln() / (-allowed).ln_1p()).ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_evidence_is_that_of_the_table() {
        for (allowed, needed) in [(0.05, 72), (0.01, 368), (0.001, 3_688), (0.0001, 36_887)] {
            assert_eq!(requests_needed(allowed), needed, "{allowed}");
        }
    }

    #[test]
    fn the_ends_are_no_accidents() {
        assert_eq!(requests_needed(0.0), u64::MAX);
        assert_eq!(requests_needed(1.0), 1);
    }
}
