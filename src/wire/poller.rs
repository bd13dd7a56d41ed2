//! Readiness and time from one epoll set: every socket of a lane, one timerfd, one wake-up from outside.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Events taken from the kernel in one turn: enough that even a busy lane sees everything that is ready, as it cannot
/// date what it has not seen (T3).
const EVENTS_PER_TURN: usize = 1024;

/// What is told of a socket: each change once.
const SOCKET: epoll::EventFlags =
    epoll::EventFlags::IN.union(epoll::EventFlags::OUT).union(epoll::EventFlags::RDHUP).union(epoll::EventFlags::ET);

const TIMER: u64 = u64::MAX;
const WAKER: u64 = u64::MAX - 1;

/// What a lane finds an event's connection by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(pub u64);

/// A socket became ready.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The token it was registered with.
    pub token: Token,
    /// There may be something to read: bytes, the end, or an error.
    pub readable: bool,
    /// There is room to write, or connecting has ended.
    pub writable: bool,
    /// The other side has closed its half, or the connection is broken.
    pub ended: bool,
}

/// What a wait found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// How many things became ready.
    pub ready: usize,
    /// Whether that was everything: the wait looked, and had room for more.
    pub saw_all: bool,
}

/// An epoll set with a timerfd and an eventfd.
pub struct Poller {
    epoll: OwnedFd,
    timer: OwnedFd,
    armed: Option<u64>,
    events: Vec<epoll::Event>,
}

/// A descriptor by which another thread ends a wait: one `u64` written to it does.
pub fn new_waker() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)
}

impl Poller {
    /// A new set, empty but for the timer and the waker.
    pub fn new(waker: &OwnedFd) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        // Edge-triggered, so that neither the timer nor the waker ever has to be read.
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), flags)?;
        epoll::add(&epoll, waker, epoll::EventData::new_u64(WAKER), flags)?;
        Ok(Self { epoll, timer, armed: None, events: Vec::with_capacity(EVENTS_PER_TURN) })
    }

    /// Watches a socket for reading and writing, edge-triggered: told once each time that becomes possible.
    pub fn watch(&self, socket: impl AsFd, token: Token) -> io::Result<()> {
        epoll::add(&self.epoll, socket, epoll::EventData::new_u64(token.0), SOCKET)?;
        Ok(())
    }

    /// Tells once more, in a later turn, what a watched socket is ready for now.
    pub fn tell_again(&self, socket: impl AsFd, token: Token) -> io::Result<()> {
        epoll::modify(&self.epoll, socket, epoll::EventData::new_u64(token.0), SOCKET)?;
        Ok(())
    }

    /// Sets the timer to an absolute CLOCK_MONOTONIC time in nanoseconds. Costs nothing if it is set to it already.
    pub fn arm(&mut self, at: u64) -> io::Result<()> {
        if self.armed == Some(at) {
            return Ok(());
        }
        // Zero would disarm; the clock left zero behind when the machine started.
        let at_least_one = at.max(1);
        let value =
            Timespec { tv_sec: (at_least_one / 1_000_000_000) as i64, tv_nsec: (at_least_one % 1_000_000_000) as _ };
        let spec = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &spec)?;
        self.armed = Some(at);
        Ok(())
    }

    /// Waits for readiness, the timer, the waker, or `timeout`; `None` waits as long as it takes.
    /// What became ready is then to be taken with [`Poller::take`].
    pub fn wait(&mut self, timeout: Option<Timespec>) -> io::Result<Waited> {
        match self.look(timeout) {
            // A stop signal of the shell (SIGSTOP, SIGCONT) ends a wait without a look at what is ready: nothing may be
            // sent before one, as what has come meanwhile would pass for its answer (R8).
            Err(Errno::INTR) => match self.look(Some(Timespec { tv_sec: 0, tv_nsec: 0 })) {
                Err(Errno::INTR) => Ok(Waited { ready: 0, saw_all: false }),
                looked => Ok(looked?),
            },
            looked => Ok(looked?),
        }
    }

    fn look(&mut self, timeout: Option<Timespec>) -> Result<Waited, Errno> {
        self.events.clear();
        let ready = epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), timeout.as_ref())?;
        Ok(Waited { ready, saw_all: ready < EVENTS_PER_TURN })
    }

    /// The `i`-th thing that became ready in the last wait; `None` for the timer and the waker, which carry no news
    /// but the wake-up itself.
    pub fn take(&self, i: usize) -> Option<Event> {
        use epoll::EventFlags as F;
        let event = self.events[i];
        let (data, flags) = (event.data.u64(), event.flags);
        (data != TIMER && data != WAKER).then(|| Event {
            token: Token(data),
            readable: flags.intersects(F::IN | F::RDHUP | F::HUP | F::ERR),
            writable: flags.intersects(F::OUT | F::HUP | F::ERR),
            ended: flags.intersects(F::RDHUP | F::HUP | F::ERR),
        })
    }
}
