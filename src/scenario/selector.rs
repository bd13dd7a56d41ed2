//! CSS selectors, as far as a value in a page needs them: `form#login input[name=csrf]`.
//!
//! A tag, `#id`, `.class` and `[attribute]` tests, joined by "somewhere within" (a space) and "directly within"
//! (`>`). No pseudo-classes, no siblings, no lists: the engine reads a page once, from its beginning.

use serde::Serialize;

/// The longest selector as written.
const LONGEST: usize = 256;

/// A selector that has been checked; written as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    text: String,
    parts: Vec<Part>,
}

/// One element that a selector names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Whether it stands directly in the element before it, and not just somewhere in it.
    pub directly: bool,
    /// Its tag in lower case; `None`: any.
    pub tag: Option<String>,
    /// What its attributes must be, by name in lower case.
    pub tests: Vec<(String, AttributeTest)>,
}

/// What an attribute must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeTest {
    /// There.
    Present,
    /// This.
    Equals(String),
    /// A list of words with this one: classes.
    Word(String),
    /// A text that begins with this.
    Begins(String),
    /// A text that ends with this.
    Ends(String),
    /// A text with this in it.
    Contains(String),
}

impl AttributeTest {
    /// Whether a value is as it must be.
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Self::Present => true,
            Self::Equals(wanted) => value == wanted,
            Self::Word(wanted) => value.split_ascii_whitespace().any(|word| word == wanted),
            // As CSS has it: nothing begins or ends with the empty text, or contains it.
            Self::Begins(wanted) => !wanted.is_empty() && value.starts_with(wanted.as_str()),
            Self::Ends(wanted) => !wanted.is_empty() && value.ends_with(wanted.as_str()),
            Self::Contains(wanted) => !wanted.is_empty() && value.contains(wanted.as_str()),
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Selector {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl Selector {
    /// Elements that one selector may name.
    pub const MOST_PARTS: usize = 16;

    /// What it names, the outermost first; the last is the element itself. Never empty.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Reads a selector; else says in words what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a selector has at most {LONGEST} characters"));
        }
        let mut rest = text.trim();
        let mut parts = Vec::new();
        let mut directly = false;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('>') {
                if directly || parts.is_empty() {
                    return Err("`>` stands between two elements".to_owned());
                }
                directly = true;
                rest = after.trim_start();
                continue;
            }
            let (part, after) = part(rest, directly)?;
            parts.push(part);
            (directly, rest) = (false, after);
            if !(rest.is_empty() || rest.starts_with('>') || rest.starts_with(char::is_whitespace)) {
                return Err(format!("`{rest}` is not understood here; a tag, #id, .class and [attribute] are"));
            }
            rest = rest.trim_start();
        }
        if directly || parts.is_empty() {
            return Err("an element is missing".to_owned());
        }
        if parts.len() > Self::MOST_PARTS {
            return Err(format!("a selector names at most {} elements", Self::MOST_PARTS));
        }
        Ok(Self { text: text.trim().to_owned(), parts })
    }
}

/// One element at the beginning of a text, and what follows it.
fn part(text: &str, directly: bool) -> Result<(Part, &str), String> {
    let mut part = Part { directly, ..Part::default() };
    let (tag, mut rest) = name(text);
    if !tag.is_empty() {
        part.tag = Some(tag.to_ascii_lowercase());
    } else if let Some(after) = text.strip_prefix('*') {
        rest = after;
    }
    loop {
        let named = |after| match name(after) {
            ("", _) => Err(format!("a name is missing in `{text}`")),
            found => Ok(found),
        };
        if let Some(after) = rest.strip_prefix('#') {
            let (id, after) = named(after)?;
            part.tests.push(("id".to_owned(), AttributeTest::Equals(id.to_owned())));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let (class, after) = named(after)?;
            part.tests.push(("class".to_owned(), AttributeTest::Word(class.to_owned())));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let (attribute, after) = named(after.trim_start())?;
            let (test, after) = attribute_test(after.trim_start())?;
            part.tests.push((attribute.to_ascii_lowercase(), test));
            rest = after;
        } else if part.tag.is_none() && part.tests.is_empty() && rest.len() == text.len() {
            return Err(format!("`{text}` is not understood here; a tag, #id, .class and [attribute] are"));
        } else {
            return Ok((part, rest));
        }
    }
}

/// What follows an attribute's name, up to the bracket's end: `="x"]`.
fn attribute_test(text: &str) -> Result<(AttributeTest, &str), String> {
    if let Some(rest) = text.strip_prefix(']') {
        return Ok((AttributeTest::Present, rest));
    }
    type Make = fn(String) -> AttributeTest;
    let operators: [(&str, Make); 5] = [
        ("=", AttributeTest::Equals),
        ("~=", AttributeTest::Word),
        ("^=", AttributeTest::Begins),
        ("$=", AttributeTest::Ends),
        ("*=", AttributeTest::Contains),
    ];
    let found = operators.iter().find_map(|(sign, make)| Some((make, text.strip_prefix(sign)?.trim_start())));
    let Some((make, rest)) = found else { return Err(format!("`[…{text}` is not an attribute test")) };
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let closed = match quote {
        Some(quote) => rest[1..].split_once(quote),
        None => rest.find(']').map(|end| (rest[..end].trim_end(), &rest[end..])),
    };
    let Some((value, Some(rest))) = closed.map(|(value, rest)| (value, rest.trim_start().strip_prefix(']'))) else {
        return Err(format!("`[…{text}` is not closed"));
    };
    Ok((make(value.to_owned()), rest))
}

/// A name at the beginning of a text, perhaps empty, and what follows it.
fn name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tags_tests_and_how_they_stand() {
        let selector = Selector::parse(" FORM#login.wide > div input[type=hidden][name='a b'] ").expect("a selector");
        let test = |name: &str, test| (name.to_owned(), test);
        assert_eq!(selector.parts.len(), 3);
        assert_eq!(selector.parts[0].tag.as_deref(), Some("form"));
        let login =
            [test("id", AttributeTest::Equals("login".into())), test("class", AttributeTest::Word("wide".into()))];
        assert_eq!(selector.parts[0].tests, login);
        assert!(selector.parts[1].directly && !selector.parts[2].directly);
        let hidden =
            [test("type", AttributeTest::Equals("hidden".into())), test("name", AttributeTest::Equals("a b".into()))];
        assert_eq!(selector.parts[2].tests, hidden);
        assert_eq!(Selector::parse("*[href^=\"/a\"]").map(|it| it.parts[0].tests.len()), Ok(1));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in
            ["", ">", "a >", "> a", "a > > b", "a:hover", "a, b", "a + b", "a[", "a[b", "a[b='c]", "a[b!=c]", "#", "."]
        {
            assert!(Selector::parse(text).is_err(), "`{text}`");
        }
    }

    #[test]
    fn tests_hold_as_css_says() {
        assert!(AttributeTest::Word("b".into()).holds("a b\tc") && !AttributeTest::Word("b".into()).holds("ab"));
        assert!(AttributeTest::Begins("a".into()).holds("ab") && !AttributeTest::Begins(String::new()).holds("ab"));
        assert!(AttributeTest::Ends("b".into()).holds("ab") && AttributeTest::Contains("b".into()).holds("abc"));
        assert!(AttributeTest::Present.holds("") && !AttributeTest::Equals("a".into()).holds("A"));
    }
}
