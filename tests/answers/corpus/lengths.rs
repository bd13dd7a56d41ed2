//! Content-Length: right, odd, lying, and beside Transfer-Encoding.

use super::{Row, row};

pub fn rows() -> Vec<Row> {
    let with = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nhello");
    let chunks = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    vec![
        row("a-length", with("Content-Length: 5")).expecting("text: hello, size: 5"),
        row("length-0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expecting("size: 0..0"),
        row("length-with-leading-zeros", with("Content-Length: 0000000000000000000000005")),
        row("length-twice-the-same", with("Content-Length: 5\r\nContent-Length: 5")),
        row("length-as-a-list-of-the-same", with("Content-Length: 5, 5")),
        row("lengths-that-differ", with("Content-Length: 5\r\nContent-Length: 6")).bad_bytes(),
        row("lengths-that-differ-in-a-list", with("Content-Length: 5, 4")).bad_bytes(),
        row("lengths-that-differ-in-the-third", with("Content-Length: 5\r\nContent-Length: 5, 5\r\nContent-Length: 4"))
            .bad_bytes(),
        row("a-wrong-length-before-a-right-one", with("Content-Length: five\r\nContent-Length: 5")).bad_bytes(),
        row("length-with-a-plus", with("Content-Length: +5")).bad_bytes(),
        row("length-with-a-minus", with("Content-Length: -5")).bad_bytes(),
        row("length-minus-0", with("Content-Length: -0")).bad_bytes(),
        row("length-empty", with("Content-Length:")).bad_bytes(),
        row("length-of-a-comma", with("Content-Length: 5,")).bad_bytes(),
        row("length-in-hexadecimal", with("Content-Length: 0x5")).bad_bytes(),
        row("length-with-a-fraction", with("Content-Length: 5.0")).bad_bytes(),
        row("length-with-a-space", with("Content-Length: 5 5")).bad_bytes(),
        row("length-folded-in-two", with("Content-Length: 5\r\n 5")).bad_bytes(),
        row("length-over-64-bits", with("Content-Length: 18446744073709551621")).bad_bytes(),
        row("length-of-64-bits", with("Content-Length: 18446744073709551615")).bad_bytes(),
        row("length-over-the-limit", with("Content-Length: 65537")).bad_bytes(),
        row("length-too-long-then-close", with("Content-Length: 6")).reset().closed(),
        row("length-too-long-then-silence", with("Content-Length: 6")).timeout(),
        row("length-too-short", with("Content-Length: 4")).not_reused().together(),
        row("length-and-chunks", chunks("Content-Length: 5\r\nTransfer-Encoding: chunked")).bad_bytes(),
        row("chunks-and-length-0", chunks("Transfer-Encoding: chunked\r\nContent-Length: 0")).bad_bytes(),
        row("length-and-identity", with("Content-Length: 5\r\nTransfer-Encoding: identity")).bad_bytes(),
        row("no-length-then-close", "HTTP/1.1 200 OK\r\n\r\nhello").expecting("text: hello").not_reused().closed(),
        row("no-length-and-no-body-then-close", "HTTP/1.1 200 OK\r\n\r\n").not_reused().closed(),
        row("no-length-and-no-close", "HTTP/1.1 200 OK\r\n\r\nhello").timeout(),
        row("no-length-and-keep-alive", "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\nhello").not_reused().closed(),
        row("no-length-and-over-the-limit", [b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 70_000][..]].concat()).bad_bytes(),
        row("head-with-a-length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").asking_head(),
        row("head-with-chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").asking_head(),
        row("head-without-a-length", "HTTP/1.1 200 OK\r\n\r\n").asking_head(),
        row("head-with-a-length-over-every-limit", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
            .asking_head(),
        row("head-with-lengths-that-differ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")
            .asking_head()
            .not_reused(),
        row("head-with-a-body", with("Content-Length: 5")).asking_head().not_reused().together(),
        row("status-204", "HTTP/1.1 204 No Content\r\n\r\n").right(204),
        row("status-204-with-length-0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").right(204),
        row("status-204-with-a-length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").right(204).not_reused(),
        row("status-204-with-a-body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
            .right(204)
            .not_reused(),
        row("status-204-with-chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .right(204)
            .not_reused(),
        row("status-205-with-length-0", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n").right(205),
        row("status-205-with-a-body", "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello").right(205),
        row("status-304-with-a-length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").wrong_status(304),
        row("status-304-with-a-body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello")
            .wrong_status(304)
            .not_reused()
            .together(),
    ]
}
