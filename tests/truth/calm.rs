//! Whether the machine had time left while a case ran. A machine without any sends and answers late, and then only the
//! lower bounds of a law hold; who measures there learns about the machine.
//!
//! The kernel's own count of idle time, so that nothing that scrutinio measures excuses scrutinio.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The least share of a second that some processor must have been idle for.
const IDLE: f64 = 0.1;

/// A look at the machine's processors once a second.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<f64>>,
}

impl Watch {
    /// Begins to look.
    pub fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut before, mut shares) = (ticks(), Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_secs(1));
                let now = ticks();
                shares.push((now.0 - before.0) / (now.1 - before.1).max(1.0));
                before = now;
            }
            shares
        });
        Self { stop, thread }
    }

    /// Ends it; whether there was idle time in nine of ten seconds (of fewer, in each).
    pub fn was_calm(self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        let shares = self.thread.join().expect("it only reads and sleeps");
        let busy = shares.iter().filter(|share| **share < IDLE).count();
        let calm = busy * 10 <= shares.len();
        if !calm {
            println!("the machine was busy in {busy} of {} seconds: upper bounds are not held", shares.len());
        }
        calm
    }
}

/// Idle time of all processors since the machine's start, and time of any kind.
fn ticks() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap();
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is in these already.
    let columns = text.lines().next().unwrap().split_whitespace().skip(1).take(8);
    let columns: Vec<f64> = columns.map(|column| column.parse().unwrap()).collect();
    (columns[3] + columns[4], columns.iter().sum())
}
