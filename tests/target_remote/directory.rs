//! The embedded directory, asked with LDAP messages that are put together by hand.

use super::client::{quick, serve};
use scrutinio::target::remote::RemoteOptions;
use scrutinio::unit::Span;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

const BASE: &str = "dc=townhall,dc=example";

/// A value with its tag and length (X.690).
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], value].concat()
}

struct Client(TcpStream);

impl Client {
    fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(stream)
    }

    fn send(&mut self, operation: &[u8]) {
        self.0.write_all(&tlv(0x30, &[&tlv(2, &[1]), operation].concat())).unwrap();
    }

    /// The next message's operation: its tag and its content.
    fn read(&mut self) -> (u8, Vec<u8>) {
        let (_, message) = self.value();
        let mut rest = &message[..];
        assert_eq!(rest[..3], [2, 1, 1], "the message's number");
        rest = &rest[3..];
        let content = if rest[1] < 0x80 { 2 } else { 2 + usize::from(rest[1] & 0x7f) };
        (rest[0], rest[content..].to_vec())
    }

    fn value(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let mut length = usize::from(head[1]);
        if length >= 0x80 {
            let mut bytes = vec![0; length & 0x7f];
            self.0.read_exact(&mut bytes).unwrap();
            length = bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        }
        let mut value = vec![0; length];
        self.0.read_exact(&mut value).unwrap();
        (head[0], value)
    }

    /// The result code of a simple bind.
    fn bind(&mut self, version: u8, uid: &str, password: &str) -> u8 {
        let name = if uid.is_empty() { String::new() } else { format!("uid={uid},ou=people,{BASE}") };
        let parts = [tlv(2, &[version]), tlv(4, name.as_bytes()), tlv(0x80, password.as_bytes())];
        self.send(&tlv(0x60, &parts.concat()));
        let (tag, answer) = self.read();
        assert_eq!((tag, &answer[..2]), (0x61, &[0x0a, 1][..]));
        answer[2]
    }

    /// The entries that a search of the whole tree for `filter` finds, as their bytes, and its result code.
    fn search(&mut self, filter: &[u8]) -> (Vec<String>, u8) {
        let whole =
            [tlv(4, BASE.as_bytes()), tlv(0x0a, &[2]), tlv(0x0a, &[0]), tlv(2, &[0]), tlv(2, &[0]), tlv(1, &[0])];
        self.send(&tlv(0x63, &[&whole.concat(), filter, &tlv(0x30, &[])].concat()));
        let mut found = Vec::new();
        loop {
            match self.read() {
                (0x64, entry) => found.push(String::from_utf8_lossy(&entry).into_owned()),
                (0x65, done) => return (found, done[2]),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn equal(name: &str, value: &str) -> Vec<u8> {
    tlv(0xa3, &[tlv(4, name.as_bytes()), tlv(4, value.as_bytes())].concat())
}

#[test]
fn binds_are_judged() {
    let server = serve(quick(), None);
    let mut client = Client::new(server.directory.unwrap());
    for (version, uid, password, code) in [
        (3, "e042", "pass-e042", 0),
        (3, "E042", "pass-e042", 0),
        (3, "e042", "pass-e043", 49),
        (3, "e999", "pass-e999", 49),
        (3, "locked", "pass-locked", 53),
        (3, "locked", "guess", 49),
        (3, "e042", "", 53),
        (3, "", "", 0),
        (2, "e042", "pass-e042", 2),
    ] {
        assert_eq!(client.bind(version, uid, password), code, "{version} {uid} {password}");
    }
    client.send(&tlv(0x42, &[]));
    assert_eq!(client.0.read(&mut [0]).unwrap(), 0, "unbind ends the connection");
}

#[test]
fn searches_find_whoever_may_look() {
    let server = serve(quick(), None);
    let mut client = Client::new(server.directory.unwrap());
    let engineer = equal("memberOf", &format!("cn=cad-desktops,ou=groups,{BASE}"));
    assert_eq!(client.search(&engineer), (vec![], 50), "nobody is bound");
    assert_eq!(client.bind(3, "e042", "pass-e042"), 0);
    let (engineers, code) = client.search(&engineer);
    assert_eq!((engineers.len(), code), (50, 0));
    let (mine, _) = client.search(&equal("UID", "e042"));
    assert!(mine.len() == 1 && mine[0].contains("uid=e042") && mine[0].contains("engineering"), "{mine:?}");
    let not = tlv(0xa2, &engineer);
    let begins = tlv(0xa4, &[tlv(4, b"uid"), tlv(0x30, &tlv(0x80, b"e05"))].concat());
    let (found, _) = client.search(&tlv(0xa0, &[not, begins].concat()));
    assert_eq!(found.len(), 9, "e051 to e059");
    assert_eq!(client.search(&tlv(0x87, b"objectClass")).0.len(), 3 + 3 + 624);
}

#[test]
fn nonsense_ends_the_connection_and_nothing_else() {
    let server = serve(quick(), None);
    let address = server.directory.unwrap();
    for nonsense in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[0x30, 0x80], &[0x30, 2, 1, 1]]
    {
        let mut client = Client::new(address);
        client.0.write_all(nonsense).unwrap();
        client.0.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(matches!(client.0.read(&mut [0]), Ok(0) | Err(_)), "{nonsense:?}");
    }
    assert_eq!(Client::new(address).bind(3, "e001", "pass-e001"), 0);
}

#[test]
fn binds_wait_for_their_places_and_cost_what_they_should() {
    let directory_concurrency = NonZeroUsize::MIN;
    let latency = Span::from_millis(20);
    let options = RemoteOptions { directory_concurrency, directory_latency: latency, logon_cost: latency, ..quick() };
    let server = serve(options, None);
    let address = server.directory.unwrap();
    let begun = Instant::now();
    let binds = [1, 2, 3].map(|_| std::thread::spawn(move || Client::new(address).bind(3, "e001", "pass-e001")));
    assert_eq!(binds.map(|bind| bind.join().unwrap()), [0; 3]);
    assert!(begun.elapsed() >= Duration::from_millis(120), "one after the other: {:?}", begun.elapsed());
}
