//! Arrivals: a process over a curve, bursts, or a trace of instants (P6).

use std::sync::Arc;

use super::curve::{MOST_SURGES, is_positive};
use super::{Fields, Reader, World};
use crate::scenario::keys::{ARRIVALS, BURST, CURVE};
use crate::scenario::model::{Arrivals, Burst, Curve, Interpolation, Process};
use crate::scenario::problem::{Read, Told};
use crate::scenario::yaml::{Node, Place, Value};
use crate::unit::{Percent, percent};

/// Bursts of one population, and pieces of one curve.
const MOST_PIECES: usize = 1_000;

/// What the pieces of a curve come to, with the places that later checks point at.
#[derive(Default)]
struct Pieces {
    curve: Curve,
    surges: Vec<Place>,
    bursts: Vec<Burst>,
    failed: Option<Told>,
}

impl Reader<'_> {
    /// `arrivals:` of a population.
    pub fn arrivals(&mut self, node: &Node, world: &World) -> Read<Arrivals> {
        let fields = self.fields(node, &ARRIVALS)?;
        let words = [("poisson", 0), ("even", 1), ("jittered", 2), ("trace", 3)];
        let process = fields.get("process").map_or(Ok(0), |node| self.word(node, &words));
        let mut pieces = Pieces::default();
        if let Some(node) = fields.get("curve") {
            self.pieces(node, world, &mut pieces);
        }
        if let Some(node) = fields.get("burst") {
            self.bursts(node, world, &mut pieces);
        }
        let process = match process? {
            3 => return self.trace(&fields, world),
            0 => Process::Poisson,
            1 => Process::Even,
            _ => Process::Jittered,
        };
        if fields.get("trace").is_some() {
            self.problem_with_hint(fields.place("trace"), "a trace needs `process: trace`", "process: trace");
        }
        self.assemble(&fields, process, pieces)
    }

    fn assemble(&mut self, fields: &Fields, process: Process, pieces: Pieces) -> Read<Arrivals> {
        let Pieces { mut curve, surges, mut bursts, failed } = pieces;
        if let Some(told) = failed {
            return Err(told);
        }
        let mut order: Vec<usize> = (0..curve.surges.len()).collect();
        order.sort_by(|a, b| curve.surges[*a].at.total_cmp(&curve.surges[*b].at));
        let places: Vec<Place> = order.iter().map(|i| surges[*i]).collect();
        curve.surges = order.iter().map(|i| curve.surges[*i]).collect();
        bursts.sort_by(|a, b| a.at.total_cmp(&b.at));
        self.check_surges(&curve, &places)?;
        let has_curve = !(curve.factors.is_empty() && curve.surges.is_empty());
        if has_curve && !is_positive(&curve) {
            return Err(self.problem(fields.place("curve"), "this curve is 0 everywhere, so nobody would come"));
        }
        let weight: f64 = bursts.iter().map(|burst| burst.weight).sum();
        if weight > 1.0 + 1e-9 || (!has_curve && (weight - 1.0).abs() > 1e-9) {
            let message = match (has_curve, bursts.is_empty()) {
                (false, true) => "these arrivals have neither a curve nor a burst".to_owned(),
                (false, false) => {
                    format!(
                        "without a curve the bursts must hold 100% of the sessions, and these hold {}",
                        percent(weight)
                    )
                }
                (true, _) => {
                    format!("the bursts hold {} of the sessions, which is more than all of them", percent(weight))
                }
            };
            return Err(self.problem(fields.node.place, message));
        }
        Ok(Arrivals { process, curve: has_curve.then_some(curve), bursts })
    }

    fn pieces(&mut self, node: &Node, world: &World, pieces: &mut Pieces) {
        let what = "a list of pieces, such as `- line: [[\"07:00\", 1], [\"12:00\", 5]]`";
        let items = match self.list(node, what) {
            Ok(items) if (1..=MOST_PIECES).contains(&items.len()) => items,
            Ok(_) => {
                pieces.failed =
                    Some(self.problem(node.place, format!("expected {what}, from 1 to {MOST_PIECES} of them")));
                return;
            }
            Err(told) => {
                pieces.failed = Some(told);
                return;
            }
        };
        for item in items {
            if let Err(told) = self.piece(item, world, pieces) {
                pieces.failed = Some(told);
            }
        }
        if pieces.surges.len() > MOST_SURGES {
            pieces.failed = Some(self.problem(node.place, format!("a curve has at most {MOST_SURGES} surges")));
        }
    }

    fn piece(&mut self, item: &Node, world: &World, pieces: &mut Pieces) -> Read<()> {
        let fields = self.fields(item, &CURVE)?;
        let (kind, node) = self.one_of(&fields)?;
        let factor = match kind {
            "line" => self.points(node, Interpolation::Linear, world)?,
            "step" => self.points(node, Interpolation::Step, world)?,
            "constant" => self.constant(node)?,
            "daily" => self.daily(node, world)?,
            "series" => self.series(node, world)?,
            "surge" => {
                pieces.curve.surges.push(self.surge(node, world)?);
                pieces.surges.push(node.get("to").map_or(node.place, |to| to.place));
                return Ok(());
            }
            _ => {
                pieces.bursts.push(self.burst(node, world)?);
                return Ok(());
            }
        };
        pieces.curve.factors.push(factor);
        Ok(())
    }

    fn bursts(&mut self, node: &Node, world: &World, pieces: &mut Pieces) {
        let one = std::slice::from_ref(node);
        let nodes = if let Value::List(items) = &node.value { items } else { one };
        if nodes.len() > MOST_PIECES {
            pieces.failed = Some(self.problem(node.place, format!("a population has at most {MOST_PIECES} bursts")));
            return;
        }
        for node in nodes {
            match self.burst(node, world) {
                Ok(burst) => pieces.bursts.push(burst),
                Err(told) => pieces.failed = Some(told),
            }
        }
    }

    fn burst(&mut self, node: &Node, world: &World) -> Read<Burst> {
        let fields = self.fields(node, &BURST)?;
        let at = self.need(&fields, "at").and_then(|node| self.time(node, world));
        let weight = self.need(&fields, "weight").and_then(|node| self.some_percent(node));
        let spread = fields.get("spread").map_or(Ok(0.0), |node| self.seconds(node));
        Ok(Burst { at: at?, weight: weight?, spread: spread? })
    }

    /// A percentage above zero, as a fraction.
    pub fn some_percent(&mut self, node: &Node) -> Read<f64> {
        let percent: Percent = self.measure(node)?;
        if percent.as_fraction() > 0.0 {
            return Ok(percent.as_fraction());
        }
        Err(self.problem(node.place, "0% is nobody: leave it out"))
    }

    fn trace(&mut self, fields: &Fields, world: &World) -> Read<Arrivals> {
        for key in ["curve", "burst"] {
            if fields.get(key).is_some() {
                self.problem(fields.place(key), format!("a trace gives the instants itself: leave `{key}` out"));
            }
        }
        let Some(node) = fields.get("trace") else {
            let hint = "trace: data/arrivals.csv, with the column `time`";
            return Err(self.problem_with_hint(
                fields.place("process"),
                "`process: trace` needs the file of the instants",
                hint,
            ));
        };
        let table = self.csv(node)?;
        let column = self.column(&table, "time", node.place)?;
        self.spend(table.rows.len(), node.place)?;
        let instants = self.each_row(&table, |reader, row, last: Option<&f64>| {
            let at = reader.csv_time(&table, row, column, world)?;
            if last.is_some_and(|last| at < *last) {
                return Err(reader.bad_cell(
                    &table,
                    row,
                    column,
                    "this instant is before the one above",
                    "instants must ascend",
                ));
            }
            Ok(at)
        })?;
        Ok(Arrivals { process: Process::Trace(Arc::new(instants)), curve: None, bursts: Vec::new() })
    }
}
