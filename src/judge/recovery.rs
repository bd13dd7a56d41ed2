//! How long an objective was disturbed by an event of the scenario (O10).

use crate::record::{Bin, CatalogObjective};
use crate::unit::{Instant, Span};

use super::counted::within;

const SECOND: Span = Span::from_secs(1);
/// An objective has recovered after this many seconds in a row within what it allows.
const CALM: usize = 10;
/// As many are enough if the run ends.
const CALM_AT_END: usize = 5;

/// How long an event disturbed an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// In no second after it was more bad than the objective allows.
    Undisturbed,
    /// The last such second ended so long after it.
    After(Span),
    /// There were such seconds, and too few calm ones between them and the end of the run.
    NotWithinRun,
    /// There were none, but the run ended too soon after the event to say more.
    RunTooShort,
    /// Nothing that it is about was due after the event.
    NoSamples,
}

/// From an event to the end of the last second in which more was bad than the objective allows, before ten seconds in a
/// row (or, at the run's end, five) in which it was not. A second without a sample is as calm as
/// the one before it, but proves nothing behind the event or a bad second.
pub fn recovery(objective: &CatalogObjective, bins: &[Bin], width: Span, event: Instant, end: Instant) -> Recovery {
    let per_second = (SECOND.as_nanos() / width.as_nanos()).max(1) as usize;
    let (first, last) = (event.bin(SECOND) as usize, end.bin(SECOND) as usize);
    let (mut recovered, mut calm, mut samples) = (event, 0, 0);
    for second in first..last.max(first) {
        let mut sum = Bin::default();
        bins.iter().skip(second * per_second).take(per_second).for_each(|bin| sum.add(*bin));
        calm += usize::from(sum.n > 0 || calm > 0);
        samples += sum.n;
        if sum.n > 0 && !within(&objective.metric, sum.k, sum.n) {
            recovered = Instant::ZERO + Span::from_secs(second as u64 + 1);
            calm = 0;
        }
        if calm == CALM {
            break;
        }
    }
    match (calm >= CALM_AT_END, recovered > event) {
        _ if samples == 0 => Recovery::NoSamples,
        (true, false) => Recovery::Undisturbed,
        (true, true) => Recovery::After(recovered.since(event)),
        (false, true) => Recovery::NotWithinRun,
        (false, false) => Recovery::RunTooShort,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(bad: &[u64]) -> Recovery {
        of("errors <= 5%", bad)
    }

    /// An event at 3.5 s of a run of which each second has a hundred samples, so many of them bad.
    fn of(line: &str, bad: &[u64]) -> Recovery {
        of_each(50, line, bad)
    }

    fn of_each(half: u64, line: &str, bad: &[u64]) -> Recovery {
        let bins: Vec<Bin> = bad
            .iter()
            .flat_map(|k| [Bin { n: half, k: *k, k_without_us: 0 }, Bin { n: half, ..Bin::default() }])
            .collect();
        of_bins(line, &bins)
    }

    /// The same of a run with these bins of half a second.
    fn of_bins(line: &str, bins: &[Bin]) -> Recovery {
        let objective = CatalogObjective {
            scope: "overall".to_owned(),
            text: line.to_owned(),
            metric: line.parse().unwrap(),
            measure: None,
            window: None,
            can_grow: true,
        };
        let end = Instant::ZERO + Span::from_millis(500 * bins.len() as u64);
        recovery(&objective, bins, Span::from_millis(500), Instant::ZERO + Span::from_millis(3_500), end)
    }

    fn run(disturbed: std::ops::Range<usize>, len: usize) -> Vec<u64> {
        (0..len).map(|second| if disturbed.contains(&second) { 40 } else { 5 }).collect()
    }

    #[test]
    fn what_was_never_disturbed_recovered_at_once() {
        assert_eq!(after(&run(0..0, 20)), Recovery::Undisturbed);
        // What was before the event is not its doing.
        assert_eq!(after(&run(0..3, 20)), Recovery::Undisturbed);
    }

    /// A second stands as the whole run would with its counts.
    #[test]
    fn exactly_what_is_allowed_disturbs_only_where_less_is_demanded() {
        // 0.29 · 100 is a little less than 29 in floating point.
        assert_eq!(of("errors <= 29%", &[29; 20]), Recovery::Undisturbed);
        assert_eq!(of("errors < 29%", &[29; 20]), Recovery::NotWithinRun);
        assert_eq!(of("errors < 29%", &[28; 20]), Recovery::Undisturbed);
        assert_eq!(of("p95 < 1s", &[5; 20]), Recovery::Undisturbed);
    }

    #[test]
    fn it_counts_up_to_the_end_of_the_last_bad_second() {
        assert_eq!(after(&run(3..10, 30)), Recovery::After(Span::from_millis(6_500)));
        // Nine calm seconds are not ten.
        let mut flapping = run(3..10, 40);
        flapping[19] = 40;
        assert_eq!(after(&flapping), Recovery::After(Span::from_millis(16_500)));
        // After ten, what happens is no longer the event's.
        let mut later = run(3..10, 40);
        later[21] = 40;
        assert_eq!(after(&later), Recovery::After(Span::from_millis(6_500)));
    }

    /// A measure of the event itself has all its samples at once, and none later.
    #[test]
    fn silence_behind_a_good_second_is_calm_and_behind_a_bad_one_is_not() {
        let with_samples_in = |second: usize, bad: u64| {
            let mut bins = vec![Bin::default(); 60];
            bins[2 * second] = Bin { n: 100, k: bad, k_without_us: 0 };
            of_bins("errors <= 5%", &bins)
        };
        assert_eq!(with_samples_in(4, 0), Recovery::Undisturbed);
        assert_eq!(with_samples_in(4, 40), Recovery::NotWithinRun);
        assert_eq!(with_samples_in(27, 0), Recovery::RunTooShort);
    }

    #[test]
    fn seconds_without_a_sample_prove_no_calm() {
        assert_eq!(of_each(0, "errors <= 5%", &[0; 20]), Recovery::NoSamples);
        assert_eq!(after(&[0; 3]), Recovery::NoSamples, "what was before the event is none after it");
    }

    #[test]
    fn a_run_that_ends_too_soon_does_not_know() {
        assert_eq!(after(&run(3..20, 20)), Recovery::NotWithinRun);
        assert_eq!(after(&run(3..16, 20)), Recovery::NotWithinRun);
        assert_eq!(after(&run(3..15, 20)), Recovery::After(Span::from_millis(11_500)));
        assert_eq!(after(&run(0..0, 4)), Recovery::RunTooShort);
        assert_eq!(after(&run(0..0, 7)), Recovery::RunTooShort);
    }
}
