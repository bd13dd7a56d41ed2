//! What a request or a message is put together from: fixed bytes and slots.

use crate::scenario::{Action, Body, BodyContent, Chunk, Escape, Message, Piece, Request, Template};

/// A part of a request or of a message.
#[derive(Clone, Debug)]
pub enum Part {
    Bytes(Box<[u8]>),
    Slot(Piece, Escape),
    /// The ETag of an earlier answer, as an If-None-Match line, if there is one.
    IfNoneMatch,
    /// User and password, as base64 (RFC 7617).
    Basic(Box<(Template, Template)>),
    /// The session's number in an X-Scrutinio line.
    SessionNumber,
    /// The key of a WebSocket's opening (RFC 6455 section 4.1).
    SocketKey,
    /// A binary message of this many bytes: the input's number, then zeros.
    Binary(u32),
}

/// A body's parts.
pub fn body_parts(body: &Body) -> Vec<Part> {
    match &body.content {
        BodyContent::File { bytes, .. } => vec![Part::Bytes(Box::from(&bytes[..]))],
        BodyContent::Template(template) => parts(template, body.escape),
        BodyContent::Multipart { chunks, .. } => {
            let mut assembly = Assembly::default();
            for chunk in chunks {
                match chunk {
                    Chunk::Text(template, escape) => assembly.template(template, *escape),
                    Chunk::File { bytes, .. } => assembly.bytes(bytes),
                };
            }
            assembly.finish()
        }
    }
}

/// What each action of a request's stream sends.
pub fn messages(request: &Request) -> Vec<Vec<Part>> {
    let compile = |message: &Message| match message {
        Message::Text { content, escape } => parts(content, *escape),
        // The input's number and zeros: the first part says the one, what it holds the others.
        Message::Binary(size) => vec![Part::Binary(*size)],
    };
    let actions = request.stream.iter().flat_map(|stream| &stream.actions);
    let message = |action: &Action| match action {
        Action::Send(message) => compile(message),
        Action::Hold(hold) => hold.send.as_ref().map(|sender| compile(&sender.message)).unwrap_or_default(),
        Action::Receive { .. } => Vec::new(),
    };
    actions.map(message).collect()
}

/// A template's parts.
pub fn parts(template: &Template, escape: Escape) -> Vec<Part> {
    let mut assembly = Assembly::default();
    assembly.template(template, escape);
    assembly.finish()
}

/// Parts under assembly: neighbouring texts become one.
#[derive(Default)]
pub struct Assembly {
    parts: Vec<Part>,
    text: Vec<u8>,
}

impl Assembly {
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.text.extend_from_slice(bytes);
        self
    }

    pub fn part(&mut self, part: Part) -> &mut Self {
        if !self.text.is_empty() {
            self.parts.push(Part::Bytes(std::mem::take(&mut self.text).into_boxed_slice()));
        }
        self.parts.push(part);
        self
    }

    pub fn template(&mut self, template: &Template, escape: Escape) -> &mut Self {
        for piece in &template.0 {
            match piece {
                Piece::Text(text) => self.text(text),
                piece => self.part(Part::Slot(piece.clone(), escape)),
            };
        }
        self
    }

    pub fn finish(mut self) -> Vec<Part> {
        if !self.text.is_empty() {
            self.parts.push(Part::Bytes(self.text.into_boxed_slice()));
        }
        self.parts
    }
}
