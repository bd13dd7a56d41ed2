//! The portal: who has a session, the page of one's desktops, and the way to the identity service for all others.

use super::Shared;
use super::desks::Kind;
use super::directory::Member;
use super::identity::exchange;
use super::people::CAD_DESKTOPS;
use super::reply::{self, Reply};
use super::tokens::random_token;
use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use std::fmt::Write;

/// The cookie of a session.
const SESSION: &str = "session";
/// The cookie that ties a browser to the logon that it began.
const STATE: &str = "state";

/// What a desktop's page does in the browser.
const SCRIPT: &str = include_str!("desktop.js");

/// Who a request's session belongs to, if it has one that has not expired.
pub fn who(shared: &Shared, headers: &HeaderMap) -> Option<Member> {
    let token = reply::cookie(headers, SESSION)?;
    shared.sessions().get(token, shared.clock.now()).cloned()
}

/// Answers a request for a page of the portal.
pub fn respond(shared: &Shared, method: &Method, path: &str, query: &str, headers: &HeaderMap) -> Reply {
    match (method, path) {
        (&Method::GET, "/") if who(shared, headers).is_some() => reply::redirect("/desktops"),
        (&Method::GET, "/") => to_logon(),
        (&Method::GET, "/callback") => callback(shared, query, headers),
        (&Method::GET, "/desktops") => match who(shared, headers) {
            Some(member) => desktops(shared, &member),
            None => to_logon(),
        },
        (&Method::GET, path) if path.starts_with("/desktops/") => match who(shared, headers) {
            Some(member) => desktop(shared, &member, &path["/desktops/".len()..]),
            None => to_logon(),
        },
        (&Method::POST, "/logout") => logout(shared, headers),
        _ => not_found(),
    }
}

fn not_found() -> Reply {
    reply::page(StatusCode::NOT_FOUND, "Not found", "<p>There is no such page. <a href=\"/\">Desktops</a></p>")
}

fn to_logon() -> Reply {
    let state = random_token();
    let mut answer = reply::redirect(&format!("/identity/authorize?state={state}"));
    reply::set_cookie(&mut answer, STATE, &state, "/callback");
    answer
}

/// Back from the identity service with a code.
fn callback(shared: &Shared, query: &str, headers: &HeaderMap) -> Reply {
    let [code, state] = ["code", "state"].map(|name| reply::field(query.as_bytes(), name).unwrap_or_default());
    let begun_here = !state.is_empty() && reply::cookie(headers, STATE) == Some(state.as_str());
    let member = if begun_here { exchange(shared, &code) } else { None };
    let Some(member) = member else {
        let body = "<p>This logon was not begun here, or is used up. <a href=\"/\">Start again</a></p>";
        return reply::page(StatusCode::FORBIDDEN, "Log on", body);
    };
    let kind = if member.groups.iter().any(|group| group == CAD_DESKTOPS) { Kind::Cad } else { Kind::Office };
    shared.desks().provide(&member.uid, kind);
    let session = shared.sessions().give(member, shared.clock.now());
    let mut answer = reply::redirect("/desktops");
    reply::set_cookie(&mut answer, SESSION, &session, "/");
    reply::set_cookie(&mut answer, STATE, "", "/callback");
    answer
}

fn logout(shared: &Shared, headers: &HeaderMap) -> Reply {
    if let Some(token) = reply::cookie(headers, SESSION) {
        shared.sessions().take(token, shared.clock.now());
    }
    let mut answer = reply::page(StatusCode::OK, "Logged out", "<p><a href=\"/\">Log on again</a></p>");
    reply::set_cookie(&mut answer, SESSION, "", "/");
    answer
}

fn desktops(shared: &Shared, member: &Member) -> Reply {
    let mut rows = String::new();
    for desk in shared.desks().of(&member.uid, shared.clock.now()) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            rows,
            "<tr class=\"desktop\" data-id=\"{0}\" data-kind=\"{1}\" data-state=\"{2}\"><th scope=\"row\">{0}</th>\
             <td>{1}</td><td>{2}</td><td class=\"n\"><a class=\"button\" href=\"/desktops/{0}\">Open</a></td></tr>",
            desk.id, desk.kind, desk.state
        );
    }
    let body = format!(
        "<p class=\"lead\">{} ({})</p>\n<table>\n<thead><tr><th scope=\"col\">Desktop</th><th scope=\"col\">Kind</th>\
         <th scope=\"col\">State</th><td></td></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n\
         <form method=\"post\" action=\"/logout\"><p></p><p><button>Log out</button></p></form>",
        reply::escape(&member.uid),
        reply::escape(&member.office)
    );
    reply::page(StatusCode::OK, "Desktops", &body)
}

/// The page of a desktop, whose script opens its stream and draws the frames.
fn desktop(shared: &Shared, member: &Member, id: &str) -> Reply {
    // Somebody else's looks as one that does not exist.
    let view = shared.desks().view(id, shared.clock.now()).filter(|view| view.owner == member.uid);
    let Some(view) = view else { return not_found() };
    let body = format!(
        "<p class=\"actions\"><span id=\"state\" role=\"status\">opening</span></p>\n\
         <canvas width=\"1040\" height=\"420\" data-id=\"{0}\" data-frames=\"0\" data-answered=\"0\" role=\"img\" \
         aria-label=\"The picture of {0}: number, size and age of the newest frame, and the input that it answers\"></canvas>\n\
         <p>Move over the picture, or type: each is an input, and a frame answers it.</p>\n\
         <p class=\"actions\"><button id=\"again\" hidden>Connect again</button> <button name=\"disconnect\">Disconnect</button> \
         <button name=\"logoff\">Log off</button> <a href=\"/desktops\">All desktops</a></p>\n\
         <script>\n{SCRIPT}</script>",
        view.id
    );
    reply::page(StatusCode::OK, &format!("{} ({})", view.id, view.kind), &body)
}
