//! Examples of what was not right (D4).

use std::borrow::Cow;

use crate::record::{FailureSample, Reason};

use super::super::legible::legible;
use super::Lane;

/// Bytes of an answer that a failure sample keeps (D4).
const SAMPLE_BYTES: usize = 512;

impl Lane<'_> {
    /// Keeps an example of a request that was not right and is not tried again, if one is still wanted. `bytes`: of its
    /// answer, those that its connection's answer does not know yet.
    pub(super) fn sample(
        &mut self,
        slot: u32,
        (reason, detail): (Reason, &str),
        index: Option<u32>,
        status: u16,
        bytes: &[u8],
    ) {
        if self.will_retry(slot, reason, status) || !self.recorder.wants_sample(reason) {
            return;
        }
        let link = index.and_then(|index| self.links[index as usize].link.as_ref());
        let session = &self.sessions[slot];
        let program = self.program(slot, session.request.due.step);
        // Hidden before it is cut: half a secret is one too.
        let mut head = self.config.mask.hide_piece(&self.beginning(slot, index, bytes));
        head.truncate(SAMPLE_BYTES);
        let sample = FailureSample {
            due: session.request.woken.due,
            population: session.population,
            session: session.number,
            step: program.recorded,
            reason,
            status,
            local_port: link.map_or(0, |link| link.connection.local_port()),
            connection_age: link.map(|link| self.now.since(link.opened_at)),
            detail: self.config.mask.hide(detail),
            head,
        };
        self.recorder.sample(sample);
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
