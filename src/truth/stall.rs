//! A server that stands still now and then (docs/sources.md, Closed forms).

use crate::unit::{Quantile, Span};

/// A server that answers after `delay`, but in `stall` of every `period` nobody: what arrives then is held to its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stall {
    /// Its answer's time outside a standstill.
    pub delay: Span,
    /// How long it stands still.
    pub stall: Span,
    /// From the beginning of one standstill to that of the next.
    pub period: Span,
    /// The load that drains what was held: 0 if all of it is answered at once, as by a server of many workers; below 1.
    pub rho: f64,
    /// How arrivals lie in the period.
    pub spacing: Spacing,
}

/// How arrivals lie in a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// As the points of a Poisson process: the share of those in a standstill scatters.
    Poisson,
    /// This far apart: nothing scatters, but none may come at the very beginning of a standstill.
    Even(Span),
}

impl Stall {
    /// The quantile of the response in open loop.
    pub fn quantile(&self, quantile: Quantile) -> Span {
        self.at(quantile.as_fraction())
    }

    /// The p-quantile: the longest held waits a standstill, and each share of the period held later waits less.
    fn at(&self, p: f64) -> Span {
        let (stall, period) = (self.stall.as_secs_f64(), (1.0 - self.rho) * self.period.as_secs_f64());
        self.delay.saturating_add(Span::from_secs_f64(stall - period * (1.0 - p)))
    }

    /// The mean of the response in open loop.
    pub fn mean(&self) -> Span {
        let (stall, period) = (self.stall.as_secs_f64(), (1.0 - self.rho) * self.period.as_secs_f64());
        self.delay.saturating_add(Span::from_secs_f64(stall * stall / (2.0 * period)))
    }

    /// Between which two values four standard deviations of `n` arrivals leave the quantile.
    pub fn between(&self, quantile: Quantile, n: u64) -> (Span, Span) {
        let p = quantile.as_fraction();
        match self.spacing {
            // Of the share below the quantile, carried through the law.
            Spacing::Poisson => {
                let scatter = 4.0 * (p * (1.0 - p) / n as f64).sqrt();
                (self.at(p - scatter), self.at((p + scatter).min(1.0)))
            }
            Spacing::Even(_) => {
                (self.at(p).saturating_sub(self.grain()).max(self.delay), self.at(p).saturating_add(self.grain()))
            }
        }
    }

    /// The same of the mean.
    pub fn mean_between(&self, n: u64) -> (Span, Span) {
        let room = match self.spacing {
            // The variance of max(0, S − U), U uniform over the period, is S³/3T less the mean's square.
            Spacing::Poisson => {
                let (stall, period) = (self.stall.as_secs_f64(), self.period.as_secs_f64());
                let held = self.mean().saturating_sub(self.delay).as_secs_f64();
                Span::from_secs_f64(4.0 * ((stall.powi(3) / (3.0 * period) - held * held) / n as f64).sqrt())
            }
            Spacing::Even(_) => self.grain(),
        };
        (self.mean().saturating_sub(room).max(self.delay), self.mean().saturating_add(room))
    }

    /// How much the law of evenly spaced arrivals leaves open: when the first of a standstill comes, and its own answer.
    fn grain(&self) -> Span {
        match self.spacing {
            Spacing::Poisson => Span::ZERO,
            Spacing::Even(apart) => apart.saturating_add(self.delay),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stall(rho: f64) -> Stall {
        let (delay, stall, period) = (Span::from_millis(1), Span::from_millis(500), Span::from_secs(10));
        Stall { delay, stall, period, rho, spacing: Spacing::Poisson }
    }

    #[test]
    fn the_closed_forms_give_the_published_quantiles() {
        let millis = |law: Stall, text: &str| (law.quantile(text.parse().unwrap()).as_secs_f64() * 1e3).round();
        let parallel = ["p50", "p95", "p96", "p99", "p99.9"].map(|text| millis(stall(0.0), text));
        assert_eq!(parallel, [1.0, 1.0, 101.0, 401.0, 491.0]);
        let serial = ["p90", "p92", "p95", "p99", "p99.9"].map(|text| millis(stall(0.5), text));
        assert_eq!(serial, [1.0, 101.0, 251.0, 451.0, 496.0]);
        assert_eq!([stall(0.0), stall(0.5)].map(|law| law.mean().as_micros()), [13_500, 26_000]);
    }

    #[test]
    fn what_scatters_is_the_share_that_is_held() {
        let p99 = "p99".parse().unwrap();
        // ± 4·√(0.01·0.99/10,000) of ten seconds.
        let (low, high) = stall(0.0).between(p99, 10_000);
        assert_eq!((low.as_micros().div_ceil(1_000), high.as_micros().div_ceil(1_000)), (362, 441));
        let even = Stall { spacing: Spacing::Even(Span::from_millis(4)), ..stall(0.5) };
        assert_eq!(even.between(p99, 10_000), (Span::from_millis(446), Span::from_millis(456)));
    }
}
