//! What is shown during a run: a bar on a terminal, otherwise a line every ten seconds; always on standard error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, sleep};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::engine::Load;
use crate::record::Snapshot;
use crate::report::words::count;
use crate::report::wrapped;
use crate::scenario::{Clock, Scenario};
use crate::unit::{Instant, Rate, Span};

use super::args::RunOptions;
use super::output::to_stderr;

/// How often a line is written where there is no terminal.
pub const LINE_EVERY: Span = Span::from_secs(10);

/// How the run is going.
pub struct Progress {
    how: How,
    clock: Clock,
    planned: u64,
    next_line: Instant,
    end: End,
}

/// What the run ends at: a time, a number of requests, or whichever comes first.
#[derive(Clone, Copy)]
struct End {
    at: Option<Span>,
    requests: Option<u64>,
}

impl End {
    /// How much of the run is over, from 0 to 1. A planned run goes by its clock: extra requests (P3) come on top of what
    /// was planned, and slow sessions end late.
    fn over(self, now: Instant, ended: u64) -> f64 {
        let by_clock = self.at.map(|at| now.since(Instant::ZERO).as_secs_f64() / at.as_secs_f64());
        let by_count = self.requests.map(|requests| ended as f64 / requests as f64);
        by_clock.into_iter().chain(by_count).fold(0.0, f64::max).min(1.0)
    }
}

/// Steps of the bar.
const STEPS: u64 = 1_000;

enum How {
    Silent,
    Bar(ProgressBar),
    Lines,
}

impl Progress {
    /// Progress of a run of this scenario, whose sessions come to be so.
    pub fn new(scenario: &Scenario, load: Load, options: &RunOptions) -> Self {
        let terminal = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let how = match (options.quiet, terminal) {
            (true, _) => How::Silent,
            (false, true) => How::Bar(bar()),
            (false, false) => How::Lines,
        };
        let (from, to) = scenario.clock.window;
        let end = match load {
            Load::Planned => End { at: Some(scenario.clock.span(to - from)), requests: None },
            Load::Closed { until, budget, .. } => {
                End { at: until.map(|until| until.since(Instant::ZERO)), requests: budget }
            }
        };
        Self { how, clock: scenario.clock.clone(), planned: 0, next_line: Instant::ZERO + LINE_EVERY, end }
    }

    /// No progress.
    pub fn silent(scenario: &Scenario) -> Self {
        let clock = scenario.clock.clone();
        Self { how: How::Silent, clock, planned: 0, next_line: Instant::MAX, end: End { at: None, requests: None } }
    }

    /// Says something between the lines of progress.
    pub fn say(&self, text: &str) {
        match &self.how {
            How::Silent => {}
            How::Bar(bar) => {
                let width = usize::from(console::Term::stderr().size().1);
                bar.suspend(|| to_stderr(format_args!("{}\n", broken(text, width))));
            }
            // Whoever reads lines from a file searches in them.
            How::Lines => to_stderr(format_args!("{text}\n")),
        }
    }

    /// Shows that planning goes on, until it ends.
    pub fn planning<T>(&mut self, planning: &ScopedJoinHandle<'_, T>, counted: &AtomicU64) {
        let mut told = std::time::Instant::now();
        while !planning.is_finished() {
            let planned = || planning_words(counted.load(Ordering::Relaxed));
            match &self.how {
                How::Bar(bar) => {
                    bar.set_message(planned());
                    bar.tick();
                }
                How::Lines if told.elapsed() >= LINE_EVERY.to_duration() => {
                    to_stderr(format_args!("{}\n", planned()));
                    told = std::time::Instant::now();
                }
                How::Lines | How::Silent => {}
            }
            sleep(Duration::from_millis(5));
        }
        self.planned = counted.load(Ordering::Relaxed);
    }

    /// Shows how far the run is.
    pub fn show(&mut self, now: Instant, snapshot: &Snapshot) {
        match &self.how {
            How::Silent => {}
            How::Bar(bar) => {
                let ended = snapshot.done + snapshot.failed + snapshot.unsent + snapshot.unfinished;
                // The first of these draws, and the others wait for the next turn.
                bar.set_message(self.latencies(now, snapshot));
                bar.set_prefix(self.amounts(now, snapshot));
                bar.set_position((self.end.over(now, ended) * STEPS as f64) as u64);
            }
            How::Lines if now >= self.next_line => {
                to_stderr(format_args!("{}  {}\n", self.amounts(now, snapshot), self.latencies(now, snapshot)));
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
        for (n, word) in [(s.failed, "failed"), (s.unsent, "unsent"), (s.unfinished, "unfinished")] {
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
        let mut line = format!("p50 {} p99 {}", span(s.response_p50), span(s.response_p99));
        if s.lag_p99.is_some() {
            line = format!("{line}  lag p99 {}", span(s.lag_p99));
        }
        line = format!("{line}  {} in flight", count(s.in_flight));
        let Some(end) = self.end.at else { return line };
        let left = (Instant::ZERO + end).since(now);
        format!("{line}  {} left", Span::from_secs(left.as_nanos().div_ceil(1_000_000_000)))
    }
}

/// A line as a terminal shows it, broken between words and not within them.
fn broken(text: &str, width: usize) -> String {
    wrapped(text, width.saturating_sub(2).max(40)).join("\n  ")
}

/// How far planning is: sessions are sized before their requests are counted.
pub fn planning_words(counted: u64) -> String {
    if counted == 0 {
        "planning: sessions are sized".to_owned()
    } else {
        format!("planning: {} requests", count(counted))
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar:.cyan/dim} {percent:>3}%\n{prefix}\n{wide_msg}")
        .expect("the template is a constant that indicatif accepts");
    // No steady tick: that is a thread, and the run shows how far it is often enough.
    ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr_with_hz(5)).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words() {
        let note = "note: the flow `nightly-report` is used by no population";
        assert_eq!(broken(note, 42), "note: the flow `nightly-report` is used\n  by no population");
    }

    #[test]
    fn a_run_is_over_by_its_clock_whatever_comes_on_top() {
        let at = |secs| Instant::ZERO + Span::from_secs(secs);
        let planned = End { at: Some(Span::from_secs(15)), requests: None };
        // More requests ended than were planned, as extra ones do.
        assert!((planned.over(at(5), 1_000_000) - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(planned.over(at(20), 0), 1.0);
        let counted = End { at: None, requests: Some(200) };
        assert_eq!(counted.over(at(5), 50), 0.25);
        let both = End { at: Some(Span::from_secs(10)), requests: Some(200) };
        assert_eq!((both.over(at(5), 20), both.over(at(1), 100)), (0.5, 0.5));
    }
}
