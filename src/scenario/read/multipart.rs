//! Forms of several parts (RFC 7578): texts, JSON and files, each with its name and perhaps a type.
//!
//! The boundary is made from a hash of everything else that is known of the form, the feed's rows included: what holds it
//! has another. A value of a slot that holds it all the same, as a server may send it back, is found as it is written.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::flow::Compiler;
use super::template::{FeedNames, Known, push_text};
use super::{Fields, shorten};
use crate::scenario::Escape;
use crate::scenario::header::{fits_header, is_token};
use crate::scenario::keys::PART;
use crate::scenario::model::{BodyContent, Chunk, Template};
use crate::scenario::problem::Read;
use crate::scenario::yaml::{Node, Value};

/// Parts of a form.
const MOST_PARTS: usize = 1_000;

/// A part: the lines of its head but for its name, and its content.
struct Part {
    filename: Option<String>,
    content_type: Option<String>,
    content: Chunk,
}

impl Compiler<'_, '_, '_> {
    /// `multipart: { title: "…", photo: { file: photo.jpg } }`: the Content-Type, and the body.
    pub fn multipart(&mut self, node: &Node, step: &Fields) -> Read<(String, BodyContent)> {
        let headers = step.get("headers").map_or(&[][..], Node::entries);
        if let Some(entry) = headers.iter().find(|entry| entry.key.eq_ignore_ascii_case("content-type")) {
            let message = "`multipart` sets the Content-Type, as the boundary of its parts stands there";
            return Err(self.reader.problem(entry.place, message));
        }
        let entries = self.reader.names(node, "a map of the parts' names and contents")?;
        let all = entries.iter().flat_map(|entry| match &entry.value.value {
            Value::List(items) => items.iter().map(|item| (entry.key.as_str(), item)).collect(),
            _ => vec![(entry.key.as_str(), &entry.value)],
        });
        let parts: Vec<Read<(&str, Part)>> = all.map(|(name, node)| Ok((name, self.part(node)?))).collect();
        let parts: Vec<(&str, Part)> = parts.into_iter().collect::<Read<_>>()?;
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return Err(self.reader.problem(node.place, format!("a form has 1 to {MOST_PARTS} parts")));
        }
        let boundary = self.boundary(&parts);
        let mut chunks = Vec::new();
        let mut before = String::new();
        for (name, part) in parts {
            let text = format!("{before}--{boundary}\r\n{}\r\n", part.head(name));
            chunks.extend([plain(&text), part.content]);
            "\r\n".clone_into(&mut before);
        }
        chunks.push(plain(&format!("\r\n--{boundary}--\r\n")));
        Ok((format!("multipart/form-data; boundary={boundary}"), BodyContent::Multipart { boundary, chunks }))
    }

    fn part(&mut self, node: &Node) -> Read<Part> {
        if let Value::Scalar { .. } = node.value {
            return Ok(Part { filename: None, content_type: None, content: self.part_text(node)? });
        }
        let fields = self.reader.fields(node, &PART)?;
        let (kind, node) = self.reader.one_of(&fields)?;
        let content_type = fields.get("type").map(|node| self.content_type(node)).transpose();
        let filename = fields.get("filename").map(|node| self.filename(node)).transpose();
        let (content, own_type, own_name) = match kind {
            "text" => (self.part_text(node)?, None, None),
            "json" => (Chunk::Text(self.json(node)?, Escape::Json), Some("application/json"), None),
            _ => {
                let (path, bytes) = self.reader.file(node)?;
                let name = Path::new(&path).file_name().map(|name| name.to_string_lossy().into_owned());
                let digest = Sha256::digest(&bytes).into();
                (Chunk::File { bytes, digest }, Some("application/octet-stream"), name)
            }
        };
        let content_type = content_type?.or_else(|| own_type.map(str::to_owned));
        Ok(Part { filename: filename?.or(own_name), content_type, content })
    }

    fn part_text(&mut self, node: &Node) -> Read<Chunk> {
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        Ok(Chunk::Text(self.reader.template(node, &known)?, Escape::Plain))
    }

    fn content_type(&mut self, node: &Node) -> Read<String> {
        let what = "a content type such as `image/jpeg`";
        let text = self.reader.text(node, what)?;
        match text.split_once('/') {
            Some((kind, rest)) if is_token(kind) && fits_header(rest) && !rest.is_empty() => Ok(text.to_owned()),
            _ => Err(self.reader.expected(node, what)),
        }
    }

    fn filename(&mut self, node: &Node) -> Read<String> {
        let text = self.reader.text(node, "the name of a file")?;
        if text.contains("{{") {
            let message = format!("`{}`: the name of an uploaded file is fixed, without templates", shorten(text));
            return Err(self.reader.problem(node.place, message));
        }
        Ok(text.to_owned())
    }

    fn boundary(&self, parts: &[(&str, Part)]) -> String {
        let mut hash = Sha256::new();
        // Steps that differ in nothing but their place have boundaries of their own.
        hash.update(self.steps.len().to_le_bytes());
        if let FeedNames::Feed(feed) = self.known.feed {
            hash.update(feed.digest);
        }
        for (name, part) in parts {
            hash.update(part.head(name));
            hash.update(serde_json::to_vec(&part.content).expect("a template is JSON, and memory takes everything"));
        }
        hash.finalize()[..16].iter().fold("scrutinio-".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

impl Part {
    /// The lines above its content.
    fn head(&self, name: &str) -> String {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(name));
        if let Some(filename) = &self.filename {
            head.push_str(&format!("; filename=\"{}\"", quoted(filename)));
        }
        head.push_str("\r\n");
        if let Some(content_type) = &self.content_type {
            head.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        head
    }
}

/// A name between quotes, as browsers write it (HTML section 4.10.21.8).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn plain(text: &str) -> Chunk {
    let mut pieces = Vec::new();
    push_text(&mut pieces, text);
    Chunk::Text(Template(pieces), Escape::Plain)
}
