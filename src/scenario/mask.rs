//! Values of environment variables and secrets, hidden wherever they would be shown (S4): in requests, and in answers
//! that repeat them.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Auth, Escape, Expect, Piece, Request, Scenario, StepKind, Template};

/// What is shown in a secret's place.
const HIDDEN: &str = "***";
/// The shortest piece of a form that is taken for the form itself where a text is cut off.
const SHORTEST_PIECE: usize = 4;

/// What must not be shown, and what is shown in its place.
#[derive(Debug, Default)]
pub struct Mask {
    /// (as written somewhere, `***` or `{{env.NAME}}`), the longest first.
    hidden: Vec<(String, String)>,
}

impl Mask {
    /// Hides every variable and secret that a template of the scenario uses, and the values that `before` has saved.
    pub fn new(scenario: &Scenario, before: &[String]) -> Self {
        Self::of(&used(scenario, before))
    }

    /// Hides every secret that a template of the scenario uses and the values that `before` has saved, and no variables.
    pub fn secrets(scenario: &Scenario, before: &[String]) -> Self {
        Self::of(&used(scenario, before).into_iter().filter(|value| value.shown == HIDDEN).collect())
    }

    fn of(values: &BTreeSet<Value>) -> Self {
        let written = values.iter().filter(|value| !value.text.is_empty()).flat_map(|value| {
            let forms = if value.shown == HIDDEN { secret_forms(&value.text) } else { forms(&value.text) };
            forms.into_iter().map(move |form| (form, value.shown.clone()))
        });
        let mut hidden: Vec<(String, String)> = written.collect();
        hidden.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        Self { hidden }
    }

    /// The text without them.
    pub fn hide(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.hide_bytes(text.as_bytes())).into_owned()
    }

    /// Bytes without them.
    pub fn hide_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        if self.hidden.is_empty() {
            return bytes.to_vec();
        }
        let mut shown = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            match self.hidden.iter().find(|(form, _)| rest.starts_with(form.as_bytes())) {
                Some((form, name)) => {
                    shown.extend_from_slice(name.as_bytes());
                    rest = &rest[form.len()..];
                }
                None => {
                    shown.push(*first);
                    rest = &rest[1..];
                }
            }
        }
        shown
    }

    /// A piece of a stream of bytes without them: what begins before the piece or ends after it, or both, is hidden too.
    pub fn hide_piece(&self, piece: &[u8]) -> Vec<u8> {
        let forms = || self.hidden.iter().map(|(form, _)| form.as_bytes());
        let within = |form: &[u8]| form.len() > piece.len() && form.windows(piece.len()).any(|part| part == piece);
        if piece.len() >= SHORTEST_PIECE && forms().any(within) {
            return HIDDEN.into();
        }
        let tail =
            |form: &[u8]| (1..form.len()).find(|at| piece.starts_with(&form[*at..])).map_or(0, |at| form.len() - at);
        let head = |form: &[u8]| (1..form.len()).rev().find(|n| piece.ends_with(&form[..*n])).unwrap_or(0);
        let known = |n: &usize| *n >= SHORTEST_PIECE;
        let before = forms().map(tail).filter(known).max().unwrap_or(0);
        let after = forms().map(head).filter(known).max().unwrap_or(0).min(piece.len() - before);
        let mut shown = self.hide_bytes(&piece[before..piece.len() - after]);
        if before > 0 {
            shown.splice(0..0, HIDDEN.bytes());
        }
        if after > 0 {
            shown.extend_from_slice(HIDDEN.as_bytes());
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

/// A value as requests have it.
fn forms(value: &str) -> BTreeSet<String> {
    Escape::ALL.map(|escape| escape.of(value)).into()
}

/// A secret as requests have it, and as servers write what they were sent: in pages, in JSON with more escaped than need
/// be, in forms, and within anything that is sent as base64, as basic authentication is.
fn secret_forms(value: &str) -> BTreeSet<String> {
    let mut forms = forms(value);
    let url = Escape::Percent.of(value);
    forms.insert(lower_hex(&url));
    forms.insert(url.replace("%20", "+"));
    forms.insert(Escape::Json.of(value).replace('/', "\\/"));
    let markup = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    forms.insert(markup.replace('"', "&quot;").replace('\'', "&#39;"));
    forms.insert(markup.replace('"', "&quot;").replace('\'', "&#x27;"));
    forms.insert(markup.replace('"', "&#34;").replace('\'', "&#39;"));
    forms.insert(markup);
    for before in 0..3 {
        let core = base64_core(value.as_bytes(), before);
        forms.insert(core.replace('+', "-").replace('/', "_"));
        forms.insert(core);
    }
    forms.retain(|form| !form.is_empty());
    forms
}

/// The digits of base64 that a value alone decides, where so many bytes come before it; empty if they are too few to
/// be known by.
fn base64_core(value: &[u8], before: usize) -> String {
    let digits = STANDARD_NO_PAD.encode([&[0; 2][..before], value].concat());
    let (first, end) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
    if end < first + SHORTEST_PIECE { String::new() } else { digits[first..end].to_owned() }
}

/// Percent-encoding with small letters.
fn lower_hex(url: &str) -> String {
    let mut parts = url.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at(2);
        format!("{text}%{}{rest}", digits.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for escape in Escape::ALL {
            assert_eq!(mask.hide(&escape.of("<a b\"c>")).matches("{{env.TOKEN}}").count(), 1, "{escape:?}");
        }
    }

    #[test]
    fn the_longer_of_two_values_wins_and_names_are_not_hidden_in_turn() {
        let mask = mask(&[("A", "key"), ("B", "key-7"), ("C", "env")], &[]);
        assert_eq!(mask.hide("key-7 key"), "{{env.B}} {{env.A}}");
    }

    #[test]
    fn a_secret_is_hidden_as_servers_write_it_too() {
        let mask = mask(&[], &["pä ss/<w>&\"'x"]);
        for written in [
            "pä ss/<w>&\"'x",
            "p%C3%A4%20ss%2F%3Cw%3E%26%22%27x",
            "p%c3%a4%20ss%2f%3cw%3e%26%22%27x",
            "p%C3%A4+ss%2F%3Cw%3E%26%22%27x",
            "pä ss/<w>&\\\"'x",
            "pä ss\\/<w>&\\\"'x",
            "pä ss/&lt;w&gt;&amp;&quot;&#39;x",
            "pä ss/&lt;w&gt;&amp;\"'x",
        ] {
            assert_eq!(mask.hide(&format!("é{written}é")), "é***é");
        }
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
        assert_eq!(mask.hide_piece(b"rec"), b"rec");
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
