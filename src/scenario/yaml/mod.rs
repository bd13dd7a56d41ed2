//! The scenario's text as a tree in which every node knows its place.
//!
//! Own tree instead of serde: serde stops at the first error and loses places behind anchors, while
//! a scenario's author wants all problems at once. What may enter: nodes, places, and `build`, which
//! makes the tree from YAML within a budget. Nothing here knows the language's keys.

mod build;

pub(super) use build::{build, size};

use super::problem::{Told, shorten};

/// Where a node was written: bytes of the scenario's text, or an option of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    /// 0: the scenario's text; else an entry of the problems' list of other sources.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
}

impl Place {
    /// The bytes `start..end` of a source; texts are limited to far less than 4 GiB before they come here.
    pub fn new(source: u32, start: usize, end: usize) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { source, start: narrow(start), end: narrow(end) }
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub place: Place,
    pub value: Value,
}

/// A value as written: what a scalar means is decided by whoever expects something there.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar {
        text: String,
        /// Written without quotes, so that `null`, `true` and `5` may be more than text.
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Could not be read, which was told; nobody needs to complain about it again.
    Broken(Told),
}

/// One key of a map and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Node,
}

impl Node {
    /// Whether nothing was written: `key:`, `key: ~`, `key: null` (YAML 1.2 core schema).
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The value of `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar that is not null.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// What was found, in words for a message: ``a map``, `` `85%` ``.
    pub fn describe(&self) -> String {
        match &self.value {
            _ if self.is_null() => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("`{}`", shorten(text)),
            Value::Broken(_) => "something unreadable".to_owned(),
            Value::List(items) if items.is_empty() => "an empty list".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }
}
