//! Values of environment variables and secrets, hidden wherever they would be shown (S4): in requests, and in answers
//! that repeat them.

mod reading;
mod sought;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Auth, Expect, Piece, Request, Scenario, StepKind, Template};
use reading::Reading;
use sought::{Found, Sought, Tried};

/// What is shown in a secret's place.
const HIDDEN: &str = "***";
/// Digits of base64 that a value is known by.
const LEAST_DIGITS: usize = 4;

/// What must not be shown, and what is shown in its place: each character written as it is or in any escape (JSON,
/// HTML, URLs, scripts), in UTF-8 or latin-1, all of it mixed, up to three layers deep; secrets also within base64.
#[derive(Debug, Default)]
pub struct Mask {
    /// The longest first.
    hidden: Vec<Sought>,
}

impl Mask {
    /// Hides every variable and secret that a template of the scenario uses, and the values that `before` has saved.
    pub fn new(scenario: &Scenario, before: &[String]) -> Self {
        Self::of(&used(scenario, before))
    }

    fn of(values: &BTreeSet<Value>) -> Self {
        let mut hidden: Vec<Sought> =
            values.iter().filter_map(|value| Sought::value(&value.text, &value.shown)).collect();
        let secrets = values.iter().filter(|value| value.shown == HIDDEN);
        let coded: BTreeSet<String> = secrets.flat_map(|value| base64_forms(&value.text)).collect();
        hidden.extend(coded.into_iter().map(|form| Sought::coded(form, HIDDEN)));
        hidden.sort_by_key(|sought| Reverse(sought.len()));
        Self { hidden }
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.hide_bytes(text.as_bytes())).into_owned()
    }

    /// Bytes without them.
    pub fn hide_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if self.hidden.is_empty() { bytes.to_vec() } else { self.hide_read(&Reading::new(bytes), bytes, false) }
    }

    /// A piece of a stream of bytes without them: what begins before the piece or ends after it, or both, is hidden too.
    pub fn hide_piece(&self, piece: &[u8]) -> Vec<u8> {
        if self.hidden.is_empty() { piece.to_vec() } else { self.hide_read(&Reading::new(piece), piece, true) }
    }

    fn hide_read(&self, reading: &Reading<'_>, bytes: &[u8], is_piece: bool) -> Vec<u8> {
        let end_of = |found: Found| match found {
            Found::Whole(end) => Some(end),
            Found::Cut => is_piece.then_some(bytes.len()),
        };
        let mut shown = Vec::with_capacity(bytes.len());
        let before = self.hidden.iter().filter(|_| is_piece).filter_map(|sought| sought.begun_before(reading));
        let mut at = before.filter_map(end_of).max().unwrap_or(0);
        if at > 0 {
            shown.extend_from_slice(HIDDEN.as_bytes());
        }
        let mut tried: Vec<Tried> = self.hidden.iter().map(|_| Tried::new()).collect();
        while at < bytes.len() {
            let sought = self.hidden.iter().zip(&mut tried);
            let found = sought.filter_map(|(sought, tried)| Some((sought.found(reading, at, tried)?, sought)));
            let found = found.filter_map(|(found, sought)| {
                let name = if found == Found::Cut { HIDDEN } else { &sought.shown };
                Some((end_of(found)?, name))
            });
            // Of those that end together the longest, which comes first.
            match found.min_by_key(|(end, _)| Reverse(*end)) {
                Some((end, name)) => {
                    shown.extend_from_slice(name.as_bytes());
                    at = end;
                }
                None => {
                    shown.push(bytes[at]);
                    at += 1;
                }
            }
        }
        shown
    }
}

/// A value that must not be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    text: String,
    shown: String,
}

/// Every variable and secret that templates use, and what `before` has saved.
fn used(scenario: &Scenario, before: &[String]) -> BTreeSet<Value> {
    let saved = before.iter().map(|text| Value { text: text.clone(), shown: HIDDEN.to_owned() });
    let mut values: BTreeSet<Value> = saved.collect();
    let around = || scenario.before.iter().chain(&scenario.after);
    let headers = scenario.populations.iter().map(|population| &population.headers);
    let headers = headers.chain(around().map(|around| &around.headers)).flatten();
    headers.for_each(|(_, value)| find(value, &mut values));
    let flows = scenario.flows.iter().chain(around().map(|around| &around.flow));
    for step in flows.flat_map(|flow| &flow.steps) {
        if let StepKind::Request(request) = &step.kind {
            templates(request).for_each(|template| find(template, &mut values));
        }
    }
    values
}

fn find(template: &Template, values: &mut BTreeSet<Value>) {
    for piece in &template.0 {
        let (text, shown) = match piece.source() {
            Piece::Env { name, value } => (value.clone(), format!("{{{{env.{name}}}}}")),
            Piece::Secret { value, .. } => (value.clone(), HIDDEN.to_owned()),
            _ => continue,
        };
        values.insert(Value { text, shown });
    }
}

/// Every template of a request.
fn templates(request: &Request) -> impl Iterator<Item = &Template> {
    let body = request.body.iter().flat_map(|body| body.templates());
    let expected = request.expect.iter().filter_map(|expect| match expect {
        Expect::Header { contains, .. } => contains.as_ref(),
        Expect::Json { equals, .. } => equals.as_ref(),
        Expect::Text { contains } => Some(contains),
        Expect::Status(_) | Expect::Size { .. } => None,
    });
    let headers = request.headers.iter().map(|(_, value)| value);
    let auth = match &request.auth {
        Some(Auth::Basic { user, password }) => [Some(user), Some(password)],
        Some(Auth::Bearer(token)) => [Some(token), None],
        None => [None, None],
    };
    let headers = headers.chain(auth.into_iter().flatten());
    let streamed = request.stream.iter().flat_map(|stream| stream.templates());
    [&request.path].into_iter().chain(headers).chain(body).chain(expected).chain(streamed)
}

/// What base64 makes of a value, in both alphabets and wherever it stands in what is encoded.
fn base64_forms(value: &str) -> BTreeSet<String> {
    let cores = (0..3).map(|before| base64_core(value.as_bytes(), before));
    let mut forms: BTreeSet<String> = cores.flat_map(|core| [core.replace('+', "-").replace('/', "_"), core]).collect();
    forms.retain(|form| !form.is_empty());
    forms
}

/// The digits of base64 that a value alone decides, where so many bytes come before it; empty if they are too few to
/// be known by.
fn base64_core(value: &[u8], before: usize) -> String {
    let digits = STANDARD_NO_PAD.encode([&[0; 2][..before], value].concat());
    let (first, end) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
    if end < first + LEAST_DIGITS { String::new() } else { digits[first..end].to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Escape;

    fn mask(variables: &[(&str, &str)], secrets: &[&str]) -> Mask {
        let value = |text: &str, shown: String| Value { text: text.to_owned(), shown };
        let variables = variables.iter().map(|(name, text)| value(text, format!("{{{{env.{name}}}}}")));
        Mask::of(&variables.chain(secrets.iter().map(|text| value(text, HIDDEN.to_owned()))).collect())
    }

    #[test]
    fn a_value_is_hidden_in_every_form_in_which_it_is_sent() {
        let mask = mask(&[("TOKEN", "a b\"c"), ("EMPTY", "")], &[]);
        let shown = mask.hide("GET /?t=a%20b%22c x: a b\"c {\"t\":\"a b\\\"c\"}");
        assert_eq!(shown, "GET /?t={{env.TOKEN}} x: {{env.TOKEN}} {\"t\":\"{{env.TOKEN}}\"}");
        for escape in [Escape::Plain, Escape::Path, Escape::Percent, Escape::Json, Escape::Header] {
            assert_eq!(mask.hide(&escape.of("<a b\"c>")).matches("{{env.TOKEN}}").count(), 1, "{escape:?}");
        }
    }

    #[test]
    fn the_longer_of_two_values_wins_and_names_are_not_hidden_in_turn() {
        let mask = mask(&[("A", "key"), ("B", "key-7"), ("C", "env")], &[]);
        assert_eq!(mask.hide("key-7 key"), "{{env.B}} {{env.A}}");
    }

    #[test]
    fn a_secret_is_hidden_within_base64_wherever_it_stands() {
        let mask = mask(&[], &["correct horse"]);
        for user in ["", "a", "ab", "abc"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{user}:correct horse"));
            let shown = mask.hide(&encoded);
            let left = shown.replace(HIDDEN, "");
            assert!(shown.contains(HIDDEN) && left.len() <= user.len() * 2 + 8, "{encoded}: {shown}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_is_hidden() {
        let mask = mask(&[], &["correct horse"]);
        assert_eq!(mask.hide_piece(b"ect horse x correct horse y corre"), b"*** x *** y ***");
        assert_eq!(mask.hide_piece(b"correct horse"), b"***");
        assert_eq!(mask.hide_piece(b""), b"");
    }

    #[test]
    fn a_piece_from_within_a_secret_is_hidden_unless_it_is_too_short_to_be_known_by() {
        let mask = mask(&[], &["correct horse"]);
        for within in ["rect hors", "orre", "t ho"] {
            assert_eq!(mask.hide_piece(within.as_bytes()), b"***", "{within}");
        }
        assert_eq!(mask.hide_piece(b"re"), b"re");
        assert_eq!(mask.hide_piece(b"a rect hors a"), b"a rect hors a", "this was not cut");
    }

    /// Of an answer that repeats a long token, a read can be all token.
    #[test]
    fn a_piece_from_within_a_long_secret_is_hidden_however_it_is_encoded() {
        let token: String = (0..600).map(|n| format!("{n}/\"")).collect();
        let mask = mask(&[], &[&token]);
        for written in [token.clone(), Escape::Json.of(&token), STANDARD_NO_PAD.encode(format!("u:{token}"))] {
            assert!(mask.hide_piece(&written.as_bytes()[300..1748]) == b"***");
        }
    }
}
