//! Distributions of scenario time: thinks, and what is added to an `at:` (P4, S2).

use super::{Fields, Reader};
use crate::scenario::keys::{DISTRIBUTION, LOGNORMAL};
use crate::scenario::model::{Distribution, Draw};
use crate::scenario::problem::Read;
use crate::scenario::yaml::{Node, Value};

/// The 95 % quantile of the standard normal (P4).
const Z95: f64 = 1.644_853_626_951_472_2;

impl Reader<'_> {
    /// `8s`, or `{ uniform | exponential | lognormal, max }`.
    pub fn distribution(&mut self, node: &Node) -> Read<Distribution> {
        if let Value::Scalar { .. } = node.value {
            return Ok(Distribution { draw: Draw::Fixed(self.seconds(node)?), max: f64::INFINITY });
        }
        let fields = self.fields(node, &DISTRIBUTION)?;
        let max = self.maximum(&fields);
        let (kind, shape) = self.one_of(&fields)?;
        let (draw, inner) = match kind {
            "uniform" => (self.uniform(shape)?, None),
            "exponential" => (Draw::Exponential(self.positive(shape)?), None),
            _ => self.lognormal(shape)?,
        };
        let max = match (max?, inner) {
            (Some(_), Some(_)) => return Err(self.problem(fields.place("max"), "`max` is given twice")),
            (outer, inner) => outer.or(inner).unwrap_or(f64::INFINITY),
        };
        Ok(Distribution { draw, max })
    }

    fn maximum(&mut self, fields: &Fields) -> Read<Option<f64>> {
        fields.get("max").map(|node| self.positive(node)).transpose()
    }

    fn uniform(&mut self, node: &Node) -> Read<Draw> {
        let [low, high] = self.list(node, "two lengths of time, such as `[1s, 3s]`")? else {
            return Err(self.expected(node, "two lengths of time, such as `[1s, 3s]`"));
        };
        let (low, high) = (self.seconds(low), self.seconds(high));
        let (low, high) = (low?, high?);
        if low <= high {
            return Ok(Draw::Uniform(low, high));
        }
        Err(self.problem(node.place, "the shorter length comes first"))
    }

    fn lognormal(&mut self, node: &Node) -> Read<(Draw, Option<f64>)> {
        let fields = self.fields(node, &LOGNORMAL)?;
        let median = self.need(&fields, "median").and_then(|node| self.positive(node));
        let max = self.maximum(&fields);
        let (kind, spread) = self.one_of(&fields)?;
        let spread = if kind == "sigma" { self.number(spread, 0.0..=10.0) } else { self.positive(spread) };
        let (median, spread) = (median?, spread?);
        let sigma = if kind == "sigma" { spread } else { libm::log(spread / median) / Z95 };
        if sigma >= 0.0 {
            return Ok((Draw::Lognormal { median, sigma }, max?));
        }
        Err(self.problem(fields.place("p95"), "`p95` is below the median"))
    }

    /// A length of scenario time that is not zero.
    pub fn positive(&mut self, node: &Node) -> Read<f64> {
        match self.seconds(node)? {
            0.0 => Err(self.problem(node.place, "this must be longer than 0s")),
            seconds => Ok(seconds),
        }
    }
}
