//! The client against an implementation that is not ours (tungstenite), and against servers that break the rules.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocket, frame::coding::CloseCode};

use super::{Client, Event, Limits, Violation};

const LIMITS: Limits = Limits { message: 1 << 20, kept: 1 << 20 };

/// Both directions of a connection in memory.
#[derive(Default)]
struct Pipe {
    to_server: Vec<u8>,
    to_client: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.to_server.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = buffer.len().min(self.to_server.len());
        buffer[..n].copy_from_slice(&self.to_server[..n]);
        self.to_server.drain(..n);
        Ok(n)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to_client.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn server() -> WebSocket<Pipe> {
    WebSocket::from_raw_socket(Pipe::default(), Role::Server, None)
}

/// Feeds `bytes` in pieces of `cut`; the messages, and how the connection was closed.
fn read(client: &mut Client, bytes: &[u8], cut: usize) -> Result<(Vec<Message>, Option<Option<u16>>), Violation> {
    let (mut messages, mut closed) = (Vec::new(), None);
    for piece in bytes.chunks(cut) {
        let mut at = 0;
        while at < piece.len() {
            let (used, event) = client.feed(&piece[at..])?;
            at += used;
            match event {
                None => assert_eq!(at, piece.len(), "all is taken if nothing ends"),
                Some(Event::Closed { code }) => closed = Some(code),
                Some(Event::Message { text: true }) => {
                    messages.push(Message::text(String::from_utf8_lossy(client.message()).into_owned()));
                }
                Some(Event::Message { text: false }) => messages.push(Message::binary(client.message().to_vec())),
            }
        }
    }
    Ok((messages, closed))
}

/// Hands what the client has to say to the server.
fn deliver(client: &mut Client, server: &mut WebSocket<Pipe>) {
    server.get_mut().to_server.extend_from_slice(client.output());
    client.wrote(client.output().len());
}

fn message() -> impl Strategy<Value = Message> {
    let sizes = prop_oneof![0usize..200, Just(125), Just(126), Just(65_535), Just(65_536), 200usize..70_000];
    let binary = (sizes, any::<u8>()).prop_map(|(size, byte)| Message::binary(vec![byte; size]));
    prop_oneof![".{0,80}".prop_map(Message::text), binary]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_goes_both_ways(sent in prop::collection::vec(message(), 0..6), cut in 1usize..5000, seed: u64) {
        let (mut client, mut server) = (Client::new(LIMITS, seed), server());
        for message in &sent {
            client.send(message.is_text(), &message.clone().into_data());
        }
        deliver(&mut client, &mut server);
        for message in &sent {
            prop_assert_eq!(&server.read().expect("a right frame"), message);
            server.send(message.clone()).expect("there is room");
        }
        server.close(Some(CloseFrame { code: CloseCode::Away, reason: "bye".into() })).expect("there is room");
        let bytes = std::mem::take(&mut server.get_mut().to_client);
        let (received, closed) = read(&mut client, &bytes, cut).expect("the server keeps to the rules");
        prop_assert_eq!((received, closed), (sent, Some(Some(1001))));
        deliver(&mut client, &mut server);
        prop_assert!(server.read().expect("the answer to the close").is_close());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 1usize..400) {
        let mut client = Client::new(Limits { message: 1000, kept: 10 }, 1);
        let _ = read(&mut client, &bytes, cut);
        prop_assert!(client.message().len() <= 10);
    }
}

#[test]
fn a_message_in_pieces_with_a_ping_between_them() {
    let bytes = b"\x01\x03Hel\x89\x02hi\x00\x00\x80\x02lo\x82\x00";
    for cut in 1..=bytes.len() {
        let mut client = Client::new(LIMITS, 7);
        let (messages, closed) = read(&mut client, bytes, cut).expect("right");
        assert_eq!(messages, [Message::text("Hello"), Message::binary(vec![])]);
        assert_eq!(closed, None);
        let mut server = server();
        deliver(&mut client, &mut server);
        assert_eq!(server.read().expect("the answer to the ping"), Message::Pong(b"hi".as_slice().into()));
    }
}

#[test]
fn what_breaks_the_rules_is_refused_and_told() {
    let over = [&[0x82, 0x7e][..], &1001u16.to_be_bytes()].concat();
    let pieces_over = [&[0x02, 0x7e][..], &1000u16.to_be_bytes(), &[0; 1000], &[0x80, 0x01]].concat();
    for (bytes, violation, code) in [
        (&b"\x80\x01a"[..], Violation::Fragment, 1002),
        (b"\x01\x01a\x81\x01b", Violation::Fragment, 1002),
        (b"\x81\x02\xff\xfe", Violation::Text, 1007),
        (&over, Violation::TooLong(1000), 1009),
        (&pieces_over, Violation::TooLong(1000), 1009),
        (b"\x88\x01\x03", Violation::CloseCode, 1002),
        (b"\x88\x02\x03\xed", Violation::CloseCode, 1002),
        (b"\x88\x02\x00\x00", Violation::CloseCode, 1002),
        (b"\xf1\x00", Violation::Reserved, 1002),
    ] {
        let mut client = Client::new(Limits { message: 1000, kept: 100 }, 7);
        assert_eq!(read(&mut client, bytes, bytes.len()), Err(violation), "{bytes:02x?}");
        let mut server = server();
        deliver(&mut client, &mut server);
        match server.read().expect("a close") {
            Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), code, "{bytes:02x?}"),
            other => panic!("{other:?}"),
        }
    }
}

/// Section 8.1, also of what is not kept.
#[test]
fn a_text_is_utf8_to_its_end_however_it_is_cut() {
    let text = "città €😀".repeat(20);
    let (bytes, n) = (text.as_bytes(), text.len());
    let framed = |bytes: &[u8], at: usize| {
        let frame = |first: u8, piece: &[u8]| [&[first, 126][..], &(piece.len() as u16).to_be_bytes(), piece].concat();
        // Two pieces of at least 126 bytes each.
        [frame(0x01, &bytes[..at]), frame(0x80, &bytes[at..])].concat()
    };
    for at in 140..154 {
        for cut in [1, 2, 3, 5, 1000] {
            let client = || Client::new(Limits { message: 1000, kept: 10 }, 7);
            assert!(read(&mut client(), &framed(bytes, at), cut).is_ok(), "pieces at {at}, reads of {cut}");
            // Its last character is not whole; a byte in it is none.
            let half = framed(&bytes[..n - 1], at);
            assert_eq!(read(&mut client(), &half, cut), Err(Violation::Text), "pieces at {at}, reads of {cut}");
            for wrong in [11, at - 1, at, n - 1] {
                let mut wrong_bytes = bytes.to_vec();
                wrong_bytes[wrong] = 0xff;
                let told = read(&mut client(), &framed(&wrong_bytes, at), cut);
                assert_eq!(told, Err(Violation::Text), "byte {wrong}, pieces at {at}, reads of {cut}");
            }
        }
    }
}

#[test]
fn what_is_kept_of_a_message_is_bounded_and_what_follows_is_whole_again() {
    let mut client = Client::new(Limits { message: 1 << 20, kept: 4 }, 7);
    let bytes = b"\x82\x0612345678"[..8].to_vec();
    assert_eq!(client.feed(&bytes), Ok((8, Some(Event::Message { text: false }))));
    assert_eq!(client.message(), b"1234");
    assert_eq!(client.feed(b"\x82\x01x"), Ok((3, Some(Event::Message { text: false }))));
    assert_eq!(client.message(), b"x");
}

#[test]
fn a_storm_of_pings_ends_the_connection_before_the_memory() {
    let mut client = Client::new(LIMITS, 7);
    let ping = [&[0x89, 125][..], &[b'x'; 125]].concat();
    let storm = ping.repeat(10_000);
    assert!(matches!(read(&mut client, &storm, 4096), Err(Violation::Pings(_))));
    assert!(client.output().len() < 2 << 20);
}

#[test]
fn our_close_is_answered_and_nothing_follows_it() {
    let (mut client, mut server) = (Client::new(LIMITS, 7), server());
    client.close(1000);
    client.send(true, b"too late");
    deliver(&mut client, &mut server);
    assert!(server.read().expect("a close").is_close());
    // Its answer goes out with what is written next, or with the connection's end.
    let _ = server.flush();
    let bytes = std::mem::take(&mut server.get_mut().to_client);
    assert_eq!(read(&mut client, &bytes, 3), Ok((vec![], Some(Some(1000)))));
    assert!(client.output().is_empty(), "a close is said once");
    assert_eq!(client.feed(b"\x81\x01a"), Ok((3, None)), "what follows a close is nobody's");
}
