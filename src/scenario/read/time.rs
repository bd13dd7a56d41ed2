//! Times of the day that a scenario describes: `07:00`, `22:55:30`, `+1d 02:00`, `2016-06-06T02:00`.
//!
//! A bare time is on the date of the clock's `from`, `+1d` on the day after. Times are civil times in
//! the clock's zone. One that the zone leaves out (clocks set forward) is an error; one that it has
//! twice (clocks set back) is the first. Elapsed time is correct either way.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, ToSpan};

use super::{Reader, World, shorten};
use crate::scenario::model::{Clock, Window};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Place};

/// Why a text is not a time of the day, and what would be right.
#[derive(Debug)]
pub struct Wrong {
    pub message: String,
    pub hint: Option<String>,
}

impl Wrong {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }
}

/// A time as written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Written {
    /// Days after the clock's first, and the time of that day.
    Day(i64, Time),
    /// A full date and time.
    Full(DateTime),
}

impl Reader<'_> {
    /// A time within the clock, in seconds since its start.
    pub fn time(&mut self, node: &Node, world: &World) -> Read<f64> {
        let text = self.text(node, "a time such as `07:00` or `+1d 02:00`")?;
        self.time_text(text, node.place, &world.clock)
    }

    /// [`Reader::time`] of a text.
    pub fn time_text(&mut self, text: &str, place: Place, clock: &Read<Clock>) -> Read<f64> {
        let found = match clock {
            Ok(clock) => seconds(text, clock),
            // Without a clock the spelling can still be judged.
            Err(told) => return written(text).map_err(|wrong| self.wrong(place, wrong)).and(Err(*told)),
        };
        found.map_err(|wrong| self.wrong(place, wrong))
    }

    /// `22:55..23:30`, in seconds since the clock's start.
    pub fn window(&mut self, text: &str, place: Place, clock: &Read<Clock>) -> Read<Window> {
        let ends = text.split_once("..").map(|(from, to)| (from.trim(), to.trim()));
        let Some((from, to)) = ends.filter(|(from, to)| !from.is_empty() && !to.is_empty()) else {
            let message = format!("expected a window such as `22:55..23:30`, found `{}`", shorten(text));
            return Err(self.problem(place, message));
        };
        let (from_place, to_place) = (self.problems.within(place, from), self.problems.within(place, to));
        let from = self.time_text(from, from_place, clock);
        let to = self.time_text(to, to_place, clock);
        let (from, to) = (from?, to?);
        if from < to {
            self.is_warm(from, from_place, clock)?;
            return Ok(Window { from, to, text: text.trim().to_owned() });
        }
        let place = self.problems.within(place, text.trim());
        let how = if from == to { "ends as it begins" } else { "ends before it begins" };
        let problem = Problem::new(place, format!("the window `{}` {how}", shorten(text.trim())));
        let has_another_day = clock.as_ref().is_ok_and(|clock| days(clock) > 1);
        Err(self.problems.push(match has_another_day && from > to {
            true => problem.hint("the day after is written `+1d 02:00`"),
            false => problem,
        }))
    }

    /// That a window of an objective does not begin inside the warm-up (O15). One that begins before what runs is cut to it.
    fn is_warm(&mut self, from: f64, place: Place, clock: &Read<Clock>) -> Read<()> {
        let Ok(clock) = clock else { return Ok(()) };
        let warm = clock.window.0 + clock.warm_up().as_secs_f64() * clock.compress;
        // Where it is not whole, the label would be that of a second still inside.
        if from >= warm - 1e-6 || from < clock.window.0 {
            return Ok(());
        }
        let at = describe_at(clock, warm);
        let message =
            format!("this window begins inside the warm-up, which no objective counts and which ends at {at}");
        let hint = format!("begin it at {at} or later, or shorten `warm_up`");
        Err(self.problem_with_hint(place, message, hint))
    }

    fn wrong(&mut self, place: Place, Wrong { message, hint }: Wrong) -> crate::scenario::problem::Told {
        let problem = Problem::new(place, message);
        self.problems.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        })
    }
}

/// Seconds since the clock's start of a time that lies within it.
pub fn seconds(text: &str, clock: &Clock) -> Result<f64, Wrong> {
    let (civil, bare) = match written(text)? {
        Written::Full(civil) => (civil, false),
        Written::Day(days, time) => (date_after(clock, days)?.to_datetime(time), days == 0),
    };
    let seconds = elapsed(civil, clock)?;
    if (0.0..=clock.length).contains(&seconds) {
        return Ok(seconds);
    }
    let message = format!("`{}` lies outside the clock, which runs {}", shorten(text), describe(clock));
    let day_after = || match written(text) {
        Ok(Written::Day(0, time)) => on_day(clock, 1, time),
        _ => None,
    };
    let meant = bare && seconds < 0.0 && day_after().is_some_and(|seconds| seconds <= clock.length);
    let hint = meant.then(|| format!("the day after is written `+1d {text}`"));
    Err(Wrong { message, hint })
}

/// Seconds from the clock's start to a civil time of its zone; may lie outside the clock.
fn elapsed(civil: DateTime, clock: &Clock) -> Result<f64, Wrong> {
    let zone = clock.from.time_zone();
    let ambiguous = zone.to_ambiguous_zoned_datetime(civil);
    if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
        let zone = zone.iana_name().unwrap_or("its zone");
        return Err(Wrong {
            message: format!(
                "`{}` does not exist in {zone}: clocks skip it when they are set forward",
                civil.strftime("%F %H:%M")
            ),
            hint: Some("choose a time before or after the change".to_owned()),
        });
    }
    let at = ambiguous.compatible().map_err(|_| Wrong::new("this time is out of the calendar's range"))?;
    Ok(seconds_of(at.duration_since(&clock.from)))
}

/// Elapsed seconds of a time of day on the clock's nth day; `None` if that day leaves it out.
pub fn on_day(clock: &Clock, days: i64, time: Time) -> Option<f64> {
    elapsed(date_after(clock, days).ok()?.to_datetime(time), clock).ok()
}

/// A bare time of day, as daily tables have them.
pub fn time_of_day(text: &str) -> Result<Time, Wrong> {
    match written(text)? {
        Written::Day(0, time) if !text.starts_with('+') => Ok(time),
        _ => Err(Wrong::new(format!("expected a time of day such as `07:00`, found `{}`", shorten(text)))),
    }
}

/// How many civil days the clock touches.
pub fn days(clock: &Clock) -> i64 {
    let end = clock.from.checked_add(SignedDuration::from_secs(clock.length as i64)).map(|end| end.date());
    let days = end.ok().and_then(|end| clock.from.date().until(end).ok()).map_or(0, |span| span.get_days());
    i64::from(days) + 1
}

/// Seconds of a duration, exact to the microsecond over centuries.
pub fn seconds_of(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

fn date_after(clock: &Clock, days: i64) -> Result<Date, Wrong> {
    clock.from.date().checked_add(days.days()).map_err(|_| Wrong::new("this day is out of the calendar's range"))
}

fn describe(clock: &Clock) -> String {
    let end = clock.from.checked_add(SignedDuration::from_secs_f64(clock.length)).map(|end| end.datetime());
    let ends = [Ok(clock.from.datetime()), end.clone()];
    // A clock of five seconds would run from 09:00 to 09:00.
    let whole = ends.iter().flatten().all(|end| end.second() == 0 && end.subsec_nanosecond() == 0);
    let format = if whole { "%F %H:%M" } else { "%F %H:%M:%S%.f" };
    let end = end.map_or_else(|_| "its end".to_owned(), |end| end.strftime(format).to_string());
    format!("from {} to {end}", clock.from.strftime(format))
}

/// The first whole second of the clock from then on, as a line would have it: `07:02:00`.
fn describe_at(clock: &Clock, secs: f64) -> String {
    let at = clock.from.checked_add(SignedDuration::from_secs((secs - 1e-6).ceil() as i64)).map(|at| at.datetime());
    let Ok(at) = at else { return "its end".to_owned() };
    let days = clock.from.date().until(at.date()).map_or(0, |span| span.get_days());
    let time = at.strftime(if at.second() == 0 { "%H:%M" } else { "%H:%M:%S" });
    if days == 0 { time.to_string() } else { format!("+{days}d {time}") }
}

fn written(text: &str) -> Result<Written, Wrong> {
    let wrong = || Wrong {
        message: format!("expected a time such as `07:00` or `+1d 02:00`, found `{}`", shorten(text)),
        hint: Some("hours 00 to 23 and minutes 00 to 59, two digits each; seconds may follow".to_owned()),
    };
    let (days, time) = match text.strip_prefix('+') {
        None => (0, text),
        Some(later) => {
            let (days, time) = later.split_once("d ").ok_or_else(wrong)?;
            (days.parse::<u16>().map_err(|_| wrong())?, time.trim_start())
        }
    };
    if days == 0 && text.contains('T') {
        return civil(text).map(Written::Full).ok_or_else(wrong);
    }
    let shape = time.as_bytes();
    let spelled = shape.iter().enumerate().all(|(i, b)| match i {
        2 | 5 => *b == b':',
        8 => *b == b'.',
        _ => b.is_ascii_digit(),
    });
    if !spelled || !matches!(shape.len(), 5 | 8 | 10..=18) {
        return Err(wrong());
    }
    time.parse().map(|time| Written::Day(i64::from(days), time)).map_err(|_| wrong())
}

/// A full civil date and time without offset or zone.
pub fn civil(text: &str) -> Option<DateTime> {
    let spelled = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'T' | b'.'));
    if spelled && text.len() >= 16 { text.parse().ok() } else { None }
}
