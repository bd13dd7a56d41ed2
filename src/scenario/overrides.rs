//! One run changed without editing the file: the options of the command line (P9).
//!
//! `--seed`, `--compress`, `--duration`, `--target` and `--set` become edits of the tree, judged like
//! the file itself; what is wrong with one names the option. `--scale` and `--window` are about the
//! run as a whole and are read beside the tree.

use serde::{Deserialize, Serialize};

use super::keys::{Others, SCENARIO, Shape, Table};
use super::problem::{Problem, Problems, Read, Told, shorten};
use super::suggest::nearest;
use super::yaml::{Entry, Node, Place, Value, build};

/// What the command line changes, each as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// `--scale`: multiplies requests, rates and users.
    pub scale: Option<String>,
    /// `--compress`: scenario seconds a second.
    pub compress: Option<String>,
    /// `--duration`: how long the run takes.
    pub duration: Option<String>,
    /// `--window`: the part of the day that runs, `22:55..23:30`.
    pub window: Option<String>,
    /// `--seed`.
    pub seed: Option<String>,
    /// `--target`: a URL, `embedded:election`, `embedded:remote-work` or `embedded:knobs`.
    pub target: Option<String>,
    /// `--set path=value`, in order.
    pub set: Vec<String>,
}

/// The window that runs, as typed.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub text: String,
    pub place: Place,
}

/// What the options say about this run that is not an edit of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pub scale: Option<(f64, Place)>,
    pub window: Option<Window>,
}

/// The shape of a scenario.
static WHOLE: Shape = Shape::Map(&SCENARIO);
/// The largest factor of `--scale`.
const LARGEST_SCALE: f64 = 1e6;
/// The deepest path of `--set`.
const DEEPEST_PATH: usize = 64;

/// Edits the tree as the options say, and reads those that are not edits.
pub(super) fn apply(overrides: &Overrides, root: &mut Node, problems: &mut Problems) -> Read<Run> {
    let mut failed = None;
    // First, so that `--set target.http=2` is about the target that was typed.
    if let Some(target) = &overrides.target {
        let with_options = overrides.set.iter().any(|set| set.starts_with("target."));
        failed = apply_target(target, with_options, root, problems).err();
    }
    for set in &overrides.set {
        failed = apply_set(set, root, problems).err().or(failed);
    }
    if let Some(seed) = &overrides.seed {
        let place = problems.option(&format!("--seed {seed}"));
        put(root, "seed", text(seed, place));
    }
    failed = apply_speed(overrides, root, problems).err().or(failed);
    let scale = overrides.scale.as_ref().map(|scale| read_scale(scale, problems)).transpose();
    let window = overrides.window.as_ref().map(|window| {
        let place = problems.option(&format!("--window {window}"));
        Window { text: window.clone(), place }
    });
    match failed {
        Some(told) => Err(told),
        None => Ok(Run { scale: scale?, window }),
    }
}

fn read_scale(typed: &str, problems: &mut Problems) -> Read<(f64, Place)> {
    let place = problems.option(&format!("--scale {typed}"));
    match typed.trim().replace('_', "").parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= LARGEST_SCALE => Ok((scale, place)),
        _ => Err(problems.push(Problem::new(place, "expected a factor above 0, such as `0.1` or `3`"))),
    }
}

/// `--compress` and `--duration` each replace whatever the file says about speed.
fn apply_speed(overrides: &Overrides, root: &mut Node, problems: &mut Problems) -> Read<()> {
    let (key, other, value) = match (&overrides.compress, &overrides.duration) {
        (None, None) => return Ok(()),
        (Some(value), None) => ("compress", "duration", value),
        (None, Some(value)) => ("duration", "compress", value),
        (Some(compress), Some(_)) => {
            let place = problems.option(&format!("--compress {compress}"));
            let problem = Problem::new(place, "`--duration` is given too, and both say how fast the clock runs");
            return Err(problems.push(problem.hint("keep one")));
        }
    };
    let place = problems.option(&format!("--{key} {value}"));
    if let Some(clock) = child(root, "clock") {
        remove(clock, other);
        put(clock, key, text(value, place));
    }
    Ok(())
}

/// `--target` replaces `target`, or the only one of `targets`. `with_options`: it is to be a map, for options beside it.
fn apply_target(typed: &str, with_options: bool, root: &mut Node, problems: &mut Problems) -> Read<()> {
    let place = problems.option(&format!("--target {typed}"));
    let names: Vec<String> = root.get("targets").map_or(&[][..], Node::entries).iter().map(|e| e.key.clone()).collect();
    match (root.get("target").is_some(), names.as_slice()) {
        (true, _) | (false, []) if with_options => {
            let (key, value) = typed.strip_prefix("embedded:").map_or(("url", typed), |name| ("embedded", name));
            put(root, "target", build("{}", place, problems)?);
            if let Some(target) = child(root, "target") {
                put(target, key, text(value, place));
            }
        }
        (true, _) | (false, []) => put(root, "target", text(typed, place)),
        (false, [only]) => {
            if let Some(targets) = child(root, "targets") {
                put(targets, only, text(typed, place));
            }
        }
        (false, several) => {
            let message = format!("the scenario has several targets: {}", several.join(", "));
            let problem = Problem::new(place, message);
            return Err(problems.push(problem.hint(format!("--set targets.{}=http://…", several[0]))));
        }
    }
    Ok(())
}

/// `--set path=value`: the path of keys and indices, the value as YAML.
fn apply_set(typed: &str, root: &mut Node, problems: &mut Problems) -> Read<()> {
    let place = problems.option(&format!("--set {typed}"));
    let Some((path, value)) = typed.split_once('=').filter(|(path, _)| !path.is_empty()) else {
        let problem = Problem::new(place, "expected a path and a value");
        return Err(problems.push(problem.hint("--set populations.citizens.share=80%")));
    };
    let value = match value.trim() {
        "" => text("", place),
        value => build(value, place, problems)?,
    };
    let path: Vec<&str> = path.split('.').collect();
    if path.len() > DEEPEST_PATH {
        return Err(problems.push(Problem::new(place, "this path is deeper than any scenario")));
    }
    *Descent { path: &path, place, problems }.find(root, 0, Some(&WHOLE))? = value;
    Ok(())
}

/// The way to the node at a path. A key of the language that is missing is made; a name that the author
/// chose must be there, unless it is the path's last.
struct Descent<'p> {
    path: &'p [&'p str],
    place: Place,
    problems: &'p mut Problems,
}

impl Descent<'_> {
    fn find<'n>(&mut self, node: &'n mut Node, at: usize, shape: Option<&'static Shape>) -> Read<&'n mut Node> {
        match node.value {
            _ if at == self.path.len() => Ok(node),
            Value::List(_) => self.item(node, at, shape),
            _ => self.entry(node, at, shape),
        }
    }

    fn item<'n>(&mut self, node: &'n mut Node, at: usize, shape: Option<&'static Shape>) -> Read<&'n mut Node> {
        let items = match &mut node.value {
            Value::List(items) => items.as_mut_slice(),
            _ => &mut [],
        };
        let count = items.len();
        match self.path[at].parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
            Some(item) => self.find(item, at + 1, shape.and_then(Shape::item)),
            None => {
                let message = format!("`{}` is not an index of `{}`", shorten(self.path[at]), self.name(at));
                let problem = Problem::new(self.place, message);
                Err(self.problems.push(problem.hint(format!("it has {count} items, counted from 0"))))
            }
        }
    }

    fn entry<'n>(&mut self, node: &'n mut Node, at: usize, shape: Option<&'static Shape>) -> Read<&'n mut Node> {
        if !matches!(node.value, Value::Map(_)) {
            *node = Node { place: self.place, value: Value::Map(Vec::new()) };
        }
        // Names may hold dots (`slo.citizens.home`), so the longest key that is there is taken.
        let longest = (at + 1..=self.path.len()).rev().find(|end| node.get(&self.path[at..*end].join(".")).is_some());
        let end = longest.unwrap_or(at + 1);
        let key = self.path[at..end].join(".");
        let table = shape.and_then(|shape| shape.table(&key));
        let known = table.and_then(|table| table.key(&key));
        if longest.is_none() {
            let is_last = end == self.path.len();
            let open = table.is_none_or(|table| table.others != Others::Refused);
            if known.is_none() && !(is_last && open) {
                return Err(self.unknown(&key, at, node, table));
            }
            put(node, &key, text("", self.place));
        }
        let next = known.map(|key| &key.shape).or(shape.and_then(Shape::named));
        match child(node, &key) {
            Some(child) => self.find(child, end, next),
            None => Err(self.problems.push(Problem::new(self.place, "this path leads nowhere"))),
        }
    }

    fn unknown(&mut self, key: &str, at: usize, node: &Node, table: Option<&Table>) -> Told {
        let inside = if at == 0 { "the scenario".to_owned() } else { format!("`{}`", self.name(at)) };
        let problem = Problem::new(self.place, format!("there is no `{}` in {inside}", shorten(key)));
        let mut possible: Vec<&str> = node.entries().iter().map(|entry| entry.key.as_str()).collect();
        let others = table.into_iter().flat_map(|table| table.keys).map(|key| key.name);
        possible.extend(others.filter(|name| node.get(name).is_none()));
        match nearest(key, possible.iter().copied()) {
            Some(meant) if at > 0 => {
                self.problems.push(problem.hint(format!("did you mean `{}.{meant}`?", self.name(at))))
            }
            _ => self.problems.push_near(problem, key, possible),
        }
    }

    /// The path up to a segment, for messages.
    fn name(&self, at: usize) -> String {
        shorten(&self.path[..at].join("."))
    }
}

fn text(typed: &str, place: Place) -> Node {
    Node { place, value: Value::Scalar { text: typed.trim().to_owned(), plain: true } }
}

fn child<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value),
        _ => None,
    }
}

/// Replaces or adds a key of a map.
fn put(node: &mut Node, key: &str, value: Node) {
    let Value::Map(entries) = &mut node.value else { return };
    match entries.iter_mut().find(|entry| entry.key == key) {
        Some(entry) => entry.value = value,
        None => entries.push(Entry { key: key.to_owned(), place: value.place, value }),
    }
}

fn remove(node: &mut Node, key: &str) {
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|entry| entry.key != key);
    }
}
