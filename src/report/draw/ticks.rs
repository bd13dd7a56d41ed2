//! Where an axis has its marks, and what stands there: round values, so few that their labels do not touch.

use crate::report::curve::number;
use crate::report::words::share;
use crate::unit::{Quantile, Span};

use super::axis::Unit;

/// A mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Its value.
    pub at: f64,
    /// What stands there.
    pub label: String,
}

/// More ticks than this are never drawn.
const MOST: f64 = 100.0;
/// Round steps of times of day and of run time, in seconds.
pub const TIME_STEPS: [f64; 20] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0,
    43_200.0, 86_400.0, 172_800.0, 604_800.0,
];
const WEEK: f64 = 604_800.0;
/// Quantiles that have a tick, in millionths.
const QUANTILES: [u32; 6] = [500_000, 900_000, 990_000, 999_000, 999_900, 999_990];

/// The ticks of the finest set whose labels neither touch nor repeat each other. `extent` says from where to where a label
/// reaches, in px; `gap` is the least distance between two. Of sets that all touch the last, without the labels that would.
pub fn chosen(sets: Vec<Vec<Tick>>, extent: impl Fn(&Tick) -> (f64, f64), gap: f64) -> Vec<Tick> {
    let apart = |a: &Tick, b: &Tick| {
        let (a, b) = (extent(a), extent(b));
        b.0 - a.1 >= gap || a.0 - b.1 >= gap
    };
    let fits =
        |set: &&Vec<Tick>| !set.is_empty() && set.windows(2).all(|w| apart(&w[0], &w[1]) && w[0].label != w[1].label);
    if let Some(set) = sets.iter().find(fits) {
        return set.clone();
    }
    let mut kept: Vec<Tick> = Vec::new();
    for tick in sets.into_iter().rfind(|set| !set.is_empty()).unwrap_or_default() {
        if kept.last().is_none_or(|last| apart(last, &tick)) {
            kept.push(tick);
        }
    }
    kept
}

/// The multiples of a step within a domain. Each is computed from its number, so that no error adds up.
pub fn multiples(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
    let count = (last - first).clamp(-1.0, MOST) as i32;
    (0..=count).map(move |i| ((first + f64::from(i)) * step).clamp(from, to))
}

/// Steps of 1, 2 and 5 times a power of ten for a domain of this length, ascending.
fn round_steps(long: f64) -> impl Iterator<Item = f64> {
    let least = (long / MOST).log10().floor() as i32;
    (least..least + 4)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|times| times * power_of_ten(power)))
        .filter(move |step| long / MOST <= *step && *step <= long)
}

/// 10 to a power: exact where it can be, which multiplying by 0.1 is not.
fn power_of_ten(power: i32) -> f64 {
    if power < 0 { 1.0 / 10f64.powi(-power) } else { 10f64.powi(power) }
}

/// The least round number that is no less than a positive one: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.
pub fn round_above(value: f64) -> f64 {
    let power = power_of_ten(value.log10().floor() as i32);
    let round = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].map(|times| times * power);
    round.into_iter().find(|round| *round >= value).unwrap_or(10.0 * power)
}

/// A positive value brought to 1, 2 or 5 times a power of ten, downwards or upwards.
pub fn round_log(value: f64, towards: fn(f64) -> f64) -> f64 {
    // Thirds of a decade are 1, 2.15 and 4.6: near enough to find the neighbours by.
    let third = (value.log10() * 3.0).round() as i32;
    let near = (third - 2..=third + 2).map(one_two_five);
    let down = towards(0.5) == 0.0;
    let mut sound = near.filter(|round| if down { *round <= value * 1.000_001 } else { *round >= value * 0.999_999 });
    if down { sound.next_back() } else { sound.next() }.unwrap_or(value)
}

fn one_two_five(third: i32) -> f64 {
    [1.0, 2.0, 5.0][third.rem_euclid(3) as usize] * power_of_ten(third.div_euclid(3))
}

/// Ticks at equal distances.
pub fn linear(from: f64, to: f64, unit: Unit) -> Vec<Vec<Tick>> {
    let sets = round_steps(to - from).map(|step| {
        let ticks = multiples(from, to, step);
        ticks.map(|at| Tick { at, label: stepped(at, step, from.abs().max(to.abs()), unit) }).collect()
    });
    sets.collect()
}

/// Ticks by decades: at 1 to 9 times each power of ten, at 1, 2 and 5 times, at 1 and 3 times, at each power, at each second one,
/// and so on.
pub fn log(from: f64, to: f64, unit: Unit) -> Vec<Vec<Tick>> {
    let decades = from.log10().floor() as i32..=to.log10().ceil() as i32;
    let holds = |at: &f64| (from * 0.999_999..=to * 1.000_001).contains(at);
    let set = |times: &[f64], stride: i32| {
        let powers = decades.clone().filter(|power| power.rem_euclid(stride) == 0).map(power_of_ten);
        let values = powers.flat_map(|power| times.iter().map(move |times| times * power)).filter(holds);
        values.map(|at| Tick { at: at.clamp(from, to), label: plain(at, unit) }).collect::<Vec<_>>()
    };
    let nine = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    let mut sets = vec![set(&nine, 1), set(&[1.0, 2.0, 5.0], 1), set(&[1.0, 3.0], 1)];
    sets.extend([1, 2, 3, 4, 6].map(|stride| set(&[1.0], stride)));
    sets
}

/// Ticks of quantiles up to one, and every second of them.
pub fn nines(to: f64) -> Vec<Vec<Tick>> {
    let all = QUANTILES.into_iter().filter_map(Quantile::from_ppm).filter(|quantile| quantile.as_fraction() <= to);
    let all: Vec<Tick> = all.map(|quantile| Tick { at: quantile.as_fraction(), label: quantile.to_string() }).collect();
    let second = all.iter().rev().step_by(2).rev().cloned().collect();
    vec![all, second]
}

/// Ticks of run time in seconds, each named by `label`.
pub fn run_time(from: f64, to: f64, label: fn(f64) -> String) -> Vec<Vec<Tick>> {
    let fine = round_steps(to - from).filter(|step| *step < 1.0);
    let coarse = TIME_STEPS.into_iter().filter(|step| (to - from) / MOST <= *step && *step <= to - from);
    let weeks = round_steps((to - from) / WEEK).map(|step| step * WEEK).filter(|step| *step > WEEK);
    let sets = fine.chain(coarse).chain(weeks);
    sets.map(|step| multiples(from, to, step).map(|at| Tick { at, label: label(at) }).collect()).collect()
}

/// Run time: `40s`, `1m 30s`, `2h`.
pub fn lasted(secs: f64) -> String {
    let whole = secs.round();
    if !(60.0..120.0).contains(&secs) || (secs - whole).abs() > 1e-6 {
        return Span::from_secs_f64(secs).to_string();
    }
    if whole == 60.0 { "1m".to_owned() } else { format!("1m {}s", whole - 60.0) }
}

/// Time before or after an event: `−30s`, `0s`, `+1m`.
pub fn since(secs: f64) -> String {
    let sign = if secs < 0.0 {
        "−"
    } else if secs > 0.0 {
        "+"
    } else {
        ""
    };
    format!("{sign}{}", lasted(secs.abs()))
}

/// A value that needs no more digits than it has.
fn plain(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Number => number(value),
        Unit::Time => Span::from_secs_f64(value).to_string(),
        Unit::Share => share(value),
        Unit::Ratio => format!("{}×", number(value)),
    }
}

/// A multiple of a step, with the decimals that tell it from the next.
fn stepped(value: f64, step: f64, greatest: f64, unit: Unit) -> String {
    let (times, after) = match unit {
        Unit::Time => return plain(value, unit),
        Unit::Share => (0.01, "%"),
        Unit::Ratio => (1.0, "×"),
        Unit::Number if greatest >= 1e9 => (1e9, "G"),
        Unit::Number if greatest >= 1e6 => (1e6, "M"),
        Unit::Number if greatest >= 1e4 => (1e3, "k"),
        Unit::Number => (1.0, ""),
    };
    let decimals = (-(step / times * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize;
    match (value, unit) {
        (0.0, Unit::Number) => "0".to_owned(),
        (value, _) => format!("{:.decimals$}{after}", value / times),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(set: &[Tick]) -> Vec<&str> {
        set.iter().map(|tick| tick.label.as_str()).collect()
    }

    /// The finest set of at most so many.
    fn at_most(sets: Vec<Vec<Tick>>, most: usize) -> Vec<Tick> {
        sets.into_iter().find(|set| set.len() <= most).expect("a set")
    }

    #[test]
    fn ticks_are_round() {
        let cases = [
            (linear(0.0, 12_000.0, Unit::Number), vec!["0", "2k", "4k", "6k", "8k", "10k", "12k"]),
            (linear(0.0, 0.05, Unit::Share), vec!["0%", "1%", "2%", "3%", "4%", "5%"]),
            (linear(0.0, 0.000_02, Unit::Share), vec!["0.0000%", "0.0005%", "0.0010%", "0.0015%", "0.0020%"]),
            (linear(10_000.0, 10_200.0, Unit::Number), vec!["10.00k", "10.05k", "10.10k", "10.15k", "10.20k"]),
            (log(0.002, 0.1, Unit::Time), vec!["2ms", "5ms", "10ms", "20ms", "50ms", "100ms"]),
            (log(0.5, 2.0, Unit::Ratio), vec!["0.5×", "0.6×", "0.7×", "0.8×", "0.9×", "1×", "2×"]),
            (log(1e-9, 1e3, Unit::Time), vec!["10ns", "1µs", "100µs", "10ms", "1s", "100s"]),
            (nines(0.999_99), vec!["p50", "p90", "p99", "p99.9", "p99.99", "p99.999"]),
            (run_time(0.0, 150.0, lasted), vec!["0s", "30s", "1m", "1m 30s", "2m", "2m 30s"]),
            (run_time(0.0, 0.3, lasted), vec!["0s", "50ms", "100ms", "150ms", "200ms", "250ms", "300ms"]),
            (run_time(3_500.0, 108_000.0, lasted), vec!["6h", "12h", "18h", "24h", "30h"]),
            (run_time(-30.0, 60.0, since), vec!["−30s", "−15s", "0s", "+15s", "+30s", "+45s", "+1m"]),
        ];
        for (sets, expected) in cases {
            assert_eq!(labels(&at_most(sets, 7)), expected);
        }
    }

    #[test]
    fn values_are_rounded_outwards() {
        assert_eq!([0.7, 1.0, 1.01, 960.0, 12_345.0].map(round_above), [0.8, 1.0, 1.2, 1_000.0, 15_000.0]);
        assert_eq!([0.0031, 0.005, 7.0, 20.0].map(|value| round_log(value, f64::floor)), [0.002, 0.005, 5.0, 20.0]);
        assert_eq!([0.0031, 0.005, 7.0, 20.0].map(|value| round_log(value, f64::ceil)), [0.005, 0.005, 10.0, 20.0]);
    }

    #[test]
    fn the_finest_set_that_fits_is_chosen_and_labels_do_not_repeat() {
        let sets = || vec![vec![0.0, 1.0, 2.0, 3.0], vec![0.0, 2.0], vec![0.0]];
        let ticks = |label: fn(f64) -> String| {
            let tick = |at| Tick { at, label: label(at) };
            sets().into_iter().map(|set| set.into_iter().map(tick).collect()).collect::<Vec<Vec<Tick>>>()
        };
        let extent = |scale: f64| move |tick: &Tick| (tick.at * scale, tick.at * scale + 10.0);
        let number = |sets: Vec<Vec<Tick>>, scale| chosen(sets, extent(scale), 5.0).len();
        assert_eq!([20.0, 14.0, 6.0].map(|scale| number(ticks(|at| at.to_string()), scale)), [4, 2, 1]);
        assert_eq!(number(ticks(|_| "same".to_owned()), 20.0), 1);
    }

    proptest! {
        #[test]
        fn ticks_are_within_the_domain_and_ascend(from in -1e9..1e9f64, long in 1e-3..1e9f64, times in 10.0..1e12f64) {
            let least = long.min(1e3);
            let sets = [
                (from, from + long, linear(from, from + long, Unit::Number)),
                (from, from + long, run_time(from, from + long, since)),
                (least, least * times, log(least, least * times, Unit::Number)),
            ];
            for (from, to, sets) in sets {
                prop_assert!(sets.iter().any(|set| set.len() >= 2), "{from} {to}");
                for set in sets {
                    prop_assert!(set.iter().all(|tick| (from..=to).contains(&tick.at)), "{from} {to} {set:?}");
                    prop_assert!(set.windows(2).all(|pair| pair[0].at < pair[1].at), "{set:?}");
                }
            }
        }
    }
}
