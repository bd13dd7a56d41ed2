//! `retry:` of a step or a flow, and to which steps a flow's applies.

use super::{Reader, shorten};
use crate::scenario::keys::{BACKOFF, RETRY};
use crate::scenario::model::{Backoff, Failure, Jitter, Request, Retry};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Node, Value};
use crate::unit::{Percent, Span};

/// Tries after the first; the draws of one request have room for no more.
const MOST_TIMES: u64 = 50;
/// The wait where none is given.
const DEFAULT_WAIT: Span = Span::from_millis(200);
/// The longest wait of a backoff where none is given.
const DEFAULT_MAX: Span = Span::from_secs(20);
/// The longest wait that a Retry-After can ask for where none is given.
const DEFAULT_RETRY_AFTER: Span = Span::from_secs(60);
/// The longest wait that can be given.
const LONGEST: Span = Span::from_secs(3_600);

/// Ends without a wrong status after which a request can be tried again.
const REASONS: [Failure; 6] =
    [Failure::Reset, Failure::Refused, Failure::Timeout, Failure::ConnectTimeout, Failure::BadBytes, Failure::Expect];

impl Reader<'_> {
    /// A retry policy.
    pub fn retry(&mut self, node: &Node) -> Read<Retry> {
        let fields = self.fields(node, &RETRY)?;
        let on = self.need(&fields, "on").and_then(|node| self.retry_on(node));
        let times = self.need(&fields, "times").and_then(|node| self.whole(node, 0..=MOST_TIMES));
        let fixed = Backoff { base: DEFAULT_WAIT, doubles: false, max: DEFAULT_MAX, jitter: Jitter::None };
        let backoff = fields.get("backoff").map_or(Ok(fixed), |node| self.backoff(node));
        let retry_after =
            fields.get("respect_retry_after").map_or(Ok(Some(DEFAULT_RETRY_AFTER)), |node| match node.scalar() {
                Some(text) if text.starts_with(|c: char| c.is_ascii_digit()) => self.wait(node).map(Some),
                _ => self.flag(node).map(|heeded| heeded.then_some(DEFAULT_RETRY_AFTER)),
            });
        let budget = fields.get("budget").map(|node| self.measure::<Percent>(node)).transpose();
        let ((statuses, reasons), times, budget) = (on?, times?, budget?);
        let budget = budget.map(|share| (share.as_fraction() * 1e6).round() as u64);
        Ok(Retry { statuses, reasons, times: times as u32, backoff: backoff?, retry_after: retry_after?, budget })
    }

    fn retry_on(&mut self, node: &Node) -> Read<(Vec<u16>, Vec<Failure>)> {
        let items = self.list(node, "a list such as `[5xx, 429, refused, timeout]`")?;
        let (mut statuses, mut reasons, mut failed) = (Vec::new(), Vec::new(), None);
        for item in items {
            let text = item.scalar().unwrap_or_default();
            if let Some(reason) = REASONS.iter().find(|reason| reason.name() == text) {
                reasons.push(*reason);
                continue;
            }
            match codes(text) {
                Some(codes) => statuses.extend(codes),
                None => {
                    let message = format!("a request cannot be tried again after `{}`", shorten(text));
                    let words = REASONS.iter().map(|reason| reason.name()).chain(["5xx", "429", "503"]);
                    failed = Some(self.problems.push_near(Problem::new(item.place, message), text, words));
                }
            }
        }
        if items.is_empty() {
            return Err(
                self.problem(node.place, "this policy applies to nothing: name statuses or ends, or leave it out")
            );
        }
        failed.map_or(Ok((statuses, reasons)), Err)
    }

    fn backoff(&mut self, node: &Node) -> Read<Backoff> {
        if let Value::Scalar { .. } = node.value {
            let base = self.wait(node)?;
            return Ok(Backoff { base, doubles: false, max: base, jitter: Jitter::None });
        }
        let fields = self.fields(node, &BACKOFF)?;
        let max = fields.get("max").map_or(Ok(DEFAULT_MAX), |node| self.wait(node));
        let words = [("none", Jitter::None), ("full", Jitter::Full), ("equal", Jitter::Equal)];
        let jitter = fields.get("jitter").map_or(Ok(Jitter::None), |node| self.word(node, &words));
        let (kind, base) = self.one_of(&fields)?;
        let base = self.wait(base);
        Ok(Backoff { base: base?, doubles: kind == "exponential", max: max?, jitter: jitter? })
    }

    /// A real length of time between tries.
    fn wait(&mut self, node: &Node) -> Read<Span> {
        let span = self.span(node)?;
        if span <= LONGEST { Ok(span) } else { Err(self.expected(node, "a wait of at most 1h")) }
    }
}

/// The codes that a status or a class stands for.
fn codes(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some(class * 100..=class * 100 + 99);
    }
    text.parse().ok().filter(|code| (100..=599).contains(code)).map(|code| code..=code)
}

/// What a flow's policy is for a request without one of its own: the flow's only if it may be sent twice without harm.
pub fn inherited(flow: Option<&Retry>, request: &Request) -> Option<Retry> {
    flow.filter(|_| request.is_idempotent()).cloned()
}
