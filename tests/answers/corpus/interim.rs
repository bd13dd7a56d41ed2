//! Interim answers (1xx) that nobody asked for, and 101.

use super::{Act, Row, row};

pub fn rows() -> Vec<Row> {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    let after = |interim: &str| format!("{interim}{OK}");
    vec![
        row("status-100-unasked", after("HTTP/1.1 100 Continue\r\n\r\n")).expecting("text: hello, size: 5"),
        row(
            "status-102-and-103",
            after("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        ),
        row("status-199", after("HTTP/1.1 199 Odd\r\n\r\n")),
        row("sixteen-interims", after(&"HTTP/1.1 102 Processing\r\n\r\n".repeat(16))),
        row("seventeen-interims", after(&"HTTP/1.1 102 Processing\r\n\r\n".repeat(17))).bad_bytes(),
        row("interims-without-end", "").bad_bytes().then(Act::Forever(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(50))),
        row("an-interim-that-says-close", after("HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n")),
        row("an-interim-with-length-0", after("HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n")),
        row("an-interim-with-a-body", after("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello")).bad_bytes(),
        row("an-interim-with-chunks", after("HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
            .bad_bytes(),
        row("an-interim-and-no-answer", "HTTP/1.1 100 Continue\r\n\r\n").timeout(),
        row("an-interim-then-close", "HTTP/1.1 100 Continue\r\n\r\n").reset().closed(),
        row("an-interim-after-the-answer", format!("{OK}HTTP/1.1 100 Continue\r\n\r\n")).not_reused().together(),
        row("an-interim-to-head", "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            .asking_head(),
        row("status-101-unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
            .bad_bytes(),
        row("status-101-then-an-answer", after("HTTP/1.1 101 Switching Protocols\r\n\r\n")).bad_bytes(),
        row("status-101-after-100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n")
            .bad_bytes(),
    ]
}
