//! Frames in that concern the connection, or end a stream (RFC 9113 sections 6.4 to 6.9).

use super::Violation;
use super::client::{Client, Ending, Event};
use super::flow::{self, widen};
use super::frame::{self, HEADER_LEN, Header, Kind, PAYLOAD_MAX};
use super::streams::Found;
use super::violation::{REFUSED_STREAM, name as error_name};

/// Bytes of answers to pings and settings that may wait for a server that does not read.
const REPLIES_MAX: usize = 64 << 10;
/// Bytes of a server's reason to go away that are kept.
const DEBUG_MAX: usize = 128;

impl Client {
    pub(super) fn rst_stream(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Violation> {
        let code = frame::number(payload)?;
        match self.streams.find(header.stream) {
            Found::Never => return Err(Violation::WrongStream("RST_STREAM")),
            Found::Open(at) => self.streams.at(at).received += (HEADER_LEN + payload.len()) as u64,
            Found::Cancelled | Found::Ended => return Ok(()),
        }
        if code == REFUSED_STREAM {
            self.refused(header.stream, events);
        } else {
            self.ended(header.stream, Ending::Reset(code), events);
        }
        Ok(())
    }

    /// The server says that it did nothing about a request; one that it has begun to answer it must have looked at.
    fn refused(&mut self, id: u32, events: &mut Vec<Event>) {
        let begun = self.streams.get(id).is_some_and(|stream| stream.begun);
        self.ended(id, if begun { Ending::Reset(REFUSED_STREAM) } else { Ending::Refused }, events);
    }

    pub(super) fn settings(&mut self, header: Header, payload: &[u8]) -> Result<(), Violation> {
        if header.stream != 0 {
            return Err(Violation::WrongStream("SETTINGS"));
        }
        if !payload.len().is_multiple_of(6) || (header.has(frame::ACK) && !payload.is_empty()) {
            return Err(Violation::FrameSize);
        }
        if header.has(frame::ACK) {
            return Ok(());
        }
        self.settled = true;
        for setting in payload.as_chunks::<6>().0 {
            let [i0, i1, v0, v1, v2, v3] = *setting;
            self.setting(u16::from_be_bytes([i0, i1]), u32::from_be_bytes([v0, v1, v2, v3]))?;
        }
        self.reply(Kind::Settings, &[])?;
        self.send_bodies();
        Ok(())
    }

    fn setting(&mut self, id: u16, value: u32) -> Result<(), Violation> {
        match id {
            1 => self.heads.limit(value as usize),
            2 if value != 0 => return Err(Violation::Setting),
            3 => self.taken = value,
            4 => {
                if i64::from(value) > flow::LARGEST {
                    return Err(Violation::Setting);
                }
                // A change holds for the streams that are open too, whose windows may so become negative.
                let by = i64::from(value) - self.stream_window;
                self.stream_window = i64::from(value);
                // Not for one whose end is known, whose place is only kept until somebody has taken the answer.
                for (_, stream) in self.streams.iter_mut().filter(|(_, stream)| !stream.over) {
                    stream.window += by;
                    if stream.window > flow::LARGEST {
                        return Err(Violation::WindowUpdate);
                    }
                }
            }
            5 => match value as usize {
                value @ PAYLOAD_MAX..=0xff_ffff => self.payload_max = value,
                _ => return Err(Violation::Setting),
            },
            _ => {}
        }
        Ok(())
    }

    pub(super) fn ping(&mut self, header: Header, payload: &[u8]) -> Result<(), Violation> {
        if header.stream != 0 {
            return Err(Violation::WrongStream("PING"));
        }
        if payload.len() != 8 {
            return Err(Violation::FrameSize);
        }
        if header.has(frame::ACK) { Ok(()) } else { self.reply(Kind::Ping, payload) }
    }

    fn reply(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Violation> {
        self.replies += HEADER_LEN + payload.len();
        if self.replies > REPLIES_MAX {
            return Err(Violation::Flood);
        }
        frame::write(kind, frame::ACK, 0, payload, &mut self.out);
        Ok(())
    }

    pub(super) fn go_away(&mut self, header: Header, payload: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        if header.stream != 0 {
            return Err(Violation::WrongStream("GOAWAY"));
        }
        let (last, rest) = payload.split_at_checked(4).ok_or(Violation::FrameSize)?;
        let (code, debug) = rest.split_at_checked(4).ok_or(Violation::FrameSize)?;
        let (last, code) = (frame::number(last)?, frame::number(code)?);
        self.going = true;
        self.goodbye = goodbye(code, debug).or(self.goodbye.take());
        events.push(Event::GoneAway);
        let last = last & 0x7fff_ffff;
        let refused: Vec<u32> = self.streams.iter_mut().map(|(id, _)| id).filter(|id| *id > last).collect();
        for id in refused {
            self.refused(id, events);
        }
        Ok(())
    }

    pub(super) fn window_update(
        &mut self,
        header: Header,
        payload: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Violation> {
        let by = frame::number(payload)? & 0x7fff_ffff;
        if header.stream == 0 {
            widen(&mut self.window, by)?;
            self.send_bodies();
            return Ok(());
        }
        match self.streams.find(header.stream) {
            Found::Never => return Err(Violation::WrongStream("WINDOW_UPDATE")),
            Found::Cancelled | Found::Ended => {}
            // Its end is known, and its place is only kept until somebody has taken the answer.
            Found::Open(at) if self.streams.at(at).over => {}
            Found::Open(at) => match widen(&mut self.streams.at(at).window, by) {
                Ok(()) => self.send_body(header.stream),
                Err(violation) => self.taken(header.stream, Err(violation), false, events),
            },
        }
        Ok(())
    }
}

/// A server's reason to go away, in words; none if it names no error and adds nothing.
fn goodbye(code: u32, debug: &[u8]) -> Option<String> {
    let debug = &debug[..debug.len().min(DEBUG_MAX)];
    match (code, debug) {
        (0, []) => None,
        (code, []) => Some(error_name(code).to_owned()),
        (code, debug) => Some(format!("{}, \"{}\"", error_name(code), debug.escape_ascii())),
    }
}
