//! Bodies that a step reads: compressed ones, right, broken and bombs, within `max_inspected`; zero bytes; other bytes.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::{Row, row};

fn coded(name: &'static str, coding: &str, body: &[u8]) -> Row {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    row(name, [head.as_bytes(), body].concat()).expecting("text: hello")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut coder = GzEncoder::new(Vec::new(), Compression::best());
    coder.write_all(text).and_then(|()| coder.finish()).expect("memory takes everything")
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut coder = ZlibEncoder::new(Vec::new(), Compression::best());
    coder.write_all(text).and_then(|()| coder.finish()).expect("memory takes everything")
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut coder = DeflateEncoder::new(Vec::new(), Compression::best());
    coder.write_all(text).and_then(|()| coder.finish()).expect("memory takes everything")
}

pub fn rows() -> Vec<Row> {
    let right = gzip(b"hello, hello");
    let mut broken = right.clone();
    broken[12] ^= 0xff;
    let mut wrong_sum = right.clone();
    let sum = wrong_sum.len() - 6;
    wrong_sum[sum] ^= 1;
    // 8 MiB of zeros in 8 KiB: what a step reads is bounded by `max_inspected`, whatever it unpacks to.
    let bomb = gzip(&vec![0; 8 << 20]);
    let plain = |name, body: &[u8]| {
        row(name, [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat())
    };
    vec![
        coded("gzip", "gzip", &right),
        coded("gzip-in-capitals", "X-GZIP", &right),
        coded("gzip-of-two-members", "gzip", &[gzip(b"hel"), gzip(b"lo")].concat()),
        coded("gzip-that-is-broken", "gzip", &broken).unexpected(),
        coded("gzip-with-a-wrong-sum", "gzip", &wrong_sum).unexpected(),
        coded("gzip-that-is-cut", "gzip", &right[..right.len() - 9]).unexpected(),
        coded("gzip-that-is-cut-that-nobody-reads", "gzip", &right[..right.len() - 9]).expecting(""),
        coded("gzip-with-more-behind", "gzip", &[&right[..], b"more"].concat()).unexpected(),
        coded("gzip-that-is-none", "gzip", b"hello").unexpected(),
        coded("gzip-bomb", "gzip", &bomb).unexpected(),
        coded("gzip-bomb-that-nobody-reads", "gzip", &bomb).expecting(""),
        coded("gzip-of-nothing-at-all", "gzip", b"").unexpected(),
        coded("deflate", "deflate", &zlib(b"hello")),
        coded("deflate-without-zlib", "deflate", &deflate(b"hello")).unexpected(),
        coded("identity", "identity", b"hello"),
        coded("br", "br", b"hello").unexpected(),
        coded("gzip-behind-identity-on-a-line-of-its-own", "identity\r\nContent-Encoding: gzip", &right),
        coded("gzip-twice-on-two-lines", "gzip\r\nContent-Encoding: gzip", &gzip(&right)).unexpected(),
        coded("gzip-twice", "gzip, gzip", &gzip(&right)).unexpected(),
        row(
            "gzip-in-chunks",
            [
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
                    right.len()
                )
                .as_bytes(),
                &right,
                b"\r\n0\r\n\r\n",
            ]
            .concat(),
        )
        .expecting("text: hello"),
        plain("a-body-of-zero-bytes", &[0; 1000]).expecting("size: 1000"),
        plain("a-body-that-is-not-text", b"\xff\xfe hello \x80").expecting("text: hello"),
        plain("a-body-that-is-not-json", b"{\"a\": ").expecting("json: $.a").unexpected(),
        plain("a-body-of-deep-json", "[".repeat(10_000).as_bytes()).expecting("json: $.a").unexpected(),
        plain("a-body-over-what-is-read", &[b'x'; 20_000]).expecting("text: hello").unexpected(),
        plain("a-body-over-what-is-read-that-nobody-reads", &[b'x'; 20_000]),
        plain("a-body-at-the-limit", &[b'x'; 65_536]).expecting("size: 65536"),
        plain("a-body-that-looks-like-an-answer", b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
    ]
}
