//! Ready-made answers to GET and HEAD: a page with its gzip variant, entity tags and 304 (RFC 9110, sections 12 and 13).
//!
//! All text is compressed, hashed and turned into headers when a page is rendered; an answer only clones references.

use super::town::hex;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};
use std::io::Write;

/// What the service answers with.
pub type Reply = Response<Full<Bytes>>;

/// Media type of the pages.
pub const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// Media type of the data.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Media type of the table of sections.
pub const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8");
/// Media type of refusals.
pub const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Pages may be kept but must be asked for again: a report must be visible within 100 ms.
const CACHE: HeaderValue = HeaderValue::from_static("public, no-cache");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// One representation of a page, with the headers of its 200 and its 304.
#[derive(Debug)]
struct Variant {
    body: Bytes,
    tag: HeaderValue,
    whole: HeaderMap,
    unchanged: HeaderMap,
}

/// A rendered page: as it is and compressed.
#[derive(Debug)]
pub struct Page {
    plain: Variant,
    gzip: Variant,
}

impl Page {
    /// Compresses `body` and tags both variants by its content.
    #[must_use]
    pub fn new(media_type: HeaderValue, body: String) -> Self {
        let hash = hex(&Sha256::digest(&body)[..12]);
        let gzip = Variant::new(&media_type, compress(body.as_bytes()), &format!("\"{hash}-gzip\""), true);
        let plain = Variant::new(&media_type, body.into(), &format!("\"{hash}\""), false);
        Self { plain, gzip }
    }

    /// The page as it is.
    #[cfg(test)]
    pub fn body(&self) -> &Bytes {
        &self.plain.body
    }

    /// The answer to a GET or HEAD with `headers`; 405 to another method.
    #[must_use]
    pub fn answer(&self, method: &Method, headers: &HeaderMap) -> Reply {
        if *method != Method::GET && *method != Method::HEAD {
            return not_allowed();
        }
        let variant = if accepts_gzip(headers) { &self.gzip } else { &self.plain };
        if holds(headers, &variant.tag) {
            let mut reply = Response::new(Full::default());
            *reply.status_mut() = StatusCode::NOT_MODIFIED;
            reply.headers_mut().clone_from(&variant.unchanged);
            return reply;
        }
        let mut reply = Response::new(Full::new(variant.body.clone()));
        reply.headers_mut().clone_from(&variant.whole);
        reply
    }

    /// The page as the answer to a request for something that does not exist.
    #[must_use]
    pub fn not_found(&self) -> Reply {
        let mut reply = Response::new(Full::new(self.plain.body.clone()));
        *reply.status_mut() = StatusCode::NOT_FOUND;
        reply.headers_mut().insert(header::CONTENT_TYPE, HTML);
        reply.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
        reply
    }
}

impl Variant {
    fn new(media_type: &HeaderValue, body: Bytes, tag: &str, gzip: bool) -> Self {
        let tag = HeaderValue::from_str(tag).expect("a tag is quoted hex digits");
        let mut unchanged = HeaderMap::with_capacity(5);
        unchanged.insert(header::ETAG, tag.clone());
        unchanged.insert(header::CACHE_CONTROL, CACHE);
        unchanged.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let mut whole = unchanged.clone();
        whole.insert(header::CONTENT_TYPE, media_type.clone());
        if gzip {
            whole.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Self { body, tag, whole, unchanged }
    }
}

/// A fast level: pages are compressed at each rendering, and beyond level 3 text of this kind shrinks little more.
fn compress(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::new(3));
    encoder.write_all(body).expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail").into()
}

/// Whether the client takes gzip (RFC 9110 section 12.5.3): named, or by `*`, and not with a weight of 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = false;
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for coding in value.to_str().unwrap_or_default().split(',') {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = weight.trim().strip_prefix("q=").map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            match name.trim() {
                name if name.eq_ignore_ascii_case("gzip") => return weight > 0.0,
                "*" => any = weight > 0.0,
                _ => {}
            }
        }
    }
    any
}

/// Whether `If-None-Match` names `tag` by weak comparison, or everything (RFC 9110 section 13.1.2). Our tags hold no
/// comma, so the list can be cut at commas whatever tags of others hold.
fn holds(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value.as_bytes() == tag.as_bytes()
            || value
                .as_bytes()
                .split(|&byte| byte == b',')
                .map(<[u8]>::trim_ascii)
                .any(|each| each == b"*" || each.strip_prefix(b"W/").unwrap_or(each) == tag.as_bytes())
    })
}

fn not_allowed() -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(b"This page takes GET and HEAD.\n")));
    *reply.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    reply
}

/// An answer of the API, made for this request alone.
#[must_use]
pub fn fresh(status: StatusCode, media_type: HeaderValue, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, media_type);
    reply.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    fn page() -> Page {
        Page::new(HTML, "<p>the count</p>".repeat(50))
    }

    fn get(page: &Page, headers: &[(&'static str, &str)]) -> Reply {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        page.answer(&Method::GET, &map)
    }

    fn tag(reply: &Reply) -> String {
        reply.headers()["etag"].to_str().unwrap().to_owned()
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it_and_unpacks_to_the_page() {
        let page = page();
        for accept in ["gzip", "deflate, GZIP;q=0.5", "*", "br, *;q=0.1"] {
            let reply = get(&page, &[("accept-encoding", accept)]);
            assert_eq!(reply.headers()["content-encoding"], "gzip", "{accept}");
            assert_eq!(reply.headers()["vary"], "Accept-Encoding");
        }
        for accept in ["", "gzip;q=0", "identity", "*;q=0", "gzip;q=0, *", "xgzip"] {
            assert!(!get(&page, &[("accept-encoding", accept)]).headers().contains_key("content-encoding"), "{accept}");
        }
        let mut text = String::new();
        let mut unpack = flate2::read::GzDecoder::new(&page.gzip.body[..]);
        std::io::Read::read_to_string(&mut unpack, &mut text).unwrap();
        assert_eq!(text.as_bytes(), page.body());
    }

    #[test]
    fn each_variant_has_its_own_tag_and_its_own_304() {
        let page = page();
        let (plain, gzip) = (tag(&get(&page, &[])), tag(&get(&page, &[("accept-encoding", "gzip")])));
        assert_ne!(plain, gzip);
        assert_eq!(get(&page, &[("if-none-match", &plain)]).status(), 304);
        assert_eq!(get(&page, &[("if-none-match", &gzip)]).status(), 200);
        assert_eq!(get(&page, &[("if-none-match", &gzip), ("accept-encoding", "gzip")]).status(), 304);
    }

    #[test]
    fn if_none_match_takes_lists_weak_tags_and_the_star() {
        let page = page();
        let plain = tag(&get(&page, &[]));
        for value in [format!("\"a,b\", {plain}"), format!("W/{plain}"), "*".into(), format!("\"x\",W/{plain} , \"y\"")]
        {
            let reply = get(&page, &[("if-none-match", &value)]);
            assert_eq!(reply.status(), 304, "{value}");
            assert_eq!(tag(&reply), plain);
            assert!(!reply.headers().contains_key("content-type"));
        }
        assert_eq!(get(&page, &[("if-none-match", "\"a\""), ("if-none-match", &plain)]).status(), 304);
        for value in ["\"a\"", "", "W/", plain.trim_matches('"')] {
            assert_eq!(get(&page, &[("if-none-match", value)]).status(), 200, "{value}");
        }
    }

    #[test]
    fn the_tag_changes_with_the_content_and_only_with_it() {
        let other = Page::new(HTML, "<p>another count</p>".into());
        assert_eq!(tag(&get(&page(), &[])), tag(&get(&page(), &[])));
        assert_ne!(tag(&get(&page(), &[])), tag(&get(&other, &[])));
    }

    #[test]
    fn a_post_to_a_page_is_told_what_the_page_takes() {
        let reply = page().answer(&Method::POST, &HeaderMap::new());
        assert_eq!((reply.status().as_u16(), &reply.headers()["allow"]), (405, &HeaderValue::from_static("GET, HEAD")));
    }

    #[test]
    fn a_304_has_no_body() {
        let page = page();
        let reply = get(&page, &[("if-none-match", "*")]);
        let size = hyper::body::Body::size_hint(&reply.into_body().boxed()).exact();
        assert_eq!(size, Some(0));
    }
}
