//! Files that a scenario names: found beside it, regular, bounded, read once.

use std::sync::Arc;

use super::Reader;
use crate::scenario::problem::Read;
use crate::scenario::regular::read_regular;
use crate::scenario::yaml::Node;

/// The largest file that a scenario may name.
const LARGEST: u64 = 64 << 20;
/// All files of a scenario together.
const LARGEST_SUM: usize = 256 << 20;

impl Reader<'_> {
    /// The bytes of the file named by a node.
    pub fn file(&mut self, node: &Node) -> Read<(String, Arc<[u8]>)> {
        let name = self.text(node, "the path of a file")?.to_owned();
        if let Some(bytes) = self.files.get(&name) {
            return Ok((name, bytes.clone()));
        }
        let path = self.base.join(&name);
        let shown = path.display();
        let bytes = match read_regular(&path, LARGEST) {
            Ok(bytes) => bytes,
            Err(why) => {
                let hint = "paths are relative to the scenario's file";
                return Err(self.problem_with_hint(node.place, format!("cannot read `{shown}`: {why}"), hint));
            }
        };
        if self.files.values().map(|bytes| bytes.len()).sum::<usize>() + bytes.len() > LARGEST_SUM {
            let message = format!("the files of a scenario have at most {} MiB together", LARGEST_SUM >> 20);
            return Err(self.problem(node.place, message));
        }
        let bytes: Arc<[u8]> = bytes.into();
        self.files.insert(name.clone(), bytes.clone());
        Ok((name, bytes))
    }
}
