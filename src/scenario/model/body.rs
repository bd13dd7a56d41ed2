//! Request bodies.

use std::sync::Arc;

use serde::Serialize;

use super::Template;
use crate::scenario::Escape;

/// A request body and its content type.
#[derive(Clone, Debug, Serialize)]
pub struct Body {
    /// The Content-Type header, unless the step's headers name another.
    pub content_type: Option<String>,
    /// How the values of slots are written into it; its fixed text is ready as it stands.
    pub escape: Escape,
    /// What is sent.
    pub content: BodyContent,
}

/// What a request body is made of.
#[derive(Clone, Debug, Serialize)]
pub enum BodyContent {
    /// JSON, form or text with slots.
    Template(Template),
    /// A file's bytes, sent as they are.
    File {
        /// The bytes.
        #[serde(skip)]
        bytes: Arc<[u8]>,
        /// Their SHA-256; part of the plan digest (P8).
        digest: [u8; 32],
    },
    /// A form of several parts (RFC 7578).
    Multipart {
        /// What ends each part; in none of them.
        boundary: String,
        /// The whole body, boundaries included, in order.
        chunks: Vec<Chunk>,
    },
}

/// A piece of a form of several parts.
#[derive(Clone, Debug, Serialize)]
pub enum Chunk {
    /// Text, ready but for the values of its slots, and how those are written.
    Text(Template, Escape),
    /// A file's bytes.
    File {
        /// The bytes.
        #[serde(skip)]
        bytes: Arc<[u8]>,
        /// Their SHA-256; part of the plan digest (P8).
        digest: [u8; 32],
    },
}

impl Body {
    /// All templates in it.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (one, chunks) = match &self.content {
            BodyContent::Template(template) => (Some(template), &[][..]),
            BodyContent::File { .. } => (None, &[][..]),
            BodyContent::Multipart { chunks, .. } => (None, chunks.as_slice()),
        };
        let texts = chunks.iter().filter_map(|chunk| match chunk {
            Chunk::Text(template, _) => Some(template),
            Chunk::File { .. } => None,
        });
        one.into_iter().chain(texts)
    }
}
