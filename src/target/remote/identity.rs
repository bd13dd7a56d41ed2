//! The identity service: asks for name and password, checks them with the directory, and gives a code for them.
//!
//! It has paths of its own (`/identity/…`) and a cookie of its own for the form, as if it were another site. The portal
//! exchanges the code in the same process.

use super::Shared;
use super::directory::{Answer, Member};
use super::reply::{self, Reply};
use super::tokens::{Tokens, random_token};
use crate::unit::Span;
use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};

/// How long a form may be filled in: real time.
const FORM_LIFE: Span = Span::from_secs(600);
/// How long a code may be exchanged: real time.
const CODE_LIFE: Span = Span::from_secs(60);
/// The cookie that belongs to a form.
const COOKIE: &str = "logon";

/// A form that was handed out.
#[derive(Debug)]
struct Form {
    /// The anti-forgery token in it.
    token: String,
    /// What the portal wants to have back.
    state: String,
}

/// Forms and codes that are out.
#[derive(Debug)]
pub struct Identity {
    forms: Tokens<Form>,
    codes: Tokens<Member>,
}

impl Identity {
    /// Nothing is out yet.
    pub fn new() -> Self {
        Self { forms: Tokens::new(FORM_LIFE), codes: Tokens::new(CODE_LIFE) }
    }
}

/// Answers a request below `/identity/`.
pub async fn respond(
    shared: &Shared,
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Reply {
    match (method, path) {
        (&Method::GET, "/identity/authorize") => authorize(shared, query),
        (&Method::POST, "/identity/logon") => logon(shared, headers, &body).await,
        _ => reply::page(StatusCode::NOT_FOUND, "Not found", "<p>There is no such page.</p>"),
    }
}

/// Who a code was given for; a code is good once.
pub fn exchange(shared: &Shared, code: &str) -> Option<Member> {
    shared.identity().codes.take(code, shared.clock.now())
}

fn authorize(shared: &Shared, query: &str) -> Reply {
    let Some(state) = reply::field(query.as_bytes(), "state") else {
        return reply::page(StatusCode::BAD_REQUEST, "Log on", "<p>Nobody sent you here. <a href=\"/\">Start</a></p>");
    };
    let token = random_token();
    let form = shared.identity().forms.give(Form { token: token.clone(), state }, shared.clock.now());
    let mut answer = form_page(StatusCode::OK, &token, "");
    reply::set_cookie(&mut answer, COOKIE, &form, "/identity");
    answer
}

async fn logon(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Reply {
    let id = reply::cookie(headers, COOKIE).unwrap_or_default();
    let token = reply::field(body, "csrf").unwrap_or_default();
    let known = shared.identity().forms.get(id, shared.clock.now()).is_some_and(|form| form.token == token);
    if !known {
        let body = "<p>The form is too old, or not ours. <a href=\"/\">Start again</a></p>";
        return reply::page(StatusCode::FORBIDDEN, "Log on", body);
    }
    let [uid, password] = ["username", "password"].map(|name| reply::field(body, name).unwrap_or_default());
    match shared.client.ask(&uid, &password).await {
        Ok(Answer::Right(member)) => finish(shared, id, member),
        Ok(Answer::Wrong) => form_page(StatusCode::UNAUTHORIZED, &token, "Name or password is wrong."),
        Ok(Answer::Locked) => {
            let body = format!("<p class=\"error\">The account {} is locked. Ask the desk.</p>", reply::escape(&uid));
            reply::page(StatusCode::FORBIDDEN, "Log on", &body)
        }
        Err(error) => {
            let body =
                format!("<p class=\"error\">The directory does not answer: {}</p>", reply::escape(&error.to_string()));
            reply::page(StatusCode::BAD_GATEWAY, "Log on", &body)
        }
    }
}

fn finish(shared: &Shared, form: &str, member: Member) -> Reply {
    let (now, mut identity) = (shared.clock.now(), shared.identity());
    // Gone only if the same form was sent twice at once, or grew too old meanwhile.
    let Some(Form { state, .. }) = identity.forms.take(form, now) else {
        return reply::page(StatusCode::FORBIDDEN, "Log on", "<p>The form was used. <a href=\"/\">Start again</a></p>");
    };
    let code = identity.codes.give(member, now);
    let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
    let mut answer = reply::redirect(&format!("/callback?code={code}&state={state}"));
    reply::set_cookie(&mut answer, COOKIE, "", "/identity");
    answer
}

fn form_page(status: StatusCode, token: &str, error: &str) -> Reply {
    let error = if error.is_empty() { String::new() } else { format!("<p class=\"error\">{error}</p>\n") };
    let body = format!(
        "{error}<form method=\"post\" action=\"/identity/logon\">\n\
         <input type=\"hidden\" name=\"csrf\" value=\"{token}\">\n\
         <p><label>Name <input name=\"username\" autocomplete=\"username\"></label></p>\n\
         <p><label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\"></label></p>\n\
         <p><button>Log on</button></p>\n</form>"
    );
    reply::page(status, "Log on", &body)
}
