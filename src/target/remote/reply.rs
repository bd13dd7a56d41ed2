//! The forms of an answer: a page, a redirect, data, a refusal; and what is read from a request's head.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// What the service answers with.
pub type Reply = Response<Full<Bytes>>;

/// How all pages look, those of the election too.
const STYLE: &str = include_str!("../style.css");

/// A page. `body` is HTML.
pub fn page(status: StatusCode, title: &str, body: &str) -> Reply {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\n\
         <style>\n{STYLE}</style></head>\n<body>\
         <header><p class=\"town\">Town hall</p><p>Work from home</p></header>\n\
         <main><h1>{title}</h1>\n<div class=\"card\">\n{body}\n</div></main>\n\
         <footer><p>A test service: its passwords are public.</p></footer></body></html>\n"
    );
    fresh(status, "text/html; charset=utf-8", html)
}

/// 302 to `location`, which must be a path of our own.
pub fn redirect(location: &str) -> Reply {
    let mut reply = fresh(StatusCode::FOUND, "text/plain", String::new());
    insert(&mut reply, LOCATION, location);
    reply
}

/// Data.
pub fn data(status: StatusCode, value: &Value) -> Reply {
    fresh(status, "application/json", value.to_string())
}

/// A refusal of the API (RFC 9457).
pub fn problem(status: StatusCode, code: &str, detail: &str) -> Reply {
    let body = json!({ "status": status.as_u16(), "code": code, "detail": detail });
    fresh(status, "application/problem+json", body.to_string())
}

fn fresh(status: StatusCode, media_type: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// Sets a header whose value is ASCII of our own making; another would be left out.
pub fn insert(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

/// Sets a cookie that no script sees and no other site's form sends along, for paths under `path`.
pub fn set_cookie(reply: &mut Reply, name: &str, value: &str, path: &str) {
    let gone = if value.is_empty() { "; Max-Age=0" } else { "" };
    if let Ok(value) = HeaderValue::from_str(&format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{gone}")) {
        reply.headers_mut().append(SET_COOKIE, value);
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(each, _)| *each == name).map(|(_, value)| value)
}

/// A value of a query or a form.
pub fn field(encoded: &[u8], name: &str) -> Option<String> {
    url::form_urlencoded::parse(encoded).find(|(each, _)| each == name).map(|(_, value)| value.into_owned())
}

/// `text` as it may stand in HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("xstate=1; state=2"));
        headers.append(COOKIE, HeaderValue::from_static("session=3"));
        assert_eq!(["state", "session", "sess"].map(|name| cookie(&headers, name)), [Some("2"), Some("3"), None]);
    }

    #[test]
    fn a_form_is_decoded() {
        assert_eq!(field(b"a=1&password=a%26b+c", "password").as_deref(), Some("a&b c"));
    }
}
