//! Frames in: what they are, and those that make up an answer (RFC 9113 sections 6.1, 6.2 and 6.10).

use super::Violation;
use super::client::{Block, Client, Ending, Event, IDLE_BUFFER};
use super::fields::{Facts, Fields};
use super::frame::{self, END_HEADERS, END_STREAM, HEADER_LEN, Header, Kind, PAYLOAD_MAX};
use super::streams::{Found, Stream};

/// Frames of one header block, empty ones too: enough for a block of the longest at the usual size, many times over.
const BLOCK_FRAMES_MAX: u32 = 64;
/// Bytes that a header block may unfold into. One over the head's own limit is read all the same, up to here, for the
/// next block needs what it left in the table.
const UNFOLDED_MAX: usize = 1 << 20;

impl Client {
    /// Takes the bytes that arrived. What they mean is added to `events`; after an error, which concerns the whole
    /// connection, what was added still holds.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        let mut rest = bytes;
        while !self.partial.is_empty() {
            let needed = match Header::read(&self.partial) {
                Some(header) => HEADER_LEN + self.check_len(header)?,
                None => HEADER_LEN,
            };
            let missing = needed - self.partial.len();
            let (more, after) = rest.split_at(missing.min(rest.len()));
            self.partial.extend_from_slice(more);
            rest = after;
            if more.len() < missing {
                return Ok(());
            }
            let whole = Header::read(&self.partial).filter(|header| self.partial.len() == HEADER_LEN + header.len);
            if let Some(header) = whole {
                let mut frame = std::mem::take(&mut self.partial);
                self.frame(header, &frame[HEADER_LEN..], events)?;
                frame.clear();
                self.partial = if frame.capacity() > IDLE_BUFFER { Vec::new() } else { frame };
            }
        }
        while let Some(header) = Header::read(rest) {
            let len = self.check_len(header)?;
            let Some(payload) = rest.get(HEADER_LEN..HEADER_LEN + len) else { break };
            self.frame(header, payload, events)?;
            rest = &rest[HEADER_LEN + len..];
        }
        self.partial.extend_from_slice(rest);
        Ok(())
    }

    fn check_len(&self, header: Header) -> Result<usize, Violation> {
        if header.len > PAYLOAD_MAX {
            // `HTT`, as a frame's length: the server took the preface for a bad request.
            let http1 = !self.settled && header.len == 0x48_5454;
            return Err(if http1 { Violation::NotHttp2 } else { Violation::FrameSize });
        }
        Ok(header.len)
    }

    fn frame(&mut self, header: Header, payload: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        if !self.settled && (header.kind != Kind::Settings || header.has(frame::ACK)) {
            return Err(Violation::NoSettings);
        }
        if let Some(block) = &self.block
            && (header.kind != Kind::Continuation || header.stream != block.stream)
        {
            return Err(Violation::Continuation);
        }
        match header.kind {
            Kind::Data => self.data(header, payload, events),
            Kind::Headers => self.headers(header, payload, events),
            Kind::Continuation => self.continuation(header, payload, events),
            Kind::RstStream => self.rst_stream(header, payload, events),
            Kind::Settings => self.settings(header, payload),
            Kind::Ping => self.ping(header, payload),
            Kind::GoAway => self.go_away(header, payload, events),
            Kind::WindowUpdate => self.window_update(header, payload, events),
            Kind::PushPromise => Err(Violation::Push),
            Kind::Priority | Kind::Unknown => Ok(()),
        }
    }

    fn data(&mut self, header: Header, payload: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        // Padding counts, and what comes for cancelled streams as well (RFC 9113 section 6.9).
        if let Some(more) = self.given.received(payload.len())? {
            frame::write(Kind::WindowUpdate, 0, 0, &more.to_be_bytes(), &mut self.out);
        }
        let data = header.unpadded(payload)?;
        let Some(stream) = self.answering(header)? else { return Ok(()) };
        stream.received += (HEADER_LEN + payload.len()) as u64;
        let end = header.has(END_STREAM);
        let (more, taken) = (stream.given.received(payload.len()), stream.answer.take_data(data, end));
        if let Some(more) = more?.filter(|_| !end) {
            frame::write(Kind::WindowUpdate, 0, header.stream, &more.to_be_bytes(), &mut self.out);
        }
        self.taken(header.stream, taken, end, events);
        Ok(())
    }

    /// The stream that a frame of an answer belongs to; `None` if it is to be ignored.
    fn answering(&mut self, header: Header) -> Result<Option<&mut Stream>, Violation> {
        match self.streams.find(header.stream) {
            Found::Open(at) if !self.streams.at(at).over => Ok(Some(self.streams.at(at))),
            Found::Open(_) if self.streams.is_cancelled(header.stream) => Ok(None),
            Found::Cancelled => Ok(None),
            Found::Open(_) | Found::Ended => Err(Violation::AfterEnd(header.stream)),
            Found::Never if header.kind == Kind::Data => Err(Violation::WrongStream("DATA")),
            Found::Never => Err(Violation::WrongStream("HEADERS")),
        }
    }

    /// A part of an answer was taken, or was wrong.
    pub(super) fn taken(&mut self, id: u32, taken: Result<(), Violation>, end: bool, events: &mut Vec<Event>) {
        if let Err(violation) = taken {
            self.reset(id, violation.code());
            return self.ended(id, Ending::Malformed(violation), events);
        }
        let Some(stream) = self.streams.get(id) else { return };
        let key = stream.key;
        if end {
            stream.over = true;
            events.push(Event::Answered { key, stream: id });
        } else if !stream.begun {
            stream.begun = true;
            events.push(Event::Begun { key });
        }
    }

    fn headers(&mut self, header: Header, payload: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        let mut fragment = header.unpadded(payload)?;
        if header.has(frame::PRIORITY) {
            fragment = fragment.get(5..).ok_or(Violation::FrameSize)?;
        }
        if let Some(stream) = self.answering(header)? {
            stream.received += (HEADER_LEN + payload.len()) as u64;
        }
        let end = header.has(END_STREAM);
        if header.has(END_HEADERS) {
            return self.block(header.stream, end, fragment, events);
        }
        self.block_bytes.clear();
        self.block_bytes.extend_from_slice(fragment);
        self.block = Some(Block { stream: header.stream, end, frames: 1 });
        Ok(())
    }

    fn continuation(&mut self, header: Header, payload: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        let block = self.block.as_mut().ok_or(Violation::Continuation)?;
        let (id, end) = (block.stream, block.end);
        block.frames += 1;
        if block.frames > BLOCK_FRAMES_MAX || self.block_bytes.len() + payload.len() > self.block_max {
            return Err(Violation::BlockTooLong(self.block_max));
        }
        self.block_bytes.extend_from_slice(payload);
        if let Some(stream) = self.streams.get(id) {
            stream.received += (HEADER_LEN + payload.len()) as u64;
        }
        if !header.has(END_HEADERS) {
            return Ok(());
        }
        self.block = None;
        let bytes = std::mem::take(&mut self.block_bytes);
        let taken = self.block(id, end, &bytes, events);
        self.block_bytes = if bytes.capacity() > IDLE_BUFFER { Vec::new() } else { bytes };
        taken
    }

    /// Takes a whole header block.
    fn block(&mut self, id: u32, end: bool, block: &[u8], events: &mut Vec<Event>) -> Result<(), Violation> {
        let changes = self.decoder.changes();
        let (wants_head, head_max) = match self.streams.get(id).filter(|stream| !stream.over) {
            Some(stream) => (stream.answer.wants_head(), stream.answer.head_max()),
            None => (false, 0),
        };
        let known = self.known_facts.filter(|(at, _)| !wants_head && *at == changes && self.known == block);
        let facts = match known {
            // The same bytes by the same table say the same.
            Some((_, facts)) => Ok(facts),
            None => self.decode(block, wants_head, head_max)?,
        };
        let Some(stream) = self.streams.get(id).filter(|stream| !stream.over) else { return Ok(()) };
        if known.is_none() && !self.head.is_empty() && !stream.answer.has_head() {
            std::mem::swap(&mut stream.answer.head, &mut self.head);
            stream.answer.head.extend_from_slice(b"\r\n");
        }
        let taken = facts.and_then(|facts| stream.answer.take_block(facts, end));
        self.taken(id, taken, end, events);
        Ok(())
    }

    /// Decodes a block. What is wrong with its fields concerns its stream alone; the outer error the connection.
    fn decode(
        &mut self,
        block: &[u8],
        wants_head: bool,
        head_max: usize,
    ) -> Result<Result<Facts, Violation>, Violation> {
        let before = self.decoder.changes();
        self.head.clear();
        let mut fields = Fields::new(wants_head, head_max, &mut self.head);
        self.decoder.decode(block, UNFOLDED_MAX, |name, value| fields.take(name, value))?;
        let facts = fields.finish();
        if let Ok(facts) = facts
            && self.head.is_empty()
            && before == self.decoder.changes()
        {
            self.known.clear();
            self.known.extend_from_slice(block);
            self.known_facts = Some((before, facts));
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::h1::Want;

    const WANT: Want = Want {
        to_head: false,
        opens: None,
        head: true,
        cookies: false,
        body: Some(100),
        head_max: 1000,
        body_max: 5000,
    };

    /// A connection with three requests open.
    fn client() -> Client {
        let mut client = Client::new(false, 10, 1000);
        for key in 0..3 {
            client.request(b"POST / HTTP/1.1\r\nHost: h\r\n\r\nbody", WANT, key);
        }
        client
    }

    /// Feeds in pieces of `cut`; what was told, and what was written.
    fn told(bytes: &[u8], cut: usize) -> (Vec<Event>, Option<Violation>, Vec<u8>) {
        let (mut client, mut events) = (client(), Vec::new());
        let wrong = bytes.chunks(cut).find_map(|piece| client.feed(piece, &mut events).err());
        (events, wrong, client.output().to_vec())
    }

    fn any_frame() -> impl Strategy<Value = Vec<u8>> {
        let payload = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            Just(vec![0x88]),
            Just(vec![0x88, 0x40, 1, b'a', 1, b'b']),
            Just(vec![0; 4]),
            Just(vec![0, 0, 0, 1, 0, 0, 0, 0]),
        ];
        let flags = prop::sample::select(vec![0, 1, 4, 5, 8, 12, 13, 0x25]);
        (0u8..11, flags, 0u32..8, payload).prop_map(|(kind, flags, stream, payload)| {
            let mut out = vec![0, 0, payload.len() as u8, kind, flags];
            out.extend(stream.to_be_bytes());
            out.extend(payload);
            out
        })
    }

    #[test]
    fn an_answer_on_stream_0_is_nobodys_even_where_a_place_is_free() {
        let (mut client, mut events) = (client(), Vec::new());
        client.cancel(1);
        let answer = [&[0, 0, 0, 4, 0, 0, 0, 0, 0][..], &[0, 0, 1, 1, 5, 0, 0, 0, 0, 0x88]].concat();
        assert_eq!(client.feed(&answer, &mut events), Err(Violation::WrongStream("HEADERS")));
        assert_eq!(events, []);
    }

    #[test]
    fn a_stream_that_has_ended_does_not_count_when_windows_change() {
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let (widest, too_wide) =
            ([0, 0, 4, 8, 0, 0, 0, 0, 1, 0x7f, 0xff, 0, 0], [0, 0, 4, 8, 0, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff]);
        let wider = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 2, 0, 0];
        let bytes = [&settings[..], &widest, &too_wide, &wider].concat();
        let ended = Event::Ended { key: 0, stream: 1, why: Ending::Malformed(Violation::WindowUpdate) };
        let (events, wrong, _) = told(&bytes, bytes.len());
        assert_eq!((events, wrong), (vec![ended], None));
    }

    #[test]
    fn the_rest_of_a_body_is_not_sent_once_its_answer_is_whole() {
        let (mut client, mut events) = (client(), Vec::new());
        client.request(&[b"POST / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), vec![b'x'; 70_000]].concat(), WANT, 3);
        let stream = [0, 0, 4, 8, 0, 0, 0, 0, 7, 0, 0, 0xff, 0xff];
        let (answer, connection) = ([0, 0, 1, 1, 5, 0, 0, 0, 7, 0x88], [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
        let bytes = [&[0, 0, 0, 4, 0, 0, 0, 0, 0][..], &stream, &answer].concat();
        assert_eq!(client.feed(&bytes, &mut events), Ok(()));
        let before = client.output().len();
        assert_eq!(client.feed(&connection, &mut events), Ok(()));
        assert_eq!(client.output().len(), before);
    }

    proptest! {
        /// No frames make it panic, and how they are cut on the way changes nothing.
        #[test]
        fn any_cut_of_any_frames_tells_the_same(
            frames in prop::collection::vec(any_frame(), 0..12),
            cut in 1usize..60,
        ) {
            let mut bytes = vec![0, 0, 0, 4, 0, 0, 0, 0, 0];
            bytes.extend(frames.concat());
            let whole = told(&bytes, bytes.len());
            prop_assert_eq!(told(&bytes, cut), whole);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 1..300), cut in 1usize..60) {
            let _ = told(&bytes, cut);
        }
    }
}
