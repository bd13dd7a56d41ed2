//! Whether the lane stood still (O5). Its timer rings at the next thing that is due, and within a heartbeat while an
//! answer is open, so that how late it wakes is known whatever the rate, and without a further look at the clock.

use crate::unit::{Instant, Span};

use super::Lane;

/// Waking later than this is a standstill. What is shorter (some other threads' turns on the core) is lateness, which
/// lag and read delay have request by request.
const OVERSLEPT: Span = Span::from_millis(20);
/// Work between two waits that is longer was none. Reading and judging all that one wait can bring takes less, even
/// where each is the end of a TLS handshake.
const LONGEST_WORK: Span = Span::from_millis(100);

impl Lane<'_> {
    /// A wait is over now that began at `began`, by the clock of the work before it.
    pub(super) fn note_standstill(&mut self, began: Instant) {
        if began.since(self.waited) > LONGEST_WORK {
            self.recorder.stood_still(self.waited, began);
        }
        let rang = self.armed.max(began);
        if self.now.since(rang) > OVERSLEPT {
            self.recorder.stood_still(rang, self.now);
        }
        self.waited = self.now;
    }
}
