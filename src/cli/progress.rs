//! What is shown during a run: a bar on a terminal, otherwise a line every ten seconds; always on standard error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, sleep};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::judge::words::count;
use crate::record::Snapshot;
use crate::scenario::{Clock, Scenario};
use crate::unit::{Instant, Rate, Span};

use super::args::RunOptions;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Span = Span::from_secs(10);

/// How the run is going.
pub struct Progress {
    how: How,
    clock: Clock,
    planned: u64,
    next_line: Instant,
    length: Span,
}

enum How {
    Silent,
    Bar(ProgressBar),
    Lines,
}

impl Progress {
    /// Progress of a run of this scenario.
    pub fn new(scenario: &Scenario, options: &RunOptions) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let how = match (options.quiet, terminal) {
            (true, _) => How::Silent,
            (false, true) => How::Bar(bar()),
            (false, false) => How::Lines,
        };
        let (from, to) = scenario.clock.window;
        let length = scenario.clock.span(to - from);
        Self { how, clock: scenario.clock.clone(), planned: 0, next_line: Instant::ZERO + LINE_EVERY, length }
    }

    /// No progress.
    pub fn silent(scenario: &Scenario) -> Self {
        let clock = scenario.clock.clone();
        Self { how: How::Silent, clock, planned: 0, next_line: Instant::MAX, length: Span::ZERO }
    }

    /// Says something between the lines of progress.
    pub fn say(&self, text: &str) {
        match &self.how {
            How::Silent => {}
            How::Bar(bar) => bar.suspend(|| eprintln!("{text}")),
            How::Lines => eprintln!("{text}"),
        }
    }

    /// Shows that planning goes on, until it ends.
    pub fn planning<T>(&mut self, planning: &ScopedJoinHandle<'_, T>, counted: &AtomicU64) {
        while !planning.is_finished() {
            if let How::Bar(bar) = &self.how {
                bar.set_message(format!("planning: {} requests", count(counted.load(Ordering::Relaxed))));
                bar.tick();
            }
            sleep(Duration::from_millis(5));
        }
        self.planned = counted.load(Ordering::Relaxed);
        if let How::Bar(bar) = &self.how {
            bar.set_length(self.planned.max(1));
        }
    }

    /// Shows how far the run is.
    pub fn show(&mut self, now: Instant, snapshot: &Snapshot) {
        match &self.how {
            How::Silent => {}
            How::Bar(bar) => {
                bar.set_position(snapshot.done + snapshot.failed + snapshot.shed + snapshot.abandoned);
                bar.set_prefix(self.amounts(now, snapshot));
                bar.set_message(self.latencies(now, snapshot));
            }
            How::Lines if now >= self.next_line => {
                eprintln!("{}  {}", self.amounts(now, snapshot), self.latencies(now, snapshot));
                self.next_line = self.next_line + LINE_EVERY;
            }
            How::Lines => {}
        }
    }

    /// Clears the bar.
    pub fn finish(&self) {
        if let How::Bar(bar) = &self.how {
            bar.finish_and_clear();
        }
    }

    /// The scenario's clock, what is done of what was planned, and how fast.
    fn amounts(&self, now: Instant, s: &Snapshot) -> String {
        let rate = |per_s: f64| Rate::per_second(per_s).unwrap_or_default().to_string();
        let mut line = format!("{}  {} done", self.clock.label(self.clock.scenario_secs(now)), count(s.done));
        if s.nominal > 0 {
            // Extra requests (P3) come on top: then this is no part of that.
            let of = if s.done > self.planned { ", planned" } else { " of" };
            line = format!("{line}{of} {}", count(self.planned));
        }
        for (n, word) in [(s.failed, "failed"), (s.shed, "shed"), (s.abandoned, "abandoned")] {
            if n > 0 {
                line = format!("{line}, {} {word}", count(n));
            }
        }
        line = format!("{line}  {}", rate(s.rate_per_s));
        if s.nominal > 0 {
            line = format!("{line} (planned {})", rate(s.nominal_per_s));
        }
        line
    }

    /// How it went in the last interval, what is open, and the time left.
    fn latencies(&self, now: Instant, s: &Snapshot) -> String {
        let span = |span: Option<Span>| span.map_or("-".to_owned(), |span| span.to_string());
        let left = (Instant::ZERO + self.length).since(now);
        let mut line = format!("p50 {} p99 {}", span(s.response_p50), span(s.response_p99));
        if s.lag_p99.is_some() {
            line = format!("{line}  lag p99 {}", span(s.lag_p99));
        }
        let left = Span::from_secs(left.as_nanos().div_ceil(1_000_000_000));
        format!("{line}  {} in flight  {left} left", count(s.in_flight))
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar:.cyan/dim} {percent:>3}%\n{prefix}\n{wide_msg}")
        .expect("the template is a constant that indicatif accepts");
    let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(5)).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
