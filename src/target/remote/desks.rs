//! The desktops: who has which, what they do, and how long they were in use. In memory; they go with the process.
//!
//! ```text
//! stopped ──start──► starting ──(time)──► ready ──stream opens──► connected ◄──► disconnected
//!    ▲                                      └────────── logoff, stop ─────────────────┘
//! ```

use crate::unit::{Instant, Span};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use tokio::sync::oneshot;

/// What a desktop is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Letters and tables.
    Office,
    /// Drawing with a graphics card.
    Cad,
}

/// What a desktop does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is off.
    Stopped,
    /// It will be ready in a while.
    Starting,
    /// Nobody has a session on it.
    Ready,
    /// A session with an open stream.
    Connected,
    /// A session without a stream; its programs go on.
    Disconnected,
}

/// Why a stream is ended by the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order: the client asked for it, or another took over.
    Closed,
    /// As when a cable is cut.
    Dropped,
}

/// A desktop as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// What it is good for.
    pub kind: Kind,
    /// What it does.
    pub state: State,
    /// The number of the session on it.
    pub session: Option<u32>,
    /// Hours of the scenario that it was on.
    pub hours: f64,
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such desktop, or not theirs.
    #[error("there is no such desktop")]
    NotFound,
    /// Not while it does what it does.
    #[error("the desktop is {0}")]
    State(State),
}

/// A stream that has been let in.
#[derive(Debug)]
pub struct Attached {
    /// The number of this connection, for [`Desks::detach`].
    pub connection: u64,
    /// What the desktop is good for.
    pub kind: Kind,
    /// The number of the desktop, from which its bursts are placed.
    pub number: u32,
    /// Told when the service ends the stream.
    pub cut: oneshot::Receiver<End>,
}

#[derive(Debug)]
struct Desk {
    owner: String,
    kind: Kind,
    number: u32,
    /// When it is or was ready, if it is not stopped.
    ready: Option<Instant>,
    session: Option<u32>,
    /// The stream, if there is one.
    stream: Option<(u64, oneshot::Sender<End>)>,
    sessions: u32,
    used: Span,
}

/// What somebody has.
#[derive(Debug, Default)]
struct Owned {
    ids: Vec<String>,
    /// Desktops that they ever had: no name is given twice, so that a ticket for one that was destroyed opens no other.
    made: u32,
}

/// Every desktop.
#[derive(Debug)]
pub struct Desks {
    by_id: BTreeMap<String, Desk>,
    of_owner: HashMap<String, Owned>,
    made: u32,
    connections: u64,
    start_time: Span,
    compress: f64,
}

impl Desks {
    /// None yet. A start takes `start_time`; hours are counted `compress` times as fast as they pass.
    pub fn new(start_time: Span, compress: f64) -> Self {
        Self { by_id: BTreeMap::new(), of_owner: HashMap::new(), made: 0, connections: 0, start_time, compress }
    }

    /// Gives `owner` a desktop if they have none.
    pub fn provide(&mut self, owner: &str, kind: Kind) {
        if self.of_owner.get(owner).is_none_or(|owned| owned.ids.is_empty()) {
            self.create(owner, kind);
        }
    }

    /// A new desktop, stopped; its name.
    pub fn create(&mut self, owner: &str, kind: Kind) -> String {
        let number = self.made;
        self.made += 1;
        let owned = self.of_owner.entry(owner.to_owned()).or_default();
        owned.made += 1;
        let id = format!("{owner}-{}", owned.made);
        owned.ids.push(id.clone());
        let owner = owner.to_owned();
        let desk =
            Desk { owner, kind, number, ready: None, session: None, stream: None, sessions: 0, used: Span::ZERO };
        self.by_id.insert(id.clone(), desk);
        id
    }

    /// Somebody's desktops.
    pub fn of(&self, owner: &str, now: Instant) -> Vec<View> {
        self.of_owner.get(owner).into_iter().flat_map(|owned| &owned.ids).filter_map(|id| self.view(id, now)).collect()
    }

    /// All desktops.
    pub fn all(&self, now: Instant) -> Vec<View> {
        self.by_id.keys().filter_map(|id| self.view(id, now)).collect()
    }

    /// A desktop.
    pub fn view(&self, id: &str, now: Instant) -> Option<View> {
        let desk = self.by_id.get(id)?;
        let hours = desk.used_until(now).as_secs_f64() * self.compress / 3600.0;
        let (owner, kind, state) = (desk.owner.clone(), desk.kind, desk.state(now));
        Some(View { id: id.to_owned(), owner, kind, state, session: desk.session, hours })
    }

    /// Starts a desktop; one that is not stopped stays as it is.
    pub fn start(&mut self, id: &str, now: Instant) -> Result<(), Refusal> {
        let ready = now + self.start_time;
        self.desk(id)?.ready.get_or_insert(ready);
        Ok(())
    }

    /// Stops a desktop and ends the session on it.
    pub fn stop(&mut self, id: &str, now: Instant) -> Result<(), Refusal> {
        let desk = self.desk(id)?;
        desk.end_stream(End::Closed);
        desk.used = desk.used_until(now);
        (desk.ready, desk.session) = (None, None);
        Ok(())
    }

    /// Ends the stream in order and keeps the session.
    pub fn disconnect(&mut self, id: &str, now: Instant) -> Result<(), Refusal> {
        let desk = self.desk(id)?;
        match desk.session {
            Some(_) => desk.end_stream(End::Closed),
            None => return Err(Refusal::State(desk.state(now))),
        }
        Ok(())
    }

    /// Removes a desktop.
    pub fn destroy(&mut self, id: &str, now: Instant) -> Result<(), Refusal> {
        self.stop(id, now)?;
        let desk = self.by_id.remove(id).ok_or(Refusal::NotFound)?;
        if let Some(owned) = self.of_owner.get_mut(&desk.owner) {
            owned.ids.retain(|each| each != id);
        }
        Ok(())
    }

    /// The session that a stream may be opened for, begun if there is none; and whether there was one.
    pub fn session(&mut self, id: &str, now: Instant) -> Result<(u32, bool), Refusal> {
        let desk = self.desk(id)?;
        if let state @ (State::Stopped | State::Starting) = desk.state(now) {
            return Err(Refusal::State(state));
        }
        if let Some(session) = desk.session {
            return Ok((session, true));
        }
        desk.sessions += 1;
        desk.session = Some(desk.sessions);
        Ok((desk.sessions, false))
    }

    /// Lets a stream in, if that session is still on; a stream that was open is closed.
    pub fn attach(&mut self, id: &str, session: u32) -> Option<Attached> {
        self.connections += 1;
        let connection = self.connections;
        let desk = self.by_id.get_mut(id).filter(|desk| desk.session == Some(session))?;
        desk.end_stream(End::Closed);
        let (sender, cut) = oneshot::channel();
        desk.stream = Some((connection, sender));
        Some(Attached { connection, kind: desk.kind, number: desk.number, cut })
    }

    /// A stream is gone; its session stays.
    pub fn detach(&mut self, id: &str, connection: u64) {
        if let Some(desk) = self.by_id.get_mut(id)
            && desk.stream.as_ref().is_some_and(|(each, _)| *each == connection)
        {
            desk.stream = None;
        }
    }

    /// Cuts every stream; their number.
    pub fn drop_streams(&mut self) -> usize {
        let open = self.by_id.values_mut().filter(|desk| desk.stream.is_some());
        open.map(|desk| desk.end_stream(End::Dropped)).count()
    }

    fn desk(&mut self, id: &str) -> Result<&mut Desk, Refusal> {
        self.by_id.get_mut(id).ok_or(Refusal::NotFound)
    }
}

impl Desk {
    fn state(&self, now: Instant) -> State {
        match (self.ready, &self.session, &self.stream) {
            (None, ..) => State::Stopped,
            (Some(ready), ..) if ready > now => State::Starting,
            (_, None, _) => State::Ready,
            (_, _, Some(_)) => State::Connected,
            (_, _, None) => State::Disconnected,
        }
    }

    fn used_until(&self, now: Instant) -> Span {
        let on = self.ready.filter(|ready| *ready < now).map_or(Span::ZERO, |ready| now.since(ready));
        self.used.saturating_add(on)
    }

    fn end_stream(&mut self, end: End) {
        if let Some((_, cut)) = self.stream.take() {
            // A stream that has gone by itself hears nothing.
            let _ = cut.send(end);
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Office => "office",
            Self::Cad => "cad",
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn a_day_of_a_desktop() {
        let mut desks = Desks::new(Span::from_secs(120), 10.0);
        desks.provide("e001", Kind::Cad);
        desks.provide("e001", Kind::Cad);
        let state = |desks: &Desks, now| desks.view("e001-1", at(now)).map(|view| view.state);
        assert_eq!(desks.of("e001", at(0)).len(), 1);
        assert_eq!(desks.session("e001-1", at(0)), Err(Refusal::State(State::Stopped)));
        desks.start("e001-1", at(0)).unwrap();
        assert_eq!(desks.session("e001-1", at(119)), Err(Refusal::State(State::Starting)));
        assert_eq!(state(&desks, 120), Some(State::Ready));
        assert_eq!(desks.session("e001-1", at(120)), Ok((1, false)));
        let mut first = desks.attach("e001-1", 1).unwrap();
        assert_eq!(state(&desks, 121), Some(State::Connected));
        assert_eq!(desks.drop_streams(), 1);
        assert_eq!(first.cut.try_recv(), Ok(End::Dropped));
        assert_eq!(state(&desks, 122), Some(State::Disconnected));
        assert_eq!(desks.session("e001-1", at(123)), Ok((1, true)));
        let second = desks.attach("e001-1", 1).unwrap();
        desks.detach("e001-1", first.connection);
        assert_eq!(state(&desks, 124), Some(State::Connected), "an old stream ends nothing");
        desks.detach("e001-1", second.connection);
        desks.stop("e001-1", at(480)).unwrap();
        let view = desks.view("e001-1", at(9999)).unwrap();
        assert_eq!((view.state, view.session, view.hours), (State::Stopped, None, 1.0));
        assert!(desks.attach("e001-1", 1).is_none(), "the session is over");
    }

    #[test]
    fn a_destroyed_desktop_is_gone_and_its_name_is_not_given_to_two() {
        let mut desks = Desks::new(Span::ZERO, 1.0);
        let ids = [desks.create("e002", Kind::Office), desks.create("e002", Kind::Cad)];
        assert_eq!(ids, ["e002-1", "e002-2"]);
        desks.destroy("e002-1", at(0)).unwrap();
        assert_eq!(desks.destroy("e002-1", at(0)), Err(Refusal::NotFound));
        assert_eq!(desks.create("e002", Kind::Office), "e002-3");
        assert_eq!(desks.all(at(0)).len(), 2);
        // Nor to one after the other, so that what was let in to the old one is not let in to the new.
        desks.start("e002-3", at(0)).unwrap();
        let (session, _) = desks.session("e002-3", at(1)).unwrap();
        desks.destroy("e002-3", at(1)).unwrap();
        let next = desks.create("e002", Kind::Office);
        desks.start(&next, at(1)).unwrap();
        desks.session(&next, at(2)).unwrap();
        assert!(desks.attach("e002-3", session).is_none());
    }
}
