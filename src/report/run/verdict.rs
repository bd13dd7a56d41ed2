//! The verdict of a run, with every reason.

use std::io::{self, Write};

use crate::judge::{Code, Family, Retry, Verdict};
use crate::report::words::count;

use super::super::text::{GREEN, RED, YELLOW, found, indented};
use super::super::{Style, Summary, WarmUpSummary, Writes};
use super::coverage::{beside_verdict, no_verdict};

pub(in crate::report) fn verdict(summary: &Summary, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (code, word) = match summary.verdict {
        None => ("1", no_verdict(summary)),
        Some(verdict @ Verdict::Ready) => (GREEN, verdict.name()),
        Some(verdict @ Verdict::NotReady) => (RED, verdict.name()),
        Some(verdict @ Verdict::Invalid) => (YELLOW, verdict.name()),
    };
    writeln!(out, "\n{} {}", style.bold("verdict"), style.paint(code, word))?;
    if let Some(WarmUpSummary { seconds, verdict_with }) = summary.warm_up {
        let with = verdict_with.map_or("none", Verdict::name);
        let told = format!("without the warm-up, the first {seconds}s; with them the verdict would be {with}");
        indented(&told, 2, style, out)?;
    }
    beside_verdict(summary, style, out)?;
    if !summary.reasons.is_empty() {
        indented(&families(summary), 2, style, out)?;
    }
    for reason in &summary.reasons {
        let finding = &reason.told;
        let seen = format!("{}: {}", code_words(finding.code), finding.seen);
        found(&seen, Some(&finding.limit), finding, style, out)?;
    }
    match summary.verdict {
        Some(_) if !summary.writes_not_audited.is_empty() => indented(&not_audited(summary), 2, style, out),
        _ => Ok(()),
    }
}

/// Who has to act: `service: 2 reasons · data: none · generator: none · evidence: 1 reason`.
fn families(summary: &Summary) -> String {
    let of = |family: Family| {
        let told = match summary.reasons.iter().filter(|reason| reason.family == family).count() {
            0 => "none".to_owned(),
            1 => "1 reason".to_owned(),
            n => format!("{n} reasons"),
        };
        format!("{}: {told}", family_words(family))
    };
    [Family::Service, Family::Data, Family::Generator, Family::Evidence].map(of).join(" · ")
}

/// What the verdict cannot see: `writes were not audited: 720 POST checkout, 720 POST cart`.
fn not_audited(summary: &Summary) -> String {
    let all = &summary.writes_not_audited;
    let told = all.iter().take(WRITES).map(|Writes { step, method, requests, .. }| {
        // A step without a name has its method before its path.
        let method = if step.starts_with(&format!("{method} ")) { String::new() } else { format!("{method} ") };
        format!("{} {method}{step}", count(*requests))
    });
    let mut told: Vec<String> = told.collect();
    let more = all.len().saturating_sub(WRITES);
    told.extend((more > 0).then(|| format!("{more} more in summary.json")));
    format!("writes were not audited: {}", told.join(", "))
}

/// Steps that the line about writes names.
const WRITES: usize = 4;

pub(in crate::report) const fn code_words(code: Code) -> &'static str {
    match code {
        Code::Invariant => "invariant broken",
        Code::InvariantUnknown => "invariant unknown",
        Code::BrokenIdentity => "requests not accounted for",
        Code::BrokenHash => "another plan ran",
        Code::TargetDied => "the embedded target died",
        Code::GeneratorLate => "the generator was late",
        Code::UnsentRequests => "not all requests were sent",
        Code::Interrupted => "interrupted",
        Code::NoData => "no data",
        Code::Breached => "breached",
        Code::SessionsFellBehind => "sessions fell behind",
        Code::GeneratorDecided => "decided by the generator",
        Code::Undecided => "undecided",
        Code::ClosedLoop => "closed loop",
    }
}

/// Who has to act.
pub(in crate::report) const fn family_words(family: Family) -> &'static str {
    match family {
        Family::Service => "service",
        Family::Data => "data",
        Family::Generator => "generator",
        Family::Evidence => "evidence",
    }
}

/// Which further run helps.
pub(in crate::report) const fn retry_words(retry: Retry) -> &'static str {
    match retry {
        Retry::Elsewhere => "elsewhere",
        Retry::Longer => "longer",
        Retry::Never => "never",
    }
}
