//! What the traffic goes to.

use std::net::IpAddr;

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
    /// The HTTP that is spoken to it.
    pub http: Http,
}

/// The HTTP that is spoken to an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// Its version.
    pub version: HttpVersion,
    /// Requests at once on one connection of a shared pool; only HTTP/2 carries more than one.
    pub streams: u32,
}

impl Http {
    /// The most requests at once on one connection that may be asked for.
    pub const STREAMS_MAX: u32 = 1000;
}

impl Default for Http {
    fn default() -> Self {
        Self { version: HttpVersion::Auto, streams: 100 }
    }
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// What a TLS handshake agrees on; HTTP/1.1 over plain connections.
    Auto,
    /// HTTP/1.1.
    One,
    /// HTTP/2; on a plain connection by prior knowledge (RFC 9113 section 3.3).
    Two,
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
}

/// The scheme of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
}

impl Scheme {
    /// The port that a URL without one means.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
        }
    }
}
