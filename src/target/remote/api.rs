//! The desktops' API: JSON for their owners, and for the staff of the desk console.

use super::Shared;
use super::desks::{Kind, Refusal, State, View};
use super::directory::Member;
use super::people::DESK;
use super::portal::who;
use super::reply::{Reply, data, insert, problem};
use hyper::header::{ALLOW, AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

/// The token of a console that is not a person's.
pub const CONSOLE_TOKEN: &str = "desk-console";

/// A desktop's session that a stream may be opened for.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The desktop's name.
    pub desk: String,
    /// The session's number.
    pub session: u32,
}

/// Answers a request below `/api/`.
pub fn respond(shared: &Shared, method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Reply {
    let member = who(shared, headers);
    let parts: Vec<&str> = path.split('/').skip(2).collect();
    let answer = match parts.as_slice() {
        ["console", rest @ ..] => {
            let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let machine = token.and_then(|value| value.strip_prefix("Bearer ")) == Some(CONSOLE_TOKEN);
            let staff = member.as_ref().is_some_and(|member| member.groups.iter().any(|group| group == DESK));
            match (machine || staff, member) {
                (true, _) => console(shared, method, rest, body),
                (false, Some(_)) => {
                    return problem(StatusCode::FORBIDDEN, "not_yours", "the console is for the group desk-staff");
                }
                (false, None) => return no_session(),
            }
        }
        rest => match member {
            Some(member) => own(shared, method, rest, &member),
            None => return no_session(),
        },
    };
    answer.unwrap_or_else(|refusal| refuse(&refusal))
}

fn no_session() -> Reply {
    problem(StatusCode::UNAUTHORIZED, "no_session", "log on at / first: there is no session, or it has expired")
}

fn refuse(refusal: &Refusal) -> Reply {
    let (status, code) = match refusal {
        Refusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Refusal::State(_) => (StatusCode::CONFLICT, "wrong_state"),
    };
    problem(status, code, &refusal.to_string())
}

/// The answer to a method that an address does not take; `allow` are those that it does.
fn wrong_method(allow: &'static str) -> Reply {
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, "method", &format!("this address takes {allow}"));
    insert(&mut answer, ALLOW, allow);
    answer
}

/// What owners do with their own desktops.
fn own(shared: &Shared, method: &Method, path: &[&str], member: &Member) -> Result<Reply, Refusal> {
    let now = shared.clock.now();
    if let (&Method::GET, ["desktops"]) = (method, path) {
        let views = shared.desks().of(&member.uid, now);
        return Ok(data(StatusCode::OK, &json!({ "user": member.uid, "office": member.office, "desktops": views })));
    }
    let (id, verb) = match path {
        ["desktops"] => return Ok(wrong_method("GET")),
        ["desktops", id, verb @ ..] => (*id, verb),
        _ => return Err(Refusal::NotFound),
    };
    // Somebody else's desktop looks as one that does not exist.
    shared.desks().view(id, now).filter(|view| view.owner == member.uid).ok_or(Refusal::NotFound)?;
    match (method, verb) {
        (&Method::GET, []) => {}
        (&Method::POST, ["start"]) => shared.desks().start(id, now)?,
        (&Method::POST, ["connect"]) => return connect(shared, id),
        (&Method::POST, ["disconnect"]) => shared.desks().disconnect(id, now)?,
        (&Method::POST, ["logoff"]) => shared.desks().stop(id, now)?,
        (_, []) => return Ok(wrong_method("GET")),
        (_, ["start" | "connect" | "disconnect" | "logoff"]) => return Ok(wrong_method("POST")),
        _ => return Err(Refusal::NotFound),
    }
    shown(shared, id)
}

fn connect(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    let now = shared.clock.now();
    let (session, again) = shared.desks().session(id, now)?;
    let ticket = shared.tickets().give(Ticket { desk: id.to_owned(), session }, now);
    let body = json!({ "id": id, "session": session, "reconnected": again, "ticket": ticket, "stream": format!("/stream?ticket={ticket}") });
    Ok(data(StatusCode::OK, &body))
}

/// What the desk's staff do with anybody's.
fn console(shared: &Shared, method: &Method, path: &[&str], body: &[u8]) -> Result<Reply, Refusal> {
    let now = shared.clock.now();
    match (method, path) {
        (&Method::GET, ["desktops"]) => {
            let views = shared.desks().all(now);
            let hours: f64 = views.iter().map(|view| view.hours).sum();
            return Ok(data(StatusCode::OK, &json!({ "count": views.len(), "hours": hours, "desktops": views })));
        }
        (&Method::POST, ["desktops"]) => return Ok(create(shared, body)),
        (&Method::DELETE, ["desktops", id]) => {
            let last = shared.desks().view(id, now).ok_or(Refusal::NotFound)?;
            shared.desks().destroy(id, now)?;
            return Ok(data(StatusCode::OK, &json!({ "id": id, "state": "destroyed", "hours": last.hours })));
        }
        (&Method::GET, ["desktops", _]) => {}
        (&Method::POST, ["desktops", id, "start"]) => shared.desks().start(id, now)?,
        (&Method::POST, ["desktops", id, "stop"]) => shared.desks().stop(id, now)?,
        (_, ["desktops"]) => return Ok(wrong_method("GET, POST")),
        (_, ["desktops", _]) => return Ok(wrong_method("GET, DELETE")),
        (_, ["desktops", _, "start" | "stop"]) => return Ok(wrong_method("POST")),
        _ => return Err(Refusal::NotFound),
    }
    shown(shared, path.get(1).copied().unwrap_or_default())
}

fn create(shared: &Shared, body: &[u8]) -> Reply {
    let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = match wanted["kind"].as_str() {
        Some("office") => Some(Kind::Office),
        Some("cad") => Some(Kind::Cad),
        _ => None,
    };
    let owner = wanted["owner"].as_str().filter(|owner| is_name(owner));
    let (Some(owner), Some(kind)) = (owner, kind) else {
        let detail = "a new desktop is {\"owner\": \"e042\", \"kind\": \"office\"}, or of kind \"cad\"";
        return problem(StatusCode::BAD_REQUEST, "malformed", detail);
    };
    let mut desks = shared.desks();
    let id = desks.create(owner, kind);
    match desks.view(&id, shared.clock.now()) {
        Some(view) => data(StatusCode::CREATED, &json!(view)),
        None => refuse(&Refusal::NotFound),
    }
}

fn is_name(owner: &str) -> bool {
    (1..=32).contains(&owner.len()) && owner.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A desktop as it is now; 202 while it starts.
fn shown(shared: &Shared, id: &str) -> Result<Reply, Refusal> {
    let view: View = shared.desks().view(id, shared.clock.now()).ok_or(Refusal::NotFound)?;
    let status = if view.state == State::Starting { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok(data(status, &json!(view)))
}
