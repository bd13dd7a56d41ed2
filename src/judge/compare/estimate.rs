//! By how much two sides differ, and how sure that is.

use crate::judge::bound::{ALPHA, normal_quantile, student_quantile};

/// A difference, new less base: of the logarithms of two figures, or of two shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// What was seen.
    pub seen: f64,
    /// How far below it the difference may be, with a confidence of 1 − [`ALPHA`].
    pub below: f64,
    /// How far above it.
    pub above: f64,
    /// Degrees of freedom; infinite for a normal variable.
    pub degrees: f64,
}

impl Estimate {
    /// Between what the difference lies, each bound with a confidence of 1 − `alpha`: the halves of the interval,
    /// stretched as Student's t is.
    pub(super) fn bounds(&self, alpha: f64) -> (f64, f64) {
        let stretch = student(self.degrees, alpha) / student(self.degrees, ALPHA);
        let away = |half: f64| if half > 0.0 { half * stretch } else { 0.0 };
        (self.seen - away(self.below), self.seen + away(self.above))
    }

    /// Whether it is not zero, with a probability of error of `alpha` for both directions together.
    pub(super) fn is_change(&self, alpha: f64) -> bool {
        let (lower, upper) = self.bounds(alpha / 2.0);
        lower > 0.0 || upper < 0.0
    }

    /// The same, with halves at least as wide as these.
    pub(super) fn at_least(self, below: f64, above: f64) -> Self {
        Self { below: self.below.max(below), above: self.above.max(above), ..self }
    }
}

/// The quantile of Student's t, which for so many degrees is the normal one.
pub(super) fn student(degrees: f64, alpha: f64) -> f64 {
    if degrees < 1e6 { student_quantile(degrees, alpha) } else { normal_quantile(alpha) }
}

/// The difference of two means, and its error by Welch (1947, Biometrika 34): each side has its own variance. `None` with
/// fewer than two values on a side.
pub(super) fn welch(base: &[f64], new: &[f64]) -> Option<Estimate> {
    if base.len() < 2 || new.len() < 2 {
        return None;
    }
    let (a, b) = (Moments::of(base), Moments::of(new));
    let error = (a.of_mean + b.of_mean).sqrt();
    let squares = a.of_mean * a.of_mean / (a.count - 1.0) + b.of_mean * b.of_mean / (b.count - 1.0);
    let degrees = if squares > 0.0 { (a.of_mean + b.of_mean).powi(2) / squares } else { f64::INFINITY };
    let half = student(degrees, ALPHA) * error;
    Some(Estimate { seen: b.mean - a.mean, below: half, above: half, degrees })
}

/// How many runs a side would need, if they vary as these do, for an interval that does not reach from `seen` to `margin`;
/// `None` of more than `most`.
pub(super) fn runs_needed(base: &[f64], new: &[f64], away: f64, most: usize) -> Option<usize> {
    let variance = |values: &[f64]| Moments::of(values).of_mean * values.len() as f64;
    let variance = variance(base) + variance(new);
    (base.len().min(new.len()) + 1..=most).find(|runs| {
        let runs = *runs as f64;
        student(2.0 * runs - 2.0, ALPHA) * (variance / runs).sqrt() < away.abs()
    })
}

struct Moments {
    count: f64,
    mean: f64,
    /// The variance of the mean.
    of_mean: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { count, mean, of_mean: squares / (count - 1.0) / count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 1e-5, "{got} instead of {wanted}");
    }

    fn ln(values: [f64; 5]) -> Vec<f64> {
        values.map(f64::ln).to_vec()
    }

    #[test]
    fn five_runs_a_side_have_the_interval_of_the_table() {
        let (base, new) = (ln([101.0, 103.0, 99.0, 102.0, 100.0]), ln([106.0, 108.0, 104.0, 107.0, 109.0]));
        let estimate = welch(&base, &new).expect("there are five");
        close(estimate.seen.exp(), 1.057_391);
        close(estimate.degrees, 7.840_86);
        let (lower, upper) = estimate.bounds(0.05);
        close(lower.exp(), 1.036_519);
        close(upper.exp(), 1.078_684);
        assert!(estimate.is_change(ALPHA));
    }

    #[test]
    fn one_run_a_side_has_no_noise_between_runs() {
        assert_eq!(welch(&[1.0], &[2.0, 3.0]), None);
        let alike = welch(&[1.0, 1.0], &[1.0, 1.0]).expect("there are two");
        assert_eq!(alike.bounds(0.001), (0.0, 0.0));
        assert!(!alike.is_change(0.5));
    }

    #[test]
    fn more_runs_are_asked_for_until_the_interval_is_short_enough() {
        let (base, new) = ([0.0, 0.02, -0.02, 0.01], [0.03, 0.05, 0.01, 0.04]);
        let needed = runs_needed(&base, &new, 0.02, 100).expect("a hundred are enough");
        let variance = 2.0 * (0.0009 - 4.0 * 0.0025f64.powi(2)) / 3.0;
        let half = |runs: usize| student(2.0 * runs as f64 - 2.0, ALPHA) * (variance / runs as f64).sqrt();
        assert!(half(needed) < 0.02 && half(needed - 1) >= 0.02, "{needed}");
        assert_eq!(runs_needed(&base, &new, 0.0, 100), None);
    }
}
