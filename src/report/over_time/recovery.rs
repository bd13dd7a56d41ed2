//! What was bad for an objective around an event, second by second.

use crate::record::Bin;
use crate::unit::{Instant, Span};

const SECOND: Span = Span::from_secs(1);
/// How much is shown before the event.
const BEFORE: Span = Span::from_secs(30);
/// How much at least after it.
const AFTER_LEAST: Span = Span::from_secs(60);
/// How much more is shown than the recovery took.
const AFTER_FACTOR: f64 = 1.5;

/// The seconds around one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Around {
    /// When the event was.
    pub event: Instant,
    /// The second of the run with which `seconds` begins.
    pub first_second: u64,
    /// What was due in each second.
    pub seconds: Vec<Bin>,
}

impl Around {
    /// Of an objective's bins of this width, around an event from which recovery took so long: from half a minute before to
    /// one and a half times as long after it, but a minute at least, as far as the run goes.
    pub fn new(event: Instant, recovery: Span, run: Span, width: Span, bins: &[Bin]) -> Self {
        let after = Span::from_secs_f64(recovery.as_secs_f64() * AFTER_FACTOR).max(AFTER_LEAST);
        let end = Instant::ZERO + run;
        let first = u64::from(Instant::from_nanos(event.as_nanos().saturating_sub(BEFORE.as_nanos())).bin(SECOND));
        let last = (event + after).min(end).as_nanos().div_ceil(SECOND.as_nanos()).max(first);
        let mut seconds = vec![Bin::default(); (last - first) as usize];
        for (second, sum) in (first..).zip(&mut seconds) {
            let of = |second: u64| (second.saturating_mul(SECOND.as_nanos()) / width.as_nanos().max(1)) as usize;
            let (from, to) = (of(second).min(bins.len()), of(second + 1).min(bins.len()));
            *sum = Bin::sum(&bins[from..to]);
        }
        Self { event, first_second: first, seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(event_s: u64, recovery_s: u64, run_s: u64) -> Around {
        let tenth = |i: u64| Bin { n: 1, k: i / 10 % 7, k_without_us: 0 };
        let bins: Vec<Bin> = (0..run_s * 10).map(tenth).collect();
        let secs = Span::from_secs;
        Around::new(Instant::ZERO + secs(event_s), secs(recovery_s), secs(run_s), Span::from_millis(100), &bins)
    }

    #[test]
    fn half_a_minute_before_and_a_minute_or_more_after_as_far_as_the_run_goes() {
        let shown = |event, recovery, run| {
            let around = around(event, recovery, run);
            (around.first_second, around.first_second + around.seconds.len() as u64)
        };
        assert_eq!((shown(100, 0, 500), shown(100, 100, 500)), ((70, 160), (70, 250)));
        assert_eq!((shown(10, 0, 40), shown(100, 0, 20)), ((0, 40), (70, 70)));
        let around = around(100, 0, 500);
        assert_eq!(around.seconds[3], Bin { n: 10, k: 10 * (73 % 7), k_without_us: 0 });
    }
}
