//! What a session knows of the stream that it is on: which action is under way, what was sent and not answered yet,
//! and what a message says.

use std::collections::VecDeque;

use crate::scenario::{Answers, Match};
use crate::unit::{Instant, Span};

use super::program::Program;
use super::speech::Speech;
use super::values::Values;

/// A stream that is open.
#[derive(Debug)]
pub struct OpenStream {
    /// What is spoken on it.
    pub speech: Speech,
    /// A message has come, of whatever kind.
    pub heard: bool,
    /// Index of the action under way.
    pub action: usize,
    /// The end of what came before it: what a message that is sent, or waited for, is due at.
    pub since: Instant,
    /// What it waits for.
    pub doing: Doing,
    /// When it is to be looked at again; an alarm for any other instant is an old one.
    pub alarm: Instant,
    /// Inputs sent: the number of the last one.
    pub inputs: u64,
    /// Messages sent, inputs and others.
    pub messages: u32,
}

/// What an open stream waits for.
#[derive(Debug)]
pub enum Doing {
    /// The next action, or the close behind the last one.
    Nothing,
    /// This many more messages, up to an instant.
    Receiving {
        /// Messages.
        left: u32,
        /// The end of the patience.
        until: Instant,
    },
    /// The end of a `stream`.
    Holding(Holding),
    /// The other side's close, up to an instant.
    Closing {
        /// The end of the patience.
        until: Instant,
    },
}

/// A `stream` under way.
#[derive(Debug)]
pub struct Holding {
    /// When it ends.
    pub ends: Instant,
    /// It has ended, but for the inputs that are still to be answered.
    pub over: bool,
    /// When the next input is due; after `ends`: none is.
    pub next_input: Instant,
    /// Inputs that no message has answered yet, in order.
    pub unanswered: VecDeque<Input>,
    /// The last message, or the beginning.
    pub last_message: Instant,
    /// The longest time between two messages so far.
    pub longest_gap: Span,
}

/// An input that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its number.
    pub number: u64,
    /// Its instant on the rate's grid.
    pub due: Instant,
    /// When it was sent.
    pub sent: Instant,
}

impl Holding {
    /// Takes the next input that a message with this number answers.
    pub fn answered(&mut self, newest: u64) -> Option<Input> {
        self.take_if(|input| input.number <= newest)
    }

    /// Takes the next input that has waited for `timeout` at the last complete look.
    pub fn timed_out(&mut self, looked: Instant, timeout: Span) -> Option<Input> {
        self.take_if(|input| input.due.max(input.sent) + timeout <= looked)
    }

    fn take_if(&mut self, so: impl Fn(&Input) -> bool) -> Option<Input> {
        let first = self.unanswered.front().copied().filter(so)?;
        self.unanswered.pop_front();
        Some(first)
    }

    /// When something is to be done next.
    pub fn next(&self, timeout: Span) -> Instant {
        let input = if self.next_input < self.ends { self.next_input } else { Instant::MAX };
        let end = if self.over { Instant::MAX } else { self.ends };
        let answer = self.unanswered.front().map_or(Instant::MAX, |input| input.due.max(input.sent) + timeout);
        input.min(end).min(answer)
    }
}

/// The number of the newest input that a message says it answers, if it says so.
pub fn newest_answered(answers: &Answers, message: &[u8]) -> Option<u64> {
    match answers {
        Answers::U64(offset) => {
            let bytes = message.get(*offset as usize..)?.first_chunk()?;
            Some(u64::from_be_bytes(*bytes))
        }
        Answers::Json(path) => {
            let json: serde_json::Value = serde_json::from_slice(message).ok()?;
            path.0.query(&json).first()?.as_u64()
        }
    }
}

/// Whether a message is one that is waited for. A value to compare with that was never saved is in none.
pub fn matches(program: &Program, matching: &Match, values: &Values<'_>, message: &[u8]) -> bool {
    match matching {
        Match::Any => true,
        Match::Text(template) => {
            let Ok(text) = program.text(template, values) else { return false };
            String::from_utf8_lossy(message).contains(&*text)
        }
        Match::Json { path, equals } => {
            let Ok(json) = serde_json::from_slice::<serde_json::Value>(message) else { return false };
            let found = path.0.query(&json);
            let Some(template) = equals else { return found.first().is_some() };
            let Ok(wanted) = program.text(template, values) else { return false };
            let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            found.iter().any(|value| text(value) == *wanted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::JsonPath;

    const fn at(ms: u64) -> Instant {
        Instant::from_nanos(ms * 1_000_000)
    }

    fn holding(sent: &[(u64, u64)]) -> Holding {
        let input = |&(number, due): &(u64, u64)| Input { number, due: at(due), sent: at(due) };
        Holding {
            ends: at(1000),
            over: false,
            next_input: at(300),
            unanswered: sent.iter().map(input).collect(),
            last_message: at(0),
            longest_gap: Span::ZERO,
        }
    }

    #[test]
    fn a_message_settles_every_input_up_to_its_number() {
        let mut holding = holding(&[(1, 0), (2, 100), (3, 200)]);
        let settled: Vec<u64> = std::iter::from_fn(|| holding.answered(2)).map(|input| input.number).collect();
        assert_eq!(settled, [1, 2]);
        assert_eq!(holding.answered(0), None);
        assert_eq!(holding.next(Span::from_millis(50)), at(250), "the third times out before the next is due");
        assert_eq!(holding.timed_out(at(249), Span::from_millis(50)), None);
        assert_eq!(holding.timed_out(at(250), Span::from_millis(50)).map(|input| input.number), Some(3));
        assert_eq!(holding.next(Span::from_millis(50)), at(300));
        holding.next_input = at(1000);
        assert_eq!(holding.next(Span::from_millis(50)), at(1000));
    }

    #[test]
    fn a_message_says_what_it_answers() {
        let frame = [&7u64.to_be_bytes()[..], &300u64.to_be_bytes(), b"pixels"].concat();
        assert_eq!(newest_answered(&Answers::U64(8), &frame), Some(300));
        assert_eq!(newest_answered(&Answers::U64(0), &frame), Some(7));
        assert_eq!(newest_answered(&Answers::U64(15), &frame), None);
        let path = JsonPath(serde_json_path::JsonPath::parse("$.answers.input").expect("a path"));
        let answers = Answers::Json(path);
        assert_eq!(newest_answered(&answers, br#"{"answers":{"input":12}}"#), Some(12));
        assert_eq!(newest_answered(&answers, br#"{"answers":{"input":"12"}}"#), None);
        assert_eq!(newest_answered(&answers, b"no JSON"), None);
    }
}
