//! Looks at one plan until it is decided (O17): what each of them adds to the evidence, and the verdict of all.
//!
//! One run is a single look at the whole error, of which nothing is left out.

use crate::record::{Catalog, Ending, Recording, RunFacts};
use crate::unit::Span;

use super::bound::{ALPHA, ALPHA_OF_A_LOOK};
use super::code::Code;
use super::delivery::short_seconds;
use super::findings::findings;
use super::gate::gated;
use super::objective::objectives_of;
use super::validity::{self, interrupted};
use super::verdict::{Judgement, concluded, with_and_without};
use super::warm_up::WarmUp;

pub use super::bound::LOOKS;

/// Seconds after a short one in which the target still works off what we sent too late (D3).
const RECOVERY_SECONDS: usize = 10;

/// What objectives are judged by: one run, or some looks with other seeds.
pub(super) struct Looks<'a> {
    pub(super) each: Vec<Look<'a>>,
    /// One less the confidence of each statement.
    pub(super) alpha: f64,
    pub(super) bins_a_second: usize,
    /// The numbers of the bins with which a stratum of the plan begins: those of the first look, as the curve is the same.
    pub(super) strata: Vec<usize>,
    /// What of each of them is passed over.
    pub(super) warm_up: WarmUp,
}

/// One of them.
pub(super) struct Look<'a> {
    pub(super) recording: &'a Recording,
    /// For each second, whether its requests are good in K′: it is short, or within the recovery of one (D3).
    pub(super) ours: Vec<bool>,
    /// For each second, whether it is no evidence; empty of one run.
    pub(super) left_out: Vec<bool>,
}

impl<'a> Looks<'a> {
    /// One run, whose warm-up is this.
    pub(super) fn at_one_run(recording: &'a Recording, warm_up: WarmUp) -> Self {
        let ours = laid_on_us(recording, &short_seconds(recording));
        Self::new(vec![Look { recording, ours, left_out: Vec::new() }], ALPHA, warm_up)
    }

    /// Looks whose bins have one width.
    fn until_decided(looks: &'a [Recording], warm_up: WarmUp) -> Self {
        let look = |recording: &'a Recording| {
            let short = short_seconds(recording);
            let mut left_out = vec![false; recording.seconds.len()];
            short.iter().for_each(|second| left_out[*second] = true);
            Look { recording, ours: laid_on_us(recording, &short), left_out }
        };
        Self::new(looks.iter().map(look).collect(), ALPHA_OF_A_LOOK, warm_up)
    }

    fn new(each: Vec<Look<'a>>, alpha: f64, warm_up: WarmUp) -> Self {
        let (bin, strata) = each.first().map_or((Span::from_secs(1), &[][..]), |look| {
            let catalog = &look.recording.catalog;
            (catalog.bin, &catalog.strata)
        });
        let bins_a_second = (Span::from_secs(1).as_nanos() / bin.as_nanos().max(1)).max(1) as usize;
        let strata = strata.iter().map(|second| *second as usize * bins_a_second).collect();
        Self { each, alpha, bins_a_second, strata, warm_up }
    }

    /// What they are about; none is of no run.
    pub(super) fn catalog(&self) -> &Catalog {
        &self.each[0].recording.catalog
    }

    /// The seconds of the plan that no look delivered.
    fn made_good_by_none(&self) -> Vec<usize> {
        let seconds = self.each.iter().map(|look| look.left_out.len()).max().unwrap_or(0);
        let is_out = |second: usize| self.each.iter().all(|look| look.left_out.get(second).copied().unwrap_or(true));
        (0..seconds).filter(|second| is_out(*second)).collect()
    }
}

fn laid_on_us(recording: &Recording, short: &[usize]) -> Vec<bool> {
    let mut ours = vec![false; recording.seconds.len()];
    for second in short {
        let end = (second + RECOVERY_SECONDS + 1).min(ours.len());
        ours[*second..end].fill(true);
    }
    ours
}

/// How many seconds of each of these looks are no evidence.
pub fn seconds_left_out(looks: &[Recording]) -> Vec<usize> {
    looks.iter().map(|look| short_seconds(look).len()).collect()
}

/// The verdict of some looks at one plan, whose bins have one width, and whose figures `pooled` has in one; of at least one
/// look.
pub fn judge_looks(looks: &[Recording], pooled: &Recording, run: &RunFacts) -> Judgement {
    // What keeps a look from being trusted is not made good by another, but for seconds that were short: so it ends there.
    let last = &looks[looks.len() - 1];
    let mut judgement = with_and_without(&pooled.catalog, |warm_up| {
        let all = Looks::until_decided(looks, warm_up);
        let objectives = objectives_of(&all, pooled);
        let mut of_run = validity::reasons(last, &all.made_good_by_none(), &objectives, warm_up);
        of_run.retain(|why| why.code() != Code::Interrupted);
        of_run.extend(interrupted(pooled));
        concluded(pooled, objectives, of_run)
    });
    judgement.findings = findings(last);
    if run.gate { gated(judgement, pooled) } else { judgement }
}

/// Whether another look may decide what these left open: if nothing but evidence was missing, or time of the generator.
pub fn another_may_decide(judgement: &Judgement, pooled: &Recording) -> bool {
    let is_open = |code: Code| matches!(code, Code::Undecided | Code::GeneratorDecided | Code::GeneratorLate);
    pooled.end.ending == Ending::Finished
        && !judgement.reasons.is_empty()
        && judgement.reasons.iter().all(|reason| is_open(reason.why.code()))
}
