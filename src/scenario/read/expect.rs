//! What a right answer must satisfy (R4).

use super::flow::Compiler;
use super::template::Known;
use super::{Reader, shorten};
use crate::scenario::keys::EXPECT;
use crate::scenario::model::{Expect, Template};
use crate::scenario::problem::Read;
use crate::scenario::yaml::{Node, Place, Value};
use crate::unit::Bytes;

/// A name that must be there, or must be there with a value.
type Demand<'n> = (&'n str, Place, Option<&'n Node>);

impl Compiler<'_, '_, '_> {
    /// `expect: { status, header, json, text, size }`.
    pub fn expect(&mut self, node: &Node) -> Read<Vec<Expect>> {
        if let Some(hint) = as_statuses(node) {
            return Err(self.reader.expected_with_hint(
                node,
                "a map with keys such as status, header, json",
                Some(hint),
            ));
        }
        let fields = self.reader.fields(node, &EXPECT)?;
        let mut all: Vec<Read<Expect>> = Vec::new();
        if let Some(node) = fields.get("status") {
            all.push(self.reader.statuses(node).map(Expect::Status));
        }
        if let Some(node) = fields.get("header") {
            self.each(node, "a header's name", &mut all, Self::expect_header);
        }
        if let Some(node) = fields.get("json") {
            self.each(node, "a JSON path", &mut all, Self::expect_json);
        }
        if let Some(node) = fields.get("text") {
            self.each(node, "a text", &mut all, Self::expect_text);
        }
        if let Some(node) = fields.get("size") {
            all.push(self.reader.size_range(node).map(|(min, max)| Expect::Size { min, max }));
        }
        all.into_iter().collect()
    }

    /// One demand, a list of them, or a map from what must be there to its value.
    fn each(
        &mut self,
        node: &Node,
        what: &str,
        all: &mut Vec<Read<Expect>>,
        read: impl Fn(&mut Self, Demand<'_>) -> Read<Expect>,
    ) {
        match &node.value {
            Value::Map(entries) => {
                let demands = entries.iter().map(|entry| (entry.key.as_str(), entry.place, Some(&entry.value)));
                all.extend(demands.map(|demand| read(self, demand)).collect::<Vec<_>>());
            }
            Value::List(items) => {
                for item in items {
                    let found = self.reader.text(item, what).map(|text| (text, item.place, None));
                    all.push(found.and_then(|demand| read(self, demand)));
                }
            }
            _ => {
                let found = self.reader.text(node, what).map(|text| (text, node.place, None));
                all.push(found.and_then(|demand| read(self, demand)));
            }
        }
    }

    fn expect_header(&mut self, (name, place, value): Demand<'_>) -> Read<Expect> {
        self.reader.header_name(name, place)?;
        Ok(Expect::Header { name: name.to_ascii_lowercase(), contains: self.value(value)? })
    }

    fn expect_json(&mut self, (path, place, value): Demand<'_>) -> Read<Expect> {
        let (path, equals) = (self.reader.json_path(path, place), self.value(value));
        Ok(Expect::Json { path: path?, equals: equals? })
    }

    fn expect_text(&mut self, (text, place, value): Demand<'_>) -> Read<Expect> {
        if let Some(node) = value {
            return Err(self.reader.expected(node, "a text or a list of texts"));
        }
        let known = Known { saved: &self.saved, available: &self.available, compared: true, ..self.known };
        Ok(Expect::Text { contains: self.reader.template_text(text, place, &known)? })
    }

    fn value(&mut self, node: Option<&Node>) -> Read<Option<Template>> {
        let known = Known { saved: &self.saved, available: &self.available, compared: true, ..self.known };
        node.map(|node| self.reader.template(node, &known)).transpose()
    }
}

impl Reader<'_> {
    fn statuses(&mut self, node: &Node) -> Read<Vec<u16>> {
        let one = std::slice::from_ref(node);
        let nodes = if let Value::List(items) = &node.value { items } else { one };
        let found: Vec<Read<Vec<u16>>> = nodes.iter().map(|node| self.status(node)).collect();
        let mut statuses: Vec<u16> = found.into_iter().collect::<Read<Vec<_>>>()?.concat();
        statuses.sort_unstable();
        statuses.dedup();
        if statuses.is_empty() {
            return Err(self.expected(node, "at least one status, such as `200`"));
        }
        Ok(statuses)
    }

    fn status(&mut self, node: &Node) -> Read<Vec<u16>> {
        let what = "a status from 200 to 599, or a class such as `2xx`";
        let text = self.text(node, what)?;
        statuses_of(text).ok_or_else(|| self.expected(node, what))
    }

    fn size_range(&mut self, node: &Node) -> Read<(u64, u64)> {
        let what = "a size such as `512`, or a range such as `2KiB..4KiB`, `30KiB..` or `..1MiB`";
        let text = self.text(node, what)?;
        let size = |text: &str, open: u64| match text.trim() {
            "" => Ok(open),
            text => text.parse::<Bytes>().map(|bytes| bytes.0),
        };
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        match (size(min, 0), size(max, u64::MAX)) {
            (Ok(min), Ok(max)) if min <= max && text.trim() != ".." => Ok((min, max)),
            _ => Err(self.problem(node.place, format!("expected {what}, found `{}`", shorten(text)))),
        }
    }
}

/// What `201` or `2xx` stands for.
fn statuses_of(text: &str) -> Option<Vec<u16>> {
    if let [class @ b'2'..=b'5', b'x', b'x'] = text.as_bytes() {
        let first = u16::from(class - b'0') * 100;
        return Some((first..first + 100).collect());
    }
    let status = text.parse().ok().filter(|status| (200..600).contains(status) && text.len() == 3)?;
    Some(vec![status])
}

/// `expect: { status: 201 }`, if what stands behind `expect` is `201`, or a list of such.
fn as_statuses(node: &Node) -> Option<String> {
    let status = |node: &Node| node.scalar().filter(|text| statuses_of(text).is_some()).map(str::to_owned);
    let statuses = match &node.value {
        Value::List(items) if !items.is_empty() => {
            format!("[{}]", items.iter().map(status).collect::<Option<Vec<_>>>()?.join(", "))
        }
        _ => status(node)?,
    };
    Some(format!("write `expect: {{ status: {} }}`", shorten(&statuses)))
}
