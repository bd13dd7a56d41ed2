//! Is an answer right (R4), and what is kept from it (S4).

use std::borrow::Cow;

use crate::record::Reason;
use crate::scenario::{Expect, JsonPath, SaveFrom, StreamKind};
use crate::unit::{Instant, thousands};
use crate::wire::h1::{Finished, field};
use crate::wire::{sse, ws};

use super::coding::{coding, decoded};
use super::cookies::Jar;
use super::markup;
use super::program::Program;
use super::values::Values;

/// An answer that is whole, with what was kept of it.
#[derive(Clone, Copy)]
pub struct WholeAnswer<'a> {
    /// Status and length.
    pub finished: Finished,
    /// The head's bytes, if they were wanted.
    pub head: &'a [u8],
    /// The body's bytes as on the wire, if they were wanted, and whether the limit cut them.
    pub body: (&'a [u8], bool),
    /// Whether the request was conditional, so that 304 is right.
    pub conditional: bool,
    /// The session's cookies, with those of this answer, and the instant.
    pub jar: Option<(&'a Jar, Instant)>,
}

/// Why an answer is not right: the reason, and what exactly in words.
pub type Wrong = (Reason, String);

/// A value to keep: where, and what.
pub type Saved = (usize, String);

/// Judges an answer by its step's expectations; gives what the step saves.
pub fn inspect(
    program: &Program,
    answer: &WholeAnswer<'_>,
    values: &Values<'_>,
    max_decoded: u64,
) -> Result<Vec<Saved>, Wrong> {
    check_status(program, answer)?;
    check_opening(program, answer, values)?;
    let request = &program.request;
    if answer.finished.status == 304 || (request.expect.is_empty() && request.save.is_empty()) {
        return Ok(Vec::new());
    }
    let decoded = if request.inspects_body() { Some(decode(answer, max_decoded)?) } else { None };
    let (text, decoded_len) = decoded.map_or((None, None), |(text, len)| (Some(text), len));
    let json = parse_json(program, text.as_deref());
    for expect in &request.expect {
        check(program, expect, answer, values, text.as_deref(), &json)?;
    }
    check_size(program, answer, decoded_len)?;
    let saved = request.save.iter().map(|save| {
        let value = find(&save.from, answer, text.as_deref(), &json)?;
        Ok((save.into, value))
    });
    saved.collect()
}

fn check_status(program: &Program, answer: &WholeAnswer<'_>) -> Result<(), Wrong> {
    let status = answer.finished.status;
    let listed = program.request.expect.iter().find_map(|expect| match expect {
        Expect::Status(statuses) => Some(statuses),
        _ => None,
    });
    let right = match listed {
        Some(statuses) => statuses.contains(&status) || (status == 304 && answer.conditional),
        None => match &program.request.stream {
            Some(stream) => status == stream.kind.status(),
            None => (200..300).contains(&status) || (status == 304 && answer.conditional),
        },
    };
    if right {
        return Ok(());
    }
    let detail = match status {
        304 => "304 Not Modified to a request that was not conditional".to_owned(),
        301 | 302 | 303 | 307 | 308 => {
            let to = field(answer.head, "location").unwrap_or_default();
            format!(
                "{status} to `{to}`: redirects are not followed here; `follow` (--follow) follows them, or expect {status} if it is right"
            )
        }
        _ => {
            let right = match (listed, &program.request.stream) {
                (Some(statuses), _) => written(statuses),
                (None, Some(stream)) => stream.kind.status().to_string(),
                (None, None) => "2xx".to_owned(),
            };
            format!("status {status}; {right} is right")
        }
    };
    Err((Reason::Status, detail))
}

/// Statuses as a scenario writes them: `2xx`, `200 or 404`.
fn written(statuses: &[u16]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for class in 2..=5 {
        let of_class: Vec<&u16> = statuses.iter().filter(|status| **status / 100 == class).collect();
        match of_class.len() {
            100 => parts.push(format!("{class}xx")),
            _ => parts.extend(of_class.iter().map(ToString::to_string)),
        }
    }
    parts.join(" or ")
}

/// An answer that opens a stream must open what was asked for (RFC 6455 section 4.1).
fn check_opening(program: &Program, answer: &WholeAnswer<'_>, values: &Values<'_>) -> Result<(), Wrong> {
    let Some(stream) = &program.request.stream else { return Ok(()) };
    let refused = match &stream.kind {
        kind if answer.finished.status != kind.status() => None,
        StreamKind::WebSocket { subprotocols } => {
            let refusal = ws::refusal(answer.head, &program.socket_key(values), subprotocols);
            refusal.map(|refusal| (Reason::BadBytes, refusal.to_string()))
        }
        StreamKind::Events => sse::refusal(answer.head).map(|refusal| (Reason::Expect, refusal.to_string())),
    };
    refused.map_or(Ok(()), Err)
}

type Json = Result<serde_json::Value, Cow<'static, str>>;

fn parse_json(program: &Program, text: Option<&str>) -> Json {
    let wanted = program.request.save.iter().any(|save| matches!(save.from, SaveFrom::Json(_)))
        || program.request.expect.iter().any(|expect| matches!(expect, Expect::Json { .. }));
    match text.filter(|_| wanted) {
        Some(text) => serde_json::from_str(text).map_err(|error| Cow::Owned(format!("the body is not JSON: {error}"))),
        None => Err(Cow::Borrowed("the body is not JSON")),
    }
}

fn check(
    program: &Program,
    expect: &Expect,
    answer: &WholeAnswer<'_>,
    values: &Values<'_>,
    text: Option<&str>,
    json: &Json,
) -> Result<(), Wrong> {
    let wrong = |detail: String| Err((Reason::Expect, detail));
    let wanted = |template| {
        program
            .text(template, values)
            .map_err(|_| (Reason::Expect, "a value to compare with was never saved".to_owned()))
    };
    match expect {
        // Looked at before all others, and after them.
        Expect::Status(_) | Expect::Size { .. } => Ok(()),
        Expect::Header { name, contains } => {
            let Some(value) = field(answer.head, name) else { return wrong(format!("no header `{name}`")) };
            match contains.as_ref().map(wanted).transpose()? {
                Some(part) if !value.contains(&*part) => {
                    wrong(format!("header `{name}` is `{value}`, expected `{part}` in it"))
                }
                _ => Ok(()),
            }
        }
        Expect::Text { contains } => {
            let part = wanted(contains)?;
            if text.is_some_and(|text| text.contains(&*part)) {
                Ok(())
            } else {
                wrong(format!("the body does not contain `{part}`"))
            }
        }
        Expect::Json { path, equals } => {
            let found = lookup(path, json)?;
            match equals.as_ref().map(wanted).transpose()? {
                Some(value) if value != found => wrong(format!("{} is `{found}`, expected `{value}`", path.0)),
                _ => Ok(()),
            }
        }
    }
}

/// The size is that on the wire; that of the decoded body is told beside it, where it was decoded.
fn check_size(program: &Program, answer: &WholeAnswer<'_>, decoded: Option<u64>) -> Result<(), Wrong> {
    let range = program.request.expect.iter().find_map(|expect| match expect {
        Expect::Size { min, max } => Some((*min, *max)),
        _ => None,
    });
    let len = answer.finished.body_len;
    let Some((min, max)) = range.filter(|(min, max)| !(*min..=*max).contains(&len)) else { return Ok(()) };
    let wanted = match (min, max) {
        (0, max) => format!("at most {}", in_units(max)),
        (min, u64::MAX) => format!("at least {}", in_units(min)),
        (min, max) if min == max => in_units(min),
        (min, max) => format!("{} to {}", in_units(min), in_units(max)),
    };
    let encoding = field(answer.head, "content-encoding").unwrap_or_default();
    let coded = match decoded {
        Some(decoded) => format!(" ({encoding}, {} decoded)", thousands(decoded, ',')),
        None if encoding.is_empty() => String::new(),
        None => format!(" ({encoding})"),
    };
    let plural = if len == 1 { "" } else { "s" };
    let detail = format!("a body of {} byte{plural}{coded}, expected {wanted}", thousands(len, ','));
    Err((Reason::Expect, detail))
}

/// A size as a scenario writes it, exactly: `1 KiB`, `1,500 bytes`.
fn in_units(bytes: u64) -> String {
    let exact = [(30, "GiB"), (20, "MiB"), (10, "KiB")]
        .into_iter()
        .find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    match exact {
        Some((shift, unit)) => format!("{} {unit}", thousands(bytes >> shift, ',')),
        None => format!("{} bytes", thousands(bytes, ',')),
    }
}

fn find(from: &SaveFrom, answer: &WholeAnswer<'_>, text: Option<&str>, json: &Json) -> Result<String, Wrong> {
    let named = |name: &str| {
        let found = field(answer.head, name).map(Cow::into_owned);
        found.ok_or_else(|| (Reason::Expect, format!("nothing to save: no header `{name}`")))
    };
    match from {
        SaveFrom::Header(name) => named(name),
        SaveFrom::ETag => named("etag"),
        SaveFrom::Json(path) => lookup(path, json).map(Cow::into_owned),
        SaveFrom::Cookie(name) => {
            let value = answer.jar.and_then(|(jar, now)| jar.value(name, now));
            value.map(str::to_owned).ok_or_else(|| (Reason::Expect, format!("nothing to save: no cookie `{name}`")))
        }
        SaveFrom::Regex(pattern) => {
            let groups = pattern.0.captures(text.unwrap_or_default());
            let found = groups.as_ref().and_then(|groups| if groups.len() > 1 { groups.get(1) } else { groups.get(0) });
            let missing = || (Reason::Expect, format!("nothing to save: no match of `{}` in the body", pattern.0));
            found.map(|found| found.as_str().to_owned()).ok_or_else(missing)
        }
        SaveFrom::Markup(selector, wanted) => markup::find(text.unwrap_or_default(), selector, wanted)
            .map_err(|missing| (Reason::Expect, format!("nothing to save: {missing}"))),
    }
}

fn lookup<'a>(path: &JsonPath, json: &'a Json) -> Result<Cow<'a, str>, Wrong> {
    let value = json.as_ref().map_err(|detail| (Reason::Expect, detail.to_string()))?;
    match path.0.query(value).first() {
        Some(serde_json::Value::String(text)) => Ok(Cow::Borrowed(text)),
        Some(other) => Ok(Cow::Owned(other.to_string())),
        None => Err((Reason::Expect, format!("nothing at {}", path.0))),
    }
}

/// The body as text, decoded as its Content-Encoding says, up to the limit (S9); if that says something, with the length of
/// what was decoded.
fn decode<'a>(answer: &WholeAnswer<'a>, max: u64) -> Result<(Cow<'a, str>, Option<u64>), Wrong> {
    let (body, cut) = answer.body;
    let wrong = |detail: String| (Reason::Expect, detail);
    let over = || wrong(format!("the body is over the limit of {max} bytes for bodies that a step inspects"));
    if cut {
        return Err(over());
    }
    let coding = coding(answer.head);
    if coding.is_empty() {
        return if body.len() as u64 > max { Err(over()) } else { Ok((String::from_utf8_lossy(body), None)) };
    }
    let unknown = || wrong(format!("the body's encoding `{coding}` is not known here: ask for gzip"));
    let (decoded, error) = decoded(body, &coding, max + 1).ok_or_else(unknown)?;
    if let Some(error) = error {
        return Err(wrong(format!("the body does not decode as {coding}: {error}")));
    }
    if decoded.len() as u64 > max {
        return Err(over());
    }
    Ok((Cow::Owned(String::from_utf8_lossy(&decoded).into_owned()), Some(decoded.len() as u64)))
}
