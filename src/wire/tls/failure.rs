//! What can go wrong with TLS: at the handshake, and on a connection that stood.

use rustix::io::Errno;
use rustls::Error;

use super::words::words;

/// Why a handshake did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// The connection was closed or reset meanwhile.
    Lost(String),
    /// What came is not TLS, or breaks its rules.
    NotTls(String),
    /// One side refused the other: certificate, name, version, cipher.
    Refused(String),
}

impl HandshakeError {
    pub(super) fn lost(errno: Errno) -> Self {
        Self::Lost(format!("{errno} in the TLS handshake"))
    }

    /// What happened, in words.
    pub fn words(&self) -> &str {
        match self {
            Self::Lost(words) | Self::NotTls(words) | Self::Refused(words) => words,
        }
    }
}

impl From<Error> for HandshakeError {
    fn from(error: Error) -> Self {
        match &error {
            Error::InvalidMessage(_) => {
                Self::NotTls("the server's answer is not TLS; is this its TLS port?".to_owned())
            }
            Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::PeerMisbehaved(_)
            | Error::PeerSentOversizedRecord
            | Error::DecryptError => Self::NotTls(words(&error)),
            _ => Self::Refused(words(&error)),
        }
    }
}

/// Why a connection that stood is lost.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Broken {
    /// The socket says so.
    #[error("{0}")]
    Socket(Errno),
    /// The end came without a close_notify: the answer may have been cut.
    #[error("the connection ended without TLS's close_notify")]
    Truncated,
    /// A record that is not right, or an alert.
    #[error("{}", words(.0))]
    Tls(Error),
}

impl Broken {
    /// Whether the bytes were no TLS: the other side did not break off, nor say why.
    pub const fn is_no_protocol(&self) -> bool {
        matches!(self, Self::Tls(error) if !matches!(error, Error::AlertReceived(_)))
    }
}
