//! A lane: one thread with its own sockets, sessions, timers and recorder.
//!
//! Its loop is a pacer: it wakes what is due, in order and without ever dropping what is late; asks the
//! kernel what became ready; and reads it. Nothing on the path of a request is shared with another lane.
//! `start` begins and ends sessions, `send` finds a connection and writes, `receive` reads and judges; `streams` is what
//! HTTP/2 does otherwise, `socket` what is done on a WebSocket or event stream.

mod config;
mod cookies;
mod frames;
mod gather;
mod h2_sharing;
mod observe;
mod opening;
mod parallel;
mod plain;
mod pool;
mod receive;
mod redirect;
mod retry;
mod sample;
mod send;
mod socket;
mod standstill;
mod start;
mod streams;
mod transactions;
mod unasked;
mod unsent;
mod visitor;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use rustix::time::Timespec;

use crate::plan::{Arrival, ArrivalsHash, Plan};
use crate::record::{Reason, Recorder};
use crate::unit::{Instant, Span};
use crate::wire::h1::{Answer, HeadMemo, Kept};
use crate::wire::h2::Event as StreamEvent;
use crate::wire::{Connection, Poller, Sources};

use super::deadline::Deadlines;
use super::session::Sessions;
use super::stream::OpenStream;
use super::{LaneEnd, Load, Observer};

pub use config::LaneConfig;

/// Bytes read in one call: the lane's one read buffer.
const READ_BUFFER: usize = 64 << 10;

/// Sessions woken in a row before the lane looks for answers again, so that catching up does not make
/// it read late.
const WAKES_IN_A_ROW: u32 = 64;

/// Answers read in a row before the requests that follow them go out. Reading many and then sending many keeps the
/// kernel's path for each warm, and the server finds a batch; a request waits some tens of microseconds at most.
const READS_IN_A_ROW: usize = 64;

/// The longest the lane sleeps while an answer is open: it bounds what the read delay (T3) can be without cause.
/// It is the timer that rings and not a limit of each wait: the kernel would set a clock anew for every wait.
const HEARTBEAT: Span = Span::from_micros(1_000);

/// A connection of the lane.
struct Link {
    connection: Connection,
    opened_at: Instant,
    open: bool,
    origin: u16,
    /// Index of the pool it belongs to.
    pool: Option<u16>,
    /// Population and recorded step of its last request.
    asked: (u16, u16),
    /// When that went out; only of HTTP/1.1.
    sent: Instant,
    /// Whether the answer under way was there before its request went out (R8).
    spoke_first: bool,
    /// The session whose request it carries, or that keeps it for itself.
    owner: Option<u32>,
    /// Whether a request is under way on it.
    busy: bool,
    exchanges: u32,
    answer: Option<Answer>,
    /// Bytes of a request that the socket did not take yet.
    unsent: BytesMut,
    /// What it has if it is one of HTTP/2: then it carries many requests, and `busy`, `answer` and `unsent` are not used.
    h2: Option<Box<streams::Multiplexed>>,
    /// What it has if a session is on a stream: then it is busy until that ends.
    stream: Option<Box<OpenStream>>,
}

#[derive(Default)]
struct LinkSlot {
    generation: u32,
    link: Option<Link>,
}

/// A lane.
pub struct Lane<'a> {
    config: LaneConfig,
    plan: &'a Plan,
    poller: Poller,
    recorder: Recorder,
    /// By origin.
    sources: Vec<Sources>,
    arrivals: Box<dyn Iterator<Item = Arrival> + 'a>,
    next_arrival: Option<Arrival>,
    sessions: Sessions,
    sleeping: BinaryHeap<Reverse<(Instant, u32)>>,
    streams: socket::Streams,
    links: Vec<LinkSlot>,
    free_links: Vec<u32>,
    pools: Vec<pool::Pool>,
    unopened: Vec<unsent::Unopened>,
    impossible: Vec<unsent::Impossible>,
    /// Sessions whose next request was due at once; none of them is kept beyond the turn.
    at_once: Vec<u32>,
    no_room: VecDeque<unsent::NoRoom>,
    request_deadlines: Deadlines,
    connect_deadlines: Deadlines,
    next_address: Vec<usize>,
    in_flight: u64,
    /// Connections opened so far.
    opened: u64,
    gathering: gather::Gathering,
    /// The latest reading of the clock.
    now: Instant,
    /// When the lane last saw everything that was ready: what it reads now may have been waiting since (T3).
    looked: Instant,
    /// When that look began: what had passed its deadline by then was not answered in time (R5).
    look_began: Instant,
    next_hand_over: Instant,
    armed: Instant,
    /// When the last wait was over.
    waited: Instant,
    hash: ArrivalsHash,
    closed_budget: Option<u64>,
    budgets: retry::Budgets,
    heads: HeadMemo,
    /// What the last answer was kept in, for the next.
    kept: Kept,
    read_buffer: Vec<u8>,
    out: Vec<u8>,
    url: Vec<u8>,
    /// Connections of HTTP/2 on which something waits to be written.
    dirty: Vec<u32>,
    /// Emptied whenever it was used.
    events: Vec<StreamEvent>,
    observer: Option<Observer>,
    /// What was sent of requests that are open, by slot; only for an observer.
    rendered: Vec<observe::Rendered>,
}

impl<'a> Lane<'a> {
    /// A lane, ready to run the arrivals that are its part of the plan. In closed loop each session of the plan is a
    /// connection.
    pub fn new(
        config: LaneConfig,
        plan: &'a Plan,
        mut arrivals: Box<dyn Iterator<Item = Arrival> + 'a>,
        poller: Poller,
        recorder: Recorder,
        observer: Option<Observer>,
    ) -> Self {
        let next_arrival = arrivals.next();
        let pools = pool::pools(&config);
        let closed_budget = match config.load {
            Load::Closed { budget, .. } => budget,
            Load::Planned => None,
        };
        Self {
            plan,
            poller,
            recorder,
            sources: config
                .origins
                .iter()
                .map(|o| Sources::new(o.sources.clone(), config.index, config.lanes))
                .collect(),
            arrivals,
            next_arrival,
            sessions: Sessions::default(),
            sleeping: BinaryHeap::new(),
            streams: socket::Streams::default(),
            links: Vec::new(),
            free_links: Vec::new(),
            pools,
            unopened: Vec::new(),
            impossible: Vec::new(),
            at_once: Vec::new(),
            no_room: VecDeque::new(),
            request_deadlines: Deadlines::default(),
            connect_deadlines: Deadlines::default(),
            next_address: vec![config.index as usize; config.origins.len()],
            in_flight: 0,
            opened: 0,
            gathering: gather::Gathering::new(config.load),
            now: Instant::ZERO,
            looked: Instant::ZERO,
            look_began: Instant::ZERO,
            next_hand_over: Instant::ZERO + config.interval,
            armed: Instant::ZERO,
            waited: Instant::ZERO,
            hash: ArrivalsHash::default(),
            closed_budget,
            budgets: retry::Budgets::new(&config),
            heads: HeadMemo::default(),
            kept: Kept::default(),
            read_buffer: vec![0; READ_BUFFER],
            out: Vec::new(),
            url: Vec::new(),
            dirty: Vec::new(),
            events: Vec::new(),
            observer,
            rendered: Vec::new(),
            config,
        }
    }

    /// Runs until everything planned has ended, the hard stop, or a stop from outside.
    pub fn run(mut self) -> io::Result<LaneEnd> {
        let gave_up = loop {
            self.wake_due();
            self.fail_unopened();
            self.fail_impossible();
            self.try_again_for_room();
            self.expire();
            self.send_at_once();
            if self.now >= self.next_hand_over {
                self.hand_over();
            }
            if let Some(reason) = self.ends() {
                self.leave_unfinished(reason);
                break Some(reason);
            }
            if self.next_arrival.is_none() && self.sessions.len() == 0 {
                break None;
            }
            self.turn()?;
        };
        let end = LaneEnd { arrivals_hash: self.hash.sum(), gave_up };
        self.recorder.finish();
        Ok(end)
    }

    /// Waits for readiness or the next instant, and reads what became ready.
    fn turn(&mut self) -> io::Result<()> {
        self.flush();
        self.arm()?;
        self.gathering.gather(self.in_flight);
        let began = self.now;
        let asked = self.poller.wait(self.wait_limit())?;
        self.now = self.config.clock.now();
        let returned = self.now;
        self.note_standstill(began);
        self.gathering.looked(returned, asked.ready);
        for i in 0..asked.ready {
            if let Some(event) = self.poller.take(i) {
                self.on_event(event);
            }
            if i % READS_IN_A_ROW == READS_IN_A_ROW - 1 {
                self.send_at_once();
            }
            // A long batch of answers must not make what is due meanwhile late.
            if self.next_due().is_some_and(|due| due <= self.now) {
                self.wake_due();
                self.flush();
            }
        }
        self.send_at_once();
        if asked.saw_all {
            (self.looked, self.look_began) = (returned, began);
        }
        Ok(())
    }

    /// No waiting if something is due, or past its deadline and to be looked at once more.
    fn wait_limit(&self) -> Option<Timespec> {
        let next = [self.next_due(), self.request_deadlines.next(), self.connect_deadlines.next()];
        let told_next = !self.unopened.is_empty() || !self.impossible.is_empty();
        let at_once = told_next || next.into_iter().flatten().any(|next| next <= self.now);
        at_once.then_some(Timespec { tv_sec: 0, tv_nsec: 0 })
    }

    /// Sets the timer if something falls due before it rings anyway; while answers are open, a heartbeat does.
    fn arm(&mut self) -> io::Result<()> {
        let candidates = [
            self.next_due(),
            self.request_deadlines.next(),
            self.connect_deadlines.next(),
            Some(self.next_hand_over),
            Some(self.config.hard_stop),
            (self.in_flight + self.streams.open > 0).then(|| self.now + HEARTBEAT),
        ];
        let next = candidates.into_iter().flatten().min().unwrap_or(self.next_hand_over);
        if next < self.armed || self.armed <= self.now {
            self.poller.arm(self.config.clock.monotonic(next))?;
            self.armed = next;
        }
        Ok(())
    }

    /// When the next session starts or wakes, or a stream is to be looked at.
    fn next_due(&self) -> Option<Instant> {
        let arrival = self.next_arrival.map(|arrival| arrival.due);
        let sleeper = self.sleeping.peek().map(|Reverse((due, _))| *due);
        [arrival, sleeper, self.streams.next()].into_iter().flatten().min()
    }

    /// Starts and wakes what is due, in the order of due.
    fn wake_due(&mut self) {
        for _ in 0..WAKES_IN_A_ROW {
            let arrival = self.next_arrival.map_or(Instant::MAX, |arrival| arrival.due);
            let sleeper = self.sleeping.peek().map_or(Instant::MAX, |Reverse((due, _))| *due);
            let alarm = self.streams.next().unwrap_or(Instant::MAX);
            let due = arrival.min(sleeper).min(alarm);
            if due == Instant::MAX {
                return;
            }
            if due > self.now {
                self.now = self.config.clock.now();
                if due > self.now {
                    return;
                }
            }
            if alarm == due {
                self.ring();
            } else if arrival <= sleeper {
                let Some(arrival) = self.next_arrival.take() else { return };
                self.next_arrival = self.arrivals.next();
                self.start_session(arrival);
            } else if let Some(Reverse((_, slot))) = self.sleeping.pop() {
                self.wake(slot);
            }
        }
    }

    /// Ends what had passed its deadline when the last complete look began: an answer that was there in time has been
    /// read by then (R5). Not when that look was over: a lane may be stopped between it and the clock.
    fn expire(&mut self) {
        while let Some(slot) = self.connect_deadlines.expired(self.look_began) {
            self.connecting_timed_out(slot);
        }
        while let Some(slot) = self.request_deadlines.expired(self.look_began) {
            self.request_failed(slot, Reason::Timeout, "no whole answer within the timeout");
        }
    }

    fn hand_over(&mut self) {
        self.recorder.hand_over(self.in_flight, self.now);
        while self.next_hand_over <= self.now {
            self.next_hand_over = self.next_hand_over + self.config.interval;
        }
    }

    fn ends(&self) -> Option<Reason> {
        if self.config.stop.load(Ordering::Relaxed) {
            return Some(Reason::Stopped);
        }
        (self.now >= self.config.hard_stop).then_some(Reason::Drained)
    }
}
