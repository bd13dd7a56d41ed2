//! What compression means, in words (T5).

use crate::unit::Span;

/// What it means that `scenario` of scenario time runs `factor` times faster (T5):
/// `30 hours in 9 minutes: 200 times harder than the day`. `None` at real speed.
pub fn compression_words(scenario: Span, factor: f64) -> Option<String> {
    if factor <= 0.0 || (factor - 1.0).abs() < 1e-9 {
        return None;
    }
    let run = Span::from_secs_f64(scenario.as_secs_f64() / factor);
    let (times, comparison) = if factor > 1.0 { (factor, "harder") } else { (1.0 / factor, "gentler") };
    let times = format!("{times:.1}");
    let times = times.strip_suffix(".0").unwrap_or(&times);
    Some(format!("{} in {}: {times} times {comparison} than the day", rough(scenario), rough(run)))
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
            Some("30 hours in 9 minutes: 200 times harder than the day")
        );
        let half = Span::from_secs(1800);
        assert_eq!(
            compression_words(half, 120.0).as_deref(),
            Some("30 minutes in 15 seconds: 120 times harder than the day")
        );
        assert_eq!(
            compression_words(half, 0.5).as_deref(),
            Some("30 minutes in 60 minutes: 2 times gentler than the day")
        );
        assert_eq!(compression_words(day, 1.0), None);
    }
}
