//! The scenario as it was written, for faults that only its numbers together show: a plan that is not possible, an
//! objective that cannot be proven. Such a fault is drawn at its place like any other.

use super::LoadError;
use super::problem::{Problem, Problems};
use super::yaml::{Node, Place, Value};

/// What is wrong, and where: keys from the root; in a list, the text of an item.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The way to it. Of a path that was not written to its end, the last part that was counts.
    pub path: Vec<String>,
    /// What is wrong, and what would be right.
    pub message: String,
    /// What to do, if there is more to say.
    pub hint: Option<String>,
}

/// The tree of a sound scenario, as the file and the command line make it.
#[derive(Clone, Debug)]
pub struct Written {
    root: Node,
    problems: Problems,
}

impl Written {
    /// `problems` are none yet, and know the texts that the places of `root` are in.
    pub(super) fn new(root: Node, problems: Problems) -> Self {
        Self { root, problems }
    }

    /// The faults as problems, each at its place.
    pub fn refuse(&self, faults: impl IntoIterator<Item = Fault>) -> LoadError {
        let mut problems = self.problems.clone();
        for Fault { path, message, hint } in faults {
            let problem = Problem::new(self.place(&path), message);
            problems.push(match hint {
                Some(hint) => problem.hint(hint),
                None => problem,
            });
        }
        LoadError::Problems(Box::new(problems))
    }

    fn place(&self, path: &[String]) -> Place {
        let (mut node, mut place) = (&self.root, self.root.place);
        for step in path {
            if let Some(item) = node.items().iter().find(|item| item.scalar().map(str::trim) == Some(step)) {
                (node, place) = (item, item.place);
                continue;
            }
            let Some(entry) = node.entries().iter().find(|entry| entry.key == *step) else { break };
            node = &entry.value;
            // A value on one line is drawn itself; of a map or a list, its key; what an option wrote is the option's.
            let whole = matches!(node.value, Value::Map(_) | Value::List(_)) && node.place.source == entry.place.source;
            place = if whole { entry.place } else { node.place };
        }
        place
    }
}
