//! HTTP/1.1 answers: the head by `httparse`, the body counted and skipped, or kept when a step needs it.
//!
//! [`Answer`] is fed with whatever bytes arrived and says when the answer is whole and whether the
//! connection may serve another (RFC 9112). It is bounded in everything: head, chunk lines, body.

mod answer;
mod body;
mod chunked;
mod head;
mod kept;
mod memo;
mod want;

pub use answer::{Answer, Fed};
pub use body::Body;
pub use chunked::Chunked;
pub use head::{Framing, HEADERS_MAX, Head, HeadError, Malformed, each_field, field};
pub use kept::Kept;
pub use memo::HeadMemo;
pub use want::{Finished, Want};

#[cfg(test)]
mod tests {
    use super::*;

    const fn want(cookies: bool) -> Want {
        Want { to_head: false, opens: None, head: false, cookies, body: None, head_max: 1 << 16, body_max: 1 << 20 }
    }

    #[test]
    fn a_101_that_was_asked_for_is_an_answer_and_what_follows_is_left() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05Hello";
        let (mut answer, mut heads) =
            (Answer::new(Want { opens: Some(101), head: true, ..want(false) }), HeadMemo::default());
        assert_eq!(answer.feed(bytes, &mut heads), Ok(Fed::Whole(bytes.len() - 7)));
        assert_eq!(answer.finished().status, 101);
        assert!(answer.opened().is_some());
        assert_eq!(Answer::new(want(false)).feed(bytes, &mut heads), Err(Malformed::Status(101)));
    }

    #[test]
    fn a_head_that_sets_cookies_is_kept_where_they_are_wanted_and_only_then() {
        let plain = b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n";
        let sets = b"HTTP/1.1 204 No Content\r\nset-COOKIE: a=b\r\n\r\n";
        for (bytes, cookies, kept) in [(&plain[..], true, false), (sets, true, true), (sets, false, false)] {
            let (mut answer, mut heads) = (Answer::new(want(cookies)), HeadMemo::default());
            assert_eq!(answer.feed(bytes, &mut heads), Ok(Fed::Whole(bytes.len())));
            assert_eq!((answer.head() == bytes, answer.finished().cookies), (kept, kept));
            assert!(kept || answer.head().is_empty());
        }
    }
}
