//! Looks at one plan until it is decided (O17): a folder of them read back, and all of them as one summary.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::judge::{self, Judgement, judge_looks, seconds_left_out};
use crate::record::{Ending, LooksEnd, NoMoreLooks, Recording, RunFacts};
use crate::unit::Span;

use super::folder::{ReportError, load_folder, read_json};
use super::{Style, Summary};

/// The folder of the looks' folders, which are called 1, 2 and 3.
pub const LOOKS: &str = "looks";

/// Looks at one plan, with other seeds; at least one.
pub struct Looks {
    /// What they are: the first one's facts, as its folder has them.
    pub facts: RunFacts,
    /// What each recorded. Their bins have one width.
    pub recordings: Vec<Recording>,
    /// The seed of each.
    pub seeds: Vec<u64>,
    /// How they ended.
    pub end: LooksEnd,
}

/// Looks in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LooksSummary {
    /// How many there may be.
    pub most: u64,
    /// How long they may take in all, in seconds.
    pub within_s: f64,
    /// Why there was no further one.
    pub because: NoMoreLooks,
    /// Those that were taken, of which the verdict is pooled.
    pub each: Vec<LookSummary>,
}

/// One look in numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookSummary {
    /// Its folder, in that of all.
    pub folder: String,
    /// Its seed.
    pub seed: u64,
    /// How long it took.
    pub elapsed_s: f64,
    /// Its seconds.
    pub seconds: u64,
    /// Those of them that were short, and are no evidence.
    pub seconds_left_out: u64,
}

impl Looks {
    /// None taken yet of what the first one's facts say.
    pub fn begun(facts: RunFacts) -> Self {
        let (looks, ending, because) = (0, Ending::Killed, NoMoreLooks::Killed);
        let end = LooksEnd { schema_version: LooksEnd::SCHEMA_VERSION, looks, ending, because };
        Self { facts, recordings: Vec::new(), seeds: Vec::new(), end }
    }

    /// Takes in another look.
    pub fn add(&mut self, recording: Recording, seed: u64) {
        self.end.looks += 1;
        self.end.ending = recording.end.ending;
        self.seeds.push(seed);
        self.recordings.push(recording);
        let width = |recording: &Recording| recording.catalog.bin;
        if self.recordings.iter().any(|recording| width(recording) != width(&self.recordings[0])) {
            let all = std::mem::take(&mut self.recordings);
            self.recordings = all.into_iter().map(Recording::in_bins_of_a_second).collect();
        }
    }

    /// All of them as one recording, and its judgement; `None` of no look.
    pub fn judged(&self) -> Option<(Recording, Judgement)> {
        let pooled = Recording::pooled(&self.recordings, self.end.ending)?;
        let judgement = judge_looks(&self.recordings, &pooled, &self.facts);
        Some((pooled, judgement))
    }

    /// All of them as one summary; `None` of no look.
    pub fn summary(&self) -> Option<Summary> {
        let (pooled, judgement) = self.judged()?;
        let out = seconds_left_out(&self.recordings);
        let each = self.recordings.iter().zip(&self.seeds).zip(out).enumerate().map(|(i, ((recording, seed), out))| {
            LookSummary {
                folder: format!("{LOOKS}/{}", i + 1),
                seed: *seed,
                elapsed_s: recording.end.elapsed.as_secs_f64(),
                seconds: recording.seconds.len() as u64,
                seconds_left_out: out as u64,
            }
        });
        let looks = LooksSummary {
            most: judge::LOOKS,
            within_s: Span::from_nanos(self.facts.until_decided_ns.unwrap_or(0)).as_secs_f64(),
            because: self.end.because,
            each: each.collect(),
        };
        // Each look has an arrivals hash of its own.
        let facts = RunFacts { arrivals_hash: None, ..self.facts.clone() };
        Some(Summary { looks: Some(looks), ..Summary::new(&pooled, &judgement, &facts) })
    }
}

/// The looks of a folder; `None` if it is none of looks.
///
/// # Errors
/// It is one, and none of its looks can be read.
pub fn load_looks(folder: &Path) -> Result<Option<Looks>, ReportError> {
    let facts: Option<RunFacts> = read_json(&folder.join("run.json")).ok().flatten();
    let Some(facts) = facts.filter(|facts| facts.until_decided_ns.is_some()) else { return Ok(None) };
    let end: Option<LooksEnd> = read_json(&folder.join(LooksEnd::FILE))?;
    let mut looks = Looks::begun(facts);
    let paths = (1..=judge::LOOKS).map(|number| look_in(folder, number));
    for path in paths.take_while(|path| path.exists()) {
        match load_folder(&path) {
            Ok((recording, facts)) => looks.add(recording, facts.seed),
            // The last one may have been killed before it recorded anything.
            Err(error) if looks.recordings.is_empty() || end.is_some() => return Err(error),
            Err(_) => break,
        }
    }
    match end {
        Some(end) => looks.end = end,
        None => looks.end.ending = Ending::Killed,
    }
    if looks.recordings.is_empty() {
        return Err(ReportError::NoLooks(folder.to_owned()));
    }
    Ok(Some(looks))
}

/// The folder of a look, from 1, in that of all.
pub fn look_in(folder: &Path, number: u64) -> PathBuf {
    folder.join(LOOKS).join(number.to_string())
}

/// How many looks there were, and of what the verdict is pooled; or that a run is one look of several.
pub(super) fn told(summary: &Summary) -> Option<String> {
    if let Some(number) = summary.look {
        return Some(format!(
            "look {number} of a run until it is decided, whose verdict is that of the folder above; what follows is this look alone"
        ));
    }
    let looks = summary.looks.as_ref()?;
    let (taken, most) = (looks.each.len(), looks.most);
    let seeds: Vec<String> = looks.each.iter().map(|look| look.seed.to_string()).collect();
    let of = if taken == 1 { "1 look".to_owned() } else { format!("{taken} looks, of which all is pooled") };
    let why = match looks.because {
        NoMoreLooks::Decided => "decided",
        NoMoreLooks::NoHelp => "a further one would not help",
        NoMoreLooks::Most => "as many as there may be",
        NoMoreLooks::NoTime => "there was no time for another",
        NoMoreLooks::Interrupted => "a signal came",
        NoMoreLooks::Killed => "it was killed, or is still under way",
    };
    let (out, all) = looks.each.iter().fold((0, 0), |sum, look| (sum.0 + look.seconds_left_out, sum.1 + look.seconds));
    let left_out = match out {
        0 => String::new(),
        _ => format!("; {out} of {all} seconds are left out of it, as the generator was late in them"),
    };
    let within = Span::from_secs_f64(looks.within_s);
    Some(format!(
        "{of} (seed {}), at most {most} within {within}: {why}; each look takes 1/{most} of the error{left_out}",
        seeds.join(", ")
    ))
}

/// Writes that, if there is something to say.
pub(super) fn write(summary: &Summary, style: Style, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    told(summary).map_or(Ok(()), |text| super::text::indented(&text, 0, style, out))
}
