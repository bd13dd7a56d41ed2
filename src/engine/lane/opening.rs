//! How long connections take to open, where an objective asks: a sample for each that was begun, over all addresses of its
//! origin.

use crate::record::Reason;
use crate::scenario::Measure;

use super::Lane;

impl Lane<'_> {
    /// The session's request has the connection that was opened for it, or never will; nothing if none was begun.
    pub(super) fn opening_ended(&mut self, slot: u32, outcome: Result<(), Reason>) {
        let session = &mut self.sessions[slot];
        let Some(began) = session.request.connect_started.take() else { return };
        let programs = &self.config.programs[session.population as usize];
        if let Some(measure) = programs.measure(session.request.due.step, Measure::Connect) {
            let took = outcome.map(|()| session.request.connect.unwrap_or_default());
            self.recorder.measured(measure, began, took, session.request.connect_delay);
        }
    }
}
