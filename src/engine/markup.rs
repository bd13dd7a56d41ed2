//! Values in a page (S4): an attribute, a form field's value or an element's text, found by a selector.
//!
//! The page is read once, as tags in the order of its text, and never becomes a tree: what is open around an element
//! is a stack. An element without an end tag counts as open until one around it ends.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};

use crate::scenario::{Markup, Selector, SelectorPart};

/// Elements that may be open at once; deeper ones are passed over.
const DEEPEST: usize = 512;

/// Elements that never have an end tag (HTML section 13.1.2).
const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param", b"source",
    b"track", b"wbr",
];

/// The first value in `page` that `wanted` describes, with its entities decoded; else why there is none.
pub fn find(page: &str, selector: &Selector, wanted: &Markup) -> Result<String, String> {
    let mut emitter = DefaultEmitter::default();
    // Else the inside of a script would be read as tags.
    emitter.naively_switch_states(true);
    let mut open: Vec<StartTag<()>> = Vec::new();
    let mut found_without = false;
    let mut tokens = Tokenizer::new_with_emitter(page, emitter).flatten();
    while let Some(token) = tokens.next() {
        match token {
            Token::StartTag(tag) => {
                if fits(&selector.parts, &open, &tag) {
                    let value = match wanted {
                        Markup::Attribute(name) => attribute(&tag, name),
                        Markup::Field if matches!(tag.name.as_slice(), b"input" | b"button") => {
                            Some(attribute(&tag, "value").unwrap_or_default())
                        }
                        Markup::Field if tag.name.as_slice() != b"textarea" => attribute(&tag, "value"),
                        Markup::Field | Markup::Text => Some(text(&tag, &mut tokens)),
                    };
                    match value {
                        Some(value) => return Ok(value),
                        None => found_without = true,
                    }
                }
                if open.len() < DEEPEST && !tag.self_closing && !VOID.contains(&tag.name.as_slice()) {
                    open.push(tag);
                }
            }
            Token::EndTag(tag) => {
                if let Some(at) = open.iter().rposition(|it| it.name == tag.name) {
                    open.truncate(at);
                }
            }
            _ => {}
        }
    }
    Err(match wanted {
        _ if !found_without => format!("no element `{selector}` in the body"),
        Markup::Attribute(name) => format!("the element `{selector}` has no attribute `{name}`"),
        _ => format!("the element `{selector}` has no value"),
    })
}

/// The text within an element whose start tag was just read, without the white space around it.
fn text(tag: &StartTag<()>, tokens: &mut impl Iterator<Item = Token<()>>) -> String {
    let (mut text, mut depth) = (Vec::new(), 1);
    if tag.self_closing || VOID.contains(&tag.name.as_slice()) {
        return String::new();
    }
    for token in tokens {
        match token {
            Token::String(piece) => text.extend_from_slice(&piece),
            Token::StartTag(inner) => depth += u32::from(inner.name == tag.name && !inner.self_closing),
            Token::EndTag(inner) if inner.name == tag.name => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// Whether a tag is what the last part describes, in elements that are what the others do.
fn fits(parts: &[SelectorPart], open: &[StartTag<()>], tag: &StartTag<()>) -> bool {
    let Some((last, outer)) = parts.split_last() else { return true };
    if !is(last, tag) {
        return false;
    }
    if outer.is_empty() {
        return true;
    }
    let around = if last.directly { open.len().saturating_sub(1)..open.len() } else { 0..open.len() };
    around.rev().any(|at| fits(outer, &open[..at], &open[at]))
}

fn is(part: &SelectorPart, tag: &StartTag<()>) -> bool {
    part.tag.as_ref().is_none_or(|name| name.as_bytes() == tag.name.as_slice())
        && part.tests.iter().all(|(name, test)| attribute(tag, name).is_some_and(|value| test.holds(&value)))
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(&HtmlString(name.as_bytes().to_vec()))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><title>Log on &amp; go</title>
        <script>if (a < b) { document.write("<input name=csrf value=script>") }</script>
        <form id=search><input name=q></form>
        <form id="login" class="wide dark" action='/logon?a=1&amp;b=2'>
          <p>Who<br>are you?
          <INPUT TYPE=hidden NAME=csrf VALUE="a&quot;b&#x2f;c">
          <textarea name=note> two
 lines </textarea>
        </form>
        <div><div class=x><b>in<i>ner</i></b></div></div><a class="next page" href="/p?2">on</a>"#;

    fn found(selector: &str, wanted: Markup) -> Result<String, String> {
        find(PAGE, &Selector::parse(selector).expect("a selector"), &wanted)
    }

    #[test]
    fn finds_fields_attributes_and_text_with_entities_decoded() {
        let attr = |name: &str| Markup::Attribute(name.to_owned());
        for (selector, wanted, value) in [
            ("input[name=csrf]", Markup::Field, "a\"b/c"),
            ("form.dark > p input[type='hidden']", Markup::Field, "a\"b/c"),
            ("#search input", Markup::Field, ""),
            ("textarea", Markup::Field, "two\n lines"),
            ("form#login", attr("action"), "/logon?a=1&b=2"),
            ("a.next", attr("href"), "/p?2"),
            ("title", Markup::Text, "Log on & go"),
            ("div div.x", Markup::Text, "inner"),
            ("[class~=page]", Markup::Text, "on"),
        ] {
            assert_eq!(found(selector, wanted).as_deref(), Ok(value), "{selector}");
        }
    }

    #[test]
    fn says_what_is_missing() {
        assert_eq!(found("form input.none", Markup::Field), Err("no element `form input.none` in the body".into()));
        // The search form has ended before the token's field begins.
        assert!(found("#search input[name=csrf]", Markup::Field).is_err());
        assert!(found("body > form", Markup::Text).is_err());
        let missing = found("a", Markup::Attribute("rel".into()));
        assert_eq!(missing, Err("the element `a` has no attribute `rel`".into()));
    }

    #[test]
    fn a_page_without_end_tags_is_read_in_bounds() {
        let page = "<div><p a='".repeat(5_000);
        let deep = Selector::parse("x div div div p").expect("a selector");
        assert!(find(&page, &deep, &Markup::Text).is_err());
    }
}
