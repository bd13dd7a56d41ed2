//! The service `knobs`: answers without a meaning, so that nothing but the knobs shapes the response.
//!
//! `/bytes/N` is a body of N bytes, `/status/N` an answer of that status, every other path `ok`.

use std::rc::Rc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};

use super::server::{Service, drain, respond};

/// The largest body of `/bytes/N`.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The service `knobs`.
pub struct Sample {
    zeros: Bytes,
}

impl Default for Sample {
    fn default() -> Self {
        Self { zeros: vec![0; MAX_BODY_BYTES].into() }
    }
}

impl Service for Sample {
    async fn respond(self: Rc<Self>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        let response = self.answer_to(request.uri().path());
        drain(request.body_mut()).await;
        response
    }
}

impl Sample {
    fn answer_to(&self, path: &str) -> Response<Full<Bytes>> {
        if let Some(length) = path.strip_prefix("/bytes/") {
            return match length.parse() {
                Ok(length @ 0..=MAX_BODY_BYTES) => {
                    respond(StatusCode::OK, "application/octet-stream", self.zeros.slice(..length))
                }
                _ => bad_request("/bytes/N takes a number of bytes from 0 to 1048576\n"),
            };
        }
        if let Some(status) = path.strip_prefix("/status/") {
            return match status.parse() {
                Ok(status @ 200..=599_u16) => match StatusCode::from_u16(status) {
                    Ok(status) => respond(status, "text/plain", status.as_str().to_owned() + "\n"),
                    Err(_) => bad_request("/status/N takes a status from 200 to 599\n"),
                },
                _ => bad_request("/status/N takes a status from 200 to 599\n"),
            };
        }
        respond(StatusCode::OK, "text/plain", "ok\n")
    }
}

fn bad_request(reason: &'static str) -> Response<Full<Bytes>> {
    respond(StatusCode::BAD_REQUEST, "text/plain", reason)
}

#[cfg(test)]
mod tests {
    use hyper::body::Body;

    use super::*;

    #[test]
    fn paths_choose_status_and_size() {
        let sample = Sample::default();
        for (path, status, bytes) in [
            ("/", 200, 3),
            ("/anything/else", 200, 3),
            ("/bytes/0", 200, 0),
            ("/bytes/1048576", 200, 1_048_576),
            ("/bytes/1048577", 400, 51),
            ("/bytes/-1", 400, 51),
            ("/status/404", 404, 4),
            ("/status/100", 400, 41),
            ("/status/600", 400, 41),
        ] {
            let response = sample.answer_to(path);
            let length = response.body().size_hint().exact();
            assert_eq!((response.status().as_u16(), length), (status, Some(bytes)), "{path}");
        }
    }
}
