//! What was reported of a row, held against what is known of it.
//!
//! Nothing can be early, so lower bounds hold on any machine. What is late may be the machine's doing. Against the server's
//! stamps it is known how late: they hold up to p75 on any machine, and beyond while the machine was calm. Against a law it
//! is not known, and what is too high on a busy machine says nothing.

use crate::judge::{Code, Verdict};
use crate::record::{Histogram, Ranked};
use crate::report::{By, CountCheck, Latency, SelftestRow, Standing, TimeCheck, VerdictCheck};
use crate::truth::{Calm, Law, OVERHEAD, Request, Sample};
use crate::unit::{Quantile, Span};

use super::measure::Measured;
use super::row::Row;

/// The quantiles that laws are held against.
const BY_LAW: [&str; 4] = ["p50", "p90", "p99", "p99.9"];

/// Up to here nothing counts that happens in a busy second of a calm machine, by [`Calm`]: nine of ten are not.
const CALM_UP_TO: f64 = 0.9;

/// Up to here nothing counts that happens between a server's stamp and its write, or on loopback, to fewer than a sixteenth
/// of all requests: as few as that are held up there on any machine.
const CERTAIN_UP_TO: f64 = 0.75;

/// A mean of a histogram of three digits, and a quantile of it, which is the top of its bucket, are off by this much.
const DIGITS: f64 = 0.001;

/// A row with everything that is held of it.
pub fn check(row: &Row, measured: &Measured, calm: Calm) -> SelftestRow {
    let held = Held { row, measured, calm, all: Sample::of(measured.requests.iter().map(Request::response)) };
    let mut checked = SelftestRow {
        row: row.name.to_owned(),
        what: row.what.to_owned(),
        requests: measured.planned,
        standing: Standing::Holds,
        machine_seconds: calm.seconds,
        machine_busy_seconds: calm.busy,
        verdict: row.verdict.map(|(_, expected)| held.verdict(expected)),
        counts: held.counts(),
        times: [held.by_law(), held.by_stamps(), held.lag(), held.parts()].concat(),
    };
    checked.standing = checked.standings().max().unwrap_or(Standing::Fails);
    checked
}

struct Held<'a> {
    row: &'a Row,
    measured: &'a Measured,
    calm: Calm,
    /// The responses by the server's stamps and the plan.
    all: Sample,
}

impl Held<'_> {
    fn verdict(&self, expected: Verdict) -> VerdictCheck {
        let summary = &self.measured.summary;
        let late = |code: Code| matches!(code, Code::GeneratorLate | Code::GeneratorDecided);
        let codes = || summary.reasons.iter().map(|reason| reason.told.code);
        let standing = match summary.verdict {
            // A pause is known by the load that did not come, and not by whatever else was wrong.
            Some(Verdict::Invalid) if self.measured.paused.is_some() => {
                if codes().any(|code| code == Code::GeneratorLate) { Standing::Holds } else { Standing::Fails }
            }
            Some(reported) if reported == expected => Standing::Holds,
            Some(Verdict::Invalid) if codes().next().is_some_and(late) => self.if_calm(),
            _ => Standing::Fails,
        };
        let reasons = summary.reasons.iter().map(|reason| reason.told.seen.clone()).collect();
        VerdictCheck { expected, reported: summary.verdict, reasons, standing }
    }

    /// What is too much: the machine's doing, unless that was calm.
    fn if_calm(&self) -> Standing {
        if self.calm.is_calm() { Standing::Fails } else { Standing::Busy }
    }

    fn counts(&self) -> Vec<CountCheck> {
        let Measured { planned, summary, requests, .. } = self.measured;
        let logged = |is: &dyn Fn(&Request) -> bool| requests.iter().filter(|request| is(request)).count() as u64;
        let ended = &summary.requests;
        let accounted = ended.completed + ended.failed + ended.unsent + ended.unfinished.unwrap_or(0);
        let wrong = |request: &Request| request.answered.is_some() && request.status != Some(200);
        let mut counts = vec![
            count("planned", *planned, accounted, 0),
            count("received", requests.len() as u64, summary.exchanges.unwrap_or(0), 0),
            count("answered with 200", logged(&|request| request.status == Some(200)), ended.completed, 0),
            count("wrong or dropped", logged(&wrong), ended.failed, 0),
            count("arrived early", 0, logged(&|request| request.arrived < request.due), 0),
        ];
        if self.row.not_right > 0.0 {
            let (n, p) = (*planned as f64, self.row.not_right);
            let four_deviations = (4.0 * (n * p * (1.0 - p)).sqrt()) as u64;
            counts.push(count("wrong by law", (n * p).round() as u64, ended.failed, four_deviations));
        }
        counts
    }

    fn by_law(&self) -> Vec<TimeCheck> {
        let Some(law) = self.row.law else { return Vec::new() };
        let (response, n) = (&self.measured.summary.latency_us.response, self.all.count());
        let wanted: Vec<Quantile> = BY_LAW.iter().filter_map(|text| text.parse().ok()).collect();
        let quantiles = response.quantiles().into_iter().filter(|(quantile, _)| wanted.contains(quantile));
        let held = quantiles.filter_map(|(quantile, reported)| {
            let (low, high) = law.between(quantile, n)?;
            // Nothing scatters about a constant, so that its tail is what the machine adds to it.
            let bounded = !matches!(law, Law::Constant(_)) || quantile.as_fraction() <= CALM_UP_TO;
            let most = bounded.then(|| with_digits(high).saturating_add(OVERHEAD));
            let answered = quantile.allowed_above() > self.row.not_right;
            let expected = answered.then(|| law.quantile(quantile, n));
            Some(time(&quantile.to_string(), By::Law, expected, reported, (low, most), self.if_calm()))
        });
        let (low, high) = law.mean_between(n);
        let bounds = (without_digits(low), Some(with_digits(high).saturating_add(OVERHEAD)));
        let mean = time("mean", By::Law, Some(law.mean(n)), micros(response.mean), bounds, self.if_calm());
        held.chain([mean]).collect()
    }

    /// A response is the one by the stamps, and how late its answer was read.
    fn by_stamps(&self) -> Vec<TimeCheck> {
        let response = &self.measured.summary.latency_us.response;
        let held = response.quantiles().map(|(quantile, reported)| {
            let expected = self.all.quantile(quantile);
            let most = self.measured.read_delay.as_ref().and_then(|delay| latest(&self.all, delay, quantile));
            let too_much = if quantile.as_fraction() <= CERTAIN_UP_TO { Standing::Fails } else { self.if_calm() };
            let bounds = (expected.unwrap_or_default(), most);
            time(&quantile.to_string(), By::Stamps, expected, reported, bounds, too_much)
        });
        held.to_vec()
    }

    /// A request arrives after the lane has taken it up: no lag can be longer than its lateness at the server.
    fn lag(&self) -> Vec<TimeCheck> {
        let late = Sample::of(self.measured.requests.iter().map(|request| Some(request.late())));
        let Some(lag) = &self.measured.summary.latency_us.lag else { return Vec::new() };
        let median = "p50".parse().ok().and_then(|quantile| late.quantile(quantile));
        let figures =
            [("lag min", late.fastest(), lag.min), ("lag p50", median, lag.p50), ("lag max", late.slowest(), lag.max)];
        let held = figures.map(|(what, expected, reported)| {
            // The first request that was due in a pause waits for all of it but one spacing.
            let least = match self.measured.paused {
                Some(paused) if what == "lag max" => without_digits(paused.saturating_sub(self.row.spacing())),
                _ => Span::ZERO,
            };
            let bounds = (least, expected.map(with_digits));
            time(what, By::Stamps, expected, reported, bounds, Standing::Fails)
        });
        held.to_vec()
    }

    /// Where every request is right, mean response = mean lag + mean wait + mean service: no machine can disturb that.
    fn parts(&self) -> Vec<TimeCheck> {
        let latency = &self.measured.summary.latency_us;
        let mean = |part: &Option<Latency>| part.as_ref().and_then(|part| part.mean);
        let parts = [mean(&latency.lag), mean(&latency.wait), mean(&latency.service)];
        let all_right = self.row.not_right == 0.0;
        let Some(sum) = parts.into_iter().sum::<Option<f64>>().filter(|_| all_right) else { return Vec::new() };
        let sum = Span::from_micros(sum.round() as u64);
        let bounds = (without_digits(sum), Some(with_digits(sum)));
        vec![time("mean", By::Parts, Some(sum), micros(latency.response.mean), bounds, Standing::Fails)]
    }
}

/// `too_much`: what it is if it is over its upper bound.
fn time(
    what: &str,
    by: By,
    expected: Option<Span>,
    reported: Option<u64>,
    (least, most): (Span, Option<Span>),
    too_much: Standing,
) -> TimeCheck {
    // Recorded to the nearest microsecond.
    let (least, most) = (least.as_micros().saturating_sub(1), most.map(|most| most.as_micros() + 2));
    let standing = match (expected, reported) {
        (None, None) => Standing::Holds,
        (Some(_), Some(us)) if us < least => Standing::Fails,
        (Some(_), Some(us)) if most.is_some_and(|most| us > most) => too_much,
        (Some(_), Some(_)) => Standing::Holds,
        (None, Some(_)) | (Some(_), None) => Standing::Fails,
    };
    let known = |us: u64| expected.map(|_| us);
    let (what, expected_us) = (what.to_owned(), expected.map(Span::as_micros));
    let (least_us, most_us) = (known(least), most.and_then(known));
    TimeCheck { what, by, expected_us, reported_us: reported, least_us, most_us, standing }
}

/// The most that a quantile of the responses can be, if each is what the server's stamps say and how late its answer was
/// read, and no more than [`OVERHEAD`] for what lies between those.
///
/// Of two samples, the p-quantile of the sums is at most the first's at p + ε and the second's at 1 − ε, whatever ε is: no
/// more than 1 − p of the sums have a part above those. The best of three is taken.
fn latest(answered: &Sample, read_delay: &Histogram, quantile: Quantile) -> Option<Span> {
    let above = (quantile.allowed_above() * 1e6).round() as u32;
    let bound = |part: u32| {
        let epsilon = above / part;
        let at = Quantile::from_ppm(1_000_000 - above + epsilon)?;
        let answered = answered.quantile(at).or(answered.slowest())?;
        let read = Ranked::samples(read_delay).quantile(Quantile::from_ppm(1_000_000 - epsilon)?).unwrap_or(0);
        Some(with_digits(answered).saturating_add(Span::from_micros(read)).saturating_add(OVERHEAD))
    };
    [2, 4, 8].into_iter().filter_map(bound).min()
}

fn count(what: &str, expected: u64, reported: u64, room: u64) -> CountCheck {
    let (least, most) = (expected.saturating_sub(room), expected + room);
    let standing = if (least..=most).contains(&reported) { Standing::Holds } else { Standing::Fails };
    CountCheck { what: what.to_owned(), expected, reported, least, most, standing }
}

fn micros(mean: Option<f64>) -> Option<u64> {
    mean.map(|us| us.round() as u64)
}

fn with_digits(span: Span) -> Span {
    Span::from_secs_f64(span.as_secs_f64() * (1.0 + DIGITS))
}

fn without_digits(span: Span) -> Span {
    Span::from_secs_f64(span.as_secs_f64() * (1.0 - DIGITS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::total_histogram;

    #[test]
    fn what_is_too_low_fails_and_what_is_too_high_is_what_the_machine_makes_it() {
        let millis = |ms| Some(Span::from_millis(ms));
        let standing = |reported, too_much| {
            time("p50", By::Law, millis(20), reported, (Span::from_millis(19), millis(22)), too_much).standing
        };
        for too_much in [Standing::Fails, Standing::Busy] {
            assert_eq!(standing(Some(18_998), too_much), Standing::Fails);
            assert_eq!([18_999, 22_002].map(|us| standing(Some(us), too_much)), [Standing::Holds; 2]);
            assert_eq!(standing(Some(22_003), too_much), too_much);
            assert_eq!(standing(None, too_much), Standing::Fails, "a quantile that the server answered");
        }
        let failed = |reported| time("p99", By::Stamps, None, reported, (Span::ZERO, None), Standing::Busy).standing;
        assert_eq!((failed(None), failed(Some(1))), (Standing::Holds, Standing::Fails));
    }

    #[test]
    fn a_count_is_exact_or_within_its_room() {
        let standing = |reported, room| count("answered", 60, reported, room).standing;
        assert_eq!([60, 59, 61].map(|n| standing(n, 0)), [Standing::Holds, Standing::Fails, Standing::Fails]);
        assert_eq!([30, 90, 29, 91].map(|n| standing(n, 30) == Standing::Holds), [true, true, false, false]);
    }

    proptest! {
        /// However the delays fall on the responses; the worst is where they fall on others than the slow ones.
        #[test]
        fn no_quantile_of_sums_is_over_the_bound(
            parts in prop::collection::vec(prop_oneof![3 => Just((1, 0)), 2 => Just((100, 0)), 4 => Just((1, 100))], 1..500),
        ) {
            let answered = Sample::of(parts.iter().map(|(us, _)| Some(Span::from_micros(*us))));
            let sums = Sample::of(parts.iter().map(|(us, read)| Some(Span::from_micros(us + read))));
            let mut read_delay = total_histogram();
            parts.iter().for_each(|(_, read)| read_delay.record(*read).expect("in range"));
            for quantile in Quantile::SUMMARY {
                let most = latest(&answered, &read_delay, quantile).expect("there are some");
                prop_assert!(sums.quantile(quantile) <= Some(most.saturating_sub(OVERHEAD)), "{}", quantile);
            }
        }
    }
}
