//! The one thread that writes: it takes what waits as one batch, commits and syncs it, answers, then renders.
//!
//! One direction: orders in by a bounded queue, acknowledgements out by oneshot after the sync, pages out as a snapshot
//! that the serving threads share. Rendering here, never while serving, keeps a report from holding up readers.

use super::ElectionError;
use super::board::Board;
use super::form::{FormId, Kind};
use super::pages::Pages;
use super::refusal::Refusal;
use super::store::{Ack, Order, Store};
use crate::unit::{NotStarted, STACK_BYTES};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Writes that may wait; the town has 174 sections and 12 clerks, one write each at a time.
const QUEUE: usize = 512;
/// Writes that share one transaction and one sync.
const BATCH: usize = 64;
/// Within which a report must be visible, where the machine has time.
const VISIBLE_WITHIN: Duration = Duration::from_millis(100);
/// Pages are rendered at most this often, so that a burst of reports costs one rendering, not one each; what is left of
/// the time is for the rendering.
const RENDER_EVERY: Duration = Duration::from_millis(VISIBLE_WITHIN.as_millis() as u64 / 2);

/// What came of an order.
pub type Answer = Result<Ack, Refusal>;

struct Job {
    order: Order,
    answer: oneshot::Sender<Answer>,
}

/// The newest pages, replaced as a whole.
#[derive(Debug)]
pub struct Shown(RwLock<Arc<Pages>>);

impl Shown {
    fn new(pages: Pages) -> Self {
        Self(RwLock::new(Arc::new(pages)))
    }

    /// The newest pages.
    #[must_use]
    pub fn now(&self) -> Arc<Pages> {
        Arc::clone(&self.0.read().expect("no holder of this lock can panic"))
    }

    fn publish(&self, pages: Arc<Pages>) {
        *self.0.write().expect("no holder of this lock can panic") = pages;
    }
}

/// The handle of the writing thread; dropping it writes what waits and ends the thread.
#[derive(Debug)]
pub struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    shown: Arc<Shown>,
}

impl Writer {
    /// Renders the pages of what `store` holds and starts the thread.
    ///
    /// # Errors
    /// The store cannot be read or the thread not started.
    pub fn start(store: Arc<Store>) -> Result<Self, ElectionError> {
        let shown = Arc::new(Shown::new(Pages::new(&Board::read(&store)?)));
        let (queue, jobs) = sync_channel(QUEUE);
        let mut desk = Desk { store, shown: Arc::clone(&shown), changed: Changed::default(), pace: Pace::default() };
        let thread = std::thread::Builder::new().name("election-writer".into()).stack_size(STACK_BYTES);
        let thread = thread.spawn(move || desk.run(&jobs));
        let thread = thread.map_err(NotStarted::of("a thread for the election's writes"))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), shown })
    }

    /// The newest pages.
    #[must_use]
    pub fn shown(&self) -> Arc<Pages> {
        self.shown.now()
    }

    /// Hands an order in; the answer comes once it is synced or refused.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if the queue is full.
    pub fn submit(&self, order: Order) -> Result<oneshot::Receiver<Answer>, Refusal> {
        let (answer, receiver) = oneshot::channel();
        let queue = self.queue.as_ref().expect("the queue is taken only when the writer is dropped");
        match queue.try_send(Job { order, answer }) {
            Ok(()) => Ok(receiver),
            Err(TrySendError::Full(_)) => Err(Refusal::Busy),
            Err(TrySendError::Disconnected(_)) => Err(Refusal::Store("its thread has ended".into())),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed by it; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// What was written since the last rendering.
#[derive(Debug, Default)]
pub struct Changed {
    /// Sections with a new form, each once.
    pub sections: Vec<u16>,
    /// Whether any count is new.
    pub votes: bool,
}

impl Changed {
    fn none(&self) -> bool {
        self.sections.is_empty()
    }

    fn add(&mut self, form: FormId) {
        if !self.sections.contains(&form.section) {
            self.sections.push(form.section);
        }
        self.votes |= form.kind == Kind::Votes;
    }
}

/// When pages may be rendered again.
#[derive(Default)]
struct Pace(Option<Instant>);

impl Pace {
    /// For how long what was written must wait for its rendering.
    fn wait(&self, now: Instant) -> Duration {
        self.0.map_or(Duration::ZERO, |due| due.saturating_duration_since(now))
    }

    fn rendered(&mut self, now: Instant) {
        self.0 = Some(now + RENDER_EVERY);
    }
}

struct Desk {
    store: Arc<Store>,
    shown: Arc<Shown>,
    changed: Changed,
    pace: Pace,
}

impl Desk {
    fn run(&mut self, jobs: &Receiver<Job>) {
        loop {
            let next = match self.changed.none() {
                true => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => jobs.recv_timeout(self.pace.wait(Instant::now())),
            };
            match next {
                Ok(first) => self.commit(std::iter::once(first).chain(jobs.try_iter()).take(BATCH).collect()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if !self.changed.none() && self.pace.wait(now).is_zero() {
                self.pace.rendered(now);
                self.render();
            }
        }
    }

    /// Renders what the store holds now. If it cannot be read the old pages stay and the next round tries again.
    fn render(&mut self) {
        if let Ok(board) = Board::read(&self.store) {
            let changed = std::mem::take(&mut self.changed);
            self.shown.publish(Arc::new(self.shown.now().after(&board, &changed)));
        }
    }

    fn commit(&mut self, jobs: Vec<Job>) {
        let (orders, senders): (Vec<Order>, Vec<_>) = jobs.into_iter().map(|job| (job.order, job.answer)).unzip();
        let answers = match self.store.apply(&orders) {
            Ok(answers) => answers,
            Err(error) => orders.iter().map(|_| Err(Refusal::Store(error.to_string()))).collect(),
        };
        for ((order, answer), sender) in orders.iter().zip(answers).zip(senders) {
            if let Ok(Ack { replayed: false, .. }) = &answer {
                self.changed.add(order.form);
            }
            // A client that went away does not hear it; the write holds all the same.
            let _ = sender.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_rendered_at_once_or_a_half_of_its_time_after_the_rendering_before() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        assert_eq!(pace.wait(start), Duration::ZERO);
        pace.rendered(start);
        assert_eq!(pace.wait(start), VISIBLE_WITHIN / 2);
        assert_eq!(pace.wait(start + Duration::from_millis(49)), Duration::from_millis(1));
        assert_eq!(pace.wait(start + Duration::from_millis(50)), Duration::ZERO);
        assert_eq!(pace.wait(start + Duration::from_secs(9)), Duration::ZERO);
    }
}
