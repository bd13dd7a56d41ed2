//! Requests that were not right by due, of the run and of each population, whether or not an objective asks for them: a run
//! can be asked about them later.

use crate::scenario::{Bad, Errors};

use super::{Catalog, Ended, Recorder};

impl Catalog {
    /// The names of everything that is counted by bins of due: each objective, the errors of all requests, and those of
    /// each population. An objective's name has a limit, which these have not.
    pub(super) fn series(&self) -> Vec<String> {
        let objectives = self.objectives.iter().map(super::CatalogObjective::name);
        let populations = self.populations.iter().map(|population| population.name.as_str());
        objectives.chain(["overall"].into_iter().chain(populations).map(|scope| format!("{scope} errors"))).collect()
    }

    /// Where a recording's bins have the errors of all requests.
    pub fn errors_of_all(&self) -> usize {
        self.objectives.len()
    }

    /// Where they have those of a population.
    pub fn errors_of(&self, population: usize) -> usize {
        self.objectives.len() + 1 + population
    }
}

impl Recorder {
    /// Counts a request in the errors of its population; the hub adds up those of all.
    pub(super) fn count_errors(&mut self, ended: &Ended) {
        let Some((bad, bad_without_us)) = ended.is_bad(Bad::Errors(Errors::All), &self.catalog) else { return };
        let series = self.catalog.errors_of(usize::from(ended.population));
        let bin = self.slice.bin(ended.woken.due.bin(self.catalog.bin), series as u16);
        bin.n += 1;
        bin.k += u32::from(bad);
        bin.k_without_us += u32::from(bad_without_us);
    }
}
