//! What the null server says to the bytes of one connection, HTTP/1.1 or HTTP/2, TLS already taken off.
//!
//! Nothing is looked into beyond where a request ends. In HTTP/2 that needs the frames' headers only: compressed fields
//! are never read, and the answer refers to the static table alone, so no state is kept of them.

/// The whole answer in HTTP/1.1.
pub const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// What ends a request without a body.
const END: &[u8] = b"\r\n\r\n";
/// What a connection of HTTP/2 begins with (RFC 9113, 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Length (3 bytes), type, flags, stream (4 bytes).
const FRAME_HEADER: usize = 9;
/// The longest frame that may be sent to one who has not said otherwise.
const FRAME_MAX: usize = 1 << 14;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection's place in its requests.
pub enum Talk {
    /// This many bytes of [`PREFACE`] have come and nothing else.
    Beginning(usize),
    /// HTTP/1.1: how much of [`END`] the bytes so far end with.
    One(usize),
    /// HTTP/2: the frame that is not whole yet.
    Two(Vec<u8>),
}

/// The other side breaks the rules of HTTP/2.
#[derive(Debug)]
pub struct Violation;

impl Talk {
    /// Answers every request that ends in `bytes`.
    pub fn answer(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Violation> {
        match self {
            Self::Beginning(seen) => {
                let seen = *seen;
                let same = PREFACE[seen..].iter().zip(bytes).take_while(|(a, b)| a == b).count();
                if seen + same == PREFACE.len() {
                    frame(SETTINGS, 0, 0, &[], out);
                    *self = Self::Two(Vec::new());
                    return self.answer(&bytes[same..], out);
                }
                if same == bytes.len() {
                    *self = Self::Beginning(seen + same);
                    return Ok(());
                }
                *self = Self::One(0);
                // What came already belongs to a request of HTTP/1.1.
                self.answer(&PREFACE[..seen], out)?;
                self.answer(bytes, out)
            }
            Self::One(matched) => {
                for byte in bytes {
                    *matched = match *byte {
                        byte if byte == END[*matched] => *matched + 1,
                        b'\r' => 1,
                        _ => 0,
                    };
                    if *matched == END.len() {
                        *matched = 0;
                        out.extend_from_slice(ANSWER);
                    }
                }
                Ok(())
            }
            Self::Two(pending) => {
                pending.extend_from_slice(bytes);
                let mut done = 0;
                while let Some(length) = whole_frame(&pending[done..])? {
                    answer_frame(&pending[done..done + length], out);
                    done += length;
                }
                pending.drain(..done);
                Ok(())
            }
        }
    }
}

/// The length of the first frame, if all of it is there.
fn whole_frame(bytes: &[u8]) -> Result<Option<usize>, Violation> {
    let Some(&[a, b, c]) = bytes.first_chunk() else { return Ok(None) };
    let payload = u32::from_be_bytes([0, a, b, c]) as usize;
    if payload > FRAME_MAX {
        return Err(Violation);
    }
    let length = FRAME_HEADER + payload;
    Ok((bytes.len() >= length).then_some(length))
}

fn answer_frame(bytes: &[u8], out: &mut Vec<u8>) {
    let (header, payload) = bytes.split_at(FRAME_HEADER);
    let (kind, flags) = (header[3], header[4]);
    let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
    match kind {
        SETTINGS if flags & ACK == 0 => frame(SETTINGS, ACK, 0, &[], out),
        PING if flags & ACK == 0 => frame(PING, ACK, 0, payload, out),
        HEADERS | DATA if flags & END_STREAM != 0 => {
            // `:status: 200` is number 8 of the static table.
            frame(HEADERS, END_HEADERS, stream, &[0x88], out);
            frame(DATA, END_STREAM, stream, b"ok", out);
        }
        _ => {}
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    // No payload here is longer than what a frame of ours echoes: 16 KiB.
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(parts: &[&[u8]]) -> Vec<u8> {
        let (mut talk, mut out) = (Talk::Beginning(0), Vec::new());
        parts.iter().for_each(|part| talk.answer(part, &mut out).unwrap());
        out
    }

    #[test]
    fn a_request_that_begins_like_the_preface_is_http_1() {
        assert_eq!(said(&[b"P", b"RO", b"PFIND / HTTP/1.1\r\n\r\n"]), ANSWER);
        assert_eq!(said(&[b"PRI * HTTP/2.0\r\n\r\nSM"]), b"");
    }

    #[test]
    fn frames_are_answered_however_their_bytes_come() {
        let mut bytes = PREFACE.to_vec();
        frame(SETTINGS, 0, 0, &[], &mut bytes);
        frame(PING, 0, 0, b"12345678", &mut bytes);
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x82], &mut bytes);
        let mut right = Vec::new();
        frame(SETTINGS, 0, 0, &[], &mut right);
        frame(SETTINGS, ACK, 0, &[], &mut right);
        frame(PING, ACK, 0, b"12345678", &mut right);
        right.extend_from_slice(b"\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x02\0\x01\0\0\0\x01ok");
        assert_eq!(said(&[&bytes]), right);
        assert_eq!(said(&bytes.chunks(1).collect::<Vec<_>>()), right);
    }

    #[test]
    fn a_frame_that_is_too_long_ends_the_connection() {
        let mut talk = Talk::Two(Vec::new());
        assert!(talk.answer(&[0xff; 9], &mut Vec::new()).is_err());
    }
}
