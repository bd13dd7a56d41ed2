//! TLS for connections: which certificates an origin's clients trust and present, and what they remember of it.
//!
//! A [`TlsClient`] is made once for an origin, a [`Visitor`] for each session that goes there: visitors share trust and
//! certificates, not tickets. `session` moves the bytes, `failure` tells what went wrong, in the words of `words`.

mod failure;
mod session;
mod tickets;
mod trust;
mod words;

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use rustls::version::{TLS12, TLS13};

pub use failure::{Broken, HandshakeError};
pub use session::{Handshake, TlsSession};
pub use tickets::TicketPool;
use tickets::Tickets;

/// The protocols offered by ALPN, unless [`TlsClient::offering`] says otherwise.
const PROTOCOLS: [&[u8]; 1] = [b"http/1.1"];

/// How TLS is spoken with an origin.
#[derive(Clone, Copy, Debug)]
pub struct TlsOptions<'a> {
    /// The name that the certificate must have, and that is sent as SNI: a host name or an address.
    pub server_name: &'a str,
    /// The certificates to trust, as PEM; `None`: those that the system trusts.
    pub ca: Option<&'a [u8]>,
    /// The client's certificates, its own first, and its key, as PEM.
    pub client: Option<(&'a [u8], &'a [u8])>,
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// Whether TLS 1.2 is not good enough.
    pub only_tls13: bool,
    /// Whether a visitor's later connections may resume by a ticket of earlier ones.
    pub resume: bool,
}

/// Why TLS cannot be set up for an origin, before any connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No name.
    #[error("`{name}` cannot be the name in a certificate: it is neither a host name nor an address")]
    Name {
        /// What was given.
        name: String,
        /// What is wrong with it.
        source: InvalidDnsNameError,
    },
    /// A PEM file is not right.
    #[error("{what}: {problem}")]
    Pem {
        /// Which.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificate and key do not go together, or the like.
    #[error("the client certificate and its key cannot be used: {}", words::words(.0))]
    Client(rustls::Error),
    /// The library refuses the settings.
    #[error("TLS cannot be set up: {}", words::words(.0))]
    Config(#[from] rustls::Error),
}

/// Whether bytes are the beginning of a TLS record (RFC 8446 section 5.1), which no HTTP begins with.
pub fn begins_record(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 3, 0..=4, ..])
}

/// Speaks TLS with one origin.
#[derive(Clone, Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    resumes: bool,
}

/// A client of an origin with tickets of its own.
#[derive(Clone, Debug)]
pub struct Visitor {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsClient {
    /// What the options say, or what is wrong with them.
    pub fn new(options: &TlsOptions<'_>) -> Result<Self, TlsError> {
        let name = ServerName::try_from(options.server_name)
            .map_err(|source| TlsError::Name { name: options.server_name.to_owned(), source })?
            .to_owned();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let versions = if options.only_tls13 { &[&TLS13][..] } else { &[&TLS13, &TLS12] };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
        let builder = match (options.insecure, options.ca) {
            (true, _) => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(trust::Anything::new(&provider)))
            }
            (false, Some(pem)) => builder.with_root_certificates(trust::own_roots(pem)?),
            (false, None) => builder.with_root_certificates(trust::system_roots()),
        };
        let mut config = match options.client {
            Some((certificates, key)) => {
                let (certificates, key) = trust::identity(certificates, key)?;
                builder.with_client_auth_cert(certificates, key).map_err(TlsError::Client)?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = PROTOCOLS.iter().map(|protocol| protocol.to_vec()).collect();
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), name, resumes: options.resume })
    }

    /// The same, with these protocols offered by ALPN, the best first.
    pub fn offering(mut self, protocols: &[&[u8]]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        self
    }

    /// A visitor without a past; or one who `returns` with a ticket that others left in `pool`. Tickets that it does
    /// not need go there.
    pub fn visitor(&self, pool: Option<&Arc<TicketPool>>, returns: bool) -> Visitor {
        let mut config = Arc::clone(&self.config);
        if self.resumes {
            Arc::make_mut(&mut config).resumption = Resumption::store(Arc::new(Tickets::new(pool, returns)));
        }
        Visitor { config, name: self.name.clone() }
    }
}

impl TlsClient {
    /// One handshake on a socket that blocks, for as long as its read timeout lets it.
    pub fn try_handshake(&self, socket: OwnedFd) -> Result<(), HandshakeError> {
        let mut session = self.visitor(None, false).session()?;
        let over = session.shake(&socket, &mut vec![0; 64 << 10])?;
        session.say_goodbye(&socket);
        if over {
            Ok(())
        } else {
            Err(HandshakeError::Lost("the server does not answer in the TLS handshake".to_owned()))
        }
    }
}

impl Visitor {
    /// The TLS of a new connection, at its beginning.
    pub fn session(&self) -> Result<TlsSession, HandshakeError> {
        let tls = UnbufferedClientConnection::new(Arc::clone(&self.config), self.name.clone())?;
        Ok(TlsSession::new(tls))
    }
}
