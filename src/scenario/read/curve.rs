//! The pieces of a curve: points, daily tables, series, surges (P5, P6).

use super::time::{days, on_day, time_of_day};
use super::value::grouped;
use super::{Reader, World, shorten};
use crate::scenario::keys::{SERIES, SURGE};
use crate::scenario::model::{Clock, Curve, Factor, Interpolation, Surge};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Place, Value};

/// Points of one piece, a daily table written out over the clock.
const MOST_POINTS: usize = 1_000_000;
/// Surges of one curve: each is laid on all those before.
pub const MOST_SURGES: usize = 1_000;

/// A point as written: where, its time, its level.
type Point<'n> = (&'n Node, &'n Node, f64);

impl Reader<'_> {
    /// `line:` and `step:`: points at times of the day.
    pub fn points(&mut self, node: &Node, interpolation: Interpolation, world: &World) -> Read<Factor> {
        let written = self.written_points(node)?;
        let mut points: Vec<(f64, f64)> = Vec::new();
        let mut failed = None;
        for (node, time, level) in written {
            match self.time(time, world) {
                Err(told) => failed = Some(told),
                Ok(at) if points.last().is_some_and(|last| at <= last.0) => {
                    let hint = "times must ascend; the day after is written `+1d 02:00`";
                    failed = Some(self.problem_with_hint(node.place, "this point is not after the one before", hint));
                }
                Ok(at) => points.push((at, level)),
            }
        }
        failed.map_or(Ok(Factor { interpolation, points }), Err)
    }

    /// `constant:`: one level.
    pub fn constant(&mut self, node: &Node) -> Read<Factor> {
        Ok(Factor { interpolation: Interpolation::Step, points: vec![(0.0, self.level(node)?)] })
    }

    /// `daily:`: times of day, repeated on each day of the clock and straight between them, midnight too.
    pub fn daily(&mut self, node: &Node, world: &World) -> Read<Factor> {
        let written = self.written_points(node)?;
        let mut table: Vec<(jiff::civil::Time, f64)> = Vec::new();
        let mut failed = None;
        for (node, time, level) in written {
            let text = self.text(time, "a time of day such as `07:00`")?;
            match time_of_day(text) {
                Err(wrong) => failed = Some(self.problem(time.place, wrong.message)),
                Ok(time) if table.last().is_some_and(|last| time <= last.0) => {
                    failed = Some(self.problem(node.place, "this point is not after the one before"));
                }
                Ok(time) => table.push((time, level)),
            }
        }
        if let Some(told) = failed {
            return Err(told);
        }
        let clock = world.clock.as_ref().map_err(|told| *told)?;
        let points = table.len() * (days(clock) as usize + 2);
        self.spend(points, node.place)?;
        if points > MOST_POINTS {
            return Err(self.problem(
                node.place,
                format!("over the clock's days this has more than {} points", grouped(MOST_POINTS as u64)),
            ));
        }
        Ok(Factor { interpolation: Interpolation::Linear, points: written_out(&table, clock) })
    }

    /// `series:`: a curve from a CSV file.
    pub fn series(&mut self, node: &Node, world: &World) -> Read<Factor> {
        let (file, unit) = match node.value {
            Value::Map(_) => {
                let fields = self.fields(node, &SERIES)?;
                let units = [("/s", "/s"), ("/m", "/m"), ("/h", "/h")];
                let unit = fields.get("unit").map_or(Ok("/s"), |node| self.word(node, &units));
                (self.need(&fields, "file")?, unit?)
            }
            _ => (node, "/s"),
        };
        let table = self.csv(file)?;
        let (time, rate) = (self.column(&table, "time", file.place), self.column(&table, "rate", file.place));
        let (time, rate_column) = (time?, rate?);
        self.spend(table.rows.len(), file.place)?;
        let points = self.each_row(&table, |reader, row, last: Option<&(f64, f64)>| {
            let at = reader.csv_time(&table, row, time, world)?;
            let rate = &table.rows[row][rate_column];
            let text = if rate.contains('/') { rate.clone() } else { format!("{rate}{unit}") };
            let level = text.parse::<crate::unit::Rate>().map_err(|error| {
                let message = format!("expected {}, found `{}`", error.expected, shorten(rate));
                let hint = "a number alone is per second, unless `unit` says otherwise";
                reader.bad_cell(&table, row, rate_column, &message, hint)
            })?;
            if last.is_some_and(|last| at <= last.0) {
                return Err(reader.bad_cell(
                    &table,
                    row,
                    time,
                    "this time is not after the one before",
                    "times must ascend",
                ));
            }
            Ok((at, level.as_per_second()))
        })?;
        Ok(Factor { interpolation: Interpolation::Linear, points })
    }

    /// `surge: { at, to, rise, half_life }`.
    pub fn surge(&mut self, node: &Node, world: &World) -> Read<Surge> {
        let fields = self.fields(node, &SURGE)?;
        let at = self.need(&fields, "at").and_then(|node| self.time(node, world));
        let to = self.need(&fields, "to").and_then(|node| self.level(node));
        let rise = self.need(&fields, "rise").and_then(|node| self.seconds(node));
        let half_life = self.need(&fields, "half_life").and_then(|node| self.positive(node));
        Ok(Surge { at: at?, to: to?, rise: rise?, half_life: half_life? })
    }

    fn written_points<'n>(&mut self, node: &'n Node) -> Read<Vec<Point<'n>>> {
        let what = "a list of points, such as `[[\"07:00\", 1], [\"12:00\", 5]]`";
        let items = self.list(node, what)?;
        if items.is_empty() || items.len() > MOST_POINTS {
            return Err(
                self.problem(node.place, format!("expected {what}, from 1 to {} of them", grouped(MOST_POINTS as u64)))
            );
        }
        let points: Vec<Read<Point>> = items.iter().map(|item| self.written_point(item)).collect();
        points.into_iter().collect()
    }

    fn written_point<'n>(&mut self, item: &'n Node) -> Read<Point<'n>> {
        match item.items() {
            [time, level] => Ok((item, time, self.level(level)?)),
            _ => Err(self.expected(item, "a point: a time and a level, such as `[\"07:00\", 1]`")),
        }
    }

    /// Surges are absolute: one that reaches less than the curve under it is an error (P5).
    pub fn check_surges(&mut self, curve: &Curve, places: &[Place]) -> Read<()> {
        let mut added: Vec<(Surge, f64)> = Vec::new();
        let mut failed = None;
        for (surge, place) in curve.surges.iter().zip(places) {
            let top = surge.at + surge.rise;
            let under = curve.factors.iter().map(|factor| value(factor, top)).product::<f64>()
                + added.iter().map(|(surge, amount)| amount * share(surge, top)).sum::<f64>();
            if surge.to < under {
                let message = format!("the curve is at {under:.3} where this surge would reach {}", surge.to);
                let problem = Problem::new(*place, message).hint("`to` is the level reached, not what is added");
                failed = Some(self.problems.push(problem));
            }
            added.push((*surge, (surge.to - under).max(0.0)));
        }
        failed.map_or(Ok(()), Err)
    }
}

/// A daily table on every day of the clock, cut at the clock's ends.
fn written_out(table: &[(jiff::civil::Time, f64)], clock: &Clock) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for day in -1..=days(clock) {
        for (time, level) in table {
            // A time that the zone leaves out on this day has no point there.
            if let Some(at) = on_day(clock, day, *time)
                && points.last().is_none_or(|last| at > last.0)
            {
                points.push((at, *level));
            }
        }
    }
    let whole = Factor { interpolation: Interpolation::Linear, points };
    let ends = [(0.0, value(&whole, 0.0)), (clock.length, value(&whole, clock.length))];
    let inside = whole.points.iter().copied().filter(|(at, _)| (0.0..clock.length).contains(at) && *at > 0.0);
    std::iter::once(ends[0]).chain(inside).chain(std::iter::once(ends[1])).collect()
}

/// A factor's value at a time.
fn value(factor: &Factor, at: f64) -> f64 {
    let points = &factor.points;
    let after = points.partition_point(|point| point.0 <= at);
    match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (None, Some(first)) => first.1,
        (Some(last), None) => last.1,
        (Some(a), Some(_)) if factor.interpolation == Interpolation::Step => a.1,
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (at - a.0) / (b.0 - a.0),
        (None, None) => 0.0,
    }
}

/// What is there at a time of what a surge added: rising, then halving.
fn share(surge: &Surge, at: f64) -> f64 {
    let top = surge.at + surge.rise;
    match at {
        _ if at < surge.at => 0.0,
        _ if at < top => (at - surge.at) / surge.rise,
        _ => (-(at - top) / surge.half_life).exp2(),
    }
}

/// Whether a curve is above zero anywhere: each factor has a positive level, or a surge lifts it.
pub fn is_positive(curve: &Curve) -> bool {
    let positive = |factor: &Factor| factor.points.iter().any(|point| point.1 > 0.0);
    curve.surges.iter().any(|surge| surge.to > 0.0) || (!curve.factors.is_empty() && curve.factors.iter().all(positive))
}
