//! Populations: how many, when they come, and the flow they run, compiled for each (P1, P2, P9).
//!
//! A flow's templates mean something only beside a population's name and feed, so the model has one
//! flow for each population.

use std::collections::BTreeSet;

use super::feed::names;
use super::template::Known;
use super::value::grouped;
use super::{Fields, Reader, World};
use crate::scenario::keys::POPULATION;
use crate::scenario::model::{FeedOrder, FeedRows, Flow, Population, Process, Size};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node};
use crate::unit::{Percent, percent, thousands};

/// Populations of a scenario.
const MOST_POPULATIONS: usize = 1_000;
/// Sessions of a population of users.
const MOST_USERS: u64 = 1_000_000_000;

/// A population with the flow compiled for it, and the step names that objectives may use.
pub struct Compiled {
    pub population: Population,
    pub flow: Flow,
    pub step_names: BTreeSet<String>,
}

impl Reader<'_> {
    /// All populations, ordered by name as bytes; the flow of each has the population's own index.
    pub fn populations(&mut self, scenario: &Fields, world: &World) -> Read<Vec<Compiled>> {
        let node = self.need(scenario, "populations")?;
        let entries = self.names(node, "a map of populations by name")?;
        if entries.is_empty() || entries.len() > MOST_POPULATIONS {
            let message = format!("a scenario has 1 to {MOST_POPULATIONS} populations");
            return Err(self.problem(node.place, message));
        }
        let mut entries: Vec<&Entry> = entries.iter().collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        let compiled: Vec<Read<Compiled>> =
            entries.iter().enumerate().map(|(index, entry)| self.population(entry, index, scenario, world)).collect();
        let shares = self.check_shares(node, &entries, world);
        let compiled = compiled.into_iter().collect::<Read<Vec<_>>>()?;
        shares.map(|()| compiled)
    }

    fn population(&mut self, entry: &Entry, index: usize, scenario: &Fields, world: &World) -> Read<Compiled> {
        let Entry { key: name, value: node, .. } = entry;
        let named = match name.as_str() {
            "overall" => {
                Err(self
                    .problem(entry.place, "`overall` is the scope of all requests; call the population something else"))
            }
            _ => self.identifier(entry, "a population"),
        };
        let fields = self.fields(node, &POPULATION)?;
        let arrivals = self.need(&fields, "arrivals").and_then(|node| self.arrivals(node, world));
        let mut users = fields.get("users").map(|node| self.whole(node, 1..=MOST_USERS)).transpose();
        if let Ok(Process::Trace(instants)) = arrivals.as_ref().map(|arrivals| &arrivals.process) {
            users = self.users_of_trace(&fields, users, instants.len() as u64);
        }
        let fixed = self.is_fixed(&fields, arrivals.as_ref().is_ok_and(|a| matches!(a.process, Process::Trace(_))));
        let users = match users {
            Ok(Some(users)) if !fixed => self.scaled_users(users, name, &fields, world).map(Some),
            users => users,
        };
        let feed = match users {
            Ok(users) => fields.get("feed").map(|node| self.feed(node, users, world)),
            Err(told) => fields.get("feed").map(|_| Err(told)),
        };
        let size = users.and_then(|users| self.size(&fields, users, fixed, entry, world));
        if let (Ok(Size::Rate { .. }), Ok(arrivals)) = (&size, &arrivals)
            && arrivals.curve.is_none()
        {
            let hint = "a curve of session starts a second; or `users:`, of which the bursts are shares";
            self.problem_with_hint(
                entry.place,
                format!("nothing says how many sessions `{name}` has: no users, no share and no curve"),
                hint,
            );
        }
        let known = Known { population: Some(name), feed: names(&feed), session: true, ..Known::nothing() };
        let headers = self.layered_headers([scenario.get("headers"), fields.get("headers")], &known);
        let auth = fields.get("auth").map(|node| self.auth(node, &known)).transpose();
        let auth_or_none = auth.clone().unwrap_or_default();
        let flow =
            self.need(&fields, "flow").and_then(|node| self.flow_of(node, scenario, &known, auth_or_none, world));
        let returning = fields.get("returning").map(|node| self.some_percent(node)).transpose();
        let feed = feed.transpose();
        let (flow, step_names) = flow?;
        named?;
        auth?;
        let (size, arrivals, feed, headers) = (size?, arrivals?, feed?, headers?);
        let returning = returning?.unwrap_or(0.0);
        if flow.under_condition().contains(&true) {
            self.notes.push(format!("`{name}`: requests under `if` and `while` come on top of the planned ones"));
        }
        let population = Population { name: name.clone(), size, arrivals, flow: index, feed, headers, returning };
        Ok(Compiled { population, flow, step_names })
    }

    /// A trace is exactly as many sessions as it has instants.
    fn users_of_trace(&mut self, fields: &Fields, users: Read<Option<u64>>, instants: u64) -> Read<Option<u64>> {
        match users? {
            Some(users) if users != instants => {
                let message = format!("{users} users, but the trace has {instants} instants");
                Err(self.problem_with_hint(fields.place("users"), message, "leave `users` out: a trace says how many"))
            }
            _ if fields.get("share").is_some() => {
                let message = "a trace is a fixed number of sessions, not a share of the requests";
                Err(self.problem(fields.place("share"), message))
            }
            _ => Ok(Some(instants)),
        }
    }

    /// Whether `--scale` leaves a population as it is: its instants or rows are given (P9).
    fn is_fixed(&mut self, fields: &Fields, trace: bool) -> bool {
        let Some(feed) = fields.get("feed") else { return trace };
        let generated = feed.get("generate").is_some();
        let once = match feed.get("order").and_then(Node::scalar) {
            Some(order) => order == "once",
            None => fields.get("users").is_some(),
        };
        trace || (once && !generated)
    }

    fn scaled_users(&mut self, users: u64, name: &str, fields: &Fields, world: &World) -> Read<u64> {
        let scaled = (users as f64 * world.scale).round();
        if (1.0..=MOST_USERS as f64).contains(&scaled) {
            return Ok(scaled as u64);
        }
        let place = world.scale_place.unwrap_or(fields.node.place);
        Err(self.problem(
            place,
            format!(
                "this makes {} users of `{name}`; 1 to {} are possible",
                grouped(scaled as u64),
                grouped(MOST_USERS)
            ),
        ))
    }

    fn size(&mut self, fields: &Fields, users: Option<u64>, fixed: bool, entry: &Entry, world: &World) -> Read<Size> {
        let share = fields.get("share").map(|node| self.some_percent(node)).transpose();
        let name = &entry.key;
        let scaled = world.scale != 1.0;
        if scaled && fixed && users.is_some() {
            let why = "its rows or instants are given; only a generated feed grows";
            self.notes.push(format!("--scale leaves `{name}` as it is: {why}"));
        }
        match (share?, users, world.has_total) {
            (Some(_), Some(_), _) => {
                let problem =
                    Problem::new(fields.place("share"), format!("`{name}` has both a share and a number of users"));
                Err(self.problems.push(problem.also(fields.place("users"), "the number").hint("keep one")))
            }
            (None, Some(users), _) => Ok(Size::Users(users)),
            (Some(_), None, true) if scaled && fixed => {
                let message =
                    format!("`{name}` has a share of the requests and uses each row once, so it cannot scale");
                Err(self.problem_with_hint(
                    world.scale_place.unwrap_or(entry.place),
                    message,
                    "give it a generated feed",
                ))
            }
            (Some(share), None, true) => Ok(Size::Share(share)),
            (Some(_), None, false) => {
                let hint = "requests: 1_000_000, at the top of the file; or leave `share` out and give rates";
                Err(self.problem_with_hint(
                    fields.place("share"),
                    "a share needs a total, and the scenario has no `requests`",
                    hint,
                ))
            }
            (None, None, true) => {
                let message =
                    format!("`{name}` has neither `share` nor `users`, and the scenario gives a total of requests");
                Err(self.problem_with_hint(entry.place, message, "share: 10%, or users: 100"))
            }
            (None, None, false) => Ok(Size::Rate { scale: if fixed { 1.0 } else { world.scale } }),
        }
    }

    /// The shares of the populations are all of what the users leave (P1).
    fn check_shares(&mut self, node: &Node, entries: &[&Entry], world: &World) -> Read<()> {
        let both = |entry: &&Entry| ["users", "share"].iter().all(|key| entry.value.get(key).is_some());
        if entries.iter().any(both) {
            // That was told; which of the two is meant decides what the shares add up to.
            return Ok(());
        }
        let of_the_rest: Vec<&&Entry> = entries.iter().filter(|entry| entry.value.get("users").is_none()).collect();
        let shares: Vec<&Node> = of_the_rest.iter().filter_map(|entry| entry.value.get("share")).collect();
        if shares.is_empty() && !of_the_rest.is_empty() {
            // Each of them is told that it has no share.
            return Ok(());
        }
        let share = |node: &&Node| node.scalar().and_then(|text| text.parse::<Percent>().ok());
        let Some(parts) = shares.iter().map(share).collect::<Option<Vec<_>>>() else { return Ok(()) };
        let sum: f64 = parts.iter().map(|share| share.as_fraction()).sum();
        if !world.has_total || (sum - 1.0).abs() < 1e-9 {
            return Ok(());
        }
        let changed = shares.iter().find(|node| self.problems.is_option(node.place));
        let place = changed.or(shares.first()).map_or(node.place, |node| node.place);
        let message = match shares.len() {
            0 => "the scenario gives a total of requests, and no population has a share of it".to_owned(),
            _ => format!("the shares of the populations add up to {}, not 100%", percent(sum)),
        };
        Err(self.problem_with_hint(place, message, "shares divide the requests that the `users` populations leave"))
    }

    /// Notes what a feed of another order than its users means. Rows that nobody takes are no error.
    pub fn note_unused_rows(&mut self, population: &Population) {
        if let (Size::Users(users), Some(feed)) = (population.size, &population.feed)
            && feed.order == FeedOrder::Once
            && matches!(feed.rows, FeedRows::Stored(_))
            && feed.row_count() > users
        {
            let unused = thousands(feed.row_count() - users, ',');
            let (name, sessions) = (&population.name, thousands(users, ','));
            self.notes.push(format!("`{name}`: {unused} rows of its feed are beyond its {sessions} sessions"));
        }
    }
}
