//! Examples of what was not right (D4).

use std::borrow::Cow;

use crate::record::{FailureSample, Reason, Sampled, Wrong};

use super::super::legible::legible;
use super::Lane;

/// Bytes of an answer, and of what was asked for, that a failure sample keeps (D4).
pub(super) const SAMPLE_BYTES: usize = 512;

impl Lane<'_> {
    /// Counts a request that was not right and is not tried again, and keeps an example if one is still wanted. `bytes`: of its
    /// answer, those that its connection's answer does not know yet.
    pub(super) fn sample(
        &mut self,
        slot: u32,
        (reason, detail): (Reason, &str),
        index: Option<u32>,
        status: u16,
        bytes: &[u8],
    ) {
        if !self.will_retry(slot, reason, status) {
            self.count_wrong(slot, reason, detail, status);
            self.keep_sample(slot, (Sampled::Request, reason, detail), index, status, bytes);
        }
    }

    /// Keeps an example of a stream that was lost, whose request was right, if one is still wanted.
    pub(super) fn sample_stream(&mut self, slot: u32, (reason, detail): (Reason, &str), index: u32) {
        let status = self.stream_of(slot).kind.status();
        self.keep_sample(slot, (Sampled::Stream, reason, detail), Some(index), status, &[]);
    }

    fn keep_sample(
        &mut self,
        slot: u32,
        (of, reason, detail): (Sampled, Reason, &str),
        index: Option<u32>,
        status: u16,
        bytes: &[u8],
    ) {
        if !self.recorder.wants_sample(of, reason) {
            return;
        }
        let link = index.and_then(|index| self.links[index as usize].link.as_ref());
        let session = &self.sessions[slot];
        let program = self.program(slot, session.request.due.step);
        // Hidden before it is cut: half a secret is one too.
        let mut head = self.config.mask.hide_piece(&self.beginning(slot, index, bytes));
        head.truncate(SAMPLE_BYTES);
        let sample = FailureSample {
            of,
            due: session.request.woken.due,
            population: session.population,
            session: session.number,
            step: program.recorded,
            path: self.path(slot),
            reason,
            status,
            local_port: link.map_or(0, |link| link.connection.local_port()),
            connection_age: link.map(|link| self.now.since(link.opened_at)),
            detail: self.config.mask.hide(detail),
            head,
        };
        self.recorder.sample(sample);
    }

    fn count_wrong(&mut self, slot: u32, reason: Reason, detail: &str, status: u16) {
        let session = &self.sessions[slot];
        let step = self.program(slot, session.request.due.step).recorded;
        let (population, session) = (session.population, session.number);
        let wrong = Wrong { population, step, session, reason, status, detail };
        self.recorder.wrong(&wrong, || self.config.mask.hide(detail));
    }

    /// Path and query that the session's request asks for, without secrets and variables of the environment (S4); empty
    /// where a value that they need was never saved.
    fn path(&self, slot: u32) -> String {
        let (session, mut path) = (&self.sessions[slot], Vec::new());
        match session.hop.as_deref() {
            Some(hop) => path.extend_from_slice(hop.target.as_bytes()),
            None => {
                let rendered = self.program(slot, session.request.due.step).render_url(&self.values(slot), &mut path);
                rendered.unwrap_or_else(|_| path.clear());
            }
        }
        let mut path = self.config.mask.hide(&String::from_utf8_lossy(&path));
        let end = (0..=SAMPLE_BYTES.min(path.len())).rev().find(|end| path.is_char_boundary(*end));
        path.truncate(end.unwrap_or(0));
        path
    }

    /// The first bytes of an answer as they are shown: `bytes` are those that its connection's answer does not know yet.
    pub(super) fn beginning(&self, slot: u32, index: Option<u32>, bytes: &[u8]) -> Vec<u8> {
        let link = index.and_then(|index| self.links[index as usize].link.as_ref());
        let begun = link.and_then(|link| link.answer.as_ref());
        let beginning = begun.map_or(Cow::Borrowed(bytes), |answer| answer.beginning(bytes));
        let inspects = self.program(slot, self.sessions[slot].request.due.step).request.inspects_body();
        legible(&beginning, inspects).into_owned()
    }
}
