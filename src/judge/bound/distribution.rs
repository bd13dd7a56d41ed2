//! Quantiles of the beta, Student's and the normal distribution, for real arguments from near 0 to 10⁹.
//!
//! Our own: docs/decisions/0008-bounds.md. Logarithms come from `libm`, so that a stored run is judged alike on every
//! platform.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Halvings of an interval of quantiles: below 2⁻⁵² of one of 10⁻⁹ none can be told from its neighbour.
const HALVINGS_MAX: u32 = 100;
/// Terms of the continued fraction: measured, a hundred at a bound and 4,532 in the very middle at 10⁹.
const TERMS_MAX: u32 = 20_000;

/// The regularised incomplete beta function Iₓ(a, b), for a, b > 0 and x in [0, 1].
pub fn beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let rest = 1.0 - x;
    let away = b * x - a * rest;
    let density = density(a, b, x, away);
    // On either side of the mean the fraction of that side's tail is the one that converges.
    let share = if away <= 0.0 {
        density * fraction((a, b), (x, rest), -away)
    } else {
        1.0 - density * fraction((b, a), (rest, x), away)
    };
    share.clamp(0.0, 1.0)
}

/// xᵃ(1 − x)ᵇ/B(a, b), `away` being b·x − a·(1 − x). Written as its value at the mean and how far x is from there, so that no
/// logarithms of 10⁹! cancel (Didonato and Morris 1992, ACM Transactions on Mathematical Software 18).
fn density(a: f64, b: f64, x: f64, away: f64) -> f64 {
    // ln(part/mean), exact both where they are close and where one is far below the other.
    let ln_ratio = |off: f64, ratio: f64| if off.abs() < 0.5 { libm::log1p(off) } else { libm::log(ratio) };
    let from_mean = a * ln_ratio(away / a, x * (a + b) / a) + b * ln_ratio(-away / b, (1.0 - x) * (a + b) / b);
    let errors = stirling_error(a + b) - stirling_error(a) - stirling_error(b);
    (a / (a + b) * b / TAU).sqrt() * libm::exp(from_mean + errors)
}

/// What Stirling's formula, (z − ½)·ln z − z + ½·ln 2π, leaves of ln Γ(z).
fn stirling_error(z: f64) -> f64 {
    if z < 20.0 {
        return libm::lgamma(z) - ((z - 0.5) * libm::log(z) - z + 0.5 * libm::log(TAU));
    }
    let square = 1.0 / (z * z);
    (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1_260.0 - square / 1_680.0))) / z
}

/// Iₓ(a, b) over its density, for x at most a/(a + b), y = 1 − x and λ = a·y − b·x: the continued fraction of Didonato and
/// Morris, by the method of Lentz as Thompson and Barnett changed it (1986, Journal of Computational Physics 64).
fn fraction((a, b): (f64, f64), (x, y): (f64, f64), lambda: f64) -> f64 {
    let not_zero = |value: f64| if value.abs() < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { value };
    let mut value = not_zero(a / (a + 1.0) * (lambda + 1.0));
    let (mut above, mut below) = (value, 0.0);
    for term in 1..=TERMS_MAX {
        let n = f64::from(term);
        let next = a + 2.0 * n - 1.0;
        let numerator = (a + n - 1.0) / next * ((a + b + n - 1.0) / next) * n * (b - n) * x * x;
        let denominator = n + n * (b - n) * x / next + (a + n) / (next + 2.0) * (lambda + 1.0 + n * (1.0 + y));
        below = 1.0 / not_zero(denominator + numerator * below);
        above = not_zero(denominator + numerator / above);
        value *= below * above;
        if (below * above - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    1.0 / value
}

/// The x at which Iₓ(a, b) is `share`.
pub fn beta_quantile(a: f64, b: f64, share: f64) -> f64 {
    least((0.0, 1.0), |x| beta(a, b, x) >= share)
}

/// What a normal variable stays below with probability 1 − `alpha`, at most one half.
pub fn normal_quantile(alpha: f64) -> f64 {
    // Beyond 40 the tail is below the least f64.
    least((0.0, 40.0), |z| libm::erfc(z * FRAC_1_SQRT_2) / 2.0 <= alpha)
}

/// What Student's t with that many degrees of freedom stays below with probability 1 − `alpha`, at most one half: its tail
/// beyond t is ½·Iₓ(ν/2, ½) at x = ν/(ν + t²) (Abramowitz and Stegun 1964, 26.7.1).
pub fn student_quantile(degrees: f64, alpha: f64) -> f64 {
    let x = beta_quantile(degrees / 2.0, 0.5, 2.0 * alpha);
    (degrees * (1.0 - x) / x).sqrt()
}

/// The least number between two for which `holds`, which does not cease to hold; the greater one where it never does.
fn least((mut low, mut high): (f64, f64), holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS_MAX {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        *(if holds(middle) { &mut high } else { &mut low }) = middle;
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, wanted: f64, relative: f64) {
        assert!((got - wanted).abs() <= relative * wanted.abs(), "{got} instead of {wanted}");
    }

    #[test]
    fn quantiles_are_those_of_a_computation_with_forty_digits() {
        close(beta_quantile(0.3, 5.5, 0.975), 0.307_675_283_595_726_4, 1e-12);
        close(beta_quantile(1_001.0, 999_000.0, 0.975), 0.001_063_918_107_315_228, 1e-13);
        // K, n, the upper bound at 97.5 %, and the probability of a share below the mean.
        for (bad, n, bound, middle) in [
            (10.0, 1e4, 0.001_838_264_134_210_6, 0.540_045_61),
            (7_000.0, 7e6, 0.001_023_693_456_530_2, 0.501_586_93),
            (1e5, 1e8, 0.001_006_214_318_570_3, 0.500_419_89),
            (1e6, 1e9, 0.001_001_960_928_819_8, 0.500_132_78),
            (5e6, 1e7, 0.500_309_947_478_63, 0.500_000),
        ] {
            close(beta_quantile(bad + 1.0, n - bad, 0.975), bound, 1e-12);
            close(beta(bad + 1.0, n - bad, (bad + 1.0) / (n + 1.0)), middle, 2e-8);
        }
        for (degrees, at_025, at_05) in [
            (4.0, 2.776_445_105_197_794, 2.131_846_786_326_65),
            (5.0, 2.570_581_835_636_316, 2.015_048_373_333_024),
            (9.0, 2.262_157_162_798_206, 1.833_112_932_656_237),
            (19.0, 2.093_024_054_408_31, 1.729_132_811_521_37),
        ] {
            close(student_quantile(degrees, 0.025), at_025, 1e-12);
            close(student_quantile(degrees, 0.05), at_05, 1e-12);
        }
        close(student_quantile(1.0, 0.025), 12.706_204_736_174_7, 1e-12);
        close(normal_quantile(0.025), 1.959_963_984_540_054, 1e-14);
        close(normal_quantile(0.05), 1.644_853_626_951_472_2, 1e-14);
    }

    #[test]
    fn the_ends_and_the_middle_are_exact_where_there_is_a_closed_form() {
        for (a, b) in [(1.0, 3_688.0), (1.0, 1e9), (0.4, 1.0)] {
            let exact = |share: f64| if a < 1.0 { share.powf(1.0 / a) } else { -((-share).ln_1p() / b).exp_m1() };
            for share in [0.01, 0.025, 0.5, 0.975] {
                close(beta_quantile(a, b, share), exact(share), 1e-13);
            }
        }
        close(beta_quantile(5e8, 5e8, 0.5), 0.5, 1e-13);
        assert_eq!((beta(3.0, 4.0, 0.0), beta(3.0, 4.0, 1.0)), (0.0, 1.0));
    }

    #[test]
    fn the_function_grows_and_its_sides_add_up_to_one() {
        for (a, b) in [(0.5, 0.5), (1.2, 7_000.0), (7_001.0, 6_993_000.0), (1e6, 9.99e8)] {
            let mut last = 0.0;
            for step in 1..200 {
                let x = (a / (a + b) * f64::from(step) / 100.0).min(1.0);
                let here = beta(a, b, x);
                assert!(here >= last, "{a} {b} {x}");
                assert!((here + beta(b, a, 1.0 - x) - 1.0).abs() < 1e-10, "{a} {b} {x}");
                last = here;
            }
        }
    }
}
