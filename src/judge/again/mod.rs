//! A stored run judged by other objectives than its own, where what was counted answers them exactly.
//!
//! K and K′ were counted while the run went, for the limits that it was judged by. So a line is answered where the run has
//! the same scope, measure and limit, at any quantile; errors of all requests and of populations always; and a part of the
//! run where the whole was counted. What is not answered is told, and never guessed.

mod asked;
mod counted;
mod unanswered;

use std::sync::Arc;

use crate::record::{Bin, Catalog, CatalogMeasure, CatalogObjective, CatalogPopulation, Histogram, LeftOut, Recording};
use crate::scenario::{AskedLine, Clock};

use super::code::Retry;
use super::verdict::{Judgement, VerdictReason, judge};
use super::why::Why;
use asked::Questions;
use counted::Counted;
pub use unanswered::{CountedLimit, Unanswered};

/// A stored run about which other objectives are asked.
pub struct Again {
    /// What it recorded, about the objectives that are answered.
    pub recording: Recording,
    /// Its judgement by them. What is not answered makes it INVALID.
    pub judgement: Judgement,
}

/// Judges a recording by these lines. `clock` is that of its scenario, if it has one; `run` the command that runs it again.
pub fn judge_again(recording: Recording, clock: Option<&Clock>, lines: &[AskedLine], run: &str) -> Again {
    let Questions { asked, left_out, mut unanswered } = Questions::new(lines, &recording, clock);
    let mut answers = Vec::new();
    for objective in asked {
        match Answer::new(&objective, &recording) {
            Ok(answer) => answers.push(answer),
            Err(why) => unanswered.push((objective.scope, objective.text, why)),
        }
    }
    let recording = about(recording, answers, left_out);
    let mut judgement = judge(&recording);
    let reasons: Vec<VerdictReason> = unanswered.into_iter().map(|it| not_answered(it, run)).collect();
    judgement.with_warm_up.iter_mut().for_each(|with| add(with, &reasons));
    add(&mut judgement, &reasons);
    Again { recording, judgement }
}

/// Adds what is not answered to a judgement.
fn add(judgement: &mut Judgement, reasons: &[VerdictReason]) {
    if !reasons.is_empty() {
        judgement.reasons.extend_from_slice(reasons);
        judgement.reasons.sort_by_key(|reason| reason.why.code());
        judgement.verdict = judgement.reasons.first().map(|reason| reason.why.code().verdict());
    }
}

/// Another run of the same counts the same, so that it helps no more.
fn not_answered((scope, text, why): (String, String, Unanswered), run: &str) -> VerdictReason {
    let why = Why::Unanswered { scope, text, why, run: run.to_owned() };
    VerdictReason { retry: Retry::Never, ..VerdictReason::of_run(why) }
}

/// What answers an objective.
struct Answer {
    objective: CatalogObjective,
    counted: Counted,
    bins: Vec<Bin>,
    times: Option<Histogram>,
}

impl Answer {
    fn new(objective: &CatalogObjective, recording: &Recording) -> Result<Self, Unanswered> {
        let counted = Counted::answering(objective, recording)?;
        let same_window = counted.window(&recording.catalog) == objective.window;
        let (bins, times) = match objective.window {
            Some(window) if !same_window => (counted.within(window, recording), None),
            _ => (counted.bins(recording).to_vec(), counted.times(recording).cloned()),
        };
        Ok(Self { objective: objective.clone(), counted, bins, times })
    }
}

/// The same recording with these objectives instead of its own.
fn about(recording: Recording, answers: Vec<Answer>, left_out: Vec<LeftOut>) -> Recording {
    let old = &recording.catalog;
    let renumbered = |is_of: &dyn Fn(Counted) -> bool| {
        (0u16..).zip(&answers).filter(|(_, answer)| is_of(answer.counted)).map(|(i, _)| i).collect::<Vec<u16>>()
    };
    let population = |(p, names): (usize, &CatalogPopulation)| CatalogPopulation {
        objectives_by_step: names
            .objectives_by_step
            .iter()
            .map(|before| renumbered(&|counted| counted.has_requests_of(p, before)))
            .collect(),
        ..names.clone()
    };
    let measure = |names: &CatalogMeasure| CatalogMeasure {
        objectives: renumbered(&|counted| counted.is_one_of(&names.objectives)),
        ..names.clone()
    };
    let catalog = Catalog {
        populations: old.populations.iter().enumerate().map(population).collect(),
        measures: old.measures.iter().map(measure).collect(),
        objectives: answers.iter().map(|answer| answer.objective.clone()).collect(),
        left_out,
        ..Catalog::clone(old)
    };
    let errors = recording.bins[old.errors_of_all()..].to_vec();
    let answers = answers.into_iter().map(|answer| (answer.bins, answer.times));
    let (bins, times): (Vec<Vec<Bin>>, Vec<Option<Histogram>>) = answers.unzip();
    Recording { catalog: Arc::new(catalog), bins: [bins, errors].concat(), times, ..recording }
}
