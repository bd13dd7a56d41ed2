//! From YAML events to the tree: anchors, merge keys, duplicate keys, and the budget.
//!
//! Everything is counted as it would be written out, so an alias bomb meets the budget after a few
//! milliseconds. Anchored nodes are copied where they are used and keep the place where they were
//! written: an error in one points there.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span};

use super::{Entry, Node, Place, Value};
use crate::scenario::problem::{Problem, Problems, Read, Told, shorten};

/// Nodes of a scenario, with every alias written out.
const MOST_NODES: usize = 200_000;
/// Bytes of all its texts, with every alias written out.
const MOST_BYTES: usize = 32 << 20;
/// How deep lists and maps may be nested.
const DEEPEST: usize = 64;

/// The tree of a YAML text of one document. `base` is where places point: bytes of its source, or,
/// for a value from the command line, the option as a whole.
pub(in crate::scenario) fn build(text: &str, base: Place, problems: &mut Problems) -> Read<Node> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let mut builder = Builder::new(base, problems);
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => return Err(builder.syntax_error(&error)),
        }
    }
    builder.finish()
}

/// A list or map whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    what: Collection,
}

enum Collection {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Place)>, merged: Vec<(Place, Node)> },
}

/// A node to be used again, and what its copy costs.
struct Anchored {
    node: Node,
    nodes: usize,
    bytes: usize,
}

struct Builder<'p> {
    problems: &'p mut Problems,
    base: Place,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    anchors: HashMap<usize, Anchored>,
    names: HashMap<usize, String>,
    nodes: usize,
    bytes: usize,
}

impl<'p> Builder<'p> {
    fn new(base: Place, problems: &'p mut Problems) -> Self {
        let (open, anchors, names) = (Vec::new(), HashMap::new(), HashMap::new());
        Self { problems, base, open, root: None, documents: 0, anchors, names, nodes: 0, bytes: 0 }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Read<()> {
        let place = self.place(&span);
        match event {
            Event::DocumentStart(..) if self.documents > 0 => {
                let problem = Problem::new(place, "a scenario is one YAML document, and here a second begins");
                return Err(self.problems.push(problem.hint("remove the `---`")));
            }
            Event::DocumentStart(..) => self.documents += 1,
            Event::Anchor(id, name) => {
                self.names.insert(id, name.into_owned());
            }
            Event::Alias(id) => return self.alias(id, place),
            Event::UnresolvedAlias(name) => {
                let names: Vec<&str> = self.names.values().map(String::as_str).collect();
                let problem = Problem::new(place, format!("nothing above is anchored as `&{name}`"));
                let told = self.problems.push_near(problem, &name, names);
                return self.add(Node { place, value: Value::Broken(told) }, 0);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place)?;
                self.spend(1, text.len(), place)?;
                let plain = style == ScalarStyle::Plain;
                return self.add(Node { place, value: Value::Scalar { text: text.into_owned(), plain } }, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place)?;
                return self.begin(place, anchor, Collection::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place)?;
                let map = Collection::Map { entries: Vec::new(), key: None, merged: Vec::new() };
                return self.begin(place, anchor, map);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end(place),
            _ => {}
        }
        Ok(())
    }

    fn place(&self, span: &Span) -> Place {
        match span.byte_range() {
            Some(range) if self.base.source == 0 => Place::new(0, range.start, range.end),
            _ => self.base,
        }
    }

    fn refuse_tag(&mut self, tagged: bool, place: Place) -> Read<()> {
        if !tagged {
            return Ok(());
        }
        let problem = Problem::new(place, "YAML tags (`!…`) mean nothing in a scenario");
        Err(self.problems.push(problem.hint("write the value without it; quotes make a text")))
    }

    fn spend(&mut self, nodes: usize, bytes: usize, place: Place) -> Read<()> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes <= MOST_NODES && self.bytes <= MOST_BYTES {
            return Ok(());
        }
        let message =
            format!("here the scenario has grown to more than {MOST_NODES} values or {} MiB", MOST_BYTES >> 20);
        let problem =
            Problem::new(place, message).hint("aliases count as if written out; rows of data belong in a CSV");
        Err(self.problems.push(problem))
    }

    fn begin(&mut self, place: Place, anchor: usize, what: Collection) -> Read<()> {
        if let Some(Open { what: Collection::Map { key: None, .. }, .. }) = self.open.last() {
            let problem = Problem::new(place, "a key must be a text, not a list or a map");
            return Err(self.problems.push(problem.hint("a template needs quotes: \"{{feed.id}}\"")));
        }
        if self.open.len() >= DEEPEST {
            return Err(self.problems.push(too_deep(place)));
        }
        self.spend(1, 0, place)?;
        // A block map begins at its first key; the key that it belongs to says more to a reader.
        let place = match self.open.last() {
            Some(Open { what: Collection::Map { key: Some((_, key_place)), .. }, .. }) => *key_place,
            _ => place,
        };
        self.open.push(Open { place, anchor, what });
        Ok(())
    }

    fn end(&mut self, end: Place) -> Read<()> {
        let Some(Open { mut place, anchor, what }) = self.open.pop() else { return Ok(()) };
        let value = match what {
            Collection::List(items) => Value::List(items),
            Collection::Map { entries, merged, .. } => {
                if let (Some(first), true) = (entries.first(), place.start == place.end) {
                    place = first.place;
                }
                Value::Map(self.merge(entries, merged)?)
            }
        };
        if place.start == place.end {
            place = Place { end: end.end.max(place.end), ..place };
        }
        self.add(Node { place, value }, anchor)
    }

    /// Adds what `<<` brings to the keys that were written, which win.
    fn merge(&mut self, entries: Vec<Entry>, merged: Vec<(Place, Node)>) -> Read<Vec<Entry>> {
        let mut places: HashMap<String, Place> = HashMap::new();
        let mut all: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            if let Some(first) = places.insert(entry.key.clone(), entry.place) {
                let message = format!("`{}` is given twice", shorten(&entry.key));
                self.problems.push(Problem::new(entry.place, message).also(first, "first here"));
            } else {
                all.push(entry);
            }
        }
        for (place, node) in merged {
            let maps = match node.value {
                Value::List(items) => items,
                _ => vec![node],
            };
            for map in maps {
                let entries = match map.value {
                    Value::Map(entries) => entries,
                    Value::Broken(told) => return Err(told),
                    _ => {
                        let problem = Problem::new(place, "`<<` takes a map, or a list of maps");
                        return Err(self.problems.push(problem.hint("anchor one with `&name` and write `<<: *name`")));
                    }
                };
                for entry in entries {
                    if !places.contains_key(&entry.key) {
                        places.insert(entry.key.clone(), entry.place);
                        all.push(entry);
                    }
                }
            }
        }
        Ok(all)
    }

    fn alias(&mut self, id: usize, place: Place) -> Read<()> {
        let Some(Anchored { node, nodes, bytes }) = self.anchors.get(&id) else {
            return Err(self.problems.push(Problem::new(place, "an alias cannot stand inside what it names")));
        };
        let (node, nodes, bytes) = (node, *nodes, *bytes);
        // The budget first: the copy must not be made if it does not fit.
        if self.nodes + nodes > MOST_NODES || self.bytes + bytes > MOST_BYTES {
            return self.spend(nodes, bytes, place);
        }
        let copy = node.clone();
        self.spend(nodes, bytes, place)?;
        self.add(copy, 0)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, mut node: Node, anchor: usize) -> Read<()> {
        if let Some(Open { what: Collection::Map { key: Some((_, place)), .. }, .. }) = self.open.last()
            && node.place.start == node.place.end
        {
            node.place = *place;
        }
        if anchor != 0 {
            let (nodes, bytes) = size(&node);
            self.spend(nodes, bytes, node.place)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), nodes, bytes });
        }
        match self.open.last_mut().map(|open| &mut open.what) {
            None => self.root = Some(node),
            Some(Collection::List(items)) => items.push(node),
            Some(Collection::Map { entries, key, merged }) => match key.take() {
                None => match node.value {
                    Value::Scalar { text, .. } => *key = Some((text, node.place)),
                    _ => return Err(self.problems.push(Problem::new(node.place, "a key must be a text"))),
                },
                Some((text, place)) if text == "<<" => merged.push((place, node)),
                Some((key, place)) => entries.push(Entry { key, place, value: node }),
            },
        }
        Ok(())
    }

    fn finish(self) -> Read<Node> {
        self.root.ok_or_else(|| self.problems.push(Problem::new(self.base, "there is nothing in it")))
    }

    fn syntax_error(&mut self, error: &ScanError) -> Told {
        let at = error.marker().byte_offset().unwrap_or(0);
        let place = if self.base.source == 0 { Place::new(0, at, at + 1) } else { self.base };
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return self.problems.push(too_deep(place));
        }
        let problem = Problem::new(place, format!("this is not YAML: {}", error.kind()));
        self.problems.push(match hint(error.kind()) {
            Some(hint) => problem.hint(hint),
            None => problem,
        })
    }
}

fn too_deep(place: Place) -> Problem {
    Problem::new(place, format!("lists and maps are nested deeper than {DEEPEST} levels"))
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabNotAllowed => {
            "indent with spaces"
        }
        ErrorKind::MappingValueNotAllowed => "a text that holds `: ` needs quotes; or the line is indented too far",
        ErrorKind::UnclosedQuotedScalar => "a quote is opened here or above and never closed",
        ErrorKind::UnclosedFlowCollection { .. } => "close it with `]` or `}`",
        ErrorKind::UnexpectedCharacter { .. } => "quote the text",
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::MismatchedFlowCollectionEnd { .. } => {
            "inside { … } or [ … ] a text with [ ] { } or , needs quotes: \"json $.hits[0]\""
        }
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey => {
            "is the line indented like its neighbours, and have all of a list their `- `?"
        }
        ErrorKind::InvalidColonPlacement => "is a bracket on a line above not closed?",
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            "is a quote above not closed, or one inside a quoted text?"
        }
        ErrorKind::SimpleKeyExpected => "is a `:` missing after the key?",
        _ => return None,
    })
}

/// Nodes and bytes of text in a tree.
pub(in crate::scenario) fn size(node: &Node) -> (usize, usize) {
    match &node.value {
        Value::Broken(_) => (1, 0),
        Value::Scalar { text, .. } => (1, text.len()),
        Value::List(items) => items.iter().map(size).fold((1, 0), |a, b| (a.0 + b.0, a.1 + b.1)),
        Value::Map(entries) => entries.iter().fold((1, 0), |a, entry| {
            let b = size(&entry.value);
            (a.0 + 1 + b.0, a.1 + entry.key.len() + b.1)
        }),
    }
}
