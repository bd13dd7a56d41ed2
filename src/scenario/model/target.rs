//! Where the traffic goes.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Where the traffic goes.
#[derive(Clone, Debug)]
pub struct Target {
    /// The service to start beside the run; `None`: the origins are not started by us.
    pub embedded: Option<(EmbeddedService, Vec<(String, String)>)>,
    /// What happens to the embedded service, and when.
    pub events: Vec<TargetEvent>,
    /// The origins; requests refer to them by index. An embedded target has one, whose port is 0 until it listens.
    pub origins: Vec<Origin>,
}

/// Something that happens to the embedded service: every session's connection is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetEvent {
    /// When, in seconds of scenario time since the clock's start.
    pub at: f64,
}

/// A service that ships with scrutinio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbeddedService {
    /// Election results, sections and staff.
    Election,
    /// Logons and desktops of people who work from home.
    RemoteWork,
    /// A server that misbehaves as its knobs say.
    Knobs,
}

impl EmbeddedService {
    /// The name in a scenario and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Election => "election",
            Self::RemoteWork => "remote-work",
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
    /// The address to use instead of looking the host up: `resolve: host:port → address`.
    pub resolve: Option<IpAddr>,
    /// The Host header, if not host and port.
    pub host_header: Option<String>,
    /// The Unix-domain socket to connect to instead of host and port.
    pub unix: Option<Arc<Path>>,
    /// The local addresses that connections come from, in turn; empty: scrutinio chooses.
    pub source_addresses: Vec<IpAddr>,
    /// How TLS is spoken; only of [`Scheme::Https`].
    pub tls: Tls,
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

/// The bytes of a PEM file.
pub type Pem = Arc<[u8]>;

/// Which certificates an origin's clients trust and present, and what they require.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificates to trust, as PEM; `None`: those of the system.
    pub ca: Option<Pem>,
    /// The client's certificates, its own first, and its key, as PEM.
    pub client: Option<(Pem, Pem)>,
    /// The name in the certificate and in SNI, if not that of the Host header or the URL.
    pub server_name: Option<String>,
    /// Whether any certificate is accepted.
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
    /// The name of the origin that steps go to when they name none.
    pub const DEFAULT: &str = "default";

    /// The origin behind a Unix-domain socket that was named alone: `unix:/run/app.sock`.
    pub fn of_socket(name: &str, path: Arc<Path>) -> Self {
        Self {
            name: name.to_owned(),
            scheme: Scheme::Http,
            host: "localhost".to_owned(),
            port: Scheme::Http.default_port(),
            resolve: None,
            host_header: None,
            unix: Some(path),
            source_addresses: Vec::new(),
            tls: Tls::default(),
            http: Http::default(),
        }
    }

    /// Where requests go, as a target is written: `http://127.0.0.1:8080`, `unix:/run/app.sock`; behind it the address that
    /// is used in place of looking the host up.
    pub fn url(&self) -> String {
        if let Some(path) = &self.unix {
            return format!("unix:{}", path.display());
        }
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        let resolve = self.resolve.map_or(String::new(), |address| format!(" at {address}"));
        format!("{scheme}://{}{resolve}", self.host_and_port())
    }

    /// The value of the Host header: the override, or host and port as RFC 9110 section 7.2 has them.
    pub fn authority(&self) -> String {
        if let Some(host) = &self.host_header {
            return host.clone();
        }
        self.host_and_port()
    }

    fn host_and_port(&self) -> String {
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

/// The path of a Unix-domain socket as a target names it, or what would be right. The kernel takes 107 bytes.
pub fn socket_path(text: &str) -> Result<Arc<Path>, &'static str> {
    if text.starts_with('/') && text.len() <= 107 && !text.contains('\0') {
        return Ok(Path::new(text).into());
    }
    Err("the path of a Unix-domain socket, from the root and of at most 107 bytes")
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
