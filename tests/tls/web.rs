//! A web server that answers by a script, over plain connections or TLS, in HTTP/1.1 and HTTP/2, and remembers what it was
//! asked. The protocols are those of other hands: hyper and rustls.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::server::{Kind, certified};

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub version: Version,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    /// All values of a header, in one line.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        (!values.is_empty()).then(|| values.join("; "))
    }
}

/// An answer: its status, and its headers.
pub type Answer = (u16, Vec<(&'static str, String)>);
type Script = dyn Fn(&Asked) -> Answer + Send + Sync;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug)]
pub struct Spoken {
    pub tls: bool,
    /// What the scenario says under `http`.
    pub http: &'static str,
}

/// A server.
pub struct Web {
    address: SocketAddr,
    spoken: Spoken,
    folder: TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Web {
    /// One that answers by this script. It lives as long as the test's process.
    pub fn start(spoken: Spoken, script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let (folder, mut config) = certified(&Kind::default());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = spoken.tls.then(|| TlsAcceptor::from(Arc::new(config)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<Asked>>>::default());
        let (script, shared): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&asked));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (script, asked, acceptor) = (Arc::clone(&script), Arc::clone(&shared), acceptor.clone());
                    tokio::spawn(async move {
                        match acceptor {
                            None => serve(stream, script, asked).await,
                            Some(acceptor) => {
                                let Ok(stream) = acceptor.accept(stream).await else { return };
                                serve(stream, script, asked).await;
                            }
                        }
                    });
                }
            });
        });
        Self { address, spoken, folder, asked }
    }

    /// Its URL, without a path.
    pub fn url(&self) -> String {
        format!("http{}://{}", if self.spoken.tls { "s" } else { "" }, self.address)
    }

    /// The target of a scenario: this server, as it is to be spoken to.
    pub fn target(&self) -> String {
        let ca = self.folder.path().join("ca.pem");
        let tls = if self.spoken.tls { format!(", tls: {{ ca: {} }}", ca.display()) } else { String::new() };
        format!("{{ url: \"{}\", http: {}{tls} }}", self.url(), self.spoken.http)
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve<S>(stream: S, script: Arc<Script>, seen: Arc<Mutex<Vec<Asked>>>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_or_else(|_| Bytes::new(), |body| body.to_bytes());
            let target = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
            let (method, version, headers) = (parts.method, parts.version, parts.headers);
            let asked = Asked { method, target, version, headers, body };
            let (status, fields) = script(&asked);
            seen.lock().unwrap().push(asked);
            let mut answer = Response::new(Full::new(Bytes::from_static(b"{}")));
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            for (name, value) in fields {
                answer.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}
