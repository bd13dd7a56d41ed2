//! The grammar of a line of the SLO, for whoever reads one: a scenario's reader, and the reader of a killed run's folder.

use std::fmt;
use std::str::FromStr;

use super::{Bad, Errors, Failure, Measure, Metric, Slow, Time};
use crate::unit::{ParseError, Span};

/// A line's text, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The measure that it names, if it names one.
    pub measure: Option<Measure>,
    /// What it demands, which is for [`Metric`] to read.
    pub metric: &'a str,
    /// Its window.
    pub window: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// `p99 < 300ms`, `frame_gap p99 < 100ms`, `errors <= 0.1% during 22:55..23:30`.
    pub fn split(text: &'a str) -> Self {
        let (line, window) = text.split_once(" during ").map_or((text, None), |(line, window)| (line, Some(window)));
        let line = line.trim();
        let measure = line.split_whitespace().next().and_then(Measure::named);
        let metric = measure.and_then(|measure| line.strip_prefix(measure.name())).unwrap_or(line).trim_start();
        Self { measure, metric, window }
    }
}

/// Why a text is no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// It compares nothing.
    #[error("expected an objective such as `p99 < 300ms`")]
    NoComparison,
    /// What stands before the comparison is nothing that an objective can be about.
    #[error("`{0}` is nothing that an objective can be about")]
    Unknown(String),
    /// Behind a time stands neither a quantile nor a number.
    #[error("`{0}` is a time, and has no `{1}`")]
    NoQuantile(&'static str, String),
    /// No request fails so.
    #[error("no request fails by `{0}`")]
    UnknownErrors(String),
    /// It says what something must be over, or just what it must be.
    #[error("an objective says what must stay below its limit, by `<` or `<=`")]
    NotBelow,
    /// It does not say what a rate must reach.
    #[error("a rate is what there must be at least, by `>=`")]
    NotAtLeast,
    /// The limit is not what this metric is measured in.
    #[error(transparent)]
    Limit(ParseError),
    /// Behind `at most` stands no number.
    #[error("expected a whole number, found `{0}`")]
    NoNumber(String),
    /// Behind `at most 2` stands neither `slower than` nor `errors`.
    #[error("expected `slower than` a time, or `errors`, found `{0}`")]
    NotCounted(String),
    /// The limit is no time at all.
    #[error("no answer takes no time: the limit must be above 0")]
    NoTime,
}

/// Parses `p99 < 300ms`, `service p99 < 200ms`, `errors <= 0.1 %`, `errors timeout < 1%`, `at most 2 slower than 2s`,
/// `at most 0 errors`, `amplification < 1.2`, `rate >= 12k/s`.
impl FromStr for Metric {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        let (time, rest) = split_time(text.trim());
        if let ("at", behind) = word(rest)
            && let ("most", counted) = word(behind)
        {
            return at_most(time, counted);
        }
        let at = rest.find(['<', '>', '=']).ok_or(MetricError::NoComparison)?;
        let (name, comparison) = (rest[..at].trim(), &rest[at..]);
        if let Ok(quantile) = name.parse() {
            let (inclusive, limit) = below(comparison)?;
            let slow = slow(time.unwrap_or(Time::Response), limit, inclusive)?;
            return Ok(Self::Quantile { quantile, slow });
        }
        if let Some(time) = time {
            return Err(MetricError::NoQuantile(time.name(), name.to_owned()));
        }
        match word(name) {
            ("errors", which) => {
                let errors = errors(which)?;
                let (inclusive, limit) = below(comparison)?;
                let allowed = limit.parse().map_err(MetricError::Limit)?;
                Ok(Self::Errors { errors, allowed, inclusive })
            }
            ("amplification", "") => {
                let (inclusive, limit) = below(comparison)?;
                Ok(Self::Amplification { allowed: ratio(limit).map_err(MetricError::Limit)?, inclusive })
            }
            ("rate", "") => {
                let limit = comparison.strip_prefix(">=").ok_or(MetricError::NotAtLeast)?;
                Ok(Self::Rate { at_least: limit.trim().parse().map_err(MetricError::Limit)? })
            }
            _ => Err(MetricError::Unknown(name.to_owned())),
        }
    }
}

/// The first word of a text, and what stands behind it.
fn word(text: &str) -> (&str, &str) {
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// The time that a line is about, if it names one, and the rest.
fn split_time(text: &str) -> (Option<Time>, &str) {
    let (first, rest) = word(text);
    match Time::NAMED.into_iter().find(|time| time.name() == first) {
        Some(time) => (Some(time), rest),
        None => (None, text),
    }
}

/// `2 slower than 2s`, `0 errors`, `3 errors 5xx`.
fn at_most(time: Option<Time>, text: &str) -> Result<Metric, MetricError> {
    let (number, what) = word(text);
    let most = number.replace('_', "").parse().map_err(|_| MetricError::NoNumber(number.to_owned()))?;
    let bad = match (word(what), time) {
        (("slower", rest), time) => match word(rest) {
            ("than", limit) => Bad::Slow(slow(time.unwrap_or(Time::Response), limit, true)?),
            _ => return Err(MetricError::NotCounted(what.to_owned())),
        },
        (("errors", which), None) => Bad::Errors(errors(which)?),
        (_, Some(time)) => return Err(MetricError::NoQuantile(time.name(), what.to_owned())),
        _ => return Err(MetricError::NotCounted(what.to_owned())),
    };
    Ok(Metric::AtMost { most, bad })
}

fn slow(time: Time, limit: &str, inclusive: bool) -> Result<Slow, MetricError> {
    match limit.parse().map_err(MetricError::Limit)? {
        Span::ZERO => Err(MetricError::NoTime),
        limit => Ok(Slow { time, limit, inclusive }),
    }
}

fn errors(which: &str) -> Result<Errors, MetricError> {
    match which {
        "" => Ok(Errors::All),
        which => Errors::named(which).ok_or_else(|| MetricError::UnknownErrors(which.to_owned())),
    }
}

/// Whether the limit itself is allowed, and the limit.
fn below(comparison: &str) -> Result<(bool, &str), MetricError> {
    let limit = comparison.strip_prefix('<').ok_or(MetricError::NotBelow)?;
    let (inclusive, limit) = limit.strip_prefix('=').map_or((false, limit), |limit| (true, limit));
    Ok((inclusive, limit.trim()))
}

/// A ratio of exchanges to requests, of which there is at least one each.
fn ratio(text: &str) -> Result<f64, ParseError> {
    let ratio = text.parse().ok().filter(|ratio| (1.0..=1e6).contains(ratio));
    let expected = "a ratio of exchanges to requests, at least 1, such as `1.2`";
    ratio.ok_or_else(|| ParseError { expected, given: text.to_owned() })
}

impl Errors {
    /// `timeout`, `5xx`, `503`; `None` if it is nothing of the kind.
    fn named(text: &str) -> Option<Self> {
        if let [class @ b'2'..=b'5', b'x', b'x'] = text.as_bytes() {
            let first = u16::from(class - b'0') * 100;
            return Some(Self::Status { first, last: first + 99 });
        }
        if let Some(failure) = Failure::named(text) {
            return Some(Self::Failed(failure));
        }
        let status = text.parse().ok().filter(|status| (200..600).contains(status) && text.len() == 3)?;
        Some(Self::Status { first: status, last: status })
    }
}

/// As a line of the SLO has it. Limits show three digits, as [`Span`]s do.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let than = |inclusive: &bool| if *inclusive { "<=" } else { "<" };
        match self {
            Self::Quantile { quantile, slow: Slow { time, limit, inclusive } } => {
                write!(f, "{}{quantile} {} {limit}", ahead(*time), than(inclusive))
            }
            Self::Errors { errors, allowed, inclusive } => write!(f, "{errors} {} {allowed}", than(inclusive)),
            Self::AtMost { most, bad: Bad::Slow(slow) } => {
                write!(f, "{}at most {most} slower than {}", ahead(slow.time), slow.limit)
            }
            Self::AtMost { most, bad: Bad::Errors(errors) } => write!(f, "at most {most} {errors}"),
            Self::Amplification { allowed, inclusive } => write!(f, "amplification {} {allowed}", than(inclusive)),
            Self::Rate { at_least } => write!(f, "rate >= {}/s", at_least.as_per_second()),
        }
    }
}

/// The word for a time, ahead of what it is about.
fn ahead(time: Time) -> String {
    if time == Time::Response { String::new() } else { format!("{} ", time.name()) }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("errors"),
            Self::Failed(failure) => write!(f, "errors {}", failure.name()),
            Self::Status { first, last } if first == last => write!(f, "errors {first}"),
            Self::Status { first, .. } => write!(f, "errors {}xx", first / 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::unit::{Percent, Quantile, Rate};

    fn times() -> impl Strategy<Value = Time> {
        prop::sample::select(&[Time::Response, Time::Service, Time::Wait, Time::FirstByte][..])
    }

    /// Up to three digits of a unit, as they are shown.
    fn spans() -> impl Strategy<Value = Span> {
        (1u64..1_000, 0u32..4).prop_map(|(digits, unit)| Span::from_nanos(digits * 1_000u64.pow(unit)))
    }

    fn kinds() -> impl Strategy<Value = Errors> {
        prop_oneof![
            Just(Errors::All),
            prop::sample::select(&Failure::ALL[..]).prop_map(Errors::Failed),
            (2u16..6).prop_map(|class| Errors::Status { first: class * 100, last: class * 100 + 99 }),
            (200u16..600).prop_map(|status| Errors::Status { first: status, last: status }),
        ]
    }

    /// Every kind of metric, with values that lines show whole.
    fn metrics() -> impl Strategy<Value = Metric> {
        let quantiles = (1u32..1_000_000).prop_filter_map("a quantile", Quantile::from_ppm);
        let shares = (0u32..=1_000_000).prop_map(|ppm| format!("{}%", f64::from(ppm) / 1e4));
        let shares = shares.prop_map(|text| text.parse::<Percent>().expect("a share"));
        let slow = |inclusive: bool, time, limit| Slow { time, limit, inclusive };
        prop_oneof![
            (quantiles, times(), spans(), any::<bool>()).prop_map(move |(quantile, time, limit, inclusive)| {
                Metric::Quantile { quantile, slow: slow(inclusive, time, limit) }
            }),
            (kinds(), shares, any::<bool>()).prop_map(|(errors, allowed, inclusive)| Metric::Errors {
                errors,
                allowed,
                inclusive
            }),
            (any::<u64>(), times(), spans())
                .prop_map(move |(most, time, limit)| Metric::AtMost { most, bad: Bad::Slow(slow(true, time, limit)) }),
            (any::<u64>(), kinds()).prop_map(|(most, errors)| Metric::AtMost { most, bad: Bad::Errors(errors) }),
            (1.0f64..1e6, any::<bool>()).prop_map(|(allowed, inclusive)| Metric::Amplification { allowed, inclusive }),
            (0.0f64..1e9).prop_map(|rate| Metric::Rate { at_least: Rate::per_second(rate).expect("a rate") }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(metric in metrics()) {
            prop_assert_eq!(metric.to_string().parse(), Ok(metric));
        }

        /// However the words are set apart, and whatever stands there in their place.
        #[test]
        fn any_text_is_read_or_refused(metric in metrics(), cut in 0usize..40, put in "\\PC{0,6}") {
            let text = metric.to_string();
            let wide = text.replace(' ', "  \t");
            prop_assert_eq!(wide.parse(), Ok(metric));
            let at = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
            let _ = format!("{}{put}{}", &text[..at], &text[at..]).parse::<Metric>();
        }
    }

    #[test]
    fn a_line_is_read_as_people_write_it() {
        for (text, printed) in [
            ("p99<300ms", "p99 < 300ms"),
            ("errors <  0.1 %", "errors < 0.1%"),
            ("first_byte p99.9 <= 1500ms", "first_byte p99.9 <= 1.5s"),
            ("errors connect_timeout<1%", "errors connect_timeout < 1%"),
            ("errors 5xx < 0.5%", "errors 5xx < 0.5%"),
            ("errors 503 <= 2%", "errors 503 <= 2%"),
            ("at  most 1_000 slower than 2s", "at most 1000 slower than 2s"),
            ("wait at most 2 slower than 10ms", "wait at most 2 slower than 10ms"),
            ("at most 0 errors", "at most 0 errors"),
            ("at most 3 errors timeout", "at most 3 errors timeout"),
            ("rate >= 12k/s", "rate >= 12000/s"),
            ("rate>=30/m", "rate >= 0.5/s"),
        ] {
            assert_eq!(text.parse::<Metric>().map(|metric| metric.to_string()).as_deref(), Ok(printed), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_part() {
        use MetricError::{NoNumber, NoQuantile, NotAtLeast, NotBelow, NotCounted, Unknown, UnknownErrors};
        let text = str::to_owned;
        for (line, error) in [
            ("errors timout < 1%", UnknownErrors(text("timout"))),
            ("errors 1xx < 1%", UnknownErrors(text("1xx"))),
            ("errors 600 < 1%", UnknownErrors(text("600"))),
            ("errors 5xx 503 < 1%", UnknownErrors(text("5xx 503"))),
            ("service errors < 1%", NoQuantile("service", text("errors"))),
            ("wait at most 2 errors", NoQuantile("wait", text("errors"))),
            ("rate < 12k/s", NotAtLeast),
            ("rate > 12k/s", NotAtLeast),
            ("p99 >= 1s", NotBelow),
            ("at most two errors", NoNumber(text("two"))),
            ("at most -1 errors", NoNumber(text("-1"))),
            ("at most", NoNumber(text(""))),
            ("at most 2 errors each day", UnknownErrors(text("each day"))),
            ("at most 2", NotCounted(text(""))),
            ("at most 2 slower 1s", NotCounted(text("slower 1s"))),
            ("at most 2 over 1s", NotCounted(text("over 1s"))),
            ("at most 2 slower than 0s", MetricError::NoTime),
            ("at least 2 errors", MetricError::NoComparison),
            ("amplification of < 2", Unknown(text("amplification of"))),
        ] {
            assert_eq!(line.parse::<Metric>(), Err(error), "{line}");
        }
    }

    #[test]
    fn a_line_is_taken_apart_as_people_write_it() {
        for (text, measure, metric, window, allowed) in [
            ("p99 < 300ms", None, "p99 < 300ms", None, 0.01),
            ("errors <  0.1 % during 22:55..23:30", None, "errors <  0.1 %", Some("22:55..23:30"), 0.001),
            ("frame_gap  p95<=50 ms", Some(Measure::FrameGap), "p95<=50 ms", None, 0.05),
            ("amplification < 1.2", None, "amplification < 1.2", None, 1.2),
        ] {
            let line = Line::split(text);
            assert_eq!(line, Line { measure, metric, window }, "{text}");
            assert_eq!(line.metric.parse::<Metric>().expect(text).allowed(), allowed, "{text}");
        }
    }
}
