//! A request that ended, as the recorder is told of it, and whether it is bad for an objective (O1, O2, D3).

use crate::scenario::{Bad, Errors, Failure, Time};
use crate::unit::{Instant, Span};

use super::{Catalog, Class, Outcome, Reason};

/// A request that a lane took up.
#[derive(Clone, Copy, Debug)]
pub struct Woken {
    /// When it was planned.
    pub due: Instant,
    /// The later of due and the done of the session's previous request.
    pub ready: Instant,
    /// When the lane took it up.
    pub woke: Instant,
    /// Whether the pacer woke it: only then its lag is a sample (T4).
    pub paced: bool,
}

impl Woken {
    /// woke − ready: ours (T2).
    pub fn lag(&self) -> Span {
        self.woke.since(self.ready)
    }
}

/// A request that ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Index of its population.
    pub population: u16,
    /// Index of its recorded step.
    pub step: u16,
    /// Whether a condition on the target's answers led to it (P3): counted apart, judged like the others (O2).
    pub extra: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// When it was due, ready and woken. One that was never woken was ready when it was due, and woke then or at
    /// its end, whichever is later.
    pub woken: Woken,
    /// Whether it was woken at all.
    pub taken_up: bool,
    /// First byte written; `None` if none was.
    pub sent: Option<Instant>,
    /// First byte of the answer read.
    pub first: Option<Instant>,
    /// Last byte read, or the end without it.
    pub done: Instant,
    /// How long the last bytes may have been readable before they were read (T3).
    pub read_delay: Span,
    /// The same of the first byte.
    pub first_read_delay: Span,
    /// Its timeout (R5).
    pub timeout: Span,
    /// The part of wait spent on connecting.
    pub connect: Option<Span>,
    /// The part of wait spent on the TLS handshake behind it.
    pub handshake: Option<Span>,
    /// The part of wait spent waiting for a shared pool.
    pub pool_wait: Option<Span>,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// Bytes written for it.
    pub bytes_sent: u64,
    /// Bytes read for it.
    pub bytes_received: u64,
    /// Times that it went out on the wire.
    pub exchanges: u32,
    /// Our own lateness in the tries before the last: ours, as lag is.
    pub ours_before: Span,
    /// The part of that which was lost before `sent`, so that no time from there on has it.
    pub ours_before_sent: Span,
}

impl Ended {
    /// done − due: the headline (T2).
    pub fn response(&self) -> Span {
        self.done.since(self.woken.due)
    }

    /// Our own part in that it has not ended: the lag, and what earlier tries lost.
    fn ours_before_end(&self) -> Span {
        self.woken.lag().saturating_add(self.ours_before)
    }

    /// What it took of a time, up to its end where that has not come, and our own part of it, which K′ takes off; `None`
    /// where the time had not begun. A request that was never taken up waited for nothing.
    fn took(&self, time: Time) -> Option<(Span, Span)> {
        let ours_since_sent = self.ours_before.saturating_sub(self.ours_before_sent);
        // Of what is still open, nothing was read late.
        let is_open = matches!(self.outcome, Err(Reason::Stopped | Reason::Overdue));
        let read_delay = if is_open { Span::ZERO } else { self.read_delay };
        match time {
            Time::Response => Some((self.response(), self.ours_before_end().saturating_add(read_delay))),
            Time::Service => Some((self.done.since(self.sent?), ours_since_sent.saturating_add(read_delay))),
            Time::FirstByte => {
                let (first, delay) = self.first.map_or((self.done, read_delay), |at| (at, self.first_read_delay));
                Some((first.since(self.sent?), ours_since_sent.saturating_add(delay)))
            }
            Time::Wait if !self.taken_up => Some((Span::ZERO, Span::ZERO)),
            Time::Wait => Some((self.sent.unwrap_or(self.done).since(self.woken.woke), Span::ZERO)),
        }
    }

    /// The time by which a quantile ranks it (D1); `None` where it is slower than everything.
    pub(super) fn ranked(&self, time: Time) -> Option<Span> {
        let ranked = if time == Time::Wait { self.has_waited() } else { self.outcome.is_ok() };
        self.took(time).filter(|_| ranked).map(|(took, _)| took)
    }

    /// Whether its wait is over: it was sent, or there was none.
    const fn has_waited(&self) -> bool {
        self.sent.is_some() || !self.taken_up
    }

    /// Whether it is bad for an objective, and still bad once our own lateness is subtracted (D3); `None` where nobody
    /// knows, as the run was stopped before its end.
    pub(super) fn is_bad(&self, bad: Bad, catalog: &Catalog) -> Option<(bool, bool)> {
        match (self.outcome, bad) {
            (Err(Reason::Stopped | Reason::NotBegun), _) => None,
            (Err(Reason::Overdue), bad) => self.has_reached(bad).filter(|(reached, _)| *reached),
            (_, Bad::Slow(slow)) => Some(match self.took(slow.time).filter(|_| self.ranked(slow.time).is_some()) {
                Some((took, ours)) => (slow.is(took), slow.is(took.saturating_sub(ours))),
                None => (true, self.is_wrong_without_us(catalog)),
            }),
            (Ok(()), Bad::Errors(_)) => Some((false, false)),
            (Err(reason), Bad::Errors(errors)) => {
                let counts = errors.has(reason.failure(), self.status);
                Some((counts, counts && self.is_wrong_without_us(catalog)))
            }
        }
    }

    /// Whether a request that is open has lasted so long that it is bad for an objective however it will end, and whether
    /// it has without us; `None` where its end decides.
    pub(super) fn has_reached(&self, bad: Bad) -> Option<(bool, bool)> {
        match bad {
            Bad::Slow(slow) => {
                self.took(slow.time).map(|(took, ours)| (slow.is(took), slow.is(took.saturating_sub(ours))))
            }
            Bad::Errors(Errors::All | Errors::Failed(Failure::Timeout)) => {
                let open = self.response();
                Some((open >= self.timeout, open.saturating_sub(self.ours_before_end()) >= self.timeout))
            }
            Bad::Errors(_) => None,
        }
    }

    /// Whether one that was not right would be that without us.
    fn is_wrong_without_us(&self, catalog: &Catalog) -> bool {
        match self.outcome {
            Err(Reason::Timeout) => self.done.since(self.woken.woke).saturating_sub(self.read_delay) >= self.timeout,
            Err(Reason::InFlight) => catalog.is_stall_of_target(self.woken.lag()),
            Err(reason) => reason.class() != Class::Unsent,
            Ok(()) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Metric, Slow};

    fn ms(ms: u64) -> Span {
        Span::from_millis(ms)
    }

    fn at(millis: u64) -> Instant {
        Instant::ZERO + ms(millis)
    }

    fn catalog() -> Catalog {
        Catalog {
            populations: Vec::new(),
            objectives: Vec::new(),
            left_out: Vec::new(),
            measures: Vec::new(),
            bin: ms(100),
            strata: vec![0],
            warm_up: Span::ZERO,
            limit_covers_target: true,
            tightest_limit: Some(ms(1_000)),
        }
    }

    /// Due at 100 ms, woken at 110, sent at 120; the first byte read at 150, 5 ms late at most, and the last at 200, 20 ms
    /// late at most. Of earlier tries 7 ms were ours, 4 of them before it was sent.
    fn right() -> Ended {
        Ended {
            population: 0,
            step: 0,
            extra: false,
            outcome: Ok(()),
            woken: Woken { due: at(100), ready: at(100), woke: at(110), paced: true },
            taken_up: true,
            sent: Some(at(120)),
            first: Some(at(150)),
            done: at(200),
            read_delay: ms(20),
            first_read_delay: ms(5),
            timeout: ms(90),
            connect: None,
            handshake: None,
            pool_wait: None,
            status: 200,
            bytes_sent: 0,
            bytes_received: 0,
            exchanges: 1,
            ours_before: ms(7),
            ours_before_sent: ms(4),
        }
    }

    fn failed(reason: Reason, status: u16) -> Ended {
        Ended { outcome: Err(reason), status, ..right() }
    }

    /// Taken up, and never sent.
    fn unsent(reason: Reason) -> Ended {
        Ended { sent: None, first: None, exchanges: 0, ..failed(reason, 0) }
    }

    /// Neither taken up nor sent: what is left of a session that ended.
    fn left(reason: Reason) -> Ended {
        let woken = Woken { due: at(100), ready: at(100), woke: at(100), paced: false };
        Ended { taken_up: false, woken, ..unsent(reason) }
    }

    /// Open when the run was stopped at 200 ms.
    fn open(of: Ended) -> Ended {
        Ended { outcome: Err(Reason::Overdue), first: None, status: 0, ..of }
    }

    #[track_caller]
    fn counts(ended: &Ended, cases: &[(&str, Option<(bool, bool)>)]) {
        for (line, expected) in cases {
            let metric: Metric = line.parse().expect(line);
            let bad = metric.bad().expect("requests that are bad");
            assert_eq!(ended.is_bad(bad, &catalog()), *expected, "{line} of {ended:?}");
        }
    }

    const GOOD: Option<(bool, bool)> = Some((false, false));
    const OURS: Option<(bool, bool)> = Some((true, false));
    const BAD: Option<(bool, bool)> = Some((true, true));

    /// K by the limit of each time, K′ by what is left of it without us: a response of 100 ms, of which 10 are lag, 20 read
    /// delay and 7 of earlier tries; a service of 80 with 20 of read delay and 3 of tries since it was sent; a first byte of
    /// 30 with 5 and 3; a wait of 10, from which nothing is taken off.
    #[test]
    fn each_time_is_bad_from_its_limit_on_and_without_us_by_what_is_ours_in_it() {
        counts(
            &right(),
            &[
                ("p99 < 101ms", GOOD),
                ("p99 < 100ms", OURS),
                ("p99 < 64ms", OURS),
                ("p99 < 63ms", BAD),
                ("p99 <= 100ms", GOOD),
                ("p99 <= 63ms", OURS),
                ("service p99 < 81ms", GOOD),
                ("service p99 < 80ms", OURS),
                ("service p99 < 58ms", OURS),
                ("service p99 < 57ms", BAD),
                ("first_byte p99 < 31ms", GOOD),
                ("first_byte p99 < 30ms", OURS),
                ("first_byte p99 < 23ms", OURS),
                ("first_byte p99 < 22ms", BAD),
                ("wait p99 < 11ms", GOOD),
                ("wait p99 < 10ms", BAD),
                ("wait p99 <= 10ms", GOOD),
                ("at most 2 slower than 100ms", GOOD),
                ("at most 2 slower than 99ms", OURS),
                ("at most 2 slower than 62ms", BAD),
                ("service at most 2 slower than 80ms", GOOD),
                ("wait at most 2 slower than 9ms", BAD),
            ],
        );
    }

    #[test]
    fn what_was_not_right_is_slow_but_its_wait_is_over_once_it_was_sent() {
        let slow = ["p99 < 10s", "service p99 < 10s", "first_byte p99 < 10s", "at most 0 slower than 10s"];
        for of in [failed(Reason::Status, 500), unsent(Reason::Refused), left(Reason::NotAttempted)] {
            slow.iter().for_each(|line| counts(&of, &[(line, BAD)]));
        }
        counts(&failed(Reason::Status, 500), &[("wait p99 < 11ms", GOOD), ("wait p99 < 10ms", BAD)]);
        counts(&unsent(Reason::Refused), &[("wait p99 < 10s", BAD)]);
        counts(&left(Reason::NotAttempted), &[("wait p99 < 1ms", GOOD)]);
        // What kept it from going out was ours.
        counts(&unsent(Reason::Descriptors), &[("wait p99 < 10s", OURS), ("p99 < 10s", OURS)]);
    }

    /// The quantile that is shown ranks as K counts: it is below the limit where few enough are bad.
    #[test]
    fn what_is_bad_whatever_the_limit_ranks_behind_everything() {
        let all = [
            right(),
            failed(Reason::Status, 500),
            failed(Reason::Drained, 0),
            unsent(Reason::Timeout),
            unsent(Reason::Ports),
            left(Reason::InFlight),
        ];
        for (ended, time) in all
            .iter()
            .flat_map(|ended| [Time::Response, Time::Service, Time::Wait, Time::FirstByte].map(|time| (ended, time)))
        {
            let slow = Slow { time, limit: ms(10_000), inclusive: false };
            let (bad, _) = ended.is_bad(Bad::Slow(slow), &catalog()).expect("it has ended");
            assert_eq!(ended.ranked(time).is_none(), bad, "{time:?} of {ended:?}");
        }
    }

    #[test]
    fn errors_count_by_reason_and_by_the_status_of_the_last_answer() {
        counts(&right(), &[("errors < 1%", GOOD), ("errors 2xx < 1%", GOOD), ("at most 0 errors", GOOD)]);
        // An `expect` that lists 503 makes it right.
        counts(&Ended { status: 503, ..right() }, &[("errors 503 < 1%", GOOD), ("errors 5xx < 1%", GOOD)]);
        counts(
            &failed(Reason::Status, 503),
            &[
                ("errors < 1%", BAD),
                ("errors status < 1%", BAD),
                ("errors 503 < 1%", BAD),
                ("errors 5xx < 1%", BAD),
                ("errors 502 < 1%", GOOD),
                ("errors 4xx < 1%", GOOD),
                ("errors timeout < 1%", GOOD),
                ("at most 3 errors 503", BAD),
            ],
        );
        counts(&failed(Reason::Expect, 200), &[("errors expect < 1%", BAD), ("errors 2xx < 1%", BAD)]);
        // Neither is one of the target's failures: they are not right, and no more is known.
        let both = &[("errors reset < 1%", GOOD), ("errors timeout < 1%", GOOD), ("errors 5xx < 1%", GOOD)];
        counts(&failed(Reason::Drained, 0), both);
        counts(&failed(Reason::Drained, 0), &[("errors < 1%", BAD)]);
        counts(&left(Reason::Memory), both);
        counts(&left(Reason::Memory), &[("errors < 1%", OURS), ("at most 0 errors", OURS)]);
        for reason in Reason::ALL {
            let Some(failure) = reason.failure() else { continue };
            let line = format!("errors {} < 1%", failure.name());
            // A timeout of 90 ms, woken at 110 and ended at 200, 20 of which may be our read delay.
            let expected = if reason == Reason::Timeout { OURS } else { BAD };
            counts(&failed(reason, 0), &[(line.as_str(), expected)]);
        }
        let timeout = Ended { done: at(220), ..failed(Reason::Timeout, 0) };
        counts(&timeout, &[("errors timeout < 1%", BAD), ("errors < 1%", BAD), ("errors status < 1%", GOOD)]);
    }

    /// D3: what was open when the run was stopped is bad where it had lasted as long as is not allowed, and else not counted.
    #[test]
    fn of_what_a_stop_cut_off_only_what_had_lasted_too_long_counts() {
        counts(
            &open(right()),
            &[
                ("p99 < 100ms", OURS),
                ("p99 < 83ms", BAD),
                ("p99 < 101ms", None),
                ("service p99 < 80ms", OURS),
                ("service p99 < 77ms", BAD),
                ("service p99 < 81ms", None),
                ("first_byte p99 < 80ms", OURS),
                ("first_byte p99 < 81ms", None),
                ("wait p99 < 10ms", BAD),
                ("wait p99 < 11ms", None),
                ("errors < 1%", OURS),
                ("errors timeout < 1%", OURS),
                ("errors reset < 1%", None),
                ("errors 503 < 1%", None),
                ("at most 0 errors", OURS),
            ],
        );
        counts(
            &open(Ended { sent: None, ..right() }),
            &[
                ("wait p99 < 90ms", BAD),
                ("wait p99 < 91ms", None),
                ("service p99 < 1ms", None),
                ("first_byte p99 < 1ms", None),
            ],
        );
        for reason in [Reason::Stopped, Reason::NotBegun] {
            counts(&failed(reason, 0), &[("p99 < 1s", None), ("wait p99 < 2us", None), ("errors < 1%", None)]);
        }
    }
}
