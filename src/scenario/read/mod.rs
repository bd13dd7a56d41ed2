//! From the tree to the checked model, one section of the file at a time.
//!
//! Every function here takes nodes and gives a value of the model or [`Told`],
//! the proof that a problem was pushed; siblings are read before the first failure is passed on, so
//! that all problems of a file are told at once.

mod around;
mod arrivals;
mod asked;
mod auth;
mod body;
mod cell;
mod clock;
mod condition;
mod csv;
mod curve;
mod distribution;
mod event;
mod expect;
mod feed;
mod file;
mod flow;
mod header;
mod measured;
mod multipart;
mod parallel;
mod population;
mod request;
mod retry;
mod save;
mod scenario;
mod secret;
mod slo;
mod slo_each;
mod slo_metric;
mod step;
mod stream;
mod target;
mod template;
mod time;
mod tls;
mod transaction;
mod value;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::keys::{Others, Table};
use super::model::{Clock, Origin};
use super::problem::{Problem, Problems, Read, Told, shorten};
use super::suggest::{key_of_ours, nearest, objective_of_ours, with_unit};
use super::yaml::{Entry, Node, Place, Value, size};

pub(super) use scenario::scenario;

/// What reading needs everywhere: where problems go, and the world outside the file.
pub(super) struct Reader<'a> {
    pub problems: &'a mut Problems,
    /// What the author should know although nothing is wrong.
    pub notes: Vec<String>,
    /// Environment variables by name.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Secrets by name; `None`: one that could not be read.
    pub secrets: BTreeMap<String, Option<String>>,
    /// What `before` saves, by index; `None`: it could not be read.
    pub before: Option<Vec<String>>,
    /// The folder that the scenario's paths are relative to.
    pub base: &'a Path,
    /// Files read so far, by path as written.
    pub files: HashMap<String, Arc<[u8]>>,
    /// Those that were read as CSV.
    pub tables: HashMap<String, Read<Rc<csv::Table>>>,
    /// Columns that were looked through, and their first bad row.
    pub columns: HashMap<feed::Column, Option<usize>>,
    /// What the scenario comes to so far, written out over all populations.
    pub spent: usize,
}

/// What the sections after the clock and the target refer to.
pub(super) struct World {
    pub clock: Read<Clock>,
    pub origins: Read<Vec<Origin>>,
    /// Whether the scenario gives a total of requests.
    pub has_total: bool,
    /// `--scale`, and where it was given.
    pub scale: f64,
    pub scale_place: Option<Place>,
}

/// A map whose keys are all known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    pub table: &'static Table,
    pub node: &'n Node,
    /// That a key is unknown was told: perhaps it is the one that is missing.
    unknown: Option<Told>,
}

impl<'n> Fields<'n> {
    /// The value of a key of the table.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        debug_assert!(self.table.key(key).is_some(), "`{key}` is not in the table of {}", self.table.name);
        self.node.get(key)
    }

    /// Whether a key is there, if misspelt.
    pub fn means(&self, key: &str) -> bool {
        let unknown = self.node.entries().iter().map(|e| e.key.as_str()).filter(|k| self.table.key(k).is_none());
        self.get(key).is_some() || unknown.take(10).any(|unknown| nearest(unknown, self.table.names()) == Some(key))
    }

    /// The place of a key, or of the map if it is not there.
    pub fn place(&self, key: &str) -> Place {
        self.node.entries().iter().find(|entry| entry.key == key).map_or(self.node.place, |entry| entry.place)
    }
}

/// What a scenario may come to: values of flows and headers for each population, points of curves, cells of files.
const MOST_SPENT: usize = 10_000_000;
/// What a node that is compiled weighs in that: it becomes steps, templates, pieces.
const WEIGHT_COMPILED: usize = 32;
/// Notes about places: more than a person reads.
const MOST_NOTES: usize = 50;

impl<'a> Reader<'a> {
    /// A reader that has read nothing yet.
    pub fn new(problems: &'a mut Problems, env: &'a dyn Fn(&str) -> Option<String>, base: &'a Path) -> Self {
        let (files, tables, columns) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (secrets, before) = (BTreeMap::new(), Some(Vec::new()));
        Self { problems, notes: Vec::new(), env, secrets, before, base, files, tables, columns, spent: 0 }
    }
}

impl Reader<'_> {
    /// Counts what is about to be made, before it is made: an alias or a flow of many populations is short to write.
    pub fn spend(&mut self, count: usize, place: Place) -> Read<()> {
        self.spent = self.spent.saturating_add(count);
        if self.spent <= MOST_SPENT {
            return Ok(());
        }
        let message = format!(
            "here the scenario has grown to more than {} values, counting each flow once per population",
            value::grouped(MOST_SPENT as u64)
        );
        Err(self.problem(place, message))
    }

    /// Notes something at its place, once: a flow is read for each population that runs it.
    pub fn note(&mut self, place: Place, message: &str) {
        let note = format!("{}: {message}", self.problems.words(place));
        if self.notes.len() < MOST_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// [`Reader::spend`] for a node that is compiled once more.
    pub fn spend_node(&mut self, node: &Node) -> Read<()> {
        let (nodes, bytes) = size(node);
        self.spend(WEIGHT_COMPILED * nodes + bytes / 8, node.place)
    }

    /// The map of a table: anything else, and every unknown key, is a problem.
    pub fn fields<'n>(&mut self, node: &'n Node, table: &'static Table) -> Read<Fields<'n>> {
        if !matches!(node.value, Value::Map(_)) {
            let keys = table.names().take(6).collect::<Vec<_>>().join(", ");
            return Err(self.expected(node, &format!("a map with keys such as {keys}")));
        }
        let mut unknown = None;
        let any = table.others == Others::Knobs && node.get("embedded").is_some();
        for Entry { key, place, .. } in node.entries() {
            let allowed = any || (table.others == Others::Extensions && key.starts_with("x-"));
            if table.key(key).is_none() && !allowed {
                let message = format!("`{}` is not a key of {}", shorten(key), article(table.name));
                let problem = Problem::new(*place, message);
                unknown = Some(match key_of_ours(key) {
                    Some(ours) => self.problems.push(problem.hint(ours)),
                    None => self.problems.push_near(problem, key, table.names()),
                });
            }
        }
        Ok(Fields { table, node, unknown })
    }

    /// The value of a key that must be there.
    pub fn need<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Read<&'n Node> {
        fields.get(key).ok_or_else(|| {
            if let (Some(told), true) = (fields.unknown, fields.means(key)) {
                return told;
            }
            let doc = fields.table.key(key).map_or("", |key| key.doc);
            let problem = Problem::new(fields.node.place, format!("`{key}` is missing in this {}", fields.table.name));
            self.problems.push(problem.hint(format!("{key}: {doc}")))
        })
    }

    /// The one key of those of which a map must have exactly one.
    pub fn one_of<'n>(&mut self, fields: &Fields<'n>) -> Read<(&'static str, &'n Node)> {
        let choices = fields.table.one_of;
        let mut found = fields
            .node
            .entries()
            .iter()
            .filter_map(|entry| choices.iter().find(|choice| **choice == entry.key).map(|choice| (*choice, entry)));
        let name = article(fields.table.name);
        match (found.next(), found.next()) {
            (Some((key, entry)), None) => Ok((key, &entry.value)),
            (Some((first, _)), Some((second, entry))) => {
                let message = format!("{name} has one of `{first}` and `{second}`, not both");
                Err(self.problems.push(Problem::new(entry.place, message)))
            }
            (None, _) => {
                if let Some(told) = fields.unknown {
                    return Err(told);
                }
                let message = format!("{name} needs one of: {}", choices.join(", "));
                Err(self.problems.push(Problem::new(fields.node.place, message)))
            }
        }
    }

    /// Pushes "expected this, found that".
    pub fn expected(&mut self, node: &Node, what: &str) -> Told {
        self.expected_with_hint(node, what, None)
    }

    /// [`Reader::expected`] with what was probably meant.
    pub fn expected_with_hint(&mut self, node: &Node, what: &str, hint: Option<String>) -> Told {
        if let Value::Broken(told) = node.value {
            return told;
        }
        let problem = Problem::new(node.place, format!("expected {what}, found {}", node.describe()));
        self.problems.push(hint.into_iter().fold(problem, Problem::hint))
    }

    /// Pushes a problem without a hint.
    pub fn problem(&mut self, place: Place, message: impl Into<String>) -> Told {
        self.problems.push(Problem::new(place, message))
    }

    /// Pushes a problem with what would be right.
    pub fn problem_with_hint(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) -> Told {
        self.problems.push(Problem::new(place, message).hint(hint))
    }
}

/// A noun with its article: `a flow`, `an alternative`.
fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    match noun {
        "scenario" | "clock" | "arrivals" | "limits" => format!("the {noun}"),
        "curve" => "a piece of a curve".to_owned(),
        "before" | "after" => format!("`{noun}`"),
        _ => format!("{article} {noun}"),
    }
}
