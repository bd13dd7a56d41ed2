//! Values in a page (S4): an attribute, a form field's value or an element's text, found by a selector.
//!
//! The page is read once, as tags in the order of its text, and never becomes a tree: what is open around an element
//! is a stack. An element without an end tag counts as open until one around it ends.
//!
//! Each open element holds which beginnings of the selector it ends, and which those that it is within do, as bits. What
//! the next tag ends follows from the topmost alone, however deep a page is and in however many ways it may fit.

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

/// An element that is open. Bit i stands for the parts of the selector up to number i.
struct Open {
    name: HtmlString,
    /// The parts that lead to it.
    ends: u16,
    /// Those that lead to it or to an element that it is in.
    within: u16,
}

const _: () = assert!(Selector::MOST_PARTS <= u16::BITS as usize);

/// The first value in `page` that `wanted` describes, with its entities decoded; else why there is none.
pub fn find(page: &str, selector: &Selector, wanted: &Markup) -> Result<String, String> {
    let mut emitter = DefaultEmitter::default();
    // Else the inside of a script would be read as tags.
    emitter.naively_switch_states(true);
    let mut open: Vec<Open> = Vec::new();
    let last = selector.parts().len() - 1;
    let mut found_without = false;
    let mut tokens = Tokenizer::new_with_emitter(page, emitter).flatten();
    while let Some(token) = tokens.next() {
        match token {
            Token::StartTag(tag) => {
                let ends = ends(selector.parts(), open.last(), &tag);
                if ends >> last == 1 {
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
                    let within = ends | open.last().map_or(0, |around| around.within);
                    open.push(Open { name: tag.name, ends, within });
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

/// The parts that lead to an element with this tag, directly in `around`.
fn ends(parts: &[SelectorPart], around: Option<&Open>, tag: &StartTag<()>) -> u16 {
    parts.iter().enumerate().fold(0, |ends, (i, part)| {
        let before = around.map_or(0, |it| if part.directly { it.ends } else { it.within });
        let stands = i == 0 || before >> (i - 1) & 1 == 1;
        ends | u16::from(stands && is(part, tag)) << i
    })
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
    fn an_element_may_stand_in_any_of_those_around_it() {
        let within = |page: &str, selector: &str| {
            let selector = Selector::parse(selector).expect("a selector");
            find(page, &selector, &Markup::Text).is_ok()
        };
        let page = "<main><div class=a><div class=b><br><p>x</p></div></div><p>y</p></main>";
        // The nearest `div` is not directly in `main`; the one around it is.
        assert!(within(page, "main > div p") && within(page, "main div div > p") && within(page, ".a > * > p"));
        assert!(!within(page, "main > .b p") && !within(page, "div div div p") && !within(page, "p p"));
    }

    /// Tried one by one, the ways in which fourteen of 512 elements can be chosen would never come to an end.
    #[test]
    fn a_deep_page_and_a_long_selector_are_read_in_bounds() {
        let page = "<div>".repeat(DEEPEST) + "<p>";
        let none = Selector::parse(&format!("x{} p", " div".repeat(14))).expect("a selector");
        assert_eq!(find(&page, &none, &Markup::Text), Err(format!("no element `{none}` in the body")));
        let all = Selector::parse(&format!("div{} p", " div".repeat(14))).expect("a selector");
        assert_eq!(find(&page, &all, &Markup::Text).as_deref(), Ok(""));
    }
}
