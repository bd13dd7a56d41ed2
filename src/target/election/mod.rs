//! The election service: results pages and data for readers, forms for sections and staff.
//!
//! ```text
//! reader ──GET──► page, from the newest snapshot (no store, no rendering)
//! section ─POST──► queue ──► writer thread: commit, sync ──► answer, then render ──► next snapshot
//!          GET ──► store
//! ```
//!
//! Everything shown comes from the store. Reading is served wherever `respond` runs; writing is done by one thread of
//! our own. Nothing of HTTP connections or of faults on purpose belongs here: that is the server's.

mod api;
mod board;
#[cfg(test)]
mod crash;
mod form;
mod page;
mod pages;
mod refusal;
mod reply;
pub mod returns;
mod rules;
mod store;
pub mod town;
mod writer;

use super::{Service, Writes, drain};
use crate::unit::NotStarted;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response};
use reply::Page;
use std::fs::OpenOptions;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::Store;
use writer::Writer;

/// Why the service cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// The store's file cannot be made, locked or read.
    #[error("cannot open the election store {path}: {cause}")]
    Open {
        /// The file.
        path: String,
        /// What redb says.
        cause: Box<redb::DatabaseError>,
    },
    /// The file system refused.
    #[error("cannot make the election store at {path}: {cause}")]
    File {
        /// The file or folder.
        path: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A transaction failed.
    #[error("the election store failed: {0}")]
    Store(#[source] Box<redb::Error>),
    /// A row is not what this version writes.
    #[error("the election store holds a row that cannot be read: {0}")]
    Row(#[source] serde_json::Error),
    /// The writing thread could not be started.
    #[error(transparent)]
    Thread(#[from] NotStarted),
}

impl ElectionError {
    fn store(cause: impl Into<redb::Error>) -> Self {
        Self::Store(Box::new(cause.into()))
    }
}

/// The service. Clones share one store and one writing thread, so each serving thread may have its own; the last one
/// dropped finishes what waits to be written.
#[derive(Clone, Debug)]
pub struct Election {
    store: Arc<Store>,
    writer: Arc<Writer>,
    missing: Arc<Page>,
}

impl Election {
    /// Opens the service over the store at `path`, made if absent. Without a path the store is new and is gone when the
    /// process ends, however it ends (M3): its file, in the system's folder for temporary files, has no name.
    ///
    /// # Errors
    /// The store cannot be made or read, or the writing thread not be started.
    pub fn open(path: Option<&Path>, writes: Writes) -> Result<Self, ElectionError> {
        let store = match path {
            Some(path) => Store::at(path, writes)?,
            None => scratch()?,
        };
        Self::over(store)
    }

    fn over(store: Store) -> Result<Self, ElectionError> {
        let store = Arc::new(store);
        let writer = Arc::new(Writer::start(Arc::clone(&store))?);
        let missing = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Not found</title></head>\
                       <body><h1>Not found</h1><p>There is no such page. <a href=\"/\">Results</a></p></body></html>\n";
        let missing = Arc::new(Page::new(reply::HTML, missing.to_owned()));
        Ok(Self { store, writer, missing })
    }
}

/// A store in a file that has lost its name already.
fn scratch() -> Result<Store, ElectionError> {
    static OPENED: AtomicU64 = AtomicU64::new(0);
    let name = format!("scrutinio-election-{}-{}", std::process::id(), OPENED.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    let fail = |cause| ElectionError::File { path: path.display().to_string(), cause };
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(fail)?;
    std::fs::remove_file(&path).map_err(fail)?;
    Store::in_file(file, &path.display().to_string())
}

impl Service for Election {
    async fn respond(self: Rc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, mut body) = request.into_parts();
        let path = head.uri.path();
        let reply = if let Some(page) = self.writer.shown().at(path) {
            page.answer(&head.method, &head.headers)
        } else if path.starts_with("/api/") {
            // Boxed, so that the future of a page, of which there are millions, stays small.
            Box::pin(api::respond(&self, &head, &mut body)).await
        } else {
            self.missing.not_found()
        };
        drain(&mut body).await;
        reply
    }
}
