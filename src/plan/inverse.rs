//! From a rate to instants: the inverse of the cumulative of a piecewise linear rate with atoms.
//!
//! Only + − × ÷ √ take part, all correctly rounded by IEEE 754, so that the instants are the same on
//! every machine (P5). Areas add up by Neumaier's compensated sum.

use super::curve::Piece;
use crate::scenario::Burst;

/// F⁻¹ of the session starts of one population over a stretch of scenario time.
#[derive(Debug)]
pub struct Inverse {
    segments: Vec<Segment>,
    area: f64,
}

/// A stretch of positive area: a line of the rate, or an atom (length 0).
#[derive(Debug)]
struct Segment {
    from: f64,
    length: f64,
    start: f64,
    /// Change of the rate per second.
    slope: f64,
    /// The area of all segments before this one.
    before: f64,
}

impl Inverse {
    /// The starts of a curve (its pieces over the whole day) and of bursts, whose weights are shares of
    /// all the day's sessions, as far as they fall into `[from, to]`. Areas are in sessions where the
    /// curve's levels are rates, and in shares of the sessions where there is no curve.
    pub fn new(pieces: &[Piece], bursts: &[Burst], from: f64, to: f64) -> Self {
        let curve_area: f64 = pieces.iter().map(Piece::area).sum();
        let weight: f64 = bursts.iter().map(|burst| burst.weight).sum();
        // Ten bursts of a tenth make 0.9999999999999999.
        let curve_counts = curve_area > 0.0 && weight < 1.0 - 1e-9;
        // A curve of area A and bursts of weight w make A / (1 - w) in all.
        let unit = if curve_counts { curve_area / (1.0 - weight) } else { 1.0 };
        let mut times: Vec<f64> = vec![from, to];
        times.extend(pieces.iter().flat_map(|piece| [piece.from, piece.to]));
        times.extend(bursts.iter().flat_map(|burst| [burst.at, burst.at + burst.spread]));
        times.retain(|time| (from..=to).contains(time));
        times.sort_by(f64::total_cmp);
        times.dedup();
        let mut builder = Builder::default();
        let mut cursor = 0;
        for (i, &time) in times.iter().enumerate() {
            let atom: f64 =
                bursts.iter().filter(|b| b.spread == 0.0 && b.at == time).map(|burst| burst.weight * unit).sum();
            builder.push(time, 0.0, 0.0, 0.0, atom);
            let Some(&next) = times.get(i + 1) else { break };
            while cursor < pieces.len() && pieces[cursor].to <= time {
                cursor += 1;
            }
            let line = pieces.get(cursor).filter(|piece| curve_counts && piece.from <= time);
            let (start, end) = line.map_or((0.0, 0.0), |piece| (piece.at(time), piece.at(next)));
            let density: f64 = bursts
                .iter()
                .filter(|burst| burst.spread > 0.0 && burst.at <= time && next <= burst.at + burst.spread)
                .map(|burst| burst.weight * unit / burst.spread)
                .sum();
            let (start, end, length) = (start + density, end + density, next - time);
            builder.push(time, length, start, end, length * (start + end) / 2.0);
        }
        builder.finish()
    }

    /// The whole area: sessions where levels are rates.
    pub fn area(&self) -> f64 {
        self.area
    }

    /// F⁻¹(u) in seconds, for u in [0, 1]; the area must not be zero.
    pub fn at(&self, u: f64) -> f64 {
        let wanted = u * self.area;
        let index = self.segments.partition_point(|segment| segment.before <= wanted).saturating_sub(1);
        let segment = &self.segments[index];
        segment.from + segment.invert(wanted - segment.before)
    }
}

impl Segment {
    /// After how many seconds the area under the line reaches `area` (docs/sources.md, Arrivals): no cancellation,
    /// and right for flat, falling and zero-starting lines.
    fn invert(&self, area: f64) -> f64 {
        if area <= 0.0 || self.length <= 0.0 {
            return 0.0;
        }
        let root = (self.start * self.start + 2.0 * self.slope * area).max(0.0).sqrt();
        self.length.min(2.0 * area / (self.start + root))
    }
}

/// Segments and their running area, by Neumaier's compensated sum.
#[derive(Default)]
struct Builder {
    segments: Vec<Segment>,
    sum: f64,
    compensation: f64,
}

impl Builder {
    fn push(&mut self, from: f64, length: f64, start: f64, end: f64, area: f64) {
        if area <= 0.0 {
            return;
        }
        let slope = if length > 0.0 { (end - start) / length } else { 0.0 };
        self.segments.push(Segment { from, length, start, slope, before: self.sum + self.compensation });
        let sum = self.sum + area;
        self.compensation += if self.sum.abs() >= area { (self.sum - sum) + area } else { (area - sum) + self.sum };
        self.sum = sum;
    }

    fn finish(self) -> Inverse {
        Inverse { segments: self.segments, area: self.sum + self.compensation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invert(start: f64, end: f64, length: f64, area: f64) -> f64 {
        Segment { from: 0.0, length, start, slope: (end - start) / length, before: 0.0 }.invert(area)
    }

    #[test]
    fn lines_invert_to_the_reference_values() {
        for (start, end, length, area, x) in [
            (10.0, 30.0, 10.0, 50.0, 3.660_254_037_844_386_4),
            (0.0, 20.0, 10.0, 25.0, 5.0),
            (20.0, 0.0, 10.0, 75.0, 5.0),
            (20.0, 0.0, 10.0, 100.0, 10.0),
            (5.0, 5.0, 8.0, 12.0, 2.4),
        ] {
            assert_eq!(invert(start, end, length, area), x, "({start}, {end}, {length}, {area})");
        }
        let nearly_flat = invert(1000.0, 1_000.000_001, 3600.0, 1.8e6);
        assert!((nearly_flat - 1_799.999_999_55).abs() < 1e-9, "{nearly_flat}");
    }

    #[test]
    fn knots_invert_to_the_reference_values() {
        let knots = [(0.0, 0.0), (60.0, 100.0), (120.0, 100.0), (180.0, 0.0)];
        let pieces: Vec<Piece> = knots
            .windows(2)
            .map(|pair| Piece { from: pair[0].0, to: pair[1].0, start: pair[0].1, end: pair[1].1 })
            .collect();
        let inverse = Inverse::new(&pieces, &[], 0.0, 180.0);
        assert_eq!(inverse.area(), 12_000.0);
        for (u, x) in
            [(0.125, 42.426_406_87), (0.25, 60.0), (0.5, 90.0), (0.875, 137.573_593_13), (0.0, 0.0), (1.0, 180.0)]
        {
            assert!((inverse.at(u) - x).abs() < 1e-8, "{u}: {}", inverse.at(u));
        }
    }

    #[test]
    fn bursts_take_their_share_beside_a_curve_and_without_one() {
        let flat = [Piece { from: 0.0, to: 100.0, start: 3.0, end: 3.0 }];
        let bursts = [Burst { at: 20.0, weight: 0.25, spread: 0.0 }, Burst { at: 50.0, weight: 0.25, spread: 10.0 }];
        let inverse = Inverse::new(&flat, &bursts, 0.0, 100.0);
        assert_eq!(inverse.area(), 600.0);
        assert_eq!([inverse.at(0.05), inverse.at(0.1), inverse.at(0.34), inverse.at(0.36)], [10.0, 20.0, 20.0, 22.0]);
        // Half-way through: 50 of 3/s, the atom, and 5 s of the second burst at 15/s and of 3/s.
        assert!((inverse.at((165.0 + 150.0 + 5.0 * 15.0) / 600.0) - 55.0).abs() < 1e-9);
        let alone = Inverse::new(&[], &[Burst { at: 5.0, weight: 1.0, spread: 4.0 }], 0.0, 100.0);
        assert_eq!([alone.area(), alone.at(0.0), alone.at(0.5), alone.at(1.0)], [1.0, 5.0, 7.0, 9.0]);
        assert_eq!(Inverse::new(&flat, &bursts, 55.0, 60.0).area(), 15.0 + 75.0);
    }
}
