//! What a header may be, whoever writes it: a scenario, or the command line.

use super::problem::shorten;

/// The longest name.
const LONGEST_NAME: usize = 256;
/// Headers that the engine sets, and how a scenario says what one of them would say.
const RESERVED: [(&str, &str); 9] = [
    ("host", "`host:` beside the target's url sets it"),
    ("content-length", "it follows from the body"),
    ("transfer-encoding", "bodies are sent with their length"),
    ("connection", "`connection:` of the flow decides it"),
    ("x-scrutinio", "`trace_header:` switches it"),
    ("sec-websocket-extensions", "extensions, such as compression, are not spoken here"),
    ("sec-websocket-protocol", "`subprotocols:` of a `ws` step offers them"),
    ("sec-websocket-key", "a `ws` step makes one for each connection"),
    ("sec-websocket-version", "a `ws` step speaks version 13"),
];

/// Why a header cannot be sent as written.
#[derive(Debug, thiserror::Error)]
pub enum HeaderFault {
    /// Its name is not a token of at most 256 bytes.
    #[error("`{}` cannot be the name of a header", shorten(.0))]
    Name(String),
    /// The engine sets it.
    #[error("`{name}` cannot be set as a header")]
    Reserved {
        /// Its name, as written.
        name: String,
        /// How a scenario says what it would say.
        instead: &'static str,
    },
    /// Another of its name was given before it.
    #[error("the header `{0}` is given twice")]
    Twice(String),
    /// A line break would end it, and other control characters are not allowed in it.
    #[error("{0} has a line break or control character, which a header cannot hold")]
    Control(String),
}

/// Checks a header of a request as a whole.
pub fn check_header(name: &str, value: &str) -> Result<(), HeaderFault> {
    check_own_name(name)?;
    if fits_header(value) { Ok(()) } else { Err(HeaderFault::Control(format!("the value of `{name}`"))) }
}

/// Checks the name of a header that is to be set: a name, and not one that the engine sets.
pub(super) fn check_own_name(name: &str) -> Result<(), HeaderFault> {
    check_name(name)?;
    match RESERVED.iter().find(|(reserved, _)| reserved.eq_ignore_ascii_case(name)) {
        Some((_, instead)) => Err(HeaderFault::Reserved { name: name.to_owned(), instead }),
        None => Ok(()),
    }
}

/// Checks the name of any header (RFC 9110 section 5.1: a token).
pub(super) fn check_name(name: &str) -> Result<(), HeaderFault> {
    if name.len() <= LONGEST_NAME && is_token(name) { Ok(()) } else { Err(HeaderFault::Name(name.to_owned())) }
}

/// Checks that no header is given twice, whatever the case of its letters; if one is, with its index.
pub fn check_repeated<T>(headers: &[(String, T)]) -> Result<(), (usize, HeaderFault)> {
    let twice = |i: &usize| headers[..*i].iter().any(|(before, _)| before.eq_ignore_ascii_case(&headers[*i].0));
    match (0..headers.len()).find(twice) {
        Some(i) => Err((i, HeaderFault::Twice(headers[i].0.clone()))),
        None => Ok(()),
    }
}

/// Checks the value of a Host header; wrong, what would be right.
pub fn check_host(text: &str) -> Result<(), &'static str> {
    let fits = text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b));
    if fits { Ok(()) } else { Err("a host name, perhaps with a port") }
}

/// Whether a text is a token (RFC 9110 section 5.6.2): what headers, cookies and subprotocols are called.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether a text can stand in the value of a header: a line break would end it.
pub(super) fn fits_header(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && c != '\t')
}
