//! Values kept from answers (S4), and what finds them: JSON paths, regular expressions, selectors.

use regex::RegexBuilder;
use serde_json_path::JsonPath as Path;

use super::flow::Compiler;
use super::{Reader, shorten};
use crate::scenario::Selector;
use crate::scenario::model::{JsonPath, Markup, Pattern, Save, SaveFrom};
use crate::scenario::problem::Read;
use crate::scenario::yaml::{Entry, Node, Place};

/// The longest JSON path; its parser nests with it.
const LONGEST_PATH: usize = 256;
/// The longest regular expression as written.
const LONGEST_PATTERN: usize = 1_000;
/// Bytes that a compiled regular expression may take.
const PATTERN_SIZE: usize = 1 << 20;
/// Values that a flow's steps may save: each session has room for all.
const MOST_SAVED: usize = 100;
/// Elements of HTML that have a value (HTML section 3.1.5 and what stands between the tags of a `textarea`).
const WITH_VALUE: [&str; 9] = ["button", "data", "input", "li", "meter", "option", "param", "progress", "textarea"];
/// Names that mean something else in a template.
const TAKEN: [&str; 4] = ["session", "population", "row", "input"];

impl Compiler<'_, '_, '_> {
    /// `save: { version: json $.version }`.
    pub fn save(&mut self, node: &Node) -> Read<Vec<Save>> {
        let entries = self.reader.names(node, "a map of values to keep, such as `version: json $.version`")?;
        let saves: Vec<Read<Save>> = entries.iter().map(|entry| self.save_one(entry)).collect();
        saves.into_iter().collect()
    }

    /// The name of a value that a step saves in another way: its index.
    pub fn saves_as(&mut self, node: &Node) -> Read<usize> {
        let name = self.reader.text(node, "the name of a value")?.to_owned();
        let entry = Entry { key: name.clone(), place: node.place, value: node.clone() };
        self.save_name(&name, true);
        self.reader.identifier(&entry, "a saved value")?;
        if TAKEN.contains(&name.as_str()) {
            return Err(self.reader.problem(node.place, format!("`{name}` means something else in templates")));
        }
        self.saved
            .iter()
            .position(|saved| *saved == name)
            .ok_or_else(|| self.reader.problem(node.place, format!("a flow saves at most {MOST_SAVED} values")))
    }

    fn save_one(&mut self, entry: &Entry) -> Read<Save> {
        let Entry { key: name, place, value } = entry;
        // Even if its source is wrong: that it is unknown where it is used would be no further problem.
        self.save_name(name, true);
        self.reader.identifier(entry, "a saved value")?;
        if TAKEN.contains(&name.as_str()) {
            return Err(self.reader.problem(*place, format!("`{name}` means something else in templates")));
        }
        if self.saved.len() > MOST_SAVED {
            return Err(self.reader.problem(*place, format!("a flow saves at most {MOST_SAVED} values")));
        }
        let from = self.reader.save_from(value)?;
        let into = self.saved.iter().position(|saved| saved == name).unwrap_or_default();
        Ok(Save { into, from })
    }

    /// From here on `{{name}}` is known, and perhaps available.
    pub fn save_name(&mut self, name: &str, available: bool) {
        match self.saved.iter().position(|saved| saved == name) {
            Some(index) => self.available[index] |= available,
            None if self.saved.len() > MOST_SAVED => {}
            None => {
                self.saved.push(name.to_owned());
                self.available.push(available);
            }
        }
    }
}

impl Reader<'_> {
    fn save_from(&mut self, node: &Node) -> Read<SaveFrom> {
        let what = "`json $.path`, `header Location`, `etag`, `cookie NAME`, `regex …`, `form SELECTOR`, `attr SELECTOR NAME` or `text SELECTOR`";
        let text = self.text(node, what)?.trim();
        match text.split_once(char::is_whitespace) {
            None if text == "etag" => Ok(SaveFrom::ETag),
            Some(("json", path)) => Ok(SaveFrom::Json(self.json_path(path.trim(), node.place)?)),
            Some(("header", name)) => {
                self.header_name(name.trim(), node.place)?;
                Ok(SaveFrom::Header(name.trim().to_ascii_lowercase()))
            }
            Some(("cookie", name)) => {
                self.header_name(name.trim(), node.place)?;
                Ok(SaveFrom::Cookie(name.trim().to_owned()))
            }
            Some(("regex", pattern)) => self.pattern(unquoted(pattern.trim()), node.place),
            Some(("form", selector)) => self.field(selector, node.place),
            Some(("text", selector)) => self.selected(selector, node.place, Markup::Text),
            Some(("attr", rest)) => match selector_and_name(rest.trim()) {
                Some((selector, name)) => {
                    self.selected(selector, node.place, Markup::Attribute(name.to_ascii_lowercase()))
                }
                None => Err(self.expected(node, "a selector and the name of an attribute: `attr \"a.next\" href`")),
            },
            _ => Err(self.expected_with_hint(node, what, meant(text))),
        }
    }

    /// `form input[name=csrf]`: an element that can have a value.
    fn field(&mut self, selector: &str, place: Place) -> Read<SaveFrom> {
        let from = self.selected(selector, place, Markup::Field)?;
        // A custom element (its name has a hyphen) may have any attribute.
        let has_none = |tag: &String| !tag.contains('-') && !WITH_VALUE.contains(&tag.as_str());
        match &from {
            SaveFrom::Markup(wanted, _)
                if wanted.parts().last().and_then(|part| part.tag.as_ref()).is_some_and(has_none) =>
            {
                let place = self.problems.within(place, selector.trim());
                let message = format!("`{}` names an element that is not a form field", shorten(selector.trim()));
                let hint = "such as `\"form input[name=csrf]\"`; `text SELECTOR` keeps what stands in an element";
                Err(self.problem_with_hint(place, message, hint))
            }
            _ => Ok(from),
        }
    }

    fn selected(&mut self, selector: &str, place: Place, markup: Markup) -> Read<SaveFrom> {
        let selector = unquoted(selector.trim());
        Selector::parse(selector).map(|selector| SaveFrom::Markup(selector, markup)).map_err(|wrong| {
            let place = self.problems.within(place, selector);
            let message = format!("`{}` is not a selector: {wrong}", shorten(selector));
            self.problem_with_hint(place, message, "such as `form#login input[name=csrf]` or `a.next`")
        })
    }

    fn pattern(&mut self, text: &str, place: Place) -> Read<SaveFrom> {
        let place = self.problems.within(place, text);
        if text.is_empty() || text.len() > LONGEST_PATTERN {
            let message = format!("a regular expression has 1 to {LONGEST_PATTERN} characters");
            return Err(self.problem(place, message));
        }
        let built = RegexBuilder::new(text).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build();
        built.map(|regex| SaveFrom::Regex(Pattern(regex))).map_err(|error| {
            let lines = error.to_string();
            let why = lines.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let message = format!("`{}` is not a regular expression: {why}", shorten(text));
            self.problem_with_hint(place, message, "such as `\"regex id=([0-9]+)\"`; the first group is kept")
        })
    }

    /// A JSON path (RFC 9535).
    pub fn json_path(&mut self, text: &str, place: Place) -> Read<JsonPath> {
        if text.len() > LONGEST_PATH {
            return Err(self.problem(place, format!("a JSON path has at most {LONGEST_PATH} characters")));
        }
        if !text.starts_with('$') {
            let place = self.problems.within(place, text);
            let message = format!("`{}` is no JSON path: it begins with `$`", shorten(text));
            // `.order`, as jq has it, and `[0]` only lack the root.
            let joint = if text.starts_with(['.', '[']) { "" } else { "." };
            return Err(self.problem_with_hint(place, message, format!("`${joint}{}` (RFC 9535)", shorten(text))));
        }
        Path::parse(text).map(JsonPath).map_err(|error| {
            let place = self.problems.within(place, text);
            let message = format!("`{}` is not a JSON path: {error}", shorten(text));
            self.problem_with_hint(place, message, "such as `\"$.rows[0].name\"` (RFC 9535)")
        })
    }
}

/// What was probably meant by a text that does not say where its value is found.
fn meant(text: &str) -> Option<String> {
    let (shown, word) = (shorten(text), |b: u8| b.is_ascii_alphanumeric() || b == b'_');
    if text.starts_with('$') {
        return Some(format!("write `json {shown}`"));
    }
    if !text.is_empty() && text.bytes().all(word) {
        return Some(format!("such as `json $.{shown}`, `header {shown}` or `cookie {shown}`"));
    }
    Selector::parse(text).ok()?;
    Some(format!("`form {shown}` keeps a field's value, `text SELECTOR` a text, `attr SELECTOR NAME` an attribute"))
}

/// The inside of quotes, if the whole text is quoted.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// `"form input" value`: the selector, and the last word, which is no part of it.
fn selector_and_name(text: &str) -> Option<(&str, &str)> {
    let (selector, name) = text.rsplit_once(char::is_whitespace)?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte));
    (plain && !name.is_empty()).then_some((selector, name))
}
