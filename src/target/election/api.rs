//! The API of sections and staff: reads and writes of forms, and the reading back of accepted writes.
//!
//! HTTP and JSON only: who asks, what is asked, in which shape; the rules are in `rules`, the rows in `store`.

use super::Election;
use super::board::now_ms;
use super::form::{Action, Form, FormId, Kind, Values, Votes};
use super::refusal::Refusal;
use super::reply::{JSON, PROBLEM, Reply, fresh};
use super::rules::permit;
use super::store::{Ack, Entry, Order};
use super::town::{Actor, hex};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A form is about 100 bytes; this leaves room for generous white space.
const BODY_MAX: usize = 16 << 10;
/// Journal rows in a listing that names no limit.
const LISTING: usize = 100;
/// Most journal rows in a listing.
const LISTING_MAX: usize = 500;
/// Longest idempotency key.
const KEY_MAX: usize = 128;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The answer to a request below `/api/`.
pub async fn respond(election: &Election, parts: &Parts, body: &mut Incoming) -> Reply {
    match route(election, parts, body).await {
        Ok(reply) => reply,
        Err(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &Refusal) -> Reply {
    let mut reply = fresh(refusal.status().0, PROBLEM, refusal.body().to_string().into_bytes());
    let headers = reply.headers_mut();
    match refusal {
        Refusal::NoToken => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"election\""));
        }
        Refusal::Method { allow } => {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        Refusal::Busy => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    reply
}

async fn route(election: &Election, parts: &Parts, body: &mut Incoming) -> Result<Reply, Refusal> {
    let path = parts.uri.path();
    let read = matches!(parts.method, Method::GET | Method::HEAD);
    if path == "/api/writes" || path.starts_with("/api/writes/") {
        let actor = actor(&parts.headers)?;
        if !read {
            return Err(Refusal::Method { allow: "GET, HEAD" });
        }
        return match path.strip_prefix("/api/writes/") {
            Some(key) => written(election, actor, key),
            None => listing(election, actor, parts.uri.query().unwrap_or_default()),
        };
    }
    let nothing = || Refusal::NotFound(format!("`{path}`"));
    let rest = path.strip_prefix("/api/sections/").ok_or_else(nothing)?;
    let (form, confirm) = rest.strip_suffix("/confirm").map_or((rest, false), |form| (form, true));
    let form = FormId::parse(form).ok_or_else(nothing)?;
    let actor = actor(&parts.headers)?;
    match (&parts.method, confirm) {
        (&Method::GET | &Method::HEAD, false) => read_form(election, actor, form),
        (&Method::POST, _) | (&Method::PUT, false) => write(election, actor, form, confirm, parts, body).await,
        (_, true) => Err(Refusal::Method { allow: "POST" }),
        (_, false) => Err(Refusal::Method { allow: "GET, HEAD, POST, PUT" }),
    }
}

fn actor(headers: &HeaderMap) -> Result<Actor, Refusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(Refusal::NoToken)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refusal::NoToken)?;
    let actor = Actor::of_token(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
    actor.ok_or(Refusal::NoToken)
}

/// Own forms may be read by a section, all by staff.
fn may_read(actor: Actor, section: u16) -> Result<(), Refusal> {
    match actor {
        Actor::Section(number) if number != section => {
            Err(Refusal::NotYours { actor, what: format!("read the forms of section {section}") })
        }
        _ => Ok(()),
    }
}

fn read_form(election: &Election, actor: Actor, id: FormId) -> Result<Reply, Refusal> {
    may_read(actor, id.section)?;
    let form = election.store.form(id).map_err(|error| Refusal::Store(error.to_string()))?;
    let electors = election.store.electors()[usize::from(id.section - 1)];
    let mut body = json!({ "section": id.section, "form": id.kind.to_string(), "electors": electors });
    merge(&mut body, &form);
    let mut reply = fresh(StatusCode::OK, JSON, body.to_string().into_bytes());
    tag(&mut reply, &form);
    Ok(reply)
}

fn merge(body: &mut Value, form: &Form) {
    let fields = serde_json::to_value(form).expect("a form is plain data with text keys");
    if let (Value::Object(body), Value::Object(fields)) = (body, fields) {
        body.extend(fields);
    }
}

fn tag(reply: &mut Reply, form: &Form) {
    let tag = HeaderValue::try_from(form.etag()).expect("a version in quotes is a header value");
    reply.headers_mut().insert(header::ETAG, tag);
}

async fn write(
    election: &Election,
    actor: Actor,
    form: FormId,
    confirm: bool,
    parts: &Parts,
    body: &mut Incoming,
) -> Result<Reply, Refusal> {
    let key = key(&parts.headers)?;
    let body = collect(&parts.headers, body).await?;
    let (version, action) = action(form.kind, confirm, &parts.method, &body)?;
    permit(actor, form, &action)?;
    let order = Order {
        key,
        digest: digest(actor, parts, &body),
        actor: actor.to_string(),
        form,
        action,
        version,
        if_match: text(&parts.headers, &header::IF_MATCH),
        at_ms: now_ms(),
    };
    let answer = election.writer.submit(order)?.await;
    let ack = answer.map_err(|_| Refusal::Store("its thread has ended".into()))??;
    Ok(acknowledged(form, &ack))
}

fn acknowledged(form: FormId, ack: &Ack) -> Reply {
    let created = ack.entry.action == "report";
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut reply = fresh(status, JSON, to_json(&ack.entry));
    tag(&mut reply, &ack.entry.after);
    if created {
        let location = HeaderValue::try_from(format!("/api/sections/{form}")).expect("a form's path is plain ASCII");
        reply.headers_mut().insert(header::LOCATION, location);
    }
    if ack.replayed {
        reply.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    reply
}

fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("entries are plain data with text keys")
}

/// The key, with or without the quotes of draft-ietf-httpapi-idempotency-key-header.
fn key(headers: &HeaderMap) -> Result<String, Refusal> {
    let value = text(headers, &IDEMPOTENCY_KEY).ok_or(Refusal::NoKey)?;
    let value = value.trim();
    let key = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let usable = (1..=KEY_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    usable.then(|| key.to_owned()).ok_or(Refusal::NoKey)
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The whole body, if it is JSON of a form's size.
async fn collect(headers: &HeaderMap, body: &mut Incoming) -> Result<Vec<u8>, Refusal> {
    let media_type = text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    if !media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::MediaType);
    }
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::Malformed(format!("it did not arrive whole: {error}")))?;
        whole.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        if whole.len() > BODY_MAX {
            return Err(Refusal::TooLarge { limit: BODY_MAX });
        }
    }
    Ok(whole)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnoutBody {
    version: Option<u32>,
    voters: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VotesBody {
    version: Option<u32>,
    votes: [u32; super::town::CANDIDATES],
    blank: u32,
    void: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    version: Option<u32>,
}

/// What `body` asks for, and the version it was written against.
fn action(kind: Kind, confirm: bool, method: &Method, body: &[u8]) -> Result<(Option<u32>, Action), Refusal> {
    let malformed = |error: serde_json::Error| Refusal::Malformed(error.to_string());
    if confirm {
        let ConfirmBody { version } = serde_json::from_slice(body).map_err(malformed)?;
        return Ok((version, Action::Confirm));
    }
    let (version, values) = match kind {
        Kind::Turnout(_) => {
            let TurnoutBody { version, voters } = serde_json::from_slice(body).map_err(malformed)?;
            (version, Values::Turnout { voters })
        }
        Kind::Votes => {
            let VotesBody { version, votes, blank, void } = serde_json::from_slice(body).map_err(malformed)?;
            (version, Values::Votes(Votes { votes, blank, void }))
        }
    };
    Ok((version, if *method == Method::POST { Action::Report(values) } else { Action::Correct(values) }))
}

fn digest(actor: Actor, parts: &Parts, body: &[u8]) -> String {
    let head = format!("{actor} {} {}\n", parts.method, parts.uri.path());
    hex(&Sha256::new().chain_update(head).chain_update(body).finalize()[..16])
}

fn written(election: &Election, actor: Actor, key: &str) -> Result<Reply, Refusal> {
    let nothing = || Refusal::NotFound("no write was accepted under this key".into());
    let key = percent_decode(key).ok_or_else(nothing)?;
    let entry = election.store.written(&key).map_err(|error| Refusal::Store(error.to_string()))?.ok_or_else(nothing)?;
    may_read(actor, entry.section)?;
    Ok(fresh(StatusCode::OK, JSON, to_json(&entry)))
}

/// The journal for staff: `after` (sequence number, 0 without) and `limit`; `next` is the `after` of the next page,
/// null on the last.
fn listing(election: &Election, actor: Actor, query: &str) -> Result<Reply, Refusal> {
    if let Actor::Section(_) = actor {
        return Err(Refusal::NotYours { actor, what: "list the writes of all".into() });
    }
    let (mut after, mut limit) = (0u64, LISTING);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let wrong = || Refusal::Query(format!("`{pair}`: `after=N` and `limit=1..{LISTING_MAX}` are known"));
        match pair.split_once('=') {
            Some(("after", value)) => after = value.parse().map_err(|_| wrong())?,
            Some(("limit", value)) => {
                limit = value.parse().ok().filter(|limit| (1..=LISTING_MAX).contains(limit)).ok_or_else(wrong)?;
            }
            _ => return Err(wrong()),
        }
    }
    // One more than is told says whether any follow.
    let mut rows = election.store.listing(after, limit + 1).map_err(|error| Refusal::Store(error.to_string()))?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row: &Entry| row.seq);
    Ok(fresh(StatusCode::OK, JSON, json!({ "writes": rows, "next": next }).to_string().into_bytes()))
}

/// `text` with its `%XX` replaced; none if one is broken or the result is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            let digits =
                std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_path_is_decoded_and_a_broken_one_is_none() {
        assert_eq!(percent_decode("a%2Fb:%25").as_deref(), Some("a/b:%"));
        assert_eq!(["%", "%4", "%zz", "%+1", "%ff"].map(percent_decode), [None, None, None, None, None]);
    }
}
