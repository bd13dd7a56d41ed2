//! The place that `quick` loads, as typed: a URL, or a Unix-domain socket and a path behind it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use url::Url;

use crate::scenario::socket_path;

use super::Failure;

/// What a target looks like.
const URL_HINT: &str = "\n\nhint: write http://host:port/path, https://… or unix:/run/app.sock:/path";

/// What is to be loaded: a URL, and the Unix-domain socket that was named in its place.
pub struct Place {
    /// The URL; behind a socket, of a host that nobody looks up.
    pub url: Url,
    /// The socket.
    pub socket: Option<Arc<Path>>,
}

/// What `text` names.
pub fn parse_url(text: &str) -> Result<Place, Failure> {
    if let Some(rest) = text.strip_prefix("unix:") {
        return parse_socket(rest).with_context(|| format!("`{text}` is not a target")).map_err(Failure::usage);
    }
    let slashes_lost = ["http:/", "https:/"].iter().any(|scheme| text.starts_with(scheme)) && !text.contains("://");
    if slashes_lost {
        return Err(Failure::usage(anyhow!("`{text}` is not a URL: `//` is missing behind its scheme{URL_HINT}")));
    }
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&with_scheme)
        .map_err(|error| Failure::usage(anyhow!("`{text}` is not a URL: {error}{URL_HINT}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::usage(anyhow!(
            "credentials belong in a header, not in the URL: -H 'Authorization: Basic …' with user:password in base64"
        )));
    }
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(Place { url, socket: None }),
        (scheme, _) => Err(Failure::usage(anyhow!("`{text}`: load cannot be sent over `{scheme}`{URL_HINT}"))),
    }
}

/// `/run/app.sock:/path`, as nginx writes it; without a path, `/`.
fn parse_socket(text: &str) -> anyhow::Result<Place> {
    let (socket, path) = text.split_once(":/").map_or((text, ""), |(socket, path)| (socket, path));
    let socket = socket_path(socket).map_err(|right| anyhow!("expected {right}, such as `unix:/run/app.sock`"))?;
    Ok(Place { url: Url::parse(&format!("http://localhost/{path}"))?, socket: Some(socket) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_named_alone_or_with_a_path() {
        let place = |text: &str| {
            let place = parse_url(text).unwrap_or_else(|_| panic!("{text}"));
            (place.socket.map(|path| path.display().to_string()), place.url.to_string())
        };
        let socket = Some("/run/a:b.sock".to_owned());
        assert_eq!(place("unix:/run/a:b.sock"), (socket.clone(), "http://localhost/".to_owned()));
        assert_eq!(place("unix:/run/a:b.sock:/x/y?z=1"), (socket, "http://localhost/x/y?z=1".to_owned()));
        assert_eq!(place("127.0.0.1:81/x"), (None, "http://127.0.0.1:81/x".to_owned()));
        for wrong in ["unix:run/app.sock", "unix:", "unix:@abstract", &format!("unix:/{}", "x".repeat(107))] {
            assert!(parse_url(wrong).is_err(), "{wrong}");
        }
    }
}
