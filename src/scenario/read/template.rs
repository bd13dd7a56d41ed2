//! Templates: text with `{{…}}` slots, compiled once so that a request only joins pieces.
//!
//! A slot is a name (`feed.id`, `session`, a saved value), a call (`random.int(1, 6)`) or a quoted
//! text (`{{"{{"}}` writes two braces).

use super::{MOST_NOTES, Reader, shorten};
use crate::scenario::model::{Feed, Piece, Template};
use crate::scenario::problem::{Problem, Read, Told};
use crate::scenario::suggest::nearest;
use crate::scenario::yaml::{Node, Place};

/// What the templates of a place may name.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The population whose sessions fill them.
    pub population: Option<&'k str>,
    /// Its feed.
    pub feed: FeedNames<'k>,
    /// Values that steps save, by index, and which of them an earlier step can have saved.
    pub saved: &'k [String],
    pub available: &'k [bool],
    /// Whether a session and its steps are there: not in generated feeds.
    pub session: bool,
    /// Whether the row's number is there: only in generated feeds.
    pub row: bool,
    /// Whether the number of an input is there: only in what a stream sends.
    pub input: bool,
    /// Whether the text is a path, in which a value may stand as it is.
    pub path: bool,
    /// Whether the text is compared with what a target sends, so that a draw would be none that was sent.
    pub compared: bool,
}

impl Known<'_> {
    /// Nothing but the environment.
    pub const fn nothing() -> Self {
        Self {
            population: None,
            feed: FeedNames::None,
            saved: &[],
            available: &[],
            session: false,
            row: false,
            input: false,
            path: false,
            compared: false,
        }
    }
}

/// The columns that templates may name.
#[derive(Clone, Copy)]
pub enum FeedNames<'k> {
    None,
    Feed(&'k Feed),
    /// There is one, but it could not be read.
    Unknown,
}

/// The longest name of another tool's template that is looked for.
const LONGEST_FOREIGN: usize = 64;
/// The longest run of hexadecimal digits that a slot draws.
const LONGEST_HEX: u32 = 1024;

impl Reader<'_> {
    /// The template of a text, number or flag.
    pub fn template(&mut self, node: &Node, known: &Known) -> Read<Template> {
        let text = self.text(node, "a text")?;
        self.template_text(text, node.place, known)
    }

    /// The template of a text written at `place`.
    pub fn template_text(&mut self, text: &str, place: Place, known: &Known) -> Read<Template> {
        let mut pieces = Vec::new();
        let mut failed = None;
        self.note_foreign(text, place, known);
        let mut rest = text;
        while let Some(begin) = rest.find("{{") {
            push_text(&mut pieces, &rest[..begin]);
            let Some(length) = end_of_slot(&rest[begin + 2..]) else {
                let place = self.problems.within(place, &rest[begin..]);
                let hint = "close it with `}}`; to send two braces, write {{\"{{\"}}";
                return Err(self.problem_with_hint(place, "a template begins here and does not end", hint));
            };
            let slot = &rest[begin..begin + length + 4];
            match self.slot(slot, place, known) {
                Ok(Piece::Text(text)) => push_text(&mut pieces, &text),
                Ok(piece) => pieces.push(piece),
                Err(told) if self.problems.is_full() => return Err(told),
                Err(told) => failed = Some(told),
            }
            rest = &rest[begin + length + 4..];
        }
        push_text(&mut pieces, rest);
        failed.map_or(Ok(Template(pieces)), Err)
    }

    /// One slot, braces included, of a text written at `place`.
    fn slot(&mut self, slot: &str, place: Place, known: &Known) -> Read<Piece> {
        let inner = slot[2..slot.len() - 2].trim();
        match inner.rsplit_once('|') {
            Some((name, filter)) if known.path && filter.trim() == "raw" => {
                let of = self.named(name.trim(), slot, place, known)?;
                Ok(if matches!(of, Piece::Text(_)) { of } else { Piece::Raw { of: Box::new(of), first: false } })
            }
            _ => self.named(inner, slot, place, known),
        }
    }

    /// What the inside of a slot names.
    fn named(&mut self, inner: &str, slot: &str, place: Place, known: &Known) -> Read<Piece> {
        if let Some(piece) = simple(inner, known) {
            return Ok(piece);
        }
        // Only now, as a search in a long text for each of its slots would take long.
        let place = self.problems.within(place, slot);
        if let Some(quoted) = inner.strip_prefix('"') {
            let text = quoted.strip_suffix('"').filter(|text| !text.contains('"'));
            return text
                .map(|text| Piece::Text(text.to_owned()))
                .ok_or_else(|| self.problem(place, "this quote is not closed"));
        }
        if let Some((_, filter)) = inner.split_once('|')
            && let Some(meant) = nearest(filter.trim(), ["number", "raw"])
            && meant != filter.trim()
        {
            let message = format!("`{}` is no filter", shorten(filter.trim()));
            return Err(self.problem_with_hint(place, message, format!("did you mean `{meant}`?")));
        }
        if inner.contains('|') {
            let hint = "`{{feed.votes | number}}` is the whole text of a value under `json:`, and `{{feed.path | raw}}` stands \
                        in the path of a request";
            return Err(self.problem_with_hint(place, "`|` cannot be used here", hint));
        }
        match inner.split_once('.') {
            Some(("feed", column)) if known.session => Err(self.unknown_column(column, place, known)),
            // A generated row is made from its number alone.
            Some(("env", name)) if !known.row => self.variable(name, place),
            Some(("secret", name)) if known.session => self.secret_named(name, place),
            Some(("before", name)) if known.session => self.saved_before(name, place),
            Some(("random", _)) if known.compared => {
                let message = "a draw here is a new one, and none that was sent";
                let hint = "send and compare what is known: {{session}}, {{step.nth}}, a column of the feed";
                Err(self.problem_with_hint(place, message, hint))
            }
            Some(("random", call)) if known.session => self.random(call, place),
            _ => Err(self.unknown(inner, place, known)),
        }
    }

    /// Notes what other tools would fill, and what is no template here.
    fn note_foreign(&mut self, text: &str, place: Place, known: &Known) {
        let mut rest = text;
        while let Some(begin) = rest.find("${").filter(|_| self.notes.len() < MOST_NOTES) {
            rest = &rest[begin + 2..];
            let end = rest.bytes().take(LONGEST_FOREIGN + 1).position(|b| b == b'}');
            let Some(name) = end.map(|end| &rest[..end]) else { continue };
            let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
            if !letters || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                continue;
            }
            let written = format!("${{{name}}}");
            let place = self.problems.within(place, &written);
            let does = if known.compared { "is looked for" } else { "is sent" };
            let column =
                matches!(known.feed, FeedNames::Feed(feed) if feed.columns.iter().any(|column| column == name));
            let meant = match column {
                true => format!("a column of the feed is `{{{{feed.{name}}}}}`"),
                false => format!("a saved value is `{{{{{name}}}}}`"),
            };
            self.note(place, &format!("`{written}` {does} as it stands; {meant}"));
        }
    }

    fn unknown_column(&mut self, column: &str, place: Place, known: &Known) -> Told {
        let of = known.population.map(|name| format!(" of `{name}`")).unwrap_or_default();
        match known.feed {
            FeedNames::Feed(feed) => {
                let problem = Problem::new(place, format!("the feed{of} has no column `{}`", shorten(column)));
                self.problems.push_near(problem, column, feed.columns.iter().map(String::as_str))
            }
            _ => {
                let message = known.population.map(|name| format!("`{name}` uses this and has no feed"));
                let hint = "feed: data/rows.csv, with a header line that names its columns";
                self.problem_with_hint(place, message.unwrap_or_else(|| "there is no feed here".to_owned()), hint)
            }
        }
    }

    fn variable(&mut self, name: &str, place: Place) -> Read<Piece> {
        let plausible = !name.is_empty() && name.len() <= 200 && !name.contains(['=', '\0']);
        match plausible.then(|| (self.env)(name)).flatten() {
            Some(value) => Ok(Piece::Env { name: name.to_owned(), value }),
            None => {
                let message = format!("the environment has no variable `{}`", shorten(name));
                Err(self.problem_with_hint(place, message, format!("{}=… scrutinio …", shorten(name))))
            }
        }
    }

    fn secret_named(&mut self, name: &str, place: Place) -> Read<Piece> {
        if let Some(value) = self.secrets.get(name) {
            // What is wrong with its value was told where it is named.
            return Ok(Piece::Secret { name: name.to_owned(), value: value.clone().unwrap_or_default() });
        }
        let names: Vec<String> = self.secrets.keys().cloned().collect();
        let problem = Problem::new(place, format!("there is no secret `{}`", shorten(name)));
        let problem = problem.hint("secrets: { password: { env: PASSWORD } }");
        Err(self.problems.push_near(problem, name, names.iter().map(String::as_str)))
    }

    /// A value that `before` saves.
    fn saved_before(&mut self, name: &str, place: Place) -> Read<Piece> {
        // Why `before` cannot be read is told there; the index is never used.
        let Some(names) = &self.before else { return Ok(Piece::Before(0)) };
        if let Some(index) = names.iter().position(|saved| saved == name) {
            return Ok(Piece::Before(index));
        }
        let names = names.clone();
        let problem = Problem::new(place, format!("`before` saves nothing called `{}`", shorten(name)));
        let hint = "before: { steps: [{ get: /token, save: { token: json $.token } }] }; there itself, it is {{token}}";
        let problem = problem.hint(hint);
        Err(self.problems.push_near(problem, name, names.iter().map(String::as_str)))
    }

    fn random(&mut self, call: &str, place: Place) -> Read<Piece> {
        let arguments = call.strip_suffix(')').and_then(|call| call.split_once('('));
        let numbers = |text: &str| text.split(',').map(|n| n.trim().parse::<i64>().ok()).collect::<Option<Vec<_>>>();
        match arguments.map(|(name, arguments)| (name, numbers(arguments))) {
            Some(("int", Some(ends))) if ends.len() == 2 && ends[0] <= ends[1] => {
                Ok(Piece::RandomInt(ends[0], ends[1]))
            }
            Some(("hex", Some(digits))) if digits.len() == 1 && (1..=i64::from(LONGEST_HEX)).contains(&digits[0]) => {
                Ok(Piece::RandomHex(digits[0] as u32))
            }
            _ => {
                let hint = format!(
                    "random.int(1, 6) draws a whole number from 1 to 6; random.hex(16) draws 16 hexadecimal digits, at most {LONGEST_HEX}"
                );
                Err(self.problem_with_hint(place, format!("`random.{}` is not a random draw", shorten(call)), hint))
            }
        }
    }

    fn unknown(&mut self, name: &str, place: Place, known: &Known) -> Told {
        if known.saved.iter().any(|saved| saved == name) {
            let message = format!("`{name}` is used before any step can have saved it");
            return self.problem_with_hint(place, message, "the step that saves it must come first");
        }
        let mut names: Vec<String> = known.saved.to_vec();
        names.push(if known.row { "row" } else { "env.NAME" }.to_owned());
        if known.session {
            names.extend(["session", "population", "run.id", "step.nth"].map(str::to_owned));
        }
        if known.session && !known.compared {
            names.extend(["random.int(1, 6)", "random.hex(16)"].map(str::to_owned));
        }
        if known.input {
            names.push("input".to_owned());
        }
        if let FeedNames::Feed(feed) = known.feed {
            names.extend(feed.columns.iter().map(|column| format!("feed.{column}")));
        }
        let problem = Problem::new(place, format!("nothing is called `{}` here", shorten(name)));
        self.problems.push_near(problem, name, names.iter().map(String::as_str))
    }
}

/// A slot that is a name and nothing else, if it is known.
fn simple(name: &str, known: &Known) -> Option<Piece> {
    match (name, name.split_once('.')) {
        ("input", _) if known.input => Some(Piece::Input),
        ("row", _) => known.row.then_some(Piece::Row),
        _ if !known.session => None,
        ("session", _) => Some(Piece::Session),
        ("run.id", _) => Some(Piece::RunId),
        ("step.nth", _) => Some(Piece::Nth),
        ("population", _) => known.population.map(|name| Piece::Text(name.to_owned())),
        (_, Some(("feed", column))) => match known.feed {
            // Why it cannot be read is told where the feed is named; the index is never used.
            FeedNames::Unknown => Some(Piece::Feed(0)),
            FeedNames::Feed(feed) => feed.columns.iter().position(|name| name == column).map(Piece::Feed),
            FeedNames::None => None,
        },
        _ => known.saved.iter().position(|saved| saved == name).filter(|i| known.available[*i]).map(Piece::Saved),
    }
}

/// Where the slot whose inside begins `text` ends: the first `}}` that is not within quotes.
fn end_of_slot(text: &str) -> Option<usize> {
    let mut quoted = false;
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|&i| {
        quoted ^= bytes[i] == b'"';
        !quoted && bytes[i] == b'}' && bytes.get(i + 1) == Some(&b'}')
    })
}

/// Adds fixed text, joined to the text before it.
pub fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// The template with each fixed text rewritten.
pub fn map_text(template: Template, rewrite: impl Fn(&str) -> String) -> Template {
    let pieces = template.0.into_iter().map(|piece| match piece {
        Piece::Text(text) => Piece::Text(rewrite(&text)),
        slot => slot,
    });
    Template(pieces.collect())
}
