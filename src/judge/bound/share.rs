//! The confidence bounds of a share, from counts of bad ones that are independent of one another.

use super::distribution::{beta, beta_quantile};

/// What the share of bad ones is below with confidence 1 − `alpha`, with `bad` of `n` seen: Clopper and Pearson 1934
/// (Biometrika 26), BetaInv(1 − α; K + 1, n − K). The counts need not be whole (Korn and Graubard 1998, Survey
/// Methodology 24).
pub fn upper(bad: f64, n: f64, alpha: f64) -> f64 {
    if n <= 0.0 || bad >= n {
        1.0
    } else if bad <= 0.0 {
        -(alpha.ln() / n).exp_m1()
    } else {
        beta_quantile(bad + 1.0, n - bad, 1.0 - alpha)
    }
}

/// What the share of bad ones is above with confidence 1 − `alpha`: BetaInv(α; K, n − K + 1), as [`upper`].
pub fn lower(bad: f64, n: f64, alpha: f64) -> f64 {
    if n <= 0.0 || bad <= 0.0 {
        0.0
    } else if bad >= n {
        (alpha.ln() / n).exp()
    } else {
        beta_quantile(bad, n - bad + 1.0, alpha)
    }
}

/// The probability of at most `bad` of `n` if each is bad with probability `share`.
pub fn at_most(bad: f64, n: f64, share: f64) -> f64 {
    if bad >= n { 1.0 } else { beta(n - bad, bad + 1.0, 1.0 - share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, wanted: f64) {
        assert!((got - wanted).abs() <= 6e-7 * wanted, "{got} instead of {wanted}");
    }

    #[test]
    fn bounds_are_those_of_the_table() {
        for (bad, n, low, high) in [
            (0.0, 3_000.0, 0.0, 9.980_790e-4),
            (1.0, 3_000.0, 1.709_762e-5, 1.580_302e-3),
            (5.0, 10_000.0, 1.970_350e-4, 1.051_014e-3),
            (10.0, 10_000.0, 5.426_376e-4, 1.695_631e-3),
            (7_000.0, 7e6, 9.804_313e-4, 1.019_875e-3),
        ] {
            close(lower(bad, n, 0.05), low);
            close(upper(bad, n, 0.05), high);
        }
    }

    /// Accept and reject counts: met up to the first, breached from the second.
    #[test]
    fn the_counts_that_decide_are_those_of_the_table() {
        for (n, allowed, alpha, met, breached) in [
            (3_000.0, 0.001, 0.05, 0.0, 7.0),
            (10_000.0, 0.001, 0.05, 4.0, 16.0),
            (100_000.0, 0.001, 0.05, 83.0, 118.0),
            (1e6, 0.001, 0.05, 947.0, 1_053.0),
            (7e6, 0.001, 0.05, 6_862.0, 7_139.0),
            (7e6, 0.001, 0.025, 6_836.0, 7_165.0),
            (10_000.0, 0.01, 0.05, 83.0, 118.0),
        ] {
            let is_met = |bad| upper(bad, n, alpha) <= allowed;
            let is_breached = |bad| lower(bad, n, alpha) > allowed;
            assert_eq!((is_met(met), is_met(met + 1.0)), (true, false), "{n}");
            assert_eq!((is_breached(breached - 1.0), is_breached(breached)), (false, true), "{n}");
        }
        assert!(upper(0.0, 1_000.0, 0.05) > 0.001);
        assert_eq!((lower(3.0, 1_000.0, 0.05) > 0.001, lower(4.0, 1_000.0, 0.05) > 0.001), (false, true));
    }

    #[test]
    fn all_and_none_have_their_closed_forms() {
        close(upper(0.0, 3_688.0, 0.025), 1.0 - 0.025f64.powf(1.0 / 3_688.0));
        close(lower(50.0, 50.0, 0.025), 0.025f64.powf(1.0 / 50.0));
        assert_eq!((lower(0.0, 9.0, 0.025), upper(9.0, 9.0, 0.025)), (0.0, 1.0));
        assert_eq!((lower(0.0, 0.0, 0.025), upper(0.0, 0.0, 0.025)), (0.0, 1.0));
    }

    #[test]
    fn more_of_the_same_narrows_up_to_a_thousand_million() {
        for share in [0.001, 0.05, 0.5] {
            let mut last = (0.0, 1.0);
            for n in [0.5, 4.0, 60.0, 1e3, 1e5, 1e7, 1e9] {
                let now = (lower(share * n, n, 0.025), upper(share * n, n, 0.025));
                assert!(last.0 <= now.0 && now.0 < share && share < now.1 && now.1 < last.1, "{share} of {n}: {now:?}");
                last = now;
            }
        }
    }
}
