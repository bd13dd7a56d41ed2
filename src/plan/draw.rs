//! Draws of a session, keyed so that changing one step of a flow moves no draw of another (P4).
//!
//! A draw is the Philox block under the population's seed at (n, session, 16 + 8 · step + use): the
//! n-th draw that this step makes for this use in this session. What templates draw lies one block
//! deeper ([`drawn`]), as there is no end to what a repetition of a step may draw.

use sha2::{Digest, Sha256};

use crate::unit::philox;

use super::normal;
use crate::scenario::{Distribution, Draw, Feed, FeedOrder};

/// What a draw is for; with the step it makes the last word of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Use {
    /// Which alternative a pick takes.
    Pick = 0,
    /// How often a repeat runs its body.
    Repeat = 1,
    /// How long a think lasts.
    Think = 2,
    /// Which row of a feed in random order (step 0).
    Feed = 3,
    /// What a repetition of a step has of its own: what `{{random.…}}` gives ([`drawn`]), a WebSocket's key and masks.
    Template = 4,
    /// How long to wait before a retry.
    Backoff = 5,
    /// What is added to the instant of an `at`.
    At = 6,
    /// Where in its slot a jittered arrival falls (step 0).
    Jitter = 7,
}

/// The counter word of who returns: a use of the session, not of a step, so beside the tree's domains.
const DOMAIN_RETURNS: u32 = 3;
/// The counter word of a duet's sides.
const DOMAIN_SIDES: u32 = 4;
/// The first counter word after those of the tree's domains.
const DOMAIN_DRAWS: u32 = 16;
/// Uses of a step, each with a counter word of its own.
const USES: u32 = 8;
/// The highest step number that the counter has room for.
pub const STEP_MAX: u32 = (u32::MAX - DOMAIN_DRAWS) / USES - 1;

/// The seed of a population: the first word at (0, hash64 of its name, 0) under the scenario's seed.
pub fn population_seed(seed: u64, name: &str) -> u64 {
    let digest = Sha256::digest(name.as_bytes());
    let word = |at: usize| u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
    philox(seed, [0, word(0), word(4), 0])[0]
}

/// The two random words of the `n`-th draw.
pub fn words(population_seed: u64, session: u64, step: u32, purpose: Use, n: u32) -> [u64; 2] {
    philox(population_seed, [n, session as u32, (session >> 32) as u32, DOMAIN_DRAWS + USES * step + purpose as u32])
}

/// The `n`-th word of what templates draw in a request (`message` 0) or in a message of its stream (from 1). `block` is
/// that of [`Use::Template`] for the step's repetition.
///
/// Under one key Philox gives no two counters the same block, so no two repetitions in a population have both words in
/// common. One of them is the key here and the other in the counter: no draw has both in common with another.
pub fn drawn(block: [u64; 2], message: u32, n: u32) -> u64 {
    philox(block[0], [n, message, block[1] as u32, (block[1] >> 32) as u32])[0]
}

/// The `n`-th draw as a number strictly between 0 and 1: ((w0 >> 11) + ½) · 2⁻⁵³.
pub fn uniform(population_seed: u64, session: u64, step: u32, purpose: Use, n: u32) -> f64 {
    let [word, _] = words(population_seed, session, step, purpose, n);
    // From 2⁵² on an f64 has no room for the half; the very last value would round up to 1.
    (((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64).min(1.0 - f64::EPSILON / 2.0)
}

/// Whether a session is one of the share of its population that has been there before: U < share, with the counter
/// (0, session, 3). It moves no other draw.
pub fn returns(population_seed: u64, session: u64, share: f64) -> bool {
    let [word, _] = philox(population_seed, [0, session as u32, (session >> 32) as u32, DOMAIN_RETURNS]);
    ((word >> 11) as f64 + 0.5) / (1u64 << 53) as f64 <= share
}

/// The coin of a pair of sessions in a duet, with the counter (0, pair, 4). It moves no other draw.
pub fn heads(population_seed: u64, pair: u64) -> bool {
    philox(population_seed, [0, pair as u32, (pair >> 32) as u32, DOMAIN_SIDES])[0] & 1 == 1
}

/// The integer that a uniform number picks from `low..=high`.
pub fn integer(u: f64, low: u32, high: u32) -> u32 {
    let choices = f64::from(high - low) + 1.0;
    (low + (u * choices) as u32).min(high)
}

/// The value of a distribution at a uniform number: seconds of scenario time, at most its `max`.
pub fn seconds(distribution: &Distribution, u: f64) -> f64 {
    let value = match distribution.draw {
        Draw::Fixed(value) => value,
        Draw::Uniform(low, high) => low + u * (high - low),
        Draw::Exponential(mean) => -mean * libm::log1p(-u),
        Draw::Lognormal { median, sigma } => median * libm::exp(sigma * normal::quantile(u)),
    };
    value.min(distribution.max)
}

/// The row of a feed that a session draws on (S6).
///
/// # Panics
/// If the feed has no rows.
pub fn feed_row(feed: &Feed, population_seed: u64, session: u64) -> u64 {
    let rows = feed.row_count();
    match feed.order {
        FeedOrder::InOrder => session % rows,
        FeedOrder::Once => session,
        FeedOrder::Random => {
            let u = uniform(population_seed, session, 0, Use::Feed, 0);
            ((u * rows as f64) as u64).min(rows - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lognormal(median: f64, sigma: f64) -> Distribution {
        Distribution { draw: Draw::Lognormal { median, sigma }, max: f64::INFINITY }
    }

    #[test]
    fn think_times_have_the_means_and_percentiles_of_the_closed_form() {
        for (median, sigma, mean, p95) in
            [(8.0, 0.9, 11.9944, 35.1611), (14.0, 1.0, 23.0821, 72.5341), (30.0, 0.8, 41.3138, 111.854)]
        {
            let think = lognormal(median, sigma);
            // The figures take 1.645 for the normal quantile, 1.64485.
            assert!((seconds(&think, 0.95) * (sigma * (1.645 - 1.644_853_627)).exp() / p95 - 1.0).abs() < 1e-5);
            assert_eq!(seconds(&think, 0.5), median);
            let n = 200_000;
            let drawn: f64 = (0..n).map(|s| seconds(&think, uniform(1, s, 3, Use::Think, 0))).sum();
            // Four standard errors of the mean.
            let tolerance = 4.0 * ((sigma * sigma).exp() - 1.0).sqrt() / (n as f64).sqrt();
            assert!((drawn / n as f64 / mean - 1.0).abs() < tolerance, "{}", drawn / n as f64);
        }
    }

    #[test]
    fn the_normal_quantile_agrees_with_an_independent_implementation() {
        for (p, z) in NORMAL {
            assert!((normal::quantile(p) / z - 1.0).abs() < 4.0 * f64::EPSILON, "{p}: {}", normal::quantile(p));
        }
        assert_eq!(normal::quantile(0.5), 0.0);
    }

    // Python 3's statistics.NormalDist().inv_cdf.
    const NORMAL: [(f64, f64); 8] = [
        (1e-300, -37.047_096_299_361_2),
        (1e-20, -9.262_340_089_798_405),
        (1e-5, -4.264_890_793_922_825_6),
        (0.01, -2.326_347_874_040_840_8),
        (0.05, -1.644_853_626_951_472_6),
        (0.3, -0.524_400_512_708_041),
        (0.975, 1.959_963_984_540_053_8),
        (0.999, 3.090_232_306_167_813),
    ];

    #[test]
    fn a_draw_above_the_maximum_takes_it() {
        let think = Distribution { max: 20.0, ..lognormal(8.0, 0.9) };
        assert_eq!(seconds(&think, 0.99), 20.0);
        assert_eq!(seconds(&Distribution { draw: Draw::Exponential(10.0), max: f64::INFINITY }, 0.5), 10.0 * 2f64.ln());
        assert_eq!(seconds(&Distribution { draw: Draw::Uniform(2.0, 4.0), max: f64::INFINITY }, 0.25), 2.5);
    }

    #[test]
    fn uniform_numbers_never_reach_their_ends_and_integers_fall_evenly() {
        let draws = |n| (0..n).map(|session| uniform(7, session, 1, Use::Pick, 0));
        assert!(draws(100_000).all(|u| 0.0 < u && u < 1.0));
        let mut counts = [0; 5];
        draws(50_000).for_each(|u| counts[(integer(u, 8, 12) - 8) as usize] += 1);
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi < 18.5, "{counts:?}"); // the 99.9 % point of χ² with 4 degrees of freedom
        assert_eq!([integer(1.0 - f64::EPSILON / 2.0, 0, u32::MAX), integer(1e-17, 3, 3)], [u32::MAX, 3]);
    }

    #[test]
    fn templates_draw_other_words_in_each_session_step_repetition_message_and_place() {
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..4 * 4 * 4 * 4 * 128 {
            let [session, step, nth, message] = [0, 2, 4, 6].map(|bits| (n >> bits) & 3);
            seen.insert(drawn(words(7, u64::from(session), step, Use::Template, nth), message, n >> 8));
        }
        assert_eq!(seen.len(), 4 * 4 * 4 * 4 * 128);
        // What a seed sends never changes without a new format of the plan.
        assert_eq!(drawn(words(7, 1, 2, Use::Template, 3), 4, 5), 10_596_392_035_336_692_169);
    }

    #[test]
    fn a_population_has_a_seed_of_its_own_for_each_seed_and_name() {
        let seeds = [(1, "a"), (2, "a"), (1, "b"), (1, "")].map(|(seed, name)| population_seed(seed, name));
        for (i, seed) in seeds.iter().enumerate() {
            assert!(!seeds[..i].contains(seed));
        }
    }
}
