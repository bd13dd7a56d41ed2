//! What is only counted: by population, and of the run what belongs to none.

use serde::{Deserialize, Serialize};

use super::by_reason::{self, ByReason};

/// Counts that need no key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Requests planned in the sessions that began; in closed loop, requests begun.
    pub requests_planned: u64,
    /// Extra requests that became due (P3).
    pub extra_due: u64,
    /// Sessions started or unsent.
    pub sessions_started: u64,
    /// Sessions that did all their steps.
    pub sessions_completed: u64,
    /// Requests on the wire (R1).
    pub exchanges: u64,
    /// Requests that were on the wire at least once.
    pub requests_sent: u64,
    /// Tries of requests beyond their first, as their policies say.
    pub retries: u64,
    /// Retries that a policy asked for and its budget refused.
    pub retries_refused_by_budget: u64,
    /// Connections opened.
    pub connections_opened: u64,
    /// Exchanges on a connection that had served one before.
    pub connections_reused: u64,
    /// Exchanges sent again after a reused connection closed (R2).
    pub reconnected: u64,
    /// Exchanges that redirects asked for.
    pub redirects: u64,
    /// Connections that the server told to go away (HTTP/2).
    pub goaways: u64,
    /// Requests that the server refused unread (HTTP/2).
    pub streams_refused: u64,
    /// Requests whose stream the server reset otherwise (HTTP/2).
    pub streams_reset: u64,
    /// TLS handshakes with certificates.
    pub handshakes_full: u64,
    /// TLS handshakes by a ticket of an earlier connection.
    pub handshakes_resumed: u64,
    /// TLS handshakes that began and came to nothing.
    pub handshakes_failed: u64,
    /// Streams opened.
    pub streams_opened: u64,
    /// Streams lost before their end by reason, at the number of its [`Reason`](super::Reason).
    #[serde(with = "by_reason")]
    pub streams_lost: ByReason,
    /// Messages sent on streams.
    pub messages_sent: u64,
    /// Messages read from streams.
    pub messages_received: u64,
    /// Gaps between messages over their limit.
    pub stalls: u64,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
}

impl Counters {
    /// Adds another's counts to these.
    pub fn add(&mut self, other: &Self) {
        // Apart, so that a new field cannot be forgotten.
        let Self {
            requests_planned,
            extra_due,
            sessions_started,
            sessions_completed,
            exchanges,
            requests_sent,
            retries,
            retries_refused_by_budget,
            connections_opened,
            connections_reused,
            reconnected,
            redirects,
            goaways,
            streams_refused,
            streams_reset,
            handshakes_full,
            handshakes_resumed,
            handshakes_failed,
            streams_opened,
            streams_lost,
            messages_sent,
            messages_received,
            stalls,
            bytes_sent,
            bytes_received,
        } = other;
        self.requests_planned += requests_planned;
        self.extra_due += extra_due;
        self.sessions_started += sessions_started;
        self.sessions_completed += sessions_completed;
        self.exchanges += exchanges;
        self.requests_sent += requests_sent;
        self.retries += retries;
        self.retries_refused_by_budget += retries_refused_by_budget;
        self.connections_opened += connections_opened;
        self.connections_reused += connections_reused;
        self.reconnected += reconnected;
        self.redirects += redirects;
        self.goaways += goaways;
        self.streams_refused += streams_refused;
        self.streams_reset += streams_reset;
        self.handshakes_full += handshakes_full;
        self.handshakes_resumed += handshakes_resumed;
        self.handshakes_failed += handshakes_failed;
        self.streams_opened += streams_opened;
        self.streams_lost.iter_mut().zip(streams_lost).for_each(|(sum, n)| *sum += n);
        self.messages_sent += messages_sent;
        self.messages_received += messages_received;
        self.stalls += stalls;
        self.bytes_sent += bytes_sent;
        self.bytes_received += bytes_received;
    }
}
