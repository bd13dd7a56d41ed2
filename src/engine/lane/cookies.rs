//! What a session remembers of answers for its next requests: cookies, taken from heads and added to requests that are
//! about to go out, and ETags.

use crate::wire::h1::each_field;

use super::super::cookies::Place;
use super::Lane;

impl Lane<'_> {
    /// Keeps the ETag of the URL that was asked for, or forgets it where there is none any more.
    pub(super) fn keep_etag(&mut self, slot: u32, etag: Option<&str>) {
        let mut url = std::mem::take(&mut self.url);
        url.clear();
        let program = self.program(slot, self.sessions[slot].request.due.step);
        if program.render_url(&self.values(slot), &mut url).is_ok() {
            let home = self.home(slot);
            self.sessions[home].keep_etag(&String::from_utf8_lossy(&url), etag);
        }
        self.url = url;
    }

    /// Puts the cookies that a head sets into the session's jar.
    pub(super) fn take_cookies(&mut self, slot: u32, head: &[u8]) {
        let mut url = std::mem::take(&mut self.url);
        url.clear();
        let session = &self.sessions[slot];
        match session.hop.as_deref() {
            Some(hop) => url.extend_from_slice(hop.target.as_bytes()),
            None => {
                // It was sent, so nothing of it is missing.
                let _ = self.program(slot, session.request.due.step).render_url(&self.values(slot), &mut url);
            }
        }
        let origin = &self.config.origins[self.origin(slot)];
        let place = Place {
            host: host_of(&origin.authority),
            path: path_of(std::str::from_utf8(&url).unwrap_or("/")),
            secure: origin.tls.is_some(),
        };
        let now = self.now;
        let home = self.home(slot);
        let jar = self.sessions[home].jar.get_or_insert_default();
        each_field(head, "set-cookie", |line| jar.take(line, place, now));
        self.url = url;
    }

    /// Adds the session's cookies that belong there to a request that was rendered.
    pub(super) fn add_cookies(&self, slot: u32, request: &mut Vec<u8>) {
        let Some(jar) = self.sessions[self.home(slot)].jar.as_deref() else { return };
        let session = &self.sessions[slot];
        // Its own are for its own origin.
        let crossed = session.hop.as_ref().is_some_and(|hop| hop.crossed);
        if self.program(slot, session.request.due.step).names_cookies && !crossed {
            return;
        }
        let origin = &self.config.origins[self.origin(slot)];
        let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let path = path_of(std::str::from_utf8(target).unwrap_or("/"));
        let place = Place { host: host_of(&origin.authority), path, secure: origin.tls.is_some() };
        let mut line = Vec::new();
        jar.write_line(place, self.now, &mut line);
        let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(end) = end.filter(|_| !line.is_empty()) {
            request.splice(end + 2..end + 2, line);
        }
    }
}

/// A host without its port, and without brackets.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

/// A path without its query.
fn path_of(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}
