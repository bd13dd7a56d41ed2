//! Flows: what one session does, compiled into steps in pre-order for one population.

use std::collections::BTreeSet;

use super::template::Known;
use super::value::grouped;
use super::{Fields, Reader, World, shorten};
use crate::scenario::keys::{FLOW, SHARED};
use crate::scenario::model::{Auth, Connection, Flow, OnFailure, Retry, Step};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place, Value};

/// Flows of a scenario.
const MOST_FLOWS: usize = 1_000;
/// Connections of a shared pool.
const MOST_SHARED: u64 = 1_000_000;
/// Redirects that a request follows; browsers give up after as many.
const MOST_FOLLOWED: u64 = 20;
/// A pool's size where none is given.
const DEFAULT_SHARED: u32 = 64;
/// Steps that one session may execute, pauses included: a bound for planning, and for a typo in a repeat.
const MOST_EXECUTED: u64 = 10_000_000;

/// A flow being compiled for one population.
pub struct Compiler<'r, 'a, 'k> {
    pub reader: &'r mut Reader<'a>,
    pub world: &'k World,
    pub known: Known<'k>,
    pub steps: Vec<Step>,
    /// When requests without a policy of their own are tried again.
    pub retry: Option<Retry>,
    /// Names of saved values, by index, and whether a step that was passed can have saved them.
    pub saved: Vec<String>,
    pub available: Vec<bool>,
    /// Names that steps were given by `name:`.
    pub names: BTreeSet<String>,
    /// The scenario's flows; those that are being compiled, each called by the one before; and those of which it is
    /// known what they save.
    pub flows: &'k [Entry],
    pub calling: Vec<String>,
    pub named: BTreeSet<(String, bool)>,
    /// Redirects that a request follows unless it says otherwise.
    pub follow: u32,
    /// The credentials of requests, unless they have their own.
    pub auth: Option<Auth>,
    /// Names of transactions, with their places.
    pub transactions: Vec<(String, Place)>,
    /// The first alternative or repeat that may send no request.
    pub idle: Option<Place>,
}

/// What the steps of a session have in common.
pub struct Common<'k> {
    pub flows: &'k [Entry],
    pub calling: Vec<String>,
    pub known: Known<'k>,
    pub retry: Option<Retry>,
    pub follow: u32,
    pub auth: Option<Auth>,
}

/// The compiled steps of a session, the values that they save, and the names that objectives may use.
pub struct Steps {
    pub steps: Vec<Step>,
    pub saved: Vec<String>,
    pub names: BTreeSet<String>,
}

/// What a list of steps may come to in one session.
#[derive(Clone, Copy, Default)]
pub struct Extent {
    /// The fewest requests of any path.
    pub least_requests: u64,
    /// The most steps of any path.
    pub most_executed: u64,
}

impl Reader<'_> {
    /// The flow that a population names, compiled for it.
    pub fn flow_of(
        &mut self,
        node: &Node,
        scenario: &Fields,
        known: &Known,
        auth: Option<Auth>,
        world: &World,
    ) -> Read<(Flow, BTreeSet<String>)> {
        let name = self.text(node, "the name of a flow")?;
        let flows = self.need(scenario, "flows")?;
        let entries = self.flows(flows)?;
        match entries.iter().find(|entry| entry.key == name) {
            Some(entry) => self.flow(entry, entries, known, auth, world),
            None => {
                let problem = Problem::new(node.place, format!("there is no flow `{}`", shorten(name)));
                Err(self.problems.push_near(problem, name, entries.iter().map(|entry| entry.key.as_str())))
            }
        }
    }

    /// The entries of `flows:`.
    pub fn flows<'n>(&mut self, node: &'n Node) -> Read<&'n [Entry]> {
        let entries = self.names(node, "a map of flows by name")?;
        if entries.len() <= MOST_FLOWS {
            return Ok(entries);
        }
        Err(self.problem(node.place, format!("a scenario has at most {MOST_FLOWS} flows")))
    }

    /// One of the scenario's flows, compiled for the population that `known` describes.
    pub fn flow(
        &mut self,
        entry: &Entry,
        flows: &[Entry],
        known: &Known,
        auth: Option<Auth>,
        world: &World,
    ) -> Read<(Flow, BTreeSet<String>)> {
        let named = self.identifier(entry, "a flow");
        self.spend_node(&entry.value)?;
        let fields = self.fields(&entry.value, &FLOW)?;
        let connection = fields.get("connection").map_or(Ok(Connection::Session), |node| self.connection(node));
        let words = [("continue", OnFailure::Continue), ("end", OnFailure::End)];
        let on_failure = fields.get("on_failure").map_or(Ok(OnFailure::Continue), |node| self.word(node, &words));
        let follow = fields.get("follow").map_or(Ok(0), |node| self.follow(node));
        let cookies = fields.get("cookies").map_or(Ok(true), |node| self.flag(node));
        let retry = fields.get("retry").map(|node| self.retry(node)).transpose();
        let list = self.need(&fields, "steps")?;
        // A policy that cannot be read is told, and the steps are read without it.
        let (retry, retry_read) = (retry.as_ref().ok().cloned().flatten(), retry.map(drop));
        let calling = vec![entry.key.clone()];
        let common = Common { flows, calling, known: *known, retry, follow: follow?, auth };
        let Steps { steps, saved, names } = self.steps_of(&entry.key, entry.place, list, common, world)?;
        named.and(retry_read)?;
        let name = entry.key.clone();
        Ok((Flow { name, connection: connection?, on_failure: on_failure?, cookies: cookies?, steps, saved }, names))
    }

    /// The steps of a list, compiled for the sessions of what is called `name` and stands at `place`.
    pub fn steps_of(
        &mut self,
        name: &str,
        place: Place,
        list: &Node,
        common: Common<'_>,
        world: &World,
    ) -> Read<Steps> {
        let Common { flows, calling, known, retry, follow, auth } = common;
        let (steps, saved, available, names) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
        let (transactions, named) = (Vec::new(), BTreeSet::new());
        let mut compiler = Compiler {
            reader: self,
            world,
            known,
            steps,
            saved,
            available,
            names,
            flows,
            calling,
            named,
            retry,
            follow,
            auth,
            transactions,
            idle: None,
        };
        compiler.name_saved(list, false);
        let extent = compiler.list(list)?;
        compiler.add_transactions_to_names()?;
        let Compiler { steps, saved, names, idle, .. } = compiler;
        if extent.least_requests == 0 {
            let hint = "every path through a flow needs a request; a repeat of 0 times has none, and neither has an empty pick";
            let message = format!("a session of `{name}` may end without a request");
            return Err(self.problem_with_hint(idle.unwrap_or(place), message, hint));
        }
        if extent.most_executed > MOST_EXECUTED {
            let (could, most) = (grouped(extent.most_executed), grouped(MOST_EXECUTED));
            return Err(
                self.problem(place, format!("a session of `{name}` could take {could} steps; the most is {most}"))
            );
        }
        Ok(Steps { steps, saved, names })
    }

    /// How many redirects a request follows.
    pub fn follow(&mut self, node: &Node) -> Read<u32> {
        self.whole(node, 0..=MOST_FOLLOWED).map(|n| n as u32)
    }

    fn connection(&mut self, node: &Node) -> Read<Connection> {
        if let Value::Map(_) = node.value {
            let fields = self.fields(node, &SHARED)?;
            let size = self.need(&fields, "shared").and_then(|node| self.whole(node, 1..=MOST_SHARED))?;
            return Ok(Connection::Shared { size: size as u32 });
        }
        let shared = Connection::Shared { size: DEFAULT_SHARED };
        self.word(node, &[("session", Connection::Session), ("request", Connection::Request), ("shared", shared)])
    }
}
