//! `--log FILE`: one JSON line for each request, with the server's own stamps.
//!
//! What the harness measured is held against it, so the stamps are on CLOCK_MONOTONIC and as near to the
//! wire as the HTTP library lets us be: *arrived* when the request's head has been parsed, *answered*
//! when the answer is handed over for writing. Where the requests of several connections became readable
//! in one turn of the loop, each is stamped when its own turn comes: a stamp is never early, and late by
//! the work on those before it (about 10 µs each).

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::header::HeaderValue;
use hyper::{Request, StatusCode, Uri};
use serde::Serialize;

/// One write of this size takes some 10 µs of the thread that serves; a larger one would show in its stamps.
const BUFFER_BYTES: usize = 64 * 1024;

/// The header whose value is a request's `id` (S9).
const ID_HEADER: &str = "x-scrutinio";

/// The log of all threads of a target.
#[derive(Clone, Debug)]
pub struct RequestLog(Arc<Mutex<Sink>>);

#[derive(Debug)]
struct Sink {
    out: BufWriter<File>,
    /// The first error; after it nothing more is written, and [`RequestLog::finish`] tells.
    failed: Option<io::Error>,
}

/// A request that has its line to come. The line is written when this is dropped, so that a request whose
/// client went away has one too, with null for `answered_ns`.
pub struct LogEntry {
    log: RequestLog,
    arrived_ns: u64,
    uri: Uri,
    id: Option<HeaderValue>,
    station: u16,
    answered: Option<(u64, Option<StatusCode>)>,
}

#[derive(Serialize)]
struct Line<'a> {
    arrived_ns: u64,
    answered_ns: Option<u64>,
    path: &'a str,
    id: &'a str,
    status: Option<u16>,
    station: u16,
}

/// A frame of a desktop's stream (remote work).
#[derive(Serialize)]
struct Frame<'a> {
    sent_ns: u64,
    session: &'a str,
    frame: u64,
    input: u64,
}

/// An input that came on a desktop's stream (remote work).
#[derive(Serialize)]
struct Input<'a> {
    input_ns: u64,
    session: &'a str,
    input: u64,
}

/// Sessions that were dropped on purpose (remote work).
#[derive(Serialize)]
struct Dropped {
    dropped_ns: u64,
    streams: usize,
}

impl RequestLog {
    /// A log into `file`.
    pub fn to(file: File) -> Self {
        Self(Arc::new(Mutex::new(Sink { out: BufWriter::with_capacity(BUFFER_BYTES, file), failed: None })))
    }

    /// Opens the entry of `request`, which arrived at `arrived_ns` at station number `station`.
    pub fn entry<B>(&self, arrived_ns: u64, request: &Request<B>, station: u16) -> LogEntry {
        let (uri, id) = (request.uri().clone(), request.headers().get(ID_HEADER).cloned());
        LogEntry { log: self.clone(), arrived_ns, uri, id, station, answered: None }
    }

    /// Frame number `frame` of a session is handed over at `sent_ns` and answers all inputs up to `input`.
    pub fn frame(&self, sent_ns: u64, session: &str, frame: u64, input: u64) {
        self.line(&Frame { sent_ns, session, frame, input });
    }

    /// Input number `input` of a session was read at `input_ns`.
    pub fn input(&self, input_ns: u64, session: &str, input: u64) {
        self.line(&Input { input_ns, session, input });
    }

    /// This many streams were cut at `dropped_ns`.
    pub fn sessions_dropped(&self, dropped_ns: u64, streams: usize) {
        self.line(&Dropped { dropped_ns, streams });
    }

    fn line(&self, line: &impl Serialize) {
        self.sink().attempt(|out| {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")
        });
    }

    /// Hands all lines so far to the system.
    pub fn flush(&self) {
        self.sink().attempt(|out| out.flush());
    }

    /// Hands all lines to the system and tells whether any was lost.
    pub fn finish(&self) -> io::Result<()> {
        self.flush();
        self.sink().failed.take().map_or(Ok(()), Err)
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink {
    fn attempt(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        if self.failed.is_none() {
            self.failed = write(&mut self.out).err();
        }
    }
}

impl LogEntry {
    /// The answer was handed over at `answered_ns`, or the connection closed without one (`None`).
    pub fn answered(mut self, answered_ns: u64, status: Option<StatusCode>) {
        self.answered = Some((answered_ns, status));
    }
}

impl Drop for LogEntry {
    fn drop(&mut self) {
        let id = self.id.as_ref().map(|id| String::from_utf8_lossy(id.as_bytes())).unwrap_or_default();
        let line = Line {
            arrived_ns: self.arrived_ns,
            answered_ns: self.answered.map(|(at, _)| at),
            path: self.uri.path(),
            id: &id,
            status: self.answered.and_then(|(_, status)| status).map(|status| status.as_u16()),
            station: self.station,
        };
        self.log.line(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_request_however_it_ended() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let log = RequestLog::to(file.reopen().unwrap());
        let request = Request::get("/results?page=2").header("X-Scrutinio", "r/\"citizens\"/7/0").body(()).unwrap();
        log.entry(5, &request, 3).answered(9, Some(StatusCode::OK));
        log.entry(6, &Request::get("/").body(()).unwrap(), 0).answered(8, None);
        drop(log.entry(7, &Request::get("/").body(()).unwrap(), 0));
        log.finish().unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                r#"{"arrived_ns":5,"answered_ns":9,"path":"/results","id":"r/\"citizens\"/7/0","status":200,"station":3}"#,
                r#"{"arrived_ns":6,"answered_ns":8,"path":"/","id":"","status":null,"station":0}"#,
                r#"{"arrived_ns":7,"answered_ns":null,"path":"/","id":"","status":null,"station":0}"#,
            ]
        );
    }

    #[test]
    fn a_full_disk_is_told_at_the_end() {
        let log = RequestLog::to(File::create("/dev/full").unwrap());
        drop(log.entry(7, &Request::get("/").body(()).unwrap(), 0));
        assert!(log.finish().is_err());
    }
}
