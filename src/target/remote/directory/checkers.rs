//! The threads that check passwords. All are made before the directory is announced: for want of one that is made when
//! it is needed, a logon would fail.

use super::entries::{Check, Entries};
use crate::unit::{NotStarted, Span};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use tokio::sync::oneshot;

/// The most threads; further checks wait for one. They compete for the target's cores, of which there are far fewer.
const MOST: usize = 256;
/// A check calls a hash and nothing deep.
const STACK_BYTES: usize = 256 << 10;

/// The handle of the threads; they end when this is dropped.
pub struct Checkers {
    jobs: Sender<Job>,
}

struct Job {
    dn: String,
    password: Vec<u8>,
    answer: oneshot::Sender<Check>,
}

impl Checkers {
    /// Starts threads for so many checks at once, each of which costs `cost` of processor time.
    ///
    /// # Errors
    /// The system does not give that many.
    pub fn start(entries: &Arc<Entries>, at_once: usize, cost: Span) -> Result<Self, NotStarted> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..at_once.min(MOST) {
            let name = format!("check-{number}");
            let (entries, waiting) = (Arc::clone(entries), Arc::clone(&waiting));
            let started = Builder::new().name(name.clone()).stack_size(STACK_BYTES).spawn(move || {
                while let Some(job) = next(&waiting) {
                    // A client that went away does not hear it.
                    let _ = job.answer.send(entries.check(&job.dn, &job.password, cost));
                }
            });
            started.map_err(NotStarted::of(format!("a thread for {name}")))?;
        }
        Ok(Self { jobs })
    }

    /// Checks a password; `None` if the threads have ended.
    pub async fn check(&self, dn: String, password: Vec<u8>) -> Option<Check> {
        let (answer, told) = oneshot::channel();
        self.jobs.send(Job { dn, password, answer }).ok()?;
        told.await.ok()
    }
}

/// The next job; `None` once there will be no more.
fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
