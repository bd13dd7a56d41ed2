//! From a value to a place: straight, by decades, or by nines.

/// How values are spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart; of positive values.
    Log,
    /// Shares below one, by how many nines they have: 0.9, 0.99 and 0.999 are equally far apart.
    Nines,
}

impl Spread {
    /// The value on a straight line.
    fn straight(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.log10(),
            Self::Nines => -(1.0 - value).log10(),
        }
    }
}

/// A stretch of values laid over a stretch of pixels.
///
/// Every value has a place within the pixels: what is outside the domain, or no number, stands at the nearer edge. A value
/// that is missing is a matter of the marks, which leave a gap.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// How the values are spread.
    pub spread: Spread,
    /// The least and the greatest value; the first is less.
    pub domain: (f64, f64),
    /// Where these two stand, in px from the left or the top.
    pub range: (f64, f64),
}

impl Scale {
    /// Where a value stands, in px.
    pub fn at(&self, value: f64) -> f64 {
        let (from, to) = self.domain;
        let [from, to, value] = [from, to, value.max(from).min(to)].map(|value| self.spread.straight(value));
        let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Whether a value is in the domain.
    pub fn holds(&self, value: f64) -> bool {
        (self.domain.0..=self.domain.1).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scales() -> impl Strategy<Value = Scale> {
        let domain = prop_oneof![
            (-1e12..1e12f64, 1e-3..1e12f64).prop_map(|(from, long)| (Spread::Linear, (from, from + long))),
            (1e-9..1e6f64, 1.1..1e9f64).prop_map(|(from, times)| (Spread::Log, (from, from * times))),
            (0.0..0.9f64, 0.91..0.999_999f64).prop_map(|domain| (Spread::Nines, domain)),
        ];
        let range = prop_oneof![Just((40.0, 700.0)), Just((200.0, 10.0))];
        (domain, range).prop_map(|((spread, domain), range)| Scale { spread, domain, range })
    }

    proptest! {
        #[test]
        fn places_are_within_the_pixels_and_in_the_order_of_the_values(
            scale in scales(), a in 0.0..1.0f64, b in 0.0..1.0f64,
        ) {
            let (from, to) = scale.domain;
            let [a, b] = [a, b].map(|share| from + share * (to - from));
            let (low, high) = (scale.range.0.min(scale.range.1), scale.range.0.max(scale.range.1));
            let [at_a, at_b] = [a, b].map(|value| scale.at(value));
            prop_assert!(low <= at_a && at_a <= high);
            if scale.range.0 < scale.range.1 {
                prop_assert_eq!(at_a <= at_b, a <= b || at_a == at_b);
            } else {
                prop_assert_eq!(at_a >= at_b, a <= b || at_a == at_b);
            }
            prop_assert_eq!((scale.at(from), scale.at(to)), scale.range);
        }

        #[test]
        fn what_is_no_value_of_the_domain_stands_at_an_edge(scale in scales(), value in proptest::num::f64::ANY) {
            let at = scale.at(value);
            let (low, high) = (scale.range.0.min(scale.range.1), scale.range.0.max(scale.range.1));
            prop_assert!(low <= at && at <= high, "{value}: {at}");
        }
    }

    #[test]
    fn decades_and_nines_are_equally_far_apart() {
        let log = Scale { spread: Spread::Log, domain: (0.001, 1.0), range: (0.0, 300.0) };
        let nines = Scale { spread: Spread::Nines, domain: (0.9, 0.999_99), range: (0.0, 400.0) };
        let rounded = |scale: Scale, values: &[f64]| values.iter().map(|v| scale.at(*v).round()).collect::<Vec<_>>();
        assert_eq!(rounded(log, &[0.001, 0.01, 0.1, 1.0]), [0.0, 100.0, 200.0, 300.0]);
        assert_eq!(rounded(nines, &[0.9, 0.99, 0.999, 0.999_9, 0.999_99]), [0.0, 100.0, 200.0, 300.0, 400.0]);
    }
}
