//! What compression means, in words (T5).

use crate::unit::Span;

/// What it means that `scenario` of scenario time runs `factor` times faster (T5):
/// `30 hours in 9 minutes: 200 times the day's request rate, with as many users at once as the day has`.
/// Thinks and sessions are shorter by the same factor, so that only rates multiply. `None` at real speed.
pub fn compression_words(scenario: Span, factor: f64) -> Option<String> {
    if factor <= 0.0 || (factor - 1.0).abs() < 1e-9 {
        return None;
    }
    let run = Span::from_secs_f64(scenario.as_secs_f64() / factor);
    let times = if factor < 1.0 { format!("{factor:.2}") } else { format!("{factor:.1}") };
    let times = if times.contains('.') { times.trim_end_matches('0').trim_end_matches('.') } else { &times };
    let (scenario, run) = (rough(scenario), rough(run));
    Some(format!(
        "{scenario} in {run}: {times} times the day's request rate, with as many users at once as the day has"
    ))
}

/// A span in its largest unit that leaves at least two, rounded: `30 hours`, `90 minutes`.
fn rough(span: Span) -> String {
    let secs = span.as_secs_f64();
    let (unit, secs_each) = [("hours", 3600.0), ("minutes", 60.0)]
        .into_iter()
        .find(|(_, secs_each)| secs >= 2.0 * secs_each)
        .unwrap_or(("seconds", 1.0));
    format!("{:.0} {unit}", secs / secs_each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_told_in_words() {
        let day = Span::from_secs(30 * 3600 + 15 * 60);
        assert_eq!(
            compression_words(day, 200.0).as_deref(),
            Some("30 hours in 9 minutes: 200 times the day's request rate, with as many users at once as the day has")
        );
        let half = Span::from_secs(1800);
        assert_eq!(
            compression_words(half, 120.0).as_deref(),
            Some(
                "30 minutes in 15 seconds: 120 times the day's request rate, with as many users at once as the day has"
            )
        );
        assert_eq!(
            compression_words(half, 0.5).as_deref(),
            Some(
                "30 minutes in 60 minutes: 0.5 times the day's request rate, with as many users at once as the day has"
            )
        );
        assert_eq!(compression_words(day, 1.0), None);
    }
}
