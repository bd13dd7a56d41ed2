//! A TLS connection as a state machine between a socket and HTTP: the handshake, then records both ways.
//!
//! rustls keeps the keys; the bytes are ours. Records are read into the lane's own buffer, many in one call, and what
//! is left over between two reads is kept only while there is any: an idle connection owns no buffer (S7).

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use rustls::HandshakeKind;
use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, InsufficientSizeError, UnbufferedStatus};

use super::failure::{Broken, HandshakeError};
use crate::wire::{Received, Then, Wrote};

/// Room at the front of the read buffer for what the first record decrypts to: no record holds more than 16 KiB.
const FRONT: usize = 17 << 10;
/// The longest a record grows by being encrypted, and how much of the plaintext each record takes at most.
const RECORD_OVERHEAD: usize = 64;
const RECORD_PLAINTEXT: usize = 16 << 10;

/// How the two sides came to know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// With certificates.
    Full,
    /// By a ticket of an earlier connection.
    Resumed,
}

/// One connection's TLS.
pub struct TlsSession {
    tls: UnbufferedClientConnection,
    /// The beginning of a record whose end has not come yet.
    incoming: Vec<u8>,
    /// Records that the socket did not take yet.
    outgoing: Vec<u8>,
    /// What came, decrypted, together with the end of the handshake.
    early: Vec<u8>,
    /// The other side said that no more will come, or what it said was wrong.
    closed: bool,
}

impl std::fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsSession").field("handshake", &self.handshake()).finish_non_exhaustive()
    }
}

/// Where in a buffer the records are, and how much of its front is plaintext already.
struct Progress {
    next: usize,
    end: usize,
    plain: usize,
}

impl TlsSession {
    pub(super) const fn new(tls: UnbufferedClientConnection) -> Self {
        Self { tls, incoming: Vec::new(), outgoing: Vec::new(), early: Vec::new(), closed: false }
    }

    /// Goes on with the handshake as far as the socket lets it; whether it is over. `buffer`: as for
    /// [`TlsSession::read`].
    pub fn shake(&mut self, socket: &OwnedFd, buffer: &mut [u8]) -> Result<bool, HandshakeError> {
        loop {
            let mut progress = self.unpack(buffer, 0);
            let outcome = self.digest(buffer, &mut progress);
            // Also after an error: the other side is told why by an alert.
            let flushed = self.flush(socket);
            outcome.map_err(HandshakeError::from)?;
            if !self.tls.is_handshaking() {
                self.keep(buffer, &progress);
                self.early.extend_from_slice(&buffer[..progress.plain]);
                return Ok(true);
            }
            self.keep(buffer, &progress);
            if self.closed {
                return Err(HandshakeError::Lost("the server closed the connection in the TLS handshake".to_owned()));
            }
            match self.fill(socket, buffer) {
                Ok(0) => {
                    let text = "the server closed the connection in the TLS handshake";
                    return Err(HandshakeError::Lost(text.to_owned()));
                }
                Ok(_) => {}
                // A connection that is broken may still hold the alert that says why; that has been read by now.
                Err(Errno::AGAIN | Errno::INTR) => {
                    return flushed.map(|()| false).map_err(HandshakeError::lost);
                }
                Err(errno) => return Err(HandshakeError::lost(errno)),
            }
        }
    }

    /// Reads what the socket has, decrypted, to the front of `buffer`, which holds at least 64 KiB.
    pub fn read(&mut self, socket: &OwnedFd, buffer: &mut [u8]) -> Received {
        if !self.early.is_empty() {
            let n = self.early.len().min(buffer.len());
            buffer[..n].copy_from_slice(&self.early[..n]);
            self.early.drain(..n);
            return Received::Bytes { n, then: Then::More };
        }
        loop {
            if self.closed {
                return Received::End;
            }
            let pending = self.incoming.len();
            let room = buffer.len() - FRONT - pending;
            if room == 0 {
                return Received::Broken(Broken::Tls(rustls::Error::PeerSentOversizedRecord));
            }
            let n = match recv(socket, &mut buffer[FRONT + pending..], RecvFlags::empty()) {
                // Without a close_notify anybody on the way may have cut it (RFC 8446 section 6.1).
                Ok((0, _)) => return Received::Broken(Broken::Truncated),
                Ok((n, _)) => n,
                Err(Errno::AGAIN | Errno::INTR) => return Received::Nothing,
                Err(errno) => return Received::Broken(Broken::Socket(errno)),
            };
            let mut progress = self.unpack(buffer, n);
            if let Err(error) = self.digest(buffer, &mut progress) {
                let _ = self.flush(socket);
                return Received::Broken(Broken::Tls(error));
            }
            self.keep(buffer, &progress);
            if !self.outgoing.is_empty()
                && let Err(errno) = self.flush(socket)
            {
                return Received::Broken(Broken::Socket(errno));
            }
            let drained = n < room;
            let then = if self.closed {
                Then::End
            } else if drained {
                Then::Nothing
            } else {
                Then::More
            };
            match (progress.plain, then) {
                (0, Then::Nothing) => return Received::Nothing,
                // Only tickets and the like so far.
                (0, _) => {}
                (n, then) => return Received::Bytes { n, then },
            }
        }
    }

    /// Encrypts `bytes`, all of them, and writes as much as the socket takes; the rest goes with
    /// [`TlsSession::flush`].
    pub fn write(&mut self, socket: &OwnedFd, bytes: &[u8]) -> Wrote {
        loop {
            let UnbufferedStatus { discard, state } = self.tls.process_tls_records(&mut self.incoming);
            let encrypted = match state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let at = self.outgoing.len();
                    let records = bytes.len() / RECORD_PLAINTEXT + 1;
                    self.outgoing.resize(at + bytes.len() + records * RECORD_OVERHEAD, 0);
                    let n = traffic.encrypt(bytes, &mut self.outgoing[at..]);
                    self.outgoing.truncate(at + n.as_ref().map_or(0, |n| *n));
                    if n.is_err() {
                        return Wrote::Broken(Errno::PROTO);
                    }
                    true
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    encode(&mut self.outgoing, |room| data.encode(room));
                    false
                }
                Ok(ConnectionState::TransmitTlsData(sent)) => {
                    sent.done();
                    false
                }
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        self.early.extend_from_slice(record.payload);
                    }
                    false
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.closed = true;
                    false
                }
                Ok(_) | Err(_) => return Wrote::Broken(Errno::PROTO),
            };
            self.incoming.drain(..discard);
            if encrypted {
                return match self.flush(socket) {
                    Ok(()) => Wrote::Bytes(bytes.len()),
                    Err(errno) => Wrote::Broken(errno),
                };
            }
        }
    }

    /// Writes on what the socket did not take before.
    pub fn flush(&mut self, socket: &OwnedFd) -> Result<(), Errno> {
        while !self.outgoing.is_empty() {
            match send(socket, &self.outgoing, SendFlags::NOSIGNAL) {
                Ok(n) if n == self.outgoing.len() => self.outgoing = Vec::new(),
                Ok(n) => drop(self.outgoing.drain(..n)),
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(errno) => {
                    self.outgoing = Vec::new();
                    return Err(errno);
                }
            }
        }
        Ok(())
    }

    /// Tells the other side that nothing more will come, if it can still be told.
    pub fn say_goodbye(&mut self, socket: &OwnedFd) {
        if self.closed || self.tls.is_handshaking() || !self.outgoing.is_empty() {
            return;
        }
        let UnbufferedStatus { state, .. } = self.tls.process_tls_records(&mut self.incoming);
        if let Ok(ConnectionState::WriteTraffic(mut traffic)) = state {
            let mut alert = [0; 2 * RECORD_OVERHEAD];
            if let Ok(n) = traffic.queue_close_notify(&mut alert) {
                // Whether it still arrives is nobody's loss.
                let _ = send(socket, &alert[..n], SendFlags::NOSIGNAL);
            }
        }
    }

    /// Whether something encrypted still waits for the socket.
    pub const fn has_unsent(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Whether something was decrypted that nobody has read yet.
    pub const fn holds_bytes(&self) -> bool {
        !self.early.is_empty()
    }

    /// Looks at the first of what came with the end of the handshake; how much.
    pub fn peek(&self, first: &mut [u8]) -> usize {
        let n = self.early.len().min(first.len());
        first[..n].copy_from_slice(&self.early[..n]);
        n
    }

    /// Whether a part of a record is here, the rest of which is still to come.
    pub const fn holds_part(&self) -> bool {
        !self.incoming.is_empty()
    }

    /// How the handshake went; `None` while it lasts.
    pub fn handshake(&self) -> Option<Handshake> {
        if self.tls.is_handshaking() {
            return None;
        }
        Some(match self.tls.handshake_kind() {
            Some(HandshakeKind::Resumed) => Handshake::Resumed,
            _ => Handshake::Full,
        })
    }

    /// The protocol that was agreed on (ALPN), if one was.
    pub fn protocol(&self) -> Option<&[u8]> {
        self.tls.alpn_protocol()
    }

    /// Reads more of the handshake, through the buffer; how much.
    fn fill(&mut self, socket: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
        let room = buffer.len() - FRONT - self.incoming.len();
        if room == 0 {
            // One message larger than all certificates that a server would send.
            return Err(Errno::MSGSIZE);
        }
        let (n, _) = recv(socket, &mut buffer[..room], RecvFlags::empty())?;
        self.incoming.extend_from_slice(&buffer[..n]);
        Ok(n)
    }

    /// Puts what was left over before the `read` bytes that stand behind it.
    fn unpack(&mut self, buffer: &mut [u8], read: usize) -> Progress {
        let pending = self.incoming.len();
        buffer[FRONT..FRONT + pending].copy_from_slice(&self.incoming);
        Progress { next: FRONT, end: FRONT + pending + read, plain: 0 }
    }

    /// Keeps what is not a whole record yet.
    fn keep(&mut self, buffer: &[u8], progress: &Progress) {
        let rest = &buffer[progress.next..progress.end];
        if rest.is_empty() {
            self.incoming = Vec::new();
        } else {
            self.incoming.clear();
            self.incoming.extend_from_slice(rest);
        }
    }

    /// Takes every whole record: what it decrypts to goes to the front of the buffer, what is to be answered to
    /// `outgoing`.
    fn digest(&mut self, buffer: &mut [u8], progress: &mut Progress) -> Result<(), rustls::Error> {
        loop {
            // The plaintext of the records so far is shorter than they were, and there is FRONT between the two.
            let (front, records) = buffer.split_at_mut(progress.next);
            let UnbufferedStatus { discard, state } =
                self.tls.process_tls_records(&mut records[..progress.end - progress.next]);
            let go_on = match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let payload = record?.payload;
                        front[progress.plain..progress.plain + payload.len()].copy_from_slice(payload);
                        progress.plain += payload.len();
                    }
                    true
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    encode(&mut self.outgoing, |room| data.encode(room));
                    true
                }
                Ok(ConnectionState::TransmitTlsData(sent)) => {
                    sent.done();
                    true
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.closed = true;
                    true
                }
                Ok(_) => false,
                Err(error) => {
                    self.fail();
                    return Err(error);
                }
            };
            progress.next += discard;
            if !go_on {
                return Ok(());
            }
        }
    }

    /// Nothing more can come or go but the alert that tells the other side why. What was wrong is not looked at
    /// again: rustls takes an error for its last word.
    fn fail(&mut self) {
        self.closed = true;
        while self.tls.wants_write() {
            match self.tls.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => encode(&mut self.outgoing, |room| data.encode(room)),
                _ => return,
            }
        }
    }
}

/// Appends what `encode` makes, which says how much room it takes.
fn encode(out: &mut Vec<u8>, mut encode: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) {
    let at = out.len();
    if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = encode(&mut []) {
        out.resize(at + required_size, 0);
        let n = encode(&mut out[at..]).unwrap_or(0);
        out.truncate(at + n);
    }
}
