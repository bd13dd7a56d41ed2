//! Whether a plain connection may have met a server that speaks TLS. Nobody can tell before a request has gone out (O8), so
//! that the failure says it.

use crate::wire::tls::begins_record;

use super::Lane;

const CLOSED: &str = "the connection was closed";
const CLOSED_SILENTLY: &str =
    "the connection was closed without an answer; does the server speak TLS? Then it is https://";
const TLS: &str = "the server's answer is TLS: write https:// in place of http://";

impl Lane<'_> {
    /// What is said of a connection that the other side has closed. It may speak TLS if it never said anything else.
    pub(super) fn closed_words(&self, index: u32) -> &'static str {
        let Some(link) = self.links[index as usize].link.as_ref() else { return CLOSED };
        let answers = match &link.h2 {
            Some(h2) => h2.answered,
            None => link.exchanges > 1 || link.owner.is_some_and(|slot| self.sessions[slot].request.first.is_some()),
        };
        if answers || link.connection.speaks_tls() || link.stream.is_some() { CLOSED } else { CLOSED_SILENTLY }
    }

    /// What is said of bytes that are no HTTP.
    pub(super) fn no_http(wrong: impl std::fmt::Display, bytes: &[u8]) -> String {
        if begins_record(bytes) { TLS.to_owned() } else { wrong.to_string() }
    }
}
