//! The status line and the header lines.

use super::{Row, row};

pub fn rows() -> Vec<Row> {
    let long = |n: usize| "x".repeat(n);
    let many = |n: usize| "X: y\r\n".repeat(n);
    vec![
        row("no-reason", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"),
        row("no-reason-and-no-space", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
        row("a-reason-that-is-not-ascii", b"HTTP/1.1 200 D\xe9j\xe0 vu\r\nContent-Length: 2\r\n\r\nok"),
        row("lines-end-with-lf-alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
        row("a-blank-line-first", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        row("blank-lines-without-end", "\r\n".repeat(500)).bad_bytes(),
        row("a-folded-header", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\nok")
            .expecting("header: { X: 'a b c' }"),
        row("a-folded-length", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok"),
        row("a-fold-before-any-header", "HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("names-in-any-case", "HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh: 2\r\n\r\nok"),
        row("white-space-around-a-value", "HTTP/1.1 200 OK\r\nContent-Length: \t 2 \t\r\n\r\nok"),
        row("an-empty-value", "HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 2\r\n\r\nok"),
        row("a-value-that-is-not-ascii", b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\nContent-Length: 2\r\n\r\nok"),
        row("a-hundred-headers", format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nok", many(100))),
        row("too-many-headers", format!("HTTP/1.1 200 OK\r\n{}Content-Length: 2\r\n\r\nok", many(200))).bad_bytes(),
        row("headers-without-end", format!("HTTP/1.1 200 OK\r\n{}", many(2000))).bad_bytes(),
        row("a-long-head-within-the-limit", format!("HTTP/1.1 204 No\r\nX: {}\r\n\r\n", long(8000))).right(204),
        row("a-head-over-the-limit", format!("HTTP/1.1 204 No\r\nX: {}\r\n\r\n", long(8200))).bad_bytes(),
        row("a-header-without-end", format!("HTTP/1.1 200 OK\r\nX: {}", long(20_000))).bad_bytes(),
        row("a-reason-without-end", format!("HTTP/1.1 200 {}", long(20_000))).bad_bytes(),
        row("nul-in-a-value", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("nul-in-a-name", "HTTP/1.1 200 OK\r\nX\0: a\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("nul-in-the-reason", "HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("cr-alone-in-a-value", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("cr-alone-for-the-blank-line", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\rok").bad_bytes(),
        row("a-space-before-the-colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok").bad_bytes(),
        row("a-line-without-a-colon", "HTTP/1.1 200 OK\r\nContent-Length\r\n\r\nok").bad_bytes(),
        row("a-header-without-a-name", "HTTP/1.1 200 OK\r\n: 2\r\n\r\n").bad_bytes(),
        row("http-1-2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("http-2", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("http-2-without-a-minor", "HTTP/2 200\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("http-in-small-letters", "http/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("http-1-11", "HTTP/1.11 200 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("the-frames-of-http-2", b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64").bad_bytes(),
        row("a-tls-alert", b"\x15\x03\x03\0\x02\x02\x46").bad_bytes().then(super::Act::Close),
        row("icy", "ICY 200 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("a-mail-server", "220 mail.example ESMTP\r\n").bad_bytes(),
        row("a-page-without-a-head", "<html><body>HTTP/0.9</body></html>").bad_bytes().closed(),
        row("a-request-for-an-answer", "GET / HTTP/1.1\r\nHost: a\r\n\r\n").bad_bytes(),
        row("status-of-two-digits", "HTTP/1.1 20 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("status-of-four-digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("status-0", "HTTP/1.1 000 None\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("status-99", "HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("status-with-a-sign", "HTTP/1.1 +20 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("two-spaces-before-the-status", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok").bad_bytes(),
        row("status-600", "HTTP/1.1 600 New\r\nContent-Length: 2\r\n\r\nno").wrong_status(600),
        row("status-999", "HTTP/1.1 999 Denied\r\nContent-Length: 2\r\n\r\nno").wrong_status(999),
        row("status-299", "HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok").right(299),
    ]
}
