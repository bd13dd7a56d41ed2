//! Every key of the language, once: the parser refuses what is not here, the published JSON Schema is
//! made from this list, and `--set` uses it to know which keys may be added.
//!
//! What may enter: tables of keys with their shapes and one sentence each, as an editor shows it.

mod around;
mod arrivals;
mod flow;
mod retry;
mod scenario;
mod stream;

pub(super) use around::{AFTER, BEFORE};
pub(super) use arrivals::{ARRIVALS, BURST, CURVE, SERIES, SURGE};
pub(super) use flow::{
    ALTERNATIVE, AT, AUTH, BASIC, DISTRIBUTION, EXPECT, FLOW, IF, LOGNORMAL, OPTIONS, PARALLEL, PART, REPEAT, STEP,
    TRANSACTION, VERBS, WHILE,
};
pub(super) use retry::{BACKOFF, RETRY};
pub(super) use scenario::{
    CLOCK, FEED, GENERATE, LIMITS, ORIGIN, POPULATION, SCENARIO, SECRET, SHARED, TARGET, TARGET_EVENT, TLS,
};
pub(super) use stream::{ACTION, ANSWERS, HOLD, MESSAGE, RECEIVE, SENDER};

/// The keys of one kind of map.
pub(super) struct Table {
    /// Its name: a definition of the schema, and what messages call it.
    pub name: &'static str,
    /// What it describes.
    pub doc: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
    /// Exactly one of these must be there; empty: no such rule.
    pub one_of: &'static [&'static str],
    /// Whether other keys may stand beside them: `x-…` in the scenario, knobs beside `embedded`.
    pub others: Others,
}

/// What keys may stand in a map beside those of its table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// None.
    Refused,
    /// `x-…`, ignored: a place for anchors.
    Extensions,
    /// Any, each with a text or a number.
    Knobs,
}

/// One key.
pub(super) struct Key {
    /// The key as written.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// One sentence for whoever writes it, with an example where the shape does not say enough.
    pub doc: &'static str,
}

/// What a value looks like, as far as a schema can tell.
pub(super) enum Shape {
    /// A text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A finite number, not negative.
    Number,
    /// A whole number from 0; may have underscores.
    Whole,
    /// `true` or `false`.
    Flag,
    /// A text, number or flag, in which templates are filled.
    Template,
    /// Any value, templates in its texts: a JSON body.
    Json,
    /// A list of such values.
    List(&'static Shape),
    /// A map from names that the author chooses to such values.
    Names(&'static Shape),
    /// A map with the keys of a table.
    Map(&'static Table),
    /// Any of these.
    AnyOf(&'static [Shape]),
}

impl Table {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names of all keys.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

impl Shape {
    /// The table of a map of this shape that has `key`, or else any table that it may be.
    pub fn table(&self, key: &str) -> Option<&'static Table> {
        match self {
            Self::Map(table) => Some(table),
            Self::AnyOf(shapes) => {
                let tables = || shapes.iter().filter_map(|shape| shape.table(key));
                tables().find(|table| table.key(key).is_some()).or_else(|| tables().next())
            }
            _ => None,
        }
    }

    /// The shape of the values of a map with names that the author chooses.
    pub fn named(&self) -> Option<&'static Shape> {
        match self {
            Self::Names(shape) => Some(shape),
            Self::AnyOf(shapes) => shapes.iter().find_map(Self::named),
            _ => None,
        }
    }

    /// The shape of the items of a list.
    pub fn item(&self) -> Option<&'static Shape> {
        match self {
            Self::List(shape) => Some(shape),
            Self::AnyOf(shapes) => shapes.iter().find_map(Self::item),
            _ => None,
        }
    }
}

/// A key that may be left out.
const fn key(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: false, doc }
}

/// A key that must be there.
const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: true, doc }
}

/// A table that takes its keys and no others.
const fn table(name: &'static str, doc: &'static str, keys: &'static [Key]) -> Table {
    Table { name, doc, keys, one_of: &[], others: Others::Refused }
}
