//! What a line of the SLO demands: whether runs can meet it, and what is said where it is nearly right.

use super::{Reader, objective_of_ours, shorten, with_unit};
use crate::scenario::model::{Bad, Failure, Line, Measure, Metric, MetricError, Scope, Time};
use crate::scenario::problem::{Problem, Read, Told};
use crate::scenario::yaml::Place;
use crate::unit::{ParseError, Span};

/// Of each kind one, for lines of which nobody knows what was meant.
const EXAMPLES: &str = "`p99 < 300ms`, `service p99.9 <= 1s`, `errors < 0.1%`, `at most 2 slower than 2s` or \
                        `rate >= 500/s`, perhaps with ` during 22:55..23:30`";

impl Reader<'_> {
    pub(super) fn demanded(&mut self, line: &Line<'_>, place: Place) -> Read<Metric> {
        let metric = line.metric.parse().map_err(|error| self.no_metric(error, line.metric, place))?;
        self.promise(metric, place)
    }

    /// The metric, if runs can meet it and can fail to.
    fn promise(&mut self, metric: Metric, place: Place) -> Read<Metric> {
        let counted =
            |errors| format!("`{}` is decided by counting", Metric::AtMost { most: 0, bad: Bad::Errors(errors) });
        let (message, hint) = match metric {
            // What is recorded is whole microseconds, and no answer comes within one.
            metric if metric.slow().is_some_and(|slow| slow.limit <= Span::from_micros(1)) => (
                "no run can meet this: answers are timed to 1us, and none comes within it",
                "such as `p99 < 300ms`".to_owned(),
            ),
            Metric::Errors { allowed, errors, .. } if allowed.as_fraction() == 0.0 => {
                ("no run can prove 0%: the next request might fail", counted(errors))
            }
            Metric::Errors { allowed, .. } if allowed.as_fraction() == 1.0 => {
                ("this promises nothing: nearly all requests may fail", "write `errors < 0.1%`".to_owned())
            }
            Metric::Rate { at_least } if at_least.as_per_second() == 0.0 => {
                ("this promises nothing: no answer need come", "such as `rate >= 500/s`".to_owned())
            }
            Metric::Amplification { allowed, inclusive: false } if allowed <= 1.0 => (
                "no run can meet this: each request is sent at least once",
                "`amplification <= 1`: none is sent again".to_owned(),
            ),
            _ => return Ok(metric),
        };
        Err(self.problem_with_hint(place, message, &hint))
    }

    /// Nothing, unless a metric that only requests have is about a transaction or another measure.
    pub(super) fn of_requests(&mut self, metric: &Metric, measure: Option<Measure>, place: Place) -> Read<()> {
        let (Some(why), Some(_)) = (metric.only_of_requests(), measure) else { return Ok(()) };
        Err(self.problem(place, format!("{why}: this is about a transaction or another measure")))
    }

    /// Nothing, unless a rate is about steps (`None`: each of them), whose answers by time no run keeps.
    pub(super) fn has_rate(&mut self, metric: &Metric, scope: Option<&Scope>, place: Place) -> Read<()> {
        if !matches!((metric, scope), (Metric::Rate { .. }, None | Some(Scope::Step(..)))) {
            return Ok(());
        }
        let message = "a rate is that of all requests, or of a population";
        Err(self.problem_with_hint(place, message, "put the line under `overall`, or a population"))
    }

    /// Tells why a line has no metric, at the part that is wrong.
    fn no_metric(&mut self, error: MetricError, line: &str, place: Place) -> Told {
        let within = |part: &str| if part.is_empty() { place } else { self.problems.within(place, part) };
        let line = shorten(line);
        let (place, message, hint) = match error {
            MetricError::Unknown(name) => return self.no_name(&name, &line, place),
            MetricError::UnknownErrors(word) => return self.no_errors(&word, within(&word)),
            MetricError::NoTime => return self.problem(place, error.to_string()),
            MetricError::NoComparison => (place, format!("expected an objective, found `{line}`"), None),
            MetricError::NotBelow => {
                let message = "has no `<` or `<=`: an objective says what must stay below its limit";
                (place, format!("`{line}` {message}"), None)
            }
            MetricError::NotAtLeast => {
                let hint = "such as `rate >= 500/s`, right answers a second; what may fail is `errors < 0.1%`";
                (place, format!("`{line}` has no `>=`: a rate is what there must be at least"), Some(hint.to_owned()))
            }
            MetricError::NoQuantile(time, what) => {
                let hint = format!("such as `{time} p99 < 200ms` or `{time} at most 2 slower than 200ms`");
                (within(&what), format!("`{time}` is a time: expected a quantile, found {}", found(&what)), Some(hint))
            }
            MetricError::NoNumber(number) => {
                let hint = "such as `at most 2 errors`";
                (within(&number), format!("expected a whole number, found {}", found(&number)), Some(hint.to_owned()))
            }
            MetricError::NotCounted(what) => {
                let message = format!("expected `slower than` a time, or `errors`, found {}", found(&what));
                (within(&what), message, Some("such as `at most 2 slower than 2s` or `at most 0 errors`".to_owned()))
            }
            MetricError::Limit(ParseError { expected, given }) => {
                let hint = with_unit(&given).and_then(|unit| match expected {
                    _ if expected.starts_with("a duration") => Some(objective_of_ours(&line).unwrap_or(unit)),
                    _ if expected.starts_with("a percentage") => Some(format!("write the sign: `{given}%`")),
                    _ => None,
                });
                (
                    self.problems.last_within(place, &given),
                    format!("expected {expected}, found {}", found(&given)),
                    hint,
                )
            }
        };
        self.problem_with_hint(place, message, hint.as_deref().unwrap_or(EXAMPLES))
    }

    fn no_name(&mut self, name: &str, line: &str, place: Place) -> Told {
        let place = if name.is_empty() { place } else { self.problems.within(place, name) };
        if matches!(name, "lost" | "duplicated") {
            let message = format!("`{name}` cannot be judged yet: nothing reads the writes back after a run");
            return self.problem_with_hint(place, message, "leave the line out; it would be an empty promise");
        }
        let problem = Problem::new(place, format!("an objective cannot be about `{}`", shorten(name)));
        if let Some(ours) = objective_of_ours(line) {
            return self.problems.push(problem.hint(ours));
        }
        let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
        if !rest.is_empty() {
            if first == Time::Response.name() {
                return self.problems.push(problem.hint("leave `response` out: without a word it is the response"));
            }
            let ahead = Time::NAMED.map(Time::name).into_iter().chain(Measure::ALL.map(Measure::name));
            return self.problems.push_near(problem, first, ahead.chain(["errors"]));
        }
        let words = ["errors", "amplification", "rate", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"];
        self.problems.push_near(problem, name, words)
    }

    fn no_errors(&mut self, word: &str, place: Place) -> Told {
        let problem = Problem::new(place, format!("no request fails by `{}`", shorten(word)));
        if word.contains(' ') {
            return self.problems.push(problem.hint("write a line for each, or a class such as `5xx`"));
        }
        let words = Failure::ALL.map(Failure::name).into_iter().chain(["5xx", "4xx", "503"]);
        self.problems.push_near(problem, word, words)
    }
}

/// What stands in the place of what was expected.
fn found(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { format!("`{}`", shorten(text)) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::scenario::{Measure, Overrides, Scenario, parse};

    fn with(lines: &str) -> Result<Scenario, String> {
        let logon = "{ transaction: { name: logon, steps: [{ get: /, name: page }] } }";
        let text = format!(
            "name: day\nclock: {{ from: 2016-06-05T07:00, to: 2016-06-05T09:00 }}\ntarget: http://127.0.0.1\n\
             populations: {{ all: {{ arrivals: {{ curve: [{{ constant: 1 }}] }}, flow: one }} }}\n\
             flows: {{ one: {{ steps: [{logon}] }} }}\nslo: {{ {lines} }}\n"
        );
        let checked = parse(&text, "day.yaml", Path::new(""), &Overrides::default(), &|_| None);
        checked.map(|checked| checked.scenario).map_err(|error| error.to_string())
    }

    #[test]
    fn what_only_requests_have_is_refused_of_a_transaction_and_of_samples() {
        for line in ["service p99 < 1s", "wait p99 < 1s", "errors 5xx < 1%", "amplification < 2", "rate >= 1/s"] {
            for scope in ["all.logon: ['", "overall: ['transaction ", "all.page: ['connect "] {
                let told = with(&format!("{scope}{line}']")).expect_err(line);
                assert!(told.contains("only requests") || told.contains("a rate is"), "{scope}{line}: {told}");
            }
        }
    }

    #[test]
    fn what_samples_have_too_is_measured_of_them() {
        let (transaction, connect) = (Some(Measure::Transaction), Some(Measure::Connect));
        for (lines, measure) in [
            ("all.logon: [at most 2 slower than 2s]", transaction),
            ("all.logon: [at most 0 errors]", transaction),
            ("all.logon: [errors timeout < 1%]", transaction),
            ("overall: [transaction at most 1 errors reset]", transaction),
            ("overall: [connect p99 < 100ms]", connect),
            ("all: [connect at most 0 errors]", connect),
            ("all.page: [connect errors refused < 1% during 07:10..07:20]", connect),
            ("all.page: [first_byte p99 < 1s, service at most 2 slower than 1s, wait p90 <= 5ms]", None),
            ("all: [rate >= 1/s during 07:10..07:20, rate >= 30/m]", None),
        ] {
            let scenario = with(lines).unwrap_or_else(|error| panic!("{error}"));
            assert!(scenario.objectives.iter().all(|objective| objective.measure == measure), "{lines}");
        }
    }

    #[test]
    fn a_transaction_opens_no_connection() {
        let told = with("all.logon: [connect p99 < 1s]").expect_err("it has none");
        assert!(told.contains("`logon` of `all` has no `connect` to measure"), "{told}");
        assert!(told.contains("there is `transaction`"), "{told}");
    }
}
