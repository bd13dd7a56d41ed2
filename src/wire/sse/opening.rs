//! Whether an answer with status 200 opens an event stream.

use std::fmt;

use crate::wire::h1::field;

/// Why an answer with status 200 does not open an event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its content type is another one, or it has none.
    ContentType(String),
    /// Its body is compressed, which nobody asked for.
    Encoding(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ContentType(other) => write!(f, "the content type is `{other}`, not `text/event-stream`"),
            Self::Encoding(name) => {
                write!(f, "the event stream's encoding `{name}` is not supported here: do not ask for it")
            }
        }
    }
}

/// Why this head does not open an event stream; `None`: it does.
pub fn refusal(head: &[u8]) -> Option<Refusal> {
    let content_type = field(head, "content-type").unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/event-stream") {
        return Some(Refusal::ContentType(content_type.into_owned()));
    }
    let encoding = field(head, "content-encoding").filter(|name| !name.eq_ignore_ascii_case("identity"));
    encoding.map(|name| Refusal::Encoding(name.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stream_says_that_it_is_one() {
        let judge = |fields: &str| refusal(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes());
        assert_eq!(judge("Content-Type: text/event-stream\r\n"), None);
        assert_eq!(judge("content-type: Text/Event-Stream ; charset=utf-8\r\nContent-Encoding: identity\r\n"), None);
        assert_eq!(judge("Content-Type: text/html\r\n"), Some(Refusal::ContentType("text/html".to_owned())));
        assert_eq!(judge(""), Some(Refusal::ContentType(String::new())));
        let gzip = "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n";
        assert_eq!(judge(gzip), Some(Refusal::Encoding("gzip".to_owned())));
    }
}
