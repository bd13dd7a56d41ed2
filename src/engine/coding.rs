//! How a body was coded (RFC 9110 section 8.4), and what it was before.

use std::io::{self, Read};

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::wire::h1::each_field;

/// How a body was coded, by all Content-Encoding lines of its head, in small letters and without `identity`; empty if it
/// was not.
pub fn coding(head: &[u8]) -> String {
    let mut codings = String::new();
    each_field(head, "content-encoding", |line| {
        let named = line.split(',').map(str::trim);
        for one in named.filter(|one| !one.is_empty() && !one.eq_ignore_ascii_case("identity")) {
            codings.push_str(if codings.is_empty() { "" } else { ", " });
            codings.push_str(one);
        }
    });
    codings.make_ascii_lowercase();
    codings
}

/// At most so many bytes of what a body was before it was coded, and the error behind them, as where its end is missing;
/// `None` of a coding that is not known here. `coding` is in small letters.
pub fn decoded(body: &[u8], coding: &str, max: u64) -> Option<(Vec<u8>, Option<io::Error>)> {
    let mut decoded = Vec::new();
    let read = match coding {
        "gzip" | "x-gzip" => MultiGzDecoder::new(body).take(max).read_to_end(&mut decoded),
        "deflate" => ZlibDecoder::new(body).take(max).read_to_end(&mut decoded),
        _ => return None,
    };
    Some((decoded, read.err()))
}
