//! What the traffic goes to.

use std::net::IpAddr;
use std::sync::Arc;

/// What the traffic goes to.
#[derive(Clone, Debug)]
pub struct Target {
    /// The service to start beside the run; `None`: the origins are somebody else's.
    pub embedded: Option<(EmbeddedService, Vec<(String, String)>)>,
    /// The origins; requests refer to them by index. An embedded target has one, whose port is 0 until it listens.
    pub origins: Vec<Origin>,
}

/// A service that ships with scrutinio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddedService {
    /// Election results, sections and staff.
    Election,
    /// A server that misbehaves as told.
    Knobs,
}

impl EmbeddedService {
    /// The name in a scenario and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Election => "election",
            Self::Knobs => "knobs",
        }
    }
}

/// Scheme, host and port, and how they are reached (S8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The name by which steps choose it (`get: api:/results`); the default origin is `default`.
    pub name: String,
    /// The scheme.
    pub scheme: Scheme,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The address to use in place of looking the host up: `resolve: host:port → address`.
    pub resolve: Option<IpAddr>,
    /// The Host header, if not host and port.
    pub host_header: Option<String>,
    /// How TLS is spoken; only of [`Scheme::Https`].
    pub tls: Tls,
}

/// The bytes of a PEM file.
pub type Pem = Arc<[u8]>;

/// Whom an origin's clients trust, who they are, and what they insist on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificates to trust, as PEM; `None`: those of the system.
    pub ca: Option<Pem>,
    /// The client's certificates, its own first, and its key, as PEM.
    pub client: Option<(Pem, Pem)>,
    /// The name in the certificate and in SNI, if not that of the Host header or the URL.
    pub server_name: Option<String>,
    /// Whether any certificate will do.
    pub insecure: bool,
    /// Whether TLS 1.2 is refused.
    pub only_tls13: bool,
    /// Whether a session's later connections resume by tickets of its earlier ones.
    pub resume: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { ca: None, client: None, server_name: None, insecure: false, only_tls13: false, resume: true }
    }
}

impl Origin {
    /// The value of the Host header: the override, or host and port as RFC 9110 section 7.2 has them.
    pub fn authority(&self) -> String {
        if let Some(host) = &self.host_header {
            return host.clone();
        }
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.default_port() { host } else { format!("{host}:{}", self.port) }
    }

    /// The name that the server's certificate must have: what `tls` says, or the Host header's, or the URL's.
    pub fn server_name(&self) -> &str {
        let named = self.host_header.as_deref().map(|host| match host.strip_prefix('[') {
            Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        });
        self.tls.server_name.as_deref().or(named).unwrap_or(&self.host)
    }
}

/// The scheme of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl Scheme {
    /// The port that a URL without one means.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}
