//! Whether a connection is used again: what the head says of it, and bytes that nobody asked for.

use super::{Act, Row, row};

pub fn rows() -> Vec<Row> {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    const UNASKED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked";
    let said = |version: &str, fields: &str| format!("{version} 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello");
    let new = |fields: &str| said("HTTP/1.1", fields);
    let old = |fields: &str| said("HTTP/1.0", fields);
    vec![
        row("says-nothing", new("")),
        row("says-keep-alive", new("Connection: keep-alive\r\n")),
        row("says-something-else", new("Connection: upgrade, x\r\n")),
        row("says-close", new("Connection: close\r\n")).not_reused(),
        row("says-close-in-capitals", new("CONNECTION: CLOSE\r\n")).not_reused(),
        row("says-close-in-a-list", new("Connection: x ,close\t, y\r\n")).not_reused(),
        row("says-close-on-a-second-line", new("Connection: keep-alive\r\nConnection: close\r\n")).not_reused(),
        row("says-close-and-keep-alive", new("Connection: close, keep-alive\r\n")).not_reused(),
        row("says-close-in-a-fold", new("Connection: keep-alive,\r\n close\r\n")).not_reused(),
        row("says-closed", new("Connection: closed\r\n")),
        row("says-close-to-proxies", new("Proxy-Connection: close\r\n")),
        row("http-1-0", old("")).not_reused(),
        row("http-1-0-keep-alive", old("Connection: Keep-Alive\r\n")),
        row("http-1-0-keep-alive-and-close", old("Connection: keep-alive, close\r\n")).not_reused(),
        row("http-1-0-to-the-end", "HTTP/1.0 200 OK\r\n\r\nhello").expecting("text: hello").not_reused().closed(),
        row("http-1-0-chunks", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            .bad_bytes(),
        row("closed-after-the-answer", OK).not_reused().closed(),
        row("closed-after-the-answer-during-a-think", OK).not_reused().closed().thinking(),
        row("reset-after-the-answer", OK).not_reused().then(Act::Pause(50)).then(Act::Reset).thinking(),
        row("two-answers-at-once", [OK, UNASKED].concat()).not_reused().together(),
        row("two-answers-without-bodies", "HTTP/1.1 204 No Content\r\n\r\n".repeat(2))
            .right(204)
            .not_reused()
            .together(),
        row("a-hundred-answers-at-once", [OK, &UNASKED.repeat(100)].concat()).not_reused().together(),
        row("a-second-answer-in-chunks", [OK, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"].concat())
            .not_reused()
            .together(),
        row("an-unasked-answer-during-a-think", OK)
            .not_reused()
            .then(Act::Pause(50))
            .then(Act::Send(UNASKED.into()))
            .thinking(),
        row("a-408-during-a-think", OK)
            .not_reused()
            .then(Act::Pause(50))
            .then(Act::Send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec()))
            .closed()
            .thinking(),
        row("a-late-body-after-204", "HTTP/1.1 204 No Content\r\nContent-Length: 45\r\n\r\n")
            .right(204)
            .not_reused()
            .then(Act::Pause(50))
            .then(Act::Send(UNASKED.into())),
        row("one-line-end-too-many", [OK, "\r\n"].concat()).not_reused().together(),
        row("a-single-byte-too-many", [OK, "\0"].concat()).not_reused().together(),
        row("the-head-in-one-read-and-a-full-buffer-in-the-next", "HTTP/1.1 200 OK\r\n")
            .then(Act::Pause(50))
            .then(Act::Send([b"Content-Length: 65536\r\n\r\n", &[b'x'; 65_536][..]].concat()))
            .expecting("size: 65536"),
    ]
}
