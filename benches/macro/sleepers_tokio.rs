//! A million sleeping sessions as tokio tasks: what decision 0001 compares our slab with.
//!
//! `sleepers_tokio SESSIONS SPREAD SLEEP` spawns the tasks evenly over SPREAD seconds on a current-thread
//! runtime; each keeps a state as large as a session of ours, sleeps SLEEP seconds and ends. Prints
//! bytes a sleeping task, and processor time for starting and for waking one. SLEEP must be above SPREAD.

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, sleep, sleep_until};

/// What a session of our engine keeps while it sleeps: its slot in the slab and two small vectors.
const STATE_BYTES: usize = 320;

fn cpu_us() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}

fn rss_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") * 1024.0
}

async fn session(length: Duration, woken: Rc<Cell<u64>>) {
    let mut state = [0u8; STATE_BYTES];
    black_box(&mut state);
    sleep(length).await;
    black_box(&mut state);
    woken.set(woken.get() + 1);
}

fn main() {
    let args: Vec<u64> = std::env::args().skip(1).map(|arg| arg.parse().expect("a number")).collect();
    let [sessions, spread, length] = args.as_slice() else { panic!("usage: sleepers_tokio SESSIONS SPREAD SLEEP") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let woken = Rc::new(Cell::new(0));
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let (start, rss, cpu) = (Instant::now(), rss_bytes(), cpu_us());
        // A millisecond is the resolution of tokio's timer, so sessions start by the millisecond.
        let turns = spread * 1_000;
        for turn in 0..turns {
            sleep_until(start + Duration::from_millis(turn)).await;
            for _ in sessions * turn / turns..sessions * (turn + 1) / turns {
                tokio::task::spawn_local(session(Duration::from_secs(*length), Rc::clone(&woken)));
            }
        }
        tokio::task::yield_now().await;
        let n = *sessions as f64;
        let (bytes, started) = ((rss_bytes() - rss) / n, (cpu_us() - cpu) / n);
        assert_eq!(woken.get(), 0, "some woke before all slept: SLEEP must be above SPREAD");
        let cpu = cpu_us();
        sleep_until(start + Duration::from_secs(spread + length) + Duration::from_millis(500)).await;
        assert_eq!(woken.get(), *sessions);
        let waking = (cpu_us() - cpu) / n;
        println!(
            "{{\"sessions\":{sessions},\"bytes_per_session\":{bytes:.0},\"start_us\":{started:.3},\"wake_us\":{waking:.3}}}"
        );
    });
}
