//! A lane's thread as the kernel sees it: processor time, waiting for a core, switches.
//!
//! Read from another thread and at the lane's end, so that a lane never spends its time on it.

use std::sync::OnceLock;

use crate::record::LaneUse;
use crate::unit::Span;

/// A lane's thread, once it has begun.
#[derive(Debug, Default)]
pub struct Watch {
    began: OnceLock<(i32, LaneUse)>,
    ended: OnceLock<LaneUse>,
}

impl Watch {
    /// The calling thread is the lane, and its run begins.
    pub fn begin(&self) {
        if let Some(used) = of_this_thread() {
            let _ = self.began.set((rustix::thread::gettid().as_raw_nonzero().get(), used));
        }
    }

    /// The calling thread is the lane, and its run has ended.
    pub fn end(&self) {
        if let Some(used) = of_this_thread() {
            let _ = self.ended.set(used);
        }
    }

    /// What the lane has used since it began, up to now or its end; `None` if the kernel does not say.
    pub fn used(&self) -> Option<LaneUse> {
        let Some((thread, began)) = self.began.get() else { return Some(LaneUse::default()).filter(|_| is_told()) };
        let live = || of_task(&format!("/proc/self/task/{thread}"));
        // A thread that has just gone has left its last reading.
        let used = self.ended.get().copied().or_else(live).or_else(|| self.ended.get().copied())?;
        Some(used.since(began))
    }
}

/// What all threads of another process have used; `None` if the kernel does not say, or it is gone.
pub fn of_process(id: u32) -> Option<LaneUse> {
    let mut sum = LaneUse::default();
    for task in std::fs::read_dir(format!("/proc/{id}/task")).ok()? {
        let used = of_task(task.ok()?.path().to_str()?)?;
        sum.cpu = sum.cpu.saturating_add(used.cpu);
        sum.run_queue = sum.run_queue.saturating_add(used.run_queue);
        (sum.voluntary, sum.involuntary) = (sum.voluntary + used.voluntary, sum.involuntary + used.involuntary);
    }
    Some(sum)
}

fn is_told() -> bool {
    of_this_thread().is_some()
}

fn of_this_thread() -> Option<LaneUse> {
    of_task("/proc/thread-self")
}

fn of_task(folder: &str) -> Option<LaneUse> {
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).ok();
    parse(&read("schedstat")?, &read("status")?)
}

/// `schedstat` is nanoseconds on a core, nanoseconds waiting for one, and time slices.
fn parse(schedstat: &str, status: &str) -> Option<LaneUse> {
    let mut times = schedstat.split_whitespace().map(str::parse::<u64>);
    let (cpu, run_queue) = (times.next()?.ok()?, times.next()?.ok()?);
    let switches = |key: &str| status.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok());
    Some(LaneUse {
        cpu: Span::from_nanos(cpu),
        run_queue: Span::from_nanos(run_queue),
        voluntary: switches("voluntary_ctxt_switches:").unwrap_or(0),
        involuntary: switches("nonvoluntary_ctxt_switches:").unwrap_or(0),
        stood: Span::ZERO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_words_are_understood() {
        let status = "Name:\tlane-0\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";
        let used = parse("1500000000 20000000 77\n", status);
        let (cpu, run_queue) = (Span::from_millis(1_500), Span::from_millis(20));
        assert_eq!(used, Some(LaneUse { cpu, run_queue, voluntary: 150, involuntary: 545, stood: Span::ZERO }));
    }

    #[test]
    fn what_is_not_told_is_not_zero() {
        for schedstat in ["", "12", "12 x 1", "-1 2 3"] {
            assert_eq!(parse(schedstat, ""), None, "{schedstat}");
        }
        assert_eq!(of_task("/proc/self/task/0"), None);
    }

    #[test]
    fn a_thread_is_watched_from_outside_and_its_last_reading_stays() {
        let watch = std::sync::Arc::new(Watch::default());
        let inside = std::sync::Arc::clone(&watch);
        std::thread::spawn(move || {
            inside.begin();
            let end = std::time::Instant::now() + std::time::Duration::from_millis(30);
            while std::time::Instant::now() < end {}
            inside.end();
        })
        .join()
        .unwrap();
        let Some(used) = watch.used() else { return assert!(!is_told()) };
        assert!(used.cpu > Span::ZERO && used.cpu.saturating_add(used.run_queue) >= Span::from_millis(10), "{used:?}");
        assert_eq!(watch.used(), Some(used));
    }
}
