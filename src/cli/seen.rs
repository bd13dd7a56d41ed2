//! What `try` keeps of its session to print it, as an observer only borrows what it is told.

use crate::engine::{Exchange, Observed, OnStream, coding, decoded};
use crate::report::{Said, SeenMessage, SentAndReceived, StreamEnd};

/// The most of a decoded body that is kept.
const DECODED_MAX: u64 = 256 << 10;

/// Something that is printed.
pub(super) enum Seen {
    /// An exchange.
    Exchange(Box<SentAndReceived>),
    /// A message on a stream.
    Message(SeenMessage),
    /// The end of a stream.
    StreamEnd(Box<StreamEnd>),
}

impl Seen {
    /// The values that it saved: names and values.
    pub(super) fn saved(&self) -> &[(String, String)] {
        match self {
            Self::Exchange(it) => &it.saved,
            Self::Message(_) => &[],
            Self::StreamEnd(it) => &it.saved,
        }
    }
}

/// Sees what a session does, and keeps what is printed of it. A session is on one stream at a time.
pub(super) struct Watcher {
    /// Of the values that the session may save.
    names: Vec<String>,
    /// Exchanges so far.
    number: u64,
    /// What was saved when it last looked.
    before: Vec<Option<String>>,
    said: Said,
}

impl Watcher {
    /// A watcher that has seen nothing yet.
    pub(super) fn new(names: Vec<String>) -> Self {
        let before = vec![None; names.len()];
        Self { names, number: 0, before, said: Said::default() }
    }

    /// Takes what an observer is told; gives what is to be printed of it.
    pub(super) fn see(&mut self, observed: Observed<'_>) -> Option<Seen> {
        match observed {
            Observed::Exchange(exchange) => {
                self.number += 1;
                self.said = Said::default();
                Some(Seen::Exchange(Box::new(self.exchange(&exchange))))
            }
            Observed::Stream(OnStream::Message { ours, text, at, name, bytes, length }) => {
                let message = SeenMessage::new(ours, text, at, String::from_utf8_lossy(name).into_owned());
                self.said.message(message, bytes, length).map(Seen::Message)
            }
            Observed::Stream(OnStream::Measured { kind, value }) => {
                self.said.measured(kind, value.ok());
                None
            }
            Observed::Stream(OnStream::Ended { at, how, saved }) => {
                let lost = how.err().map(|(reason, detail)| (reason.key(), detail.to_owned()));
                let how = how.map_or(String::new(), str::to_owned);
                let (saved, said) = (self.newly_saved(saved), std::mem::take(&mut self.said));
                Some(Seen::StreamEnd(Box::new(StreamEnd { at, how, lost, saved, said })))
            }
        }
    }

    fn exchange(&mut self, exchange: &Exchange<'_>) -> SentAndReceived {
        let (body, encoding) = shown(exchange.head, exchange.body);
        SentAndReceived {
            number: self.number,
            step: exchange.step.to_owned(),
            due: exchange.woken.due,
            sent: exchange.sent,
            first: exchange.first,
            done: exchange.done,
            request: exchange.request.to_vec(),
            status: exchange.status,
            head: exchange.head.to_vec(),
            body,
            encoding,
            wire_bytes: exchange.body.len() as u64,
            saved: self.newly_saved(exchange.saved),
            redirects: exchange.redirects,
            onward: exchange.onward.map(str::to_owned),
            tried_again: exchange.tried_again,
            wrong: exchange.outcome.err().map(|(reason, detail)| (reason, detail.to_owned())),
        }
    }

    /// Of the saved values only what changed.
    fn newly_saved(&mut self, saved: &[Option<String>]) -> Vec<(String, String)> {
        let changed = self.names.iter().zip(saved).zip(&self.before).filter(|((_, now), before)| now != before);
        let changed = changed.filter_map(|((name, now), _)| Some((name.clone(), now.clone()?))).collect();
        self.before = saved.to_vec();
        changed
    }
}

/// The body decoded as far as it goes (only the first of it was kept), and what from. What is not decoded is not shown:
/// what must be hidden could not be found in it.
fn shown(head: &[u8], body: &[u8]) -> (Vec<u8>, Option<String>) {
    let coding = coding(head);
    if coding.is_empty() {
        return (body.to_vec(), None);
    }
    // An error comes behind all that could be read.
    let decoded = decoded(body, &coding, DECODED_MAX).map_or(Vec::new(), |(decoded, _)| decoded);
    (decoded, Some(coding))
}
