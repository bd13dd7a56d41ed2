//! The clock: the calendar window, its zone, its compression, and the part of it that runs (T5, P9).

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, ZonedDateTime};

use super::time::{civil, seconds_of};
use super::{Fields, Reader, shorten};
use crate::scenario::keys::CLOCK;
use crate::scenario::model::Clock;
use crate::scenario::overrides::Window;
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Place};

/// The longest clock, in seconds: a year and a leap day.
const LONGEST: f64 = 366.0 * 86_400.0;
/// Compression lies between a thousandth and a million.
const COMPRESS: std::ops::RangeInclusive<f64> = 1e-3..=1e6;

impl Reader<'_> {
    /// `clock: { from, to, zone, compress }`, and `--window`.
    pub fn clock(&mut self, node: &Node, window: Option<&Window>) -> Read<Clock> {
        let fields = self.fields(node, &CLOCK)?;
        let zone = self.zone(&fields);
        let from = self.need(&fields, "from").and_then(|node| self.civil(node));
        let to = self.need(&fields, "to").and_then(|node| self.civil(node));
        let compress = fields.get("compress").map(|node| self.number(node, COMPRESS)).transpose();
        let duration = fields.get("duration").map(|node| self.timeout_of_run(node)).transpose();
        let (zone, (from_place, from), (to_place, to)) = (zone?, from?, to?);
        let (from, to) = (self.zoned(from, &zone, from_place), self.zoned(to, &zone, to_place));
        let (from, to) = (from?, to?);
        let length = seconds_of(to.duration_since(&from));
        if length <= 0.0 || length > LONGEST {
            let message = match length {
                0.0 => "the clock ends as it begins",
                _ if length > 0.0 => "a clock is at most a year long",
                _ => "the clock ends before it begins",
            };
            return Err(self.problems.push(Problem::new(to_place, message).also(from_place, "it begins here")));
        }
        let mut clock = Clock { from, length, window: (0.0, length), windowed: false, compress: 1.0, warm_up: 0.0 };
        if let Some(Window { text, place }) = window {
            let chosen = self.window(text, *place, &Ok(clock.clone()))?;
            (clock.window, clock.windowed) = ((chosen.from, chosen.to), true);
        }
        clock.compress = match (compress?, duration?) {
            (None, None) => 1.0,
            (Some(compress), None) => compress,
            (None, Some(run)) => self.compression(&clock, run, fields.place("duration"))?,
            (Some(_), Some(_)) => {
                let problem = Problem::new(
                    fields.place("duration"),
                    "`compress` and `duration` both say how fast the clock runs",
                );
                return Err(self
                    .problems
                    .push(problem.also(fields.place("compress"), "the other one").hint("keep one")));
            }
        };
        Ok(clock)
    }

    /// `warm_up: 2m`, which ends before the run does (O15).
    pub fn warm_up(&mut self, node: &Node, clock: Read<Clock>) -> Read<Clock> {
        let warm_up = self.seconds(node);
        let clock = Clock { warm_up: warm_up?, ..clock? };
        let run = clock.span(clock.window.1 - clock.window.0);
        if clock.warm_up() < run {
            return Ok(clock);
        }
        let message = format!(
            "this warm-up takes {} of the run, which takes {run}: nothing would be left to judge",
            clock.warm_up()
        );
        let hint =
            "it is scenario time, and the run's compression shortens it; it is rounded up to a second of the run";
        Err(self.problem_with_hint(node.place, message, hint))
    }

    fn timeout_of_run(&mut self, node: &Node) -> Read<f64> {
        match self.seconds(node)? {
            0.0 => Err(self.problem(node.place, "a run must take longer than 0s")),
            seconds => Ok(seconds),
        }
    }

    fn compression(&mut self, clock: &Clock, run: f64, place: Place) -> Read<f64> {
        let compress = (clock.window.1 - clock.window.0) / run;
        if COMPRESS.contains(&compress) {
            return Ok(compress);
        }
        Err(self.problem(place, format!("this would compress time by {compress}; 0.001 to 1_000_000 are possible")))
    }

    fn zone(&mut self, fields: &Fields) -> Read<TimeZone> {
        let Some(node) = fields.get("zone") else { return Ok(TimeZone::UTC) };
        let name = self.text(node, "a time zone such as `Europe/Rome`")?;
        TimeZone::get(name).map_err(|_| {
            let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let problem = Problem::new(node.place, format!("`{}` is not a time zone", shorten(name)));
            self.problems.push(match super::super::suggest::nearest(name, known.iter().map(String::as_str)) {
                Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                None => problem.hint("an IANA name such as `Europe/Rome`, or `UTC`"),
            })
        })
    }

    fn civil(&mut self, node: &Node) -> Read<(Place, DateTime)> {
        let text = self.text(node, "a date and time such as `2016-06-05T07:00`")?;
        civil(text).map(|civil| (node.place, civil)).ok_or_else(|| {
            let message = format!("expected a date and time such as `2016-06-05T07:00`, found `{}`", shorten(text));
            let hint = match text.split_once('T') {
                Some((date, _)) if looks_like_a_date(date) && date.parse::<Date>().is_err() => {
                    "the calendar has no such day"
                }
                Some((_, time)) if time.starts_with("24:") => "a day ends at 00:00 of the day after",
                _ => "without an offset: the zone has its own key, `zone: Europe/Rome`",
            };
            self.problem_with_hint(node.place, message, hint)
        })
    }

    fn zoned(&mut self, civil: DateTime, zone: &TimeZone, place: Place) -> Read<ZonedDateTime> {
        let ambiguous = zone.to_ambiguous_zoned_datetime(civil);
        if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
            return Err(
                self.problem(place, "this time does not exist in the zone: clocks skip it when they are set forward")
            );
        }
        let zoned = ambiguous.compatible().ok();
        // A day on either side must exist too, for daily tables and labels.
        let inside = zoned.filter(|at| at.checked_add(SignedDuration::from_hours(24 * 800)).is_ok() && at.year() > 0);
        inside.ok_or_else(|| self.problem(place, "this date is out of the calendar's range"))
    }
}

/// `2016-02-30`: written as a date is, whether the calendar has it or not.
fn looks_like_a_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}
