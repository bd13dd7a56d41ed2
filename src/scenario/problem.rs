//! What is wrong with a scenario: all problems at once, each drawn at its place.
//!
//! [`Problems::push`] is the only maker of [`Told`], the error type of everything that reads the
//! tree: a reader that cannot return a value must have said why. The list is bounded, and so is every line
//! that is drawn, whatever the file holds.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::suggest::nearest;
use super::yaml::Place;

/// Problems kept: more than a person fixes in one go.
const MOST: usize = 50;
/// Words among which the nearest is sought, and words listed where none is near.
const MOST_CANDIDATES: usize = 2_000;
const MOST_LISTED: usize = 30;
/// Characters of a text that a message quotes.
const LONGEST_QUOTE: usize = 60;
/// Bytes of a line that are drawn; a longer line is cut around its problem.
const LONGEST_LINE: usize = 4_000;

/// Proof that a problem was pushed: the reason why there is no value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told(());

/// A value, or a problem that was told.
pub(super) type Read<T> = Result<T, Told>;

/// One thing that is wrong, where, and what would be right.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    place: Place,
    message: String,
    hint: Option<String>,
    also: Option<(Place, &'static str)>,
}

impl Problem {
    /// What was wrong at a place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None, also: None }
    }

    /// What would be right.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Points at a second place that belongs to the problem.
    pub fn also(mut self, place: Place, label: &'static str) -> Self {
        self.also = Some((place, label));
        self
    }
}

/// A problem as programs read it; what is not known of it is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlacedProblem {
    /// What is wrong.
    pub message: String,
    /// The file that it is in.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// What would be right.
    pub help: Option<String>,
}

/// A source other than the scenario's text.
#[derive(Clone, Debug)]
enum Source {
    /// An option as typed: `--set requests=5`.
    Option(String),
    /// One line of a file that the scenario names.
    Line { file: String, number: usize, text: String },
}

/// All that is wrong with a scenario, ready to be shown.
#[derive(Clone, Debug)]
pub struct Problems {
    file: String,
    text: String,
    others: Vec<Source>,
    list: Vec<Problem>,
    seen: HashSet<(Place, String)>,
    more: bool,
}

impl Problems {
    /// No problems yet in the text of `file`.
    pub(super) fn new(file: &str, text: &str) -> Self {
        let (file, text) = (file.to_owned(), text.to_owned());
        Self { file, text, others: Vec::new(), list: Vec::new(), seen: HashSet::new(), more: false }
    }

    /// Keeps a problem. The same one twice (a flow that two populations use) is kept once.
    pub(super) fn push(&mut self, problem: Problem) -> Told {
        if self.is_full() {
            self.more = true;
        } else if self.seen.insert((problem.place, problem.message.clone())) {
            self.list.push(problem);
        }
        Told(())
    }

    /// Keeps a problem with the candidate nearest to `word` as its hint, or with all if they are few.
    pub(super) fn push_near<'a>(
        &mut self,
        problem: Problem,
        word: &str,
        candidates: impl IntoIterator<Item = &'a str>,
    ) -> Told {
        // A text may name the same wrong thing a million times; the search is for the first only.
        if self.is_full() || self.seen.contains(&(problem.place, problem.message.clone())) {
            return self.push(problem);
        }
        let candidates: Vec<&str> = candidates.into_iter().take(MOST_CANDIDATES).collect();
        let hint = match nearest(word, candidates.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if candidates.is_empty() => return self.push(problem),
            None => {
                let shown: Vec<String> = candidates.iter().take(MOST_LISTED).map(|word| shorten(word)).collect();
                let more = if candidates.len() > shown.len() { ", …" } else { "" };
                format!("known here: {}{more}", shown.join(", "))
            }
        };
        self.push(problem.hint(hint))
    }

    /// Whether further problems are not kept any more, so that whoever makes many may stop early.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MOST
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A place that stands for an option as typed.
    pub(super) fn option(&mut self, typed: &str) -> Place {
        self.other(Source::Option(typed.to_owned()))
    }

    /// The place of a part of a line of another file.
    pub(super) fn line_of(&mut self, file: &str, number: usize, text: &str, part: Range<usize>) -> Place {
        let text: String = text.chars().take(LONGEST_LINE).collect();
        let place = self.other(Source::Line { file: file.to_owned(), number, text });
        Place::new(place.source, part.start, part.end)
    }

    /// Whether a place is an option of the command line.
    pub(super) fn is_option(&self, place: Place) -> bool {
        matches!(self.source(place), Some(Source::Option(_)))
    }

    /// The part of a place where `part` is written, if it is written there as it is.
    pub(super) fn within(&self, place: Place, part: &str) -> Place {
        let (start, end) = (place.start as usize, place.end as usize);
        let written = if place.source == 0 && !self.is_full() { self.text.get(start..end) } else { None };
        match written.and_then(|text| text.find(part)) {
            Some(at) => Place::new(place.source, start + at, start + at + part.len()),
            None => place,
        }
    }

    /// The place of a part's last occurrence in what is written at a place.
    pub(super) fn last_within(&self, place: Place, part: &str) -> Place {
        let (start, end) = (place.start as usize, place.end as usize);
        let written = if place.source == 0 && !self.is_full() { self.text.get(start..end) } else { None };
        match written.and_then(|text| text.rfind(part)) {
            Some(at) => Place::new(place.source, start + at, start + at + part.len()),
            None => place,
        }
    }

    /// A place in words: `night.yaml:12:5`, or the option as typed.
    pub(super) fn words(&self, place: Place) -> String {
        match (self.source(place), self.line(place)) {
            (Some(Source::Option(typed)), _) => shorten(typed),
            (_, Some(Line { file, number, column, .. })) => format!("{file}:{number}:{column}"),
            (_, None) => self.file.clone(),
        }
    }

    fn other(&mut self, source: Source) -> Place {
        self.others.push(source);
        Place::new(u32::try_from(self.others.len()).unwrap_or(u32::MAX), 0, 0)
    }

    fn source(&self, place: Place) -> Option<&Source> {
        self.others.get((place.source as usize).checked_sub(1)?)
    }

    /// Everything as text for a terminal, options first, then by place; `styled`: with colours.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let mut blocks: Vec<String> = self.in_order().map(|problem| self.draw(&renderer, problem)).collect();
        blocks.push(match self.list.len() {
            1 => "1 problem found".to_owned(),
            count if self.more => format!("more than {count} problems found; these are the first"),
            count => format!("{count} problems found"),
        });
        blocks.join("\n\n")
    }

    /// Everything for programs, in the same order.
    pub fn placed(&self) -> Vec<PlacedProblem> {
        let placed = |problem: &Problem| {
            let line = self.line(problem.place);
            PlacedProblem {
                message: self.title(problem),
                file: line.as_ref().map(|line| line.file.to_owned()),
                line: line.as_ref().map(|line| line.number),
                column: line.as_ref().map(|line| line.column),
                help: problem.hint.clone(),
            }
        };
        self.in_order().map(placed).collect()
    }

    fn in_order(&self) -> impl Iterator<Item = &Problem> {
        let mut order: Vec<&Problem> = self.list.iter().collect();
        order.sort_by_key(|problem| (!self.is_option(problem.place), problem.place));
        order.into_iter()
    }

    fn title(&self, problem: &Problem) -> String {
        match self.source(problem.place) {
            Some(Source::Option(typed)) => format!("{}: {}", shorten(typed), problem.message),
            _ => problem.message.clone(),
        }
    }

    fn draw(&self, renderer: &Renderer, problem: &Problem) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title(problem)));
        if let Some(line) = self.line(problem.place) {
            group = line.onto(group, AnnotationKind::Primary, "");
        }
        if let Some((line, label)) = problem.also.and_then(|(place, label)| Some((self.line(place)?, label))) {
            group = line.onto(group, AnnotationKind::Context, label);
        }
        if let Some(hint) = &problem.hint {
            group = group.element(Level::HELP.message(hint));
        }
        renderer.render(&[group])
    }

    /// The line of a place, cut to what is worth drawing; `None` for an option.
    fn line(&self, place: Place) -> Option<Line<'_>> {
        let (file, text, first) = match self.source(place) {
            Some(Source::Option(_)) => return None,
            Some(Source::Line { file, number, text }) => (file, text, *number),
            None => (&self.file, &self.text, 1),
        };
        let start = floor(text, place.start as usize);
        let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let rest = text[begin..].split('\n').next().unwrap_or_default();
        let whole = rest.strip_suffix('\r').unwrap_or(rest);
        let at = (start - begin).min(whole.len());
        let end = floor(whole, (place.end as usize).saturating_sub(begin)).clamp(at, whole.len());
        let from = if whole.len() > LONGEST_LINE { floor(whole, at.saturating_sub(LONGEST_LINE / 4)) } else { 0 };
        let to = floor(whole, from + LONGEST_LINE);
        Some(Line {
            file,
            number: first + text[..begin].matches('\n').count(),
            column: whole[..at].chars().count() + 1,
            text: &whole[from..to],
            span: at - from..end.min(to) - from,
            cut: from > 0,
        })
    }
}

/// A line of a file with the part of it that a problem is about.
struct Line<'a> {
    file: &'a str,
    number: usize,
    column: usize,
    text: &'a str,
    span: Range<usize>,
    /// Whether its beginning is not drawn.
    cut: bool,
}

impl<'a> Line<'a> {
    fn onto(self, group: Group<'a>, kind: AnnotationKind, label: &'a str) -> Group<'a> {
        let annotation = kind.span(self.span);
        let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
        let snippet = Snippet::source(self.text).line_start(self.number).annotation(annotation);
        if self.cut {
            // The column can no longer be told from the text that is drawn.
            return group.element(Origin::path(self.file).line(self.number).char_column(self.column)).element(snippet);
        }
        group.element(snippet.path(self.file))
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// The greatest character boundary of `text` not after `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// A text short enough to be quoted in a message, on one line.
pub(super) fn shorten(text: &str) -> String {
    let line: String = text.chars().take(LONGEST_QUOTE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST_QUOTE).is_some() { format!("{line}…") } else { line }
}
