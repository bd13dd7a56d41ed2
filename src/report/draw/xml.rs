//! Reads drawings back, for tests: as XML, and paths as places.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// An element of a drawing.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
    /// Whether it is the inside of a pattern.
    pub in_pattern: bool,
}

impl Element {
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub fn number(&self, name: &str) -> f64 {
        self.get(name).parse().unwrap_or(f64::NAN)
    }

    /// Whether it is a path of the drawing in this paint's class.
    pub fn is_path(&self, class: &str) -> bool {
        self.name == "path" && !self.in_pattern && self.get("class") == class
    }
}

/// All elements of a document, which must be well-formed.
pub fn elements(xml: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => {
                let in_pattern = open.iter().any(|at| found[*at].name == "pattern");
                open.push(found.len());
                found.push(Element { in_pattern, ..element(&start) });
            }
            Event::End(_) => assert!(open.pop().is_some()),
            Event::Text(text) => {
                let text = text.decode().expect("text");
                assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
                if let Some(at) = open.last() {
                    found[*at].text.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                let name = name.decode().expect("a name");
                let shown = quick_xml::escape::resolve_predefined_entity(&name).expect("an entity of XML");
                found[*open.last().expect("an element")].text.push_str(shown);
            }
            Event::Eof => break,
            other => assert!(matches!(other, Event::Comment(_)), "{other:?}"),
        }
    }
    assert!(open.is_empty(), "elements that nothing closes");
    found
}

fn element(start: &BytesStart) -> Element {
    let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
    let mut attributes = BTreeMap::new();
    for attribute in start.attributes() {
        let attribute = attribute.expect("an attribute, once");
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).expect("a value").into_owned();
        attributes.insert(String::from_utf8_lossy(attribute.key.as_ref()).into_owned(), value);
    }
    Element { name, attributes, ..Element::default() }
}

/// The places that a path goes through, each with whether the pen was lifted before.
pub fn strokes(d: &str) -> Vec<(f64, f64, bool)> {
    let (mut found, mut pen, mut start) = (Vec::new(), (0.0, 0.0), (0.0, 0.0));
    for (letter, numbers) in commands(d) {
        let step = match letter {
            'h' => 1,
            'v' => 1,
            'z' => {
                pen = start;
                continue;
            }
            _ => 2,
        };
        assert!(!numbers.is_empty() && numbers.len().is_multiple_of(step), "{letter}{numbers:?}");
        for by in numbers.chunks(step) {
            pen = match letter {
                'M' => (by[0], by[1]),
                'm' | 'l' => (pen.0 + by[0], pen.1 + by[1]),
                'h' => (pen.0 + by[0], pen.1),
                'v' => (pen.0, pen.1 + by[0]),
                other => unreachable!("a command {other}"),
            };
            let lifted = matches!(letter, 'M' | 'm');
            if lifted {
                start = pen;
            }
            found.push((pen.0, pen.1, lifted));
        }
    }
    found
}

/// The places that a path goes through.
pub fn places(d: &str) -> Vec<(f64, f64)> {
    strokes(d).into_iter().map(|(x, y, _)| (x, y)).collect()
}

/// Commands with their numbers.
fn commands(d: &str) -> Vec<(char, Vec<f64>)> {
    let mut found: Vec<(char, Vec<f64>)> = Vec::new();
    let mut digits = String::new();
    for c in d.chars().chain(['z']) {
        if (c.is_ascii_alphabetic() || matches!(c, ' ' | '-')) && !digits.is_empty() {
            found.last_mut().expect("a command first").1.push(digits.parse().expect("a number"));
            digits.clear();
        }
        match c {
            c if c.is_ascii_alphabetic() => found.push((c, Vec::new())),
            ' ' => {}
            c => digits.push(c),
        }
    }
    found
}

#[test]
#[should_panic(expected = "well-formed")]
fn what_is_not_closed_is_found() {
    elements("<svg><g></svg>");
}
