//! What a target logged of each request, read back, and beside it when the plan had the request due.

use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::plan::Plan;
use crate::unit::{Instant, Span};

/// A line of a target's log: one request as the server saw it, instants in nanoseconds of CLOCK_MONOTONIC.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// When its head had been read.
    pub arrived_ns: u64,
    /// When its answer was handed over, or its connection closed on purpose; `None` if the client went away before.
    pub answered_ns: Option<u64>,
    /// The status of the answer; `None` without one.
    pub status: Option<u16>,
    /// What the client said in `X-Scrutinio` (S9): run/population/session/step.
    pub id: String,
}

/// A request by the stamps of the server and by the plan, in instants of the run.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// When the plan had it due.
    pub due: Instant,
    /// When it arrived at the server.
    pub arrived: Instant,
    /// When the server was done with it; `None` if the client went away before.
    pub answered: Option<Instant>,
    /// The status of its answer; `None` without one.
    pub status: Option<u16>,
}

/// The requests of a target's log, in order of arrival.
///
/// # Errors
/// The file cannot be read, or a line of it is no JSON.
pub fn read_log(path: &Path) -> io::Result<Vec<Line>> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = Vec::new();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        // Services log more than requests.
        if value.get("arrived_ns").is_some() {
            lines.push(Line::deserialize(value)?);
        }
    }
    lines.sort_by_key(|line| line.arrived_ns);
    Ok(lines)
}

impl Request {
    /// The request of a log's line in a run that started at `start_ns` of CLOCK_MONOTONIC by this plan, whose sessions are
    /// all of its first population and make one request each. `None` if the line is not of a run.
    pub fn of(line: &Line, plan: &Plan, start_ns: u64) -> Option<Self> {
        let session = line.id.split('/').nth(2)?.parse().ok()?;
        let at = |ns: u64| Instant::from_nanos(ns.saturating_sub(start_ns));
        Some(Self {
            due: plan.arrival(0, session).due,
            arrived: at(line.arrived_ns),
            answered: line.answered_ns.map(at),
            status: line.status,
        })
    }

    /// How late it arrived, by the plan.
    pub fn late(&self) -> Span {
        self.arrived.since(self.due)
    }

    /// From due to the answer; `None` unless that was a 200.
    pub fn response(&self) -> Option<Span> {
        self.answered.filter(|_| self.status == Some(200)).map(|answered| answered.since(self.due))
    }

    /// How long the server held it; `None` if the client went away before its end.
    pub fn held(&self) -> Option<Span> {
        self.answered.map(|answered| answered.since(self.arrived))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_in_order_of_arrival_and_of_requests_alone() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let request = |arrived: u64| {
            format!(
                "{{\"arrived_ns\":{arrived},\"answered_ns\":null,\"path\":\"/\",\"id\":\"\",\"status\":200,\"station\":0}}\n"
            )
        };
        std::fs::write(file.path(), request(7) + "{\"input_ns\":1,\"session\":\"s\",\"input\":1}\n" + &request(5))
            .unwrap();
        let arrived: Vec<u64> = read_log(file.path()).unwrap().iter().map(|line| line.arrived_ns).collect();
        assert_eq!(arrived, [5, 7]);
        std::fs::write(file.path(), "{\"arrived_ns\":").unwrap();
        assert!(read_log(file.path()).is_err());
    }
}
