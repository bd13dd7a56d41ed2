//! Shedding: what is too much is answered 503 at once, and what counts as in flight.
#![allow(clippy::unwrap_used)] // The lint's exception for tests does not reach their helpers.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use scrutinio::target::{self, Config, Knobs, Service};

use super::rig::{start, start_as};

#[test]
fn what_is_too_much_is_answered_503() {
    let knobs = Knobs { shed: "1/h".parse().ok(), ..Knobs::default() };
    let target = start(Config { knobs, ..Config::default() });
    let mut client = target.client();
    let answers = [(); 3].map(|()| client.get("/").unwrap().status);
    assert_eq!(answers, [200, 503, 503]);
    target.stop();
}

/// Answers when it is told to.
struct Held(Arc<AtomicBool>);

impl Service for Held {
    async fn respond(self: Rc<Self>, _: Request<Incoming>) -> Response<Full<Bytes>> {
        while !self.0.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Response::default()
    }
}

#[test]
fn what_the_service_has_not_answered_is_in_flight() {
    let knobs = Knobs { shed: "2".parse().ok(), ..Knobs::default() };
    let told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&told);
    let target = start_as(Config { knobs, ..Config::default() }, move |config, announce, stopped| {
        target::run_service(config, || Rc::new(Held(Arc::clone(&told))), announce, stopped)
    });
    let mut inside = [target.client(), target.client()];
    inside.iter_mut().for_each(|client| client.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n"));
    while target.stats()["received"] != 2 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(target.client().get("/").map(|answer| answer.status), Some(503));
    tell.store(true, Ordering::Relaxed);
    assert_eq!(inside.map(|mut client| client.read(true).unwrap().status), [200, 200]);
    assert_eq!(target.client().get("/").map(|answer| answer.status), Some(200));
    target.stop();
}
