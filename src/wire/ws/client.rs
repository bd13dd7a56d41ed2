//! One connection after its handshake: bytes in, messages out.

use super::Violation;
use super::frame::{HEAD_MAX, Head, Opcode, push};
use super::utf8::Utf8;

/// Memory that a message may leave behind for the next; what a longer one took is given back.
const KEPT_MAX: usize = 64 << 10;
/// Answers to pings that may wait to be written, in bytes.
const PONGS_MAX: usize = 1 << 20;

/// The bounds of a connection's messages.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest message accepted, in bytes.
    pub message: u64,
    /// Bytes of a message that are kept; the rest is only counted.
    pub kept: usize,
}

/// What the bytes that were fed have ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message is whole; [`Client::message`] has it until more is fed.
    Message {
        /// Whether it is a text; else it is binary.
        text: bool,
    },
    /// The server has closed, or answered our close. Nothing follows.
    Closed {
        /// Its code, if it gave one.
        code: Option<u16>,
    },
}

/// How far the frame that arrives has come.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Its head, of which so many bytes are there.
    Head([u8; HEAD_MAX], usize),
    /// Its payload, of which so many bytes are missing.
    Payload(Head, u64),
}

const AT_HEAD: State = State::Head([0; HEAD_MAX], 0);

/// The client's side of an open WebSocket. Owns memory only while a message is in pieces or something is to be
/// written, and up to 64 KiB in between.
#[derive(Debug)]
pub struct Client {
    limits: Limits,
    state: State,
    /// The message under way, if one is: whether it is a text, and its bytes so far.
    under_way: Option<(bool, u64)>,
    /// How far its text is right: it is checked as it comes, for not all of it may be kept.
    utf8: Utf8,
    /// What the last message was, which is still in `message`: whether a text, and its length.
    given: Option<(bool, u64)>,
    message: Vec<u8>,
    control: Vec<u8>,
    output: Vec<u8>,
    masks: u64,
    closing: bool,
    closed: bool,
}

impl Client {
    /// A connection on which nothing was said yet. `seed` decides the masks: they guard proxies against browsers whose
    /// scripts choose the bytes of both sides (RFC 6455 section 10.3). Here the user is the one who chooses them, so
    /// a cheap generator will do.
    pub const fn new(limits: Limits, seed: u64) -> Self {
        Self {
            limits,
            state: AT_HEAD,
            under_way: None,
            utf8: Utf8::new(),
            given: None,
            message: Vec::new(),
            control: Vec::new(),
            output: Vec::new(),
            masks: seed,
            closing: false,
            closed: false,
        }
    }

    /// What is to be written.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// This many bytes of the output were written.
    pub fn wrote(&mut self, n: usize) {
        if n == self.output.len() && self.output.capacity() <= KEPT_MAX {
            self.output.clear();
        } else if n == self.output.len() {
            self.output = Vec::new();
        } else {
            self.output.drain(..n);
        }
    }

    /// The message that was last whole, or as much of it as is kept.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Whether the message that was last whole is a text, and its length, also where less of it is kept.
    pub fn given(&self) -> (bool, u64) {
        self.given.unwrap_or_default()
    }

    /// Sends a message. Nothing may follow a close.
    pub fn send(&mut self, text: bool, payload: &[u8]) {
        if !self.closing {
            self.push(if text { Opcode::Text } else { Opcode::Binary }, payload);
        }
    }

    /// Begins to close, or answers the server's close.
    pub fn close(&mut self, code: u16) {
        if !std::mem::replace(&mut self.closing, true) {
            self.push(Opcode::Close, &code.to_be_bytes());
        }
    }

    /// Takes bytes up to the end of a message or of the connection: how many were taken, and what they ended in. All
    /// were taken if it is nothing. A violation is told to the server too.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(usize, Option<Event>), Violation> {
        if self.given.take().is_some() {
            self.message.clear();
            if self.message.capacity() > KEPT_MAX {
                self.message = Vec::new();
            }
        }
        let mut at = 0;
        // What follows a close is nobody's.
        while at < bytes.len() && !self.closed {
            let event = self.step(bytes, &mut at).inspect_err(|violation| self.close(violation.code()))?;
            if event.is_some() {
                return Ok((at, event));
            }
        }
        Ok((bytes.len(), None))
    }

    /// Takes the rest of a head, or of a payload, as far as it is there.
    fn step(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Event>, Violation> {
        match self.state {
            State::Head(mut gathered, before) => {
                let n = (HEAD_MAX - before).min(bytes.len() - *at);
                gathered[before..before + n].copy_from_slice(&bytes[*at..*at + n]);
                let Some(head) = Head::parse(&gathered[..before + n])? else {
                    self.state = State::Head(gathered, before + n);
                    *at += n;
                    return Ok(None);
                };
                *at += head.len - before;
                self.begin(head)?;
                if head.length == 0 { self.end(head) } else { Ok(None) }
            }
            State::Payload(head, left) => {
                let n = left.min((bytes.len() - *at) as u64) as usize;
                self.keep(head, &bytes[*at..*at + n])?;
                *at += n;
                self.state = State::Payload(head, left - n as u64);
                if left == n as u64 { self.end(head) } else { Ok(None) }
            }
        }
    }

    fn begin(&mut self, head: Head) -> Result<(), Violation> {
        self.state = State::Payload(head, head.length);
        if head.opcode.is_control() {
            self.control.clear();
            return Ok(());
        }
        let so_far = match (head.opcode, self.under_way) {
            (Opcode::Continuation, Some((_, so_far))) => so_far,
            (Opcode::Continuation, None) | (_, Some(_)) => return Err(Violation::Fragment),
            (opcode, None) => {
                self.under_way = Some((opcode == Opcode::Text, 0));
                self.utf8 = Utf8::new();
                0
            }
        };
        // Known from the head, before any of it is kept.
        if so_far.saturating_add(head.length) > self.limits.message {
            return Err(Violation::TooLong(self.limits.message));
        }
        Ok(())
    }

    fn keep(&mut self, head: Head, data: &[u8]) -> Result<(), Violation> {
        if head.opcode.is_control() {
            self.control.extend_from_slice(data);
            return Ok(());
        }
        if let Some((text, so_far)) = &mut self.under_way {
            *so_far += data.len() as u64;
            if *text && !self.utf8.feed(data) {
                return Err(Violation::Text);
            }
        }
        let room = self.limits.kept.saturating_sub(self.message.len());
        self.message.extend_from_slice(&data[..data.len().min(room)]);
        Ok(())
    }

    /// A frame is whole.
    fn end(&mut self, head: Head) -> Result<Option<Event>, Violation> {
        self.state = AT_HEAD;
        match head.opcode {
            Opcode::Ping if !self.closing => {
                let payload = std::mem::take(&mut self.control);
                self.push(Opcode::Pong, &payload);
                if self.output.len() > PONGS_MAX {
                    return Err(Violation::Pings(PONGS_MAX));
                }
                Ok(None)
            }
            // A pong that nobody asked for means nothing (section 5.5.3).
            Opcode::Ping | Opcode::Pong => Ok(None),
            Opcode::Close => {
                let code = close_code(&self.control)?;
                self.closed = true;
                self.close(code.unwrap_or(1000));
                Ok(Some(Event::Closed { code }))
            }
            Opcode::Text | Opcode::Binary | Opcode::Continuation if !head.last => Ok(None),
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                let (text, length) = self.under_way.take().unwrap_or((false, 0));
                self.given = Some((text, length));
                if text && !self.utf8.is_whole() {
                    return Err(Violation::Text);
                }
                Ok(Some(Event::Message { text }))
            }
        }
    }

    fn push(&mut self, opcode: Opcode, payload: &[u8]) {
        let mask = self.mask();
        push(opcode, payload, mask, &mut self.output);
    }

    /// SplitMix64.
    fn mask(&mut self) -> [u8; 4] {
        self.masks = self.masks.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.masks ^ (self.masks >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) as u32).to_le_bytes()
    }
}

/// The code of a close's body (section 7.4).
fn close_code(body: &[u8]) -> Result<Option<u16>, Violation> {
    match body {
        [] => Ok(None),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            if allowed && std::str::from_utf8(reason).is_ok() { Ok(Some(code)) } else { Err(Violation::CloseCode) }
        }
        [_] => Err(Violation::CloseCode),
    }
}
