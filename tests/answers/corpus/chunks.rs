//! The chunked coding, right and wrong in each of its parts.

use super::{Row, row};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunked(name: &'static str, body: impl AsRef<[u8]>) -> Row {
    row(name, [HEAD.as_bytes(), body.as_ref()].concat())
}

fn coded(name: &'static str, coding: &str, body: &str) -> Row {
    row(name, format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n{body}"))
}

pub fn rows() -> Vec<Row> {
    const HELLO: &str = "5\r\nhello\r\n0\r\n\r\n";
    let long = |n: usize| "x".repeat(n);
    vec![
        chunked("chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n").expecting("text: hello, size: 5"),
        chunked("chunks-of-one-byte", "1\r\nh\r\n1\r\ni\r\n0\r\n\r\n").expecting("text: hi"),
        chunked("chunks-of-nothing", "0\r\n\r\n").expecting("size: 0..0"),
        chunked("chunk-sizes-with-zeros", "0000005\r\nhello\r\n0000\r\n\r\n"),
        chunked("chunk-sizes-in-either-case", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n").expecting("size: 20"),
        chunked("chunk-extensions", "5;a=b;c=\"d;e\"\r\nhello\r\n0;f\r\n\r\n"),
        chunked("white-space-after-a-chunk-size", "5 \t\r\nhello\r\n0 ;a\r\n\r\n"),
        chunked("trailers", "5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Empty:\r\n\r\n"),
        chunked("a-length-among-the-trailers", "5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n"),
        coded("codings-in-any-case", "ChUnKeD", HELLO),
        coded("codings-with-an-empty-one", "chunked,", HELLO),
        coded("codings-on-two-lines", "gzip\r\nTransfer-Encoding: chunked", HELLO),
        coded("chunked-twice", "chunked, chunked", HELLO).bad_bytes(),
        coded("chunked-twice-on-two-lines", "chunked\r\nTransfer-Encoding: chunked", HELLO).bad_bytes(),
        coded("chunked-not-last-then-close", "chunked, gzip", HELLO).not_reused().closed(),
        coded("chunked-not-last-and-no-close", "chunked, gzip", HELLO).timeout(),
        coded("no-coding-then-close", "", "hello").not_reused().closed(),
        coded("a-coding-that-is-nearly-chunked", "xchunked", "hello").not_reused().closed(),
        chunked("a-chunk-size-of-nothing", "\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-of-letters", "hello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-with-0x", "0x5\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-with-a-minus", "-5\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-with-a-plus", "+5\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-after-a-space", " 5\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-of-two-numbers", "5 5\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-with-nul", "5\0\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-of-64-bits", "ffffffffffffffff\r\nhello").bad_bytes(),
        chunked("a-chunk-size-over-64-bits", "10000000000000005\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-size-over-the-limit", "10001\r\nhello").bad_bytes(),
        chunked("chunks-over-the-limit", format!("8000\r\n{0}\r\n8000\r\n{0}\r\n1\r\nx\r\n0\r\n\r\n", long(0x8000)))
            .bad_bytes(),
        chunked("a-chunk-size-of-zeros-without-end", "0".repeat(20_000)).bad_bytes(),
        chunked("an-extension-without-end", format!("5;{}", long(20_000))).bad_bytes(),
        chunked("nul-in-an-extension", "5;a\0b\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("lf-in-an-extension", "5;a\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("lf-alone-after-a-chunk-size", "5\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("cr-alone-after-a-chunk-size", "5\rhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-that-is-too-long", "4\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-that-is-too-short", "6\r\nhello\r\n0\r\n\r\n").bad_bytes(),
        chunked("a-chunk-without-its-line-end", "5\r\nhello0\r\n\r\n").bad_bytes(),
        chunked("lf-alone-after-a-chunk", "5\r\nhello\n0\r\n\r\n").bad_bytes(),
        chunked("lf-alone-at-the-very-end", "5\r\nhello\r\n0\r\n\n").bad_bytes(),
        chunked("no-blank-line-at-the-very-end", "5\r\nhello\r\n0\r\n").timeout(),
        chunked("no-last-chunk-then-close", "5\r\nhello\r\n").reset().closed(),
        chunked("half-a-chunk-then-close", "5\r\nhel").reset().closed(),
        chunked("half-a-chunk-size-then-close", "5").reset().closed(),
        chunked("half-a-trailer-then-close", "5\r\nhello\r\n0\r\nX-Su").reset().closed(),
        chunked("no-chunk-then-close", "").reset().closed(),
        chunked("trailers-without-end", format!("0\r\n{}", "X: y\r\n".repeat(5000))).bad_bytes(),
        chunked("a-trailer-without-a-colon", "5\r\nhello\r\n0\r\nX\r\n\r\n").bad_bytes(),
        chunked("a-folded-trailer", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n").bad_bytes(),
        chunked("an-answer-among-the-trailers", "5\r\nhello\r\n0\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .bad_bytes(),
        chunked("bytes-after-the-last-chunk", "5\r\nhello\r\n0\r\n\r\nmore").not_reused().together(),
        chunked("a-second-last-chunk", "5\r\nhello\r\n0\r\n\r\n0\r\n\r\n").not_reused().together(),
    ]
}
