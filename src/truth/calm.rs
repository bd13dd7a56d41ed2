//! Whether the machine had time left while a server was measured. A machine without any sends and answers late, and then
//! only the lower bounds of a law hold; who measures there learns about the machine.
//!
//! The kernel's own count of idle time, and how late a thread wakes that only sleeps: nothing that scrutinio measures excuses
//! scrutinio.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::unit::{NotStarted, STACK_BYTES};

/// The least share of a second that some processor must have been idle for.
const IDLE: f64 = 0.1;

/// The thread sleeps so long each time.
const NAP: Duration = Duration::from_millis(5);

/// How often in a second.
const NAPS: u32 = 200;

/// A nap that ends so much too late was delayed. A response waits for up to four such wakes, of the generator and of its
/// server, before it is over the bounds of a law, which allow 1.5 ms.
const LATE: Duration = Duration::from_micros(375);

/// So many delayed naps may be in a second: where one wake in forty is delayed, a response in ten is.
const DELAYED: u32 = NAPS / 40 - 1;

/// A look at the machine's processors once a second.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Calm>,
}

/// In how many seconds the machine was busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calm {
    /// Seconds that were looked at.
    pub seconds: u64,
    /// Those of which less than a tenth was idle, or in which a thread that only sleeps woke late too often.
    pub busy: u64,
}

impl Calm {
    /// Whether there was time left in nine of ten seconds; of fewer, in each. So up to the 90 % quantile nothing that the
    /// machine did counts.
    pub fn is_calm(self) -> bool {
        self.busy * 10 <= self.seconds
    }

    /// With one more second, of which so much was idle, and so many naps were delayed.
    fn after(self, idle: f64, delayed: u32) -> Self {
        Self { seconds: self.seconds + 1, busy: self.busy + u64::from(idle < IDLE || delayed > DELAYED) }
    }
}

impl Watch {
    /// Begins to look.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> Result<Self, NotStarted> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let look = move || {
            let (mut before, mut calm) = (ticks(), Calm::default());
            while !stopped.load(Ordering::Relaxed) {
                let delayed = delayed_naps();
                let now = ticks();
                calm = calm.after((now.0 - before.0) / (now.1 - before.1).max(1.0), delayed);
                before = now;
            }
            calm
        };
        let thread = std::thread::Builder::new().name("calm".to_owned()).stack_size(STACK_BYTES).spawn(look);
        Ok(Self { stop, thread: thread.map_err(NotStarted::of("a thread that watches the machine"))? })
    }

    /// Ends it, in a second at most.
    pub fn end(self) -> Calm {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("it only reads and sleeps")
    }
}

/// Sleeps for a second, and counts how often it woke late.
fn delayed_naps() -> u32 {
    let nap = || {
        let begun = Instant::now();
        std::thread::sleep(NAP);
        u32::from(begun.elapsed() > NAP + LATE)
    };
    (0..NAPS).map(|_| nap()).sum()
}

/// Idle time of all processors since the machine's start, and time of any kind; none where the kernel does not tell, which
/// is as good as none left.
fn ticks() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is in these already.
    let columns = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let columns: Vec<f64> = columns.filter_map(|column| column.parse().ok()).collect();
    (columns.iter().skip(3).take(2).sum(), columns.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_in_ten_may_be_busy() {
        let calm = |seconds, busy| Calm { seconds, busy }.is_calm();
        assert!(calm(10, 1) && calm(25, 2) && calm(1, 0));
        assert!(!calm(10, 2) && !calm(9, 1) && !calm(1, 1));
    }

    #[test]
    fn a_second_is_busy_without_idle_time_and_with_late_wakes() {
        let busy = |idle, delayed| Calm::default().after(idle, delayed).busy;
        assert_eq!([busy(0.1, 0), busy(0.5, 4), busy(0.09, 0), busy(0.5, 5)], [0, 0, 1, 1]);
    }

    #[test]
    fn the_kernel_counts_idle_time() {
        let (idle, all) = ticks();
        assert!(0.0 < idle && idle <= all, "{idle} of {all}");
    }
}
