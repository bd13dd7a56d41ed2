//! What can go wrong with TLS, in the words of whoever has to fix it.

use rustix::io::Errno;
use rustls::{AlertDescription, CertificateError, Error};

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
            | Error::DecryptError => Self::NotTls(format!("TLS: {error}")),
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

fn words(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(wrong) => certificate_words(wrong),
        Error::AlertReceived(alert) => alert_words(*alert),
        Error::PeerIncompatible(why) => {
            format!("TLS: client and server have no version, cipher or group in common ({why:?})")
        }
        Error::NoCertificatesPresented => "TLS: the server presented no certificate".to_owned(),
        error => format!("TLS: {error}"),
    }
}

fn certificate_words(wrong: &CertificateError) -> String {
    match wrong {
        CertificateError::UnknownIssuer => {
            "the server's certificate comes from an issuer that is not trusted; name its CA's file (`ca`, --cacert)"
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; is this machine's clock right?".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = if presented.is_empty() { "no name at all".to_owned() } else { presented.join(", ") };
            format!("the server's certificate is not for `{}`; it is for {names}", expected.to_str())
        }
        CertificateError::NotValidForName => "the server's certificate is for another name".to_owned(),
        CertificateError::Revoked => "the server's certificate has been revoked".to_owned(),
        wrong => format!("the server's certificate is not accepted: {wrong}"),
    }
}

fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
            "the server wants a client certificate (`client_cert` and `client_key`, --cert and --key)".to_owned()
        }
        AlertDescription::ProtocolVersion => "the server speaks no TLS version that is allowed here".to_owned(),
        AlertDescription::UnknownCA => "the server does not trust our client certificate's issuer".to_owned(),
        AlertDescription::UnrecognisedName => "the server does not know this name (SNI)".to_owned(),
        alert => format!("the server refused the TLS handshake: {alert:?}"),
    }
}
