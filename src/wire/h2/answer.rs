//! One answer on a stream: a head, a body that is as long as the head says, perhaps trailers.

use super::Violation;
use super::fields::{Facts, redirects};
use crate::wire::h1::{Finished, Want};

/// Interim answers (1xx) that are accepted before the final one.
const INTERIM_MAX: u8 = 16;

/// One answer. Its memory is used again by the next on its stream's place.
#[derive(Debug, Default)]
pub struct Answer {
    want: Option<Want>,
    status: u16,
    interim: u8,
    trailed: bool,
    cookies: bool,
    length: Option<u64>,
    body_len: u64,
    body_cut: bool,
    /// The head's text, if it is kept.
    pub(super) head: Vec<u8>,
    body: Vec<u8>,
}

impl Answer {
    /// Makes it the answer to a new request, of which nothing was read yet.
    pub(super) fn restart(&mut self, want: Want) {
        let Self { mut head, mut body, .. } = std::mem::take(self);
        head.clear();
        body.clear();
        *self = Self { want: Some(want), head, body, ..Self::default() };
    }

    /// The status of the final head; 0 before it was read.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The final head as HTTP/1.1 would write it, if it was wanted.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The body's bytes as on the wire, if they were wanted, and whether the limit cut them.
    pub fn body(&self) -> (&[u8], bool) {
        (&self.body, self.body_cut)
    }

    /// What the answer was, once it is whole. Whether the connection goes on does not hang on a stream.
    pub const fn finished(&self) -> Finished {
        Finished { status: self.status, body_len: self.body_len, keep_alive: true, cookies: self.cookies }
    }

    /// Whether the next block's text is to be kept.
    pub(super) fn wants_head(&self) -> bool {
        self.status == 0 && self.want.is_some_and(|want| want.head)
    }

    /// Whether the next block must be the trailers.
    pub(super) const fn has_head(&self) -> bool {
        self.status != 0
    }

    pub(super) fn head_max(&self) -> usize {
        self.want.map_or(0, |want| want.head_max)
    }

    /// Takes a header block: a head, an interim one, or the trailers. `end`: the stream ends with it.
    pub(super) fn take_block(&mut self, facts: Facts, end: bool) -> Result<(), Violation> {
        if self.has_head() {
            if facts.status != 0 {
                return Err(Violation::Pseudo);
            }
            if !end || self.trailed {
                return Err(Violation::Trailers);
            }
            self.trailed = true;
            return self.end();
        }
        match facts.status {
            0 => return Err(Violation::Status),
            101 => return Err(Violation::WrongStatus(101)),
            100..200 => {
                self.interim += 1;
                self.head.clear();
                let fine = !end && self.interim <= INTERIM_MAX;
                return if fine { Ok(()) } else { Err(Violation::Interim(INTERIM_MAX)) };
            }
            status => self.status = status,
        }
        self.cookies = facts.cookies && self.want.is_some_and(|want| want.cookies);
        if !self.cookies && !self.wants_kept(facts.status) {
            self.head.clear();
        }
        self.length = facts.length.filter(|_| !self.is_bodiless());
        let body_max = self.want.map_or(0, |want| want.body_max);
        if self.length.is_some_and(|length| length > body_max) {
            return Err(Violation::BodyTooLong(body_max));
        }
        if end { self.end() } else { Ok(()) }
    }

    fn wants_kept(&self, status: u16) -> bool {
        self.want.is_some_and(|want| want.head) || redirects(status)
    }

    /// Takes bytes of the body.
    pub(super) fn take_data(&mut self, data: &[u8], end: bool) -> Result<(), Violation> {
        if !self.has_head() {
            return Err(Violation::DataBeforeHead);
        }
        if !data.is_empty() && self.is_bodiless() {
            return Err(Violation::BodyForbidden);
        }
        self.body_len += data.len() as u64;
        if self.length.is_some_and(|length| self.body_len > length) {
            return Err(Violation::LengthMismatch);
        }
        let Some(want) = self.want else { return Ok(()) };
        if self.body_len > want.body_max {
            return Err(Violation::BodyTooLong(want.body_max));
        }
        if let Some(limit) = want.body {
            let room = limit.saturating_sub(self.body.len());
            self.body_cut |= data.len() > room;
            self.body.extend_from_slice(&data[..data.len().min(room)]);
        }
        if end { self.end() } else { Ok(()) }
    }

    fn is_bodiless(&self) -> bool {
        matches!(self.status, 204 | 304) || self.want.is_some_and(|want| want.to_head)
    }

    fn end(&self) -> Result<(), Violation> {
        match self.length {
            Some(length) if length != self.body_len => Err(Violation::LengthMismatch),
            _ => Ok(()),
        }
    }
}
