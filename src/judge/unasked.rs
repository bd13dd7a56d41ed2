//! Answers that nobody asked for (R8): the worst that a service can do is to show its users each other's pages.

use crate::record::{Recording, Unasked};

use super::finding::Finding;
use super::findings::FindingCode;
use super::words::count;

/// Steps and places that are told one by one.
const TOLD: usize = 3;
/// Characters of the first bytes that are told.
const SHOWN: usize = 120;

/// Whether bytes came that nobody asked for: how often, where, and the first of them.
pub(super) fn unasked(recording: &Recording) -> Option<Finding<FindingCode>> {
    let mut all: Vec<&Unasked> = recording.unasked.iter().collect();
    all.sort_by_key(|unasked| std::cmp::Reverse(unasked.count));
    let worst = all.first()?;
    let mut parts: Vec<String> = all.iter().take(TOLD).map(|unasked| part(unasked, recording)).collect();
    if let more @ 1.. = all[parts.len()..].iter().map(|unasked| unasked.count).sum() {
        parts.push(format!("{} elsewhere", times(more)));
    }
    let shown: String = worst.head.escape_ascii().to_string().chars().take(SHOWN).collect();
    Some(Finding {
        code: FindingCode::Unasked,
        seen: format!("bytes came {}; the first: {shown}", parts.join(", ")),
        limit: "none: an answer comes behind its request".to_owned(),
        cause: "the target, or a proxy before it, answers more often than it is asked, or says more than the length of its \
                answers; where connections are used again, users may get each other's answers"
            .to_owned(),
        cure: "look for that step in the logs of the target and of what is before it".to_owned(),
    })
}

/// `30 times behind an answer (buyers GET /cart)`.
fn part(unasked: &Unasked, recording: &Recording) -> String {
    let population = &recording.catalog.populations[usize::from(unasked.population)];
    let step = &population.steps[usize::from(unasked.step)];
    format!("{} {} ({} {step})", times(unasked.count), unasked.place.words(), population.name)
}

fn times(n: u64) -> String {
    if n == 1 { "once".to_owned() } else { format!("{} times", count(n)) }
}
