//! A TLS server that does to each connection what the test says, with a CA of its own.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// What happens to a connection.
#[derive(Clone)]
pub enum Fate {
    /// Each request is answered with these bytes; then the connection is kept.
    Keep(Vec<u8>),
    /// The first request is answered with these bytes, and then it is closed as TLS wants it.
    Close(Vec<u8>),
    /// The first request is answered with these bytes, and then the TCP connection ends without a word.
    Cut(Vec<u8>),
    /// It ends in the handshake, after the client's first words.
    CloseInHandshake,
    /// The client's first words are answered with these bytes.
    Garbage(&'static [u8]),
    /// The client's first words are never answered.
    Silence,
}

/// What the server's certificate is, and what it asks of clients.
pub struct Kind {
    /// The names of the certificate.
    pub names: &'static [&'static str],
    /// Whether it has expired.
    pub expired: bool,
    /// Whether clients must show a certificate of the same CA.
    pub wants_client: bool,
    /// Whether it speaks TLS 1.2 and nothing newer.
    pub only_tls12: bool,
}

impl Default for Kind {
    fn default() -> Self {
        Self { names: &["127.0.0.1", "localhost"], expired: false, wants_client: false, only_tls12: false }
    }
}

/// A server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    folder: TempDir,
}

type Pair = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Server {
    /// A server whose n-th connection, from 0, has this fate; the one that `quick` makes first to see whether it is
    /// there (O8) is number 0. It lives as long as the test's process.
    pub fn start(kind: &Kind, fate: impl Fn(usize) -> Fate + Send + Sync + 'static) -> Self {
        let (folder, config) = certified(kind);
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (count, fate) = (AtomicUsize::new(0), Arc::new(fate));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), config) = (stream, Arc::clone(&config)) else { return };
                let fate = fate(count.fetch_add(1, Ordering::Relaxed));
                std::thread::spawn(move || serve(stream, config, &fate));
            }
        });
        Self { address, folder }
    }

    /// One that answers each request with `ok`.
    pub fn good(kind: &Kind) -> Self {
        Self::start(kind, |_| Fate::Keep(ok("ok")))
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("https://{}/", self.address)
    }

    /// The path of `ca.pem`, `client.pem`, `client.key`.
    pub fn file(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.display().to_string()
    }
}

/// A folder with the files of a new CA, and how a server with its certificate speaks.
pub fn certified(kind: &Kind) -> (TempDir, ServerConfig) {
    let folder = tempfile::tempdir().unwrap();
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
    let issuer = Issuer::new(params, ca_key);
    let own = make(&issuer, kind.names, kind.expired, &folder, "server");
    make(&issuer, &["a client"], false, &folder, "client");
    let config = config(kind, own, ca.der().clone());
    (folder, config)
}

/// A right answer with this body.
pub fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn make(issuer: &Issuer<'_, KeyPair>, names: &[&str], expired: bool, folder: &TempDir, file: &str) -> Pair {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| name.replace(' ', "-")).collect();
    let mut params = CertificateParams::new(names).unwrap();
    if expired {
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
    }
    let certificate = params.signed_by(&key, issuer).unwrap();
    std::fs::write(folder.path().join(format!("{file}.pem")), certificate.pem()).unwrap();
    std::fs::write(folder.path().join(format!("{file}.key")), key.serialize_pem()).unwrap();
    (certificate.der().clone(), PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap())
}

fn config(kind: &Kind, (certificate, key): Pair, ca: CertificateDer<'static>) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = if kind.only_tls12 { &[&TLS12][..] } else { &[&TLS13, &TLS12] };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let builder = if kind.wants_client {
        let mut roots = RootCertStore::empty();
        roots.add(ca).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    builder.with_single_cert(vec![certificate], key).unwrap()
}

fn serve(mut stream: TcpStream, config: Arc<ServerConfig>, fate: &Fate) {
    let _ = stream.set_nodelay(true);
    let mut hello = [0; 4096];
    match fate {
        Fate::CloseInHandshake => {
            let _ = stream.read(&mut hello);
        }
        Fate::Garbage(bytes) => {
            let _ = stream.read(&mut hello);
            let _ = stream.write_all(bytes);
            let _ = stream.read(&mut hello);
        }
        Fate::Silence => {
            // Until the other side gives up.
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
        Fate::Keep(answer) => {
            let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            while read_request(&mut tls) && tls.write_all(answer).is_ok() && tls.flush().is_ok() {}
        }
        Fate::Close(answer) | Fate::Cut(answer) => {
            let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
            if !read_request(&mut tls) {
                return;
            }
            let _ = tls.write_all(answer).and_then(|()| tls.flush());
            // So that the answer is not read in one go with what follows it.
            std::thread::sleep(Duration::from_millis(20));
            if matches!(fate, Fate::Close(_)) {
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        }
    }
}

/// Whether another request came.
fn read_request(tls: &mut StreamOwned<ServerConnection, TcpStream>) -> bool {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        match tls.read(&mut piece) {
            Ok(0) | Err(_) => return false,
            Ok(n) => request.extend_from_slice(&piece[..n]),
        }
    }
    true
}
