//! Every way in which the API says no: a status, a code for programs and a sentence for people.
//!
//! A refusal is an answer, not a failure of the service; failures are [`super::ElectionError`].

use super::town::Actor;
use hyper::StatusCode;
use serde_json::{Value, json};

/// Why a request to the API was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No token, or one that was never given out.
    #[error("a token is needed: `Authorization: Bearer section-017-…`, as given to each section and clerk")]
    NoToken,
    /// A token of somebody else.
    #[error("{actor} may not {what}")]
    NotYours {
        /// Who asked.
        actor: Actor,
        /// For what.
        what: String,
    },
    /// Nothing at this address.
    #[error("nothing here: {0}")]
    NotFound(String),
    /// An address that exists, asked in another way.
    #[error("this address takes {allow}")]
    Method {
        /// The methods that it takes, as in `Allow`.
        allow: &'static str,
    },
    /// No `Idempotency-Key`, or not a usable one.
    #[error("a write needs the header `Idempotency-Key`: 1 to 128 visible ASCII characters, new for each write")]
    NoKey,
    /// A key that was used for another write.
    #[error("the Idempotency-Key `{key}` was already used for another write: take a new one")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// A body that is not JSON of the right shape.
    #[error("the body is not the JSON wanted here: {0}")]
    Malformed(String),
    /// A body in another format.
    #[error("a write needs `Content-Type: application/json`")]
    MediaType,
    /// A body beyond the limit.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A query that cannot be read.
    #[error("the query is not understood: {0}")]
    Query(String),
    /// No version to hold the write against.
    #[error("say which version you have read: `\"version\"` in the body, or `If-Match`")]
    NoVersion,
    /// The form has changed since it was read. `if_match` says whether the header told so.
    #[error("the form is at version {version} now, not at {given}: read it again")]
    Stale {
        /// The version that stands.
        version: u32,
        /// What the writer had.
        given: String,
        /// Whether it stood in `If-Match` (412) or in the body (409).
        if_match: bool,
    },
    /// The form is not in the state that the action needs.
    #[error("{problem}")]
    State {
        /// The version that stands.
        version: u32,
        /// What stands in the way, and the way out.
        problem: &'static str,
    },
    /// More voters than electors.
    #[error("{voters} voters at {hour}:00 are more than the section's {electors} electors")]
    TooManyVoters {
        /// The bulletin.
        hour: u8,
        /// Voters given.
        voters: u32,
        /// Electors of the section.
        electors: u32,
    },
    /// Fewer voters than before.
    #[error("{voters} voters at {hour}:00 are fewer than the {had} at {earlier}:00")]
    TurnoutDown {
        /// The later bulletin.
        hour: u8,
        /// Its voters.
        voters: u32,
        /// The earlier bulletin.
        earlier: u8,
        /// Its voters.
        had: u32,
    },
    /// More ballots than can be.
    #[error("{ballots} ballots (votes, blank and void) are more than the {limit} {of}")]
    TooManyVotes {
        /// Ballots given.
        ballots: u64,
        /// The most that can be.
        limit: u32,
        /// What the limit is.
        of: &'static str,
    },
    /// Too many writes wait already.
    #[error("too many writes are waiting: try again in a second")]
    Busy,
    /// The store failed; whether the write holds is not known.
    #[error("the store failed: {0}")]
    Store(String),
}

impl Refusal {
    /// The status of the answer and the code in its body.
    #[must_use]
    pub fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "no_token"),
            Self::NotYours { .. } => (StatusCode::FORBIDDEN, "not_yours"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::NoKey => (StatusCode::BAD_REQUEST, "no_key"),
            Self::KeyReused { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Query(_) => (StatusCode::BAD_REQUEST, "query"),
            Self::NoVersion => (StatusCode::BAD_REQUEST, "no_version"),
            Self::Stale { if_match: true, .. } => (StatusCode::PRECONDITION_FAILED, "stale_version"),
            Self::Stale { .. } => (StatusCode::CONFLICT, "stale_version"),
            Self::State { .. } => (StatusCode::CONFLICT, "wrong_state"),
            Self::TooManyVoters { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_voters"),
            Self::TurnoutDown { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "turnout_down"),
            Self::TooManyVotes { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_votes"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "store"),
        }
    }

    /// The body of the answer (RFC 9457); a conflict carries the version that stands.
    #[must_use]
    pub fn body(&self) -> Value {
        let (status, code) = self.status();
        let mut body = json!({ "status": status.as_u16(), "code": code, "detail": self.to_string() });
        if let Self::Stale { version, .. } | Self::State { version, .. } = self {
            body["version"] = json!(version);
        }
        body
    }
}
