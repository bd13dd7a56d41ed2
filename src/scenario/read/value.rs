//! Scalars: texts, numbers, flags, words and the measures of `unit`, each within its bounds.

use std::ops::RangeInclusive;
use std::str::FromStr;

use super::{Reader, shorten, with_unit};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Value};
use crate::unit::{ParseError, Rate, Span, thousands};

/// The longest length of scenario time: longer than any clock.
const LONGEST_SECS: f64 = 1e8;
/// The highest level of a curve.
const HIGHEST_LEVEL: f64 = 1e9;

impl Reader<'_> {
    /// A text that is there.
    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Read<&'n str> {
        node.scalar().ok_or_else(|| self.expected(node, what))
    }

    /// A whole number in a range; underscores group digits.
    pub fn whole(&mut self, node: &Node, range: RangeInclusive<u64>) -> Read<u64> {
        let what = format!("a whole number from {} to {}", grouped(*range.start()), grouped(*range.end()));
        let text = self.text(node, &what)?;
        match digits(text).and_then(|digits| digits.parse().ok()) {
            Some(number) if range.contains(&number) => Ok(number),
            _ => Err(self.expected(node, &what)),
        }
    }

    /// A number in a range, never infinite.
    pub fn number(&mut self, node: &Node, range: RangeInclusive<f64>) -> Read<f64> {
        let bound = |bound: f64| if bound.fract() == 0.0 { grouped(bound as u64) } else { bound.to_string() };
        let what = format!("a number from {} to {}", bound(*range.start()), bound(*range.end()));
        self.number_as(node, range, &what)
    }

    /// A number in a range, described in other words.
    pub fn number_as(&mut self, node: &Node, range: RangeInclusive<f64>, what: &str) -> Read<f64> {
        let text = self.text(node, what)?;
        match text.replace('_', "").parse::<f64>() {
            Ok(number) if number.is_finite() && range.contains(&number) => Ok(number),
            _ => Err(self.expected(node, what)),
        }
    }

    /// `true` or `false`, as YAML 1.2 has them.
    pub fn flag(&mut self, node: &Node) -> Read<bool> {
        match &node.value {
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "True" | "TRUE") => Ok(true),
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "false" | "False" | "FALSE") => Ok(false),
            Value::Scalar { text, .. } if matches!(text.to_lowercase().as_str(), "yes" | "no" | "on" | "off") => {
                Err(self.expected(node, "true or false (YAML 1.2 has no other words for them)"))
            }
            _ => Err(self.expected(node, "true or false")),
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, node: &Node, words: &[(&'static str, T)]) -> Read<T> {
        let known = words.iter().map(|(word, _)| *word).collect::<Vec<_>>();
        let text = self.text(node, &format!("one of: {}", known.join(", ")))?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None => {
                let problem =
                    Problem::new(node.place, format!("`{}` is not one of the words known here", shorten(text)));
                Err(self.problems.push_near(problem, text, known))
            }
        }
    }

    /// A measure with its own parser.
    pub fn measure<T: FromStr<Err = ParseError>>(&mut self, node: &Node) -> Read<T> {
        let text = node.scalar().unwrap_or_default();
        text.parse().map_err(|error: ParseError| self.expected(node, error.expected))
    }

    /// A length of time.
    pub fn span(&mut self, node: &Node) -> Read<Span> {
        let text = node.scalar().unwrap_or_default();
        text.parse().map_err(|error: ParseError| self.expected_with_hint(node, error.expected, with_unit(text)))
    }

    /// A length of scenario time in seconds.
    pub fn seconds(&mut self, node: &Node) -> Read<f64> {
        let seconds = self.span(node)?.as_secs_f64();
        if seconds <= LONGEST_SECS {
            return Ok(seconds);
        }
        Err(self.problem(node.place, "this is longer than three years, the most for a length of time"))
    }

    /// A real length of time that is not zero: a timeout.
    pub fn timeout(&mut self, node: &Node) -> Read<Span> {
        let span = self.span(node)?;
        if (1_000_000..=3_600_000_000_000).contains(&span.as_nanos()) {
            return Ok(span);
        }
        Err(self.expected(node, "a timeout from 1ms to 1h"))
    }

    /// The level of a curve: a number, or a rate such as `30/m`, which is made per second.
    pub fn level(&mut self, node: &Node) -> Read<f64> {
        let rate: Rate = self.measure(node)?;
        let level = rate.as_per_second();
        if level <= HIGHEST_LEVEL {
            return Ok(level);
        }
        Err(self.problem(node.place, format!("a level is at most {}", grouped(HIGHEST_LEVEL as u64))))
    }

    /// The items of a list.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Read<&'n [Node]> {
        match &node.value {
            Value::List(items) => Ok(items),
            _ => Err(self.expected(node, what)),
        }
    }

    /// The items of a list that has some.
    pub fn some_list<'n>(&mut self, node: &'n Node, what: &str) -> Read<&'n [Node]> {
        match self.list(node, what)? {
            [] => Err(self.expected(node, what)),
            items => Ok(items),
        }
    }

    /// The entries of a map whose keys the author chooses.
    pub fn names<'n>(&mut self, node: &'n Node, what: &str) -> Read<&'n [Entry]> {
        match &node.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.expected(node, what)),
        }
    }

    /// Checks a name by which other parts of the file refer to something.
    pub fn identifier(&mut self, entry: &Entry, what: &str) -> Read<()> {
        let name = &entry.key;
        let tail = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(tail) && name.len() <= 64 {
            return Ok(());
        }
        let message = format!("`{}` cannot name {what}", shorten(name));
        Err(self.problem_with_hint(entry.place, message, "a letter, then letters, digits, `-` or `_`, at most 64"))
    }
}

/// A number as the language writes it: `1_000_000`.
pub fn grouped(number: u64) -> String {
    if number < 10_000 { number.to_string() } else { thousands(number, '_') }
}

/// The digits of a whole number without its underscores.
fn digits(text: &str) -> Option<String> {
    let digits = text.replace('_', "");
    (!digits.is_empty() && digits.len() <= 20 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}
