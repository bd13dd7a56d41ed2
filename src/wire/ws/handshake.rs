//! The opening handshake: the key that is sent, and what the answer must say of it (RFC 6455 section 4).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::wire::h1::{each_field, field};

/// What every server puts behind the key before it hashes it (section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why an answer with status 101 does not open a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `Upgrade` does not say `websocket`, or `Connection` not `Upgrade`.
    NotUpgraded,
    /// `Sec-WebSocket-Accept` does not match the key: the server did not understand the request.
    Accept,
    /// The server agrees on a subprotocol that was not offered.
    Subprotocol(String),
    /// The server agrees on an extension, and none was offered.
    Extension(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUpgraded => f.write_str("the 101 does not say `Upgrade: websocket` and `Connection: Upgrade`"),
            Self::Accept => f.write_str("the Sec-WebSocket-Accept of the 101 does not belong to the key that was sent"),
            Self::Subprotocol(name) => write!(f, "the server chose the subprotocol `{name}`, which was not offered"),
            Self::Extension(name) => write!(f, "the server chose the extension `{name}`, and none was offered"),
        }
    }
}

/// The value of Sec-WebSocket-Key for 16 random bytes.
pub fn key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// The value of Sec-WebSocket-Accept that a key asks for.
fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// Why the head of a 101 does not open a WebSocket for this key; `None`: it does.
pub fn refusal(head: &[u8], key: &str, subprotocols: &[String]) -> Option<Refusal> {
    let names = |field_name: &str, wanted: &str| {
        // Several lines of a name are one list (RFC 9110 section 5.3).
        let mut found = false;
        each_field(head, field_name, |value| {
            found |= value.split(',').any(|name| name.trim().eq_ignore_ascii_case(wanted));
        });
        found
    };
    if !names("upgrade", "websocket") || !names("connection", "upgrade") {
        return Some(Refusal::NotUpgraded);
    }
    if field(head, "sec-websocket-accept").is_none_or(|value| value != accept(key)) {
        return Some(Refusal::Accept);
    }
    if let Some(name) = field(head, "sec-websocket-protocol").filter(|name| !subprotocols.iter().any(|o| o == name)) {
        return Some(Refusal::Subprotocol(name.into_owned()));
    }
    let extension = field(head, "sec-websocket-extensions").filter(|value| !value.is_empty());
    extension.map(|name| Refusal::Extension(name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6455 section 1.3 is the base64 of "the sample nonce".
    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(key(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_101_must_be_about_this_key() {
        const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
        const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        let judge = |fields: &str| {
            let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
            refusal(head.as_bytes(), KEY, &["chat".to_owned()])
        };
        let upgraded = format!("upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n{ACCEPT}");
        assert_eq!(judge(&upgraded), None);
        assert_eq!(judge(&format!("{upgraded}Sec-WebSocket-Protocol: chat\r\n")), None);
        assert_eq!(judge(ACCEPT), Some(Refusal::NotUpgraded));
        let other = upgraded.replace("s3pP", "S3pP");
        assert_eq!(judge(&other), Some(Refusal::Accept));
        let superchat = format!("{upgraded}Sec-WebSocket-Protocol: superchat\r\n");
        assert_eq!(judge(&superchat), Some(Refusal::Subprotocol("superchat".to_owned())));
        let deflate = format!("{upgraded}Sec-WebSocket-Extensions: permessage-deflate\r\n");
        assert_eq!(judge(&deflate), Some(Refusal::Extension("permessage-deflate".to_owned())));
    }
}
