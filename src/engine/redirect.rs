//! Redirects, followed as browsers do (RFC 9110 section 15.4), and only to where the scenario may send (S8).

use url::Url;

use crate::scenario::Origin;
use crate::wire::ResolvedOrigin;

/// Headers that are about a body.
const OF_BODY: [&[u8]; 5] =
    [b"content-type", b"content-length", b"content-encoding", b"content-language", b"transfer-encoding"];
/// Headers that are for one origin alone.
const OF_ORIGIN: [&[u8]; 3] = [b"authorization", b"cookie", b"proxy-authorization"];

/// Whether an answer of this status says where else to ask.
pub const fn redirects(status: u16) -> bool {
    matches!(status, 301..=303 | 307 | 308)
}

/// Where a request has been sent on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Redirects so far, this one included.
    pub nth: u32,
    /// Index of its origin.
    pub origin: usize,
    /// Path and query.
    pub target: String,
    /// Whether it became a GET without a body.
    pub became_get: bool,
    /// Whether the way has led to another origin: what was for the first is not sent any more.
    pub crossed: bool,
    /// Where it was before.
    before: Vec<(usize, String)>,
}

/// The URLs under which each origin is known: its Host header's, and the scenario's.
#[derive(Debug, Default)]
pub struct Routes(Vec<Vec<Url>>);

impl Routes {
    /// The routes to a scenario's origins.
    pub fn new(origins: &[Origin], resolved: &[ResolvedOrigin]) -> Self {
        let urls = origins.iter().zip(resolved).map(|(origin, resolved)| {
            let scheme = if resolved.tls.is_some() { "https" } else { "http" };
            let named = Origin { host_header: None, ..origin.clone() }.authority();
            // An embedded target has no port until it listens; only then its authority is known.
            let named = (origin.port != 0).then_some(named);
            let authorities = [Some(resolved.authority.clone()), named].into_iter().flatten();
            authorities.filter_map(|authority| Url::parse(&format!("{scheme}://{authority}/")).ok()).collect()
        });
        Self(urls.collect())
    }

    /// Where `location` leads from `target` of `origin`: origin, path and query. `Err`: where it would have led.
    fn resolve(&self, origin: usize, target: &str, location: &str) -> Result<(usize, String), String> {
        let base = self.0.get(origin).and_then(|urls| urls.first()).and_then(|url| url.join(target).ok());
        let url = base.and_then(|base| base.join(location).ok()).ok_or_else(|| location.to_owned())?;
        let same = |known: &Url| {
            (known.scheme(), known.host_str(), known.port_or_known_default())
                == (url.scheme(), url.host_str(), url.port_or_known_default())
        };
        // Where two origins have one URL, the way does not leave the one that it is at.
        let stays = self.0.get(origin).is_some_and(|urls| urls.iter().any(same));
        let found = if stays { Some(origin) } else { self.0.iter().position(|urls| urls.iter().any(same)) };
        let query = url.query().map_or(String::new(), |query| format!("?{query}"));
        found.map(|origin| (origin, format!("{}{query}", url.path()))).ok_or_else(|| url.to_string())
    }
}

/// A request as its step has it, or as it was sent on.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its method as written in the step.
    pub method: &'a str,
    /// Index of the step's origin.
    pub origin: usize,
    /// The step's path and query.
    pub target: &'a str,
    /// The redirect that led here, if it was not the first.
    pub hop: Option<&'a Hop>,
}

/// Where to send a request after an answer of `status` with this Location; else why nowhere, in words.
pub fn next(asked: Asked<'_>, status: u16, location: Option<&str>, most: u32, routes: &Routes) -> Result<Hop, String> {
    let Some(location) = location else { return Err(format!("{status} without a Location")) };
    let (origin, target) = asked.hop.map_or((asked.origin, asked.target), |hop| (hop.origin, &hop.target));
    let (to, path) = routes.resolve(origin, target, location).map_err(|url| {
        format!("{status} to `{url}`: that is not an origin of the scenario, so nothing is sent there")
    })?;
    let mut before = asked.hop.map_or(Vec::new(), |hop| hop.before.clone());
    before.push((origin, target.to_owned()));
    if before.len() > most as usize {
        let circle = before.iter().any(|(origin, target)| (*origin, target) == (to, &path));
        let why = if circle { "the redirects lead in a circle" } else { "another follows" };
        return Err(format!("{status} to `{location}`: {most} redirects were followed, and {why}"));
    }
    let was_get = asked.hop.is_some_and(|hop| hop.became_get);
    let becomes_get = match status {
        301 | 302 => asked.method == "POST",
        303 => !matches!(asked.method, "GET" | "HEAD"),
        _ => false,
    };
    let crossed = to != asked.origin || asked.hop.is_some_and(|hop| hop.crossed);
    let nth = before.len() as u32;
    Ok(Hop { nth, origin: to, target: path, became_get: was_get || becomes_get, crossed, before })
}

/// Makes a step's request, as it is rendered, the one that a redirect asks for.
pub fn rewrite(request: &mut Vec<u8>, hop: &Hop, authority: &str) {
    let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(request.len(), |at| at + 2);
    let (head, rest) = request.split_at(end);
    let mut lines = head.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let method = first.split(|byte| *byte == b' ').next().unwrap_or_default();
    let mut out = if hop.became_get { b"GET".to_vec() } else { method.to_vec() };
    out.extend_from_slice(format!(" {} HTTP/1.1\r\n", hop.target).as_bytes());
    for line in lines {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        let is = |names: &[&[u8]]| names.iter().any(|it| name.eq_ignore_ascii_case(it));
        if is(&[b"host"]) {
            out.extend_from_slice(format!("Host: {authority}\r\n").as_bytes());
        } else if !(is(&[b"if-none-match"]) || hop.became_get && is(&OF_BODY) || hop.crossed && is(&OF_ORIGIN)) {
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(if hop.became_get { b"\r\n" } else { rest });
    *request = out;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let urls = |of: &[&str]| of.iter().map(|url| Url::parse(url).expect("a URL")).collect();
        Routes(vec![urls(&["http://a.test/", "http://10.0.0.1:8080/"]), urls(&["https://b.test:8443/"])])
    }

    fn asked<'a>(method: &'a str, hop: Option<&'a Hop>) -> Asked<'a> {
        Asked { method, origin: 0, target: "/x/y?q=1", hop }
    }

    fn go(method: &str, status: u16, location: &str) -> Result<Hop, String> {
        next(asked(method, None), status, Some(location), 5, &routes())
    }

    #[test]
    fn a_location_is_resolved_and_must_lead_to_an_origin() {
        for (location, origin, target) in [
            ("/z", 0, "/z"),
            ("z?a=%2F#part", 0, "/x/z?a=%2F"),
            ("../%41 b", 0, "/%41%20b"),
            ("?only", 0, "/x/y?only"),
            ("//a.test", 0, "/"),
            ("http://10.0.0.1:8080/by/url", 0, "/by/url"),
            ("HTTPS://B.test:8443/in", 1, "/in"),
        ] {
            let hop = go("GET", 302, location).unwrap_or_else(|why| panic!("{location}: {why}"));
            assert_eq!((hop.origin, hop.target.as_str(), hop.crossed), (origin, target, origin == 1), "{location}");
        }
        for foreign in
            ["http://evil.test/", "https://a.test/", "http://a.test:81/", "//b.test/", "mailto:a@b", "http://"]
        {
            let why = go("GET", 302, foreign).expect_err(foreign);
            assert!(why.contains("not an origin of the scenario"), "{why}");
        }
        let none = next(asked("GET", None), 307, None, 5, &routes());
        assert_eq!(none, Err("307 without a Location".to_owned()));
    }

    #[test]
    fn methods_change_as_in_browsers() {
        for (method, status, get) in [
            ("POST", 301, true),
            ("POST", 302, true),
            ("POST", 303, true),
            ("PUT", 303, true),
            ("PUT", 302, false),
            ("HEAD", 303, false),
            ("GET", 303, false),
            ("POST", 307, false),
            ("POST", 308, false),
        ] {
            assert_eq!(go(method, status, "/z").map(|hop| hop.became_get), Ok(get), "{status} to a {method}");
        }
    }

    #[test]
    fn what_was_once_left_behind_stays_so() {
        let first = go("POST", 303, "https://b.test:8443/in").expect("a hop");
        let back = next(asked("POST", Some(&first)), 307, Some("http://a.test/home"), 5, &routes()).expect("a hop");
        assert!(back.became_get && back.crossed);
        assert_eq!((back.nth, back.origin, back.target.as_str()), (2, 0, "/home"));
    }

    #[test]
    fn too_many_and_circles_are_told_apart() {
        let first = next(asked("GET", None), 302, Some("/z"), 1, &routes()).expect("a hop");
        let more = next(asked("GET", Some(&first)), 302, Some("/w"), 1, &routes());
        assert_eq!(more, Err("302 to `/w`: 1 redirects were followed, and another follows".to_owned()));
        let circle = next(asked("GET", Some(&first)), 302, Some("/z"), 1, &routes());
        assert_eq!(
            circle,
            Err("302 to `/z`: 1 redirects were followed, and the redirects lead in a circle".to_owned())
        );
    }

    #[test]
    fn a_request_is_rewritten() {
        let request = b"POST /x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic eA==\r\nX: y\r\n\
                        Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc";
        let rewritten = |became_get, crossed| {
            let (target, before) = ("/z".to_owned(), Vec::new());
            let (mut out, hop) = (request.to_vec(), Hop { nth: 1, origin: 1, target, became_get, crossed, before });
            rewrite(&mut out, &hop, "b.test");
            String::from_utf8(out).expect("text")
        };
        let auth = "Authorization: Basic eA==\r\n";
        let body = "Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(rewritten(true, false), format!("GET /z HTTP/1.1\r\nHost: b.test\r\n{auth}X: y\r\n\r\n"));
        assert_eq!(rewritten(false, true), format!("POST /z HTTP/1.1\r\nHost: b.test\r\nX: y\r\n{body}"));
    }
}
