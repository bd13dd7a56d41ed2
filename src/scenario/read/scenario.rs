//! The scenario as a whole: its sections in the order in which they need each other.

use std::collections::BTreeSet;

use super::condition::called;
use super::population::Compiled;
use super::template::{FeedNames, Known};
use super::value::grouped;
use super::{Fields, Reader, World, shorten};
use crate::scenario::keys::{LIMITS, SCENARIO};
use crate::scenario::model::{Limits, Scenario};
use crate::scenario::overrides::Run;
use crate::scenario::problem::Read;
use crate::scenario::yaml::{Entry, Node};
use crate::unit::Bytes;

/// Requests of a scenario.
const MOST_REQUESTS: u64 = 1_000_000_000_000;

/// The checked scenario of a tree, with what the options say about this run.
pub(in crate::scenario) fn scenario(reader: &mut Reader, root: &Node, run: &Run) -> Read<Scenario> {
    let fields = reader.fields(root, &SCENARIO)?;
    let name = reader.need(&fields, "name").and_then(|node| reader.scenario_name(node));
    let seed = fields.get("seed").map_or(Ok(1), |node| reader.whole(node, 0..=u64::MAX));
    let clock = reader.need(&fields, "clock").and_then(|node| reader.clock(node, run.window.as_ref()));
    let clock = match fields.get("warm_up") {
        Some(node) => reader.warm_up(node, clock),
        None => clock,
    };
    let target = reader.target(&fields);
    let origins = target.as_ref().map(|target| target.origins.clone()).map_err(|told| *told);
    let (scale, scale_place) = run.scale.map_or((1.0, None), |(scale, place)| (scale, Some(place)));
    let has_total = fields.means("requests");
    let world = World { clock, origins, has_total, scale, scale_place };
    let target = reader.with_events(target, &fields, &world);
    let requests = reader.requests(&fields, &world);
    let limits = fields.get("limits").map_or(Ok(Limits::default()), |node| reader.limits(node));
    let trace_header = fields.get("trace_header").map(|node| reader.flag(node)).transpose();
    let secrets = reader.secrets(&fields);
    let before = reader.before(&fields, &world);
    let after = reader.after(&fields, &world);
    let compiled = reader.populations(&fields, &world);
    reader.check_unused_flows(&fields, &world);
    let objectives = reader.slo(&fields, &compiled, &world.clock);
    let (clock, target, compiled, objectives) = (world.clock?, target?, compiled?, objectives?);
    let trace_header = trace_header?.unwrap_or(target.embedded.is_some());
    let (mut populations, mut flows) = (Vec::new(), Vec::new());
    for Compiled { population, flow, .. } in compiled {
        reader.note_unused_rows(&population);
        populations.push(population);
        flows.push(flow);
    }
    secrets?;
    let (before, after) = (before?, after?);
    let (name, seed, requests, limits) = (name?, seed?, requests?, limits?);
    Ok(Scenario {
        name,
        seed,
        clock,
        requests,
        target,
        populations,
        flows,
        objectives,
        before,
        after,
        limits,
        trace_header,
    })
}

impl Reader<'_> {
    fn scenario_name(&mut self, node: &Node) -> Read<String> {
        let name = self.text(node, "a name")?;
        let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.chars().all(inside) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() <= 64 {
            return Ok(name.to_owned());
        }
        let hint = "letters, digits, `-`, `_` and `.`, at most 64, a letter or digit first";
        Err(self.problem_with_hint(node.place, format!("`{}` cannot name a scenario", shorten(name)), hint))
    }

    /// The total, scaled and rounded (P9).
    fn requests(&mut self, fields: &Fields, world: &World) -> Read<Option<u64>> {
        let Some(node) = fields.get("requests") else { return Ok(None) };
        let total = self.whole(node, 1..=MOST_REQUESTS)?;
        let scaled = (total as f64 * world.scale).round();
        if (1.0..=MOST_REQUESTS as f64).contains(&scaled) {
            return Ok(Some(scaled as u64));
        }
        let place = world.scale_place.unwrap_or(node.place);
        Err(self.problem(
            place,
            format!("this makes {} requests; 1 to {} are possible", grouped(scaled as u64), grouped(MOST_REQUESTS)),
        ))
    }

    fn limits(&mut self, node: &Node) -> Read<Limits> {
        let fields = self.fields(node, &LIMITS)?;
        let default = Limits::default();
        let timeout = fields.get("timeout").map_or(Ok(default.timeout), |node| self.timeout(node));
        let connect_timeout =
            fields.get("connect_timeout").map_or(Ok(default.connect_timeout), |node| self.timeout(node));
        let max_in_flight =
            fields.get("max_in_flight").map_or(Ok(default.max_in_flight), |node| self.whole(node, 1..=10_000_000));
        let max_head = self.bytes(&fields, "max_head", default.max_head, 256..=1 << 20);
        let max_body = self.bytes(&fields, "max_body", default.max_body, 1..=1 << 40);
        let max_inspected = self.bytes(&fields, "max_inspected", default.max_inspected, 1..=64 << 20);
        let (timeout, connect_timeout, max_in_flight) = (timeout?, connect_timeout?, max_in_flight?);
        let (max_head, max_body, max_inspected) = (max_head?, max_body?, max_inspected?);
        if fields.get("connect_timeout").is_some() && connect_timeout > timeout {
            self.notes.push(format!(
                "limits: a connection is opened within the timeout, so that of `connect_timeout: {connect_timeout}` only \
                 the first {timeout} count"
            ));
        }
        if fields.get("max_inspected").is_some() && max_inspected > max_body {
            self.notes.push(format!(
                "limits: an answer of more than `max_body: {max_body}` has failed before up to {max_inspected} of it could \
                 be inspected"
            ));
        }
        Ok(Limits { timeout, connect_timeout, max_in_flight, max_head, max_body, max_inspected })
    }

    fn bytes(
        &mut self,
        fields: &Fields,
        key: &str,
        default: Bytes,
        range: std::ops::RangeInclusive<u64>,
    ) -> Read<Bytes> {
        let Some(node) = fields.get(key) else { return Ok(default) };
        let bytes: Bytes = self.measure(node)?;
        if range.contains(&bytes.0) {
            return Ok(bytes);
        }
        let (least, most) = (Bytes(*range.start()), Bytes(*range.end()));
        Err(self.expected(node, &format!("a size from {least} to {most}")))
    }

    /// A flow that no population runs is noted, and checked all the same; the others are checked where they are used.
    fn check_unused_flows(&mut self, fields: &Fields, world: &World) {
        let populations = fields.get("populations").map_or(&[][..], Node::entries);
        let used: BTreeSet<&str> = populations.iter().filter_map(|entry| entry.value.get("flow")?.scalar()).collect();
        let Ok(entries) = self.need(fields, "flows").and_then(|node| self.flows(node)) else { return };
        let known = Known { population: Some("nobody"), feed: FeedNames::Unknown, session: true, ..Known::nothing() };
        let around = ["before", "after"].into_iter().filter_map(|key| fields.get(key));
        let called: BTreeSet<&str> = entries.iter().map(|entry| &entry.value).chain(around).flat_map(called).collect();
        let unused = |entry: &&Entry| !used.contains(entry.key.as_str()) && !called.contains(entry.key.as_str());
        for entry in entries.iter().filter(unused) {
            self.notes.push(format!("no population uses the flow `{}`", shorten(&entry.key)));
            // Only for its problems.
            let _unused = self.flow(entry, entries, &known, None, world);
        }
    }
}
