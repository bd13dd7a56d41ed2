//! Closes, resets, silence and floods, at every point of an answer.

use super::{Act, Row, row};

pub fn rows() -> Vec<Row> {
    const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    let resets = |row: Row| row.then(Act::Pause(50)).then(Act::Reset);
    vec![
        row("close-at-once", "").reset().closed(),
        row("close-in-the-version", "HTTP/1").reset().closed(),
        row("close-in-the-status", "HTTP/1.1 20").reset().closed(),
        row("close-after-the-status-line", "HTTP/1.1 200 OK\r\n").reset().closed(),
        row("close-in-a-header", "HTTP/1.1 200 OK\r\nContent-Le").reset().closed(),
        row("close-before-the-blank-line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n").reset().closed(),
        row("close-in-the-blank-line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r").reset().closed(),
        row("close-before-the-body", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").reset().closed(),
        row("close-in-the-body", HALF).reset().closed(),
        resets(row("reset-at-once", "").reset()),
        resets(row("reset-in-the-head", "HTTP/1.1 200 OK\r\nContent").reset()),
        resets(row("reset-in-the-body", HALF).reset()),
        resets(row("reset-in-a-body-without-a-length", "HTTP/1.1 200 OK\r\n\r\nhello").reset()),
        resets(row("reset-in-a-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe").reset()),
        row("silence", "").timeout().then(Act::Silence),
        row("silence-in-the-head", "HTTP/1.1 200 OK\r\nX").timeout().then(Act::Silence),
        row("silence-in-the-body", HALF).timeout().then(Act::Silence),
        row("a-head-in-crumbs-without-end", "HTTP/1.1 200 OK\r\nX: ").timeout().then(crumbs(b"x")),
        row("a-body-in-crumbs-without-end", "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
            .timeout()
            .then(crumbs(b"x")),
        row("a-body-without-end", "HTTP/1.1 200 OK\r\n\r\n").bad_bytes().then(Act::Forever(vec![b'x'; 1 << 16])),
        row("chunks-without-end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .bad_bytes()
            .then(Act::Forever(b"1\r\nx\r\n".repeat(1000))),
        row("a-head-without-end", "HTTP/1.1 200 OK\r\n").bad_bytes().then(Act::Forever(b"X: y\r\n".repeat(1000))),
        row("noise-without-end", "").bad_bytes().then(Act::Forever(vec![0; 1 << 16])),
    ]
}

/// So few bytes at a time that no limit but the timeout is met.
fn crumbs(byte: &[u8]) -> Act {
    Act::Forever(byte.to_vec())
}
