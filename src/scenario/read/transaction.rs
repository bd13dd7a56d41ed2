//! Transactions: steps timed as one, under a name that no step of the flow has.

use super::flow::{Compiler, Extent};
use super::shorten;
use crate::scenario::keys::TRANSACTION;
use crate::scenario::model::StepKind;
use crate::scenario::problem::Read;
use crate::scenario::yaml::Node;

impl Compiler<'_, '_, '_> {
    /// `transaction: { name: logon, steps: [...] }`.
    pub fn transaction(&mut self, node: &Node) -> Read<(StepKind, Extent)> {
        let fields = self.reader.fields(node, &TRANSACTION)?;
        let named = self.reader.need(&fields, "name").and_then(|node| {
            let name = self.counted_name(node)?;
            self.transactions.push((name.clone(), node.place));
            Ok(name)
        });
        let list = self.reader.need(&fields, "steps")?;
        let (body, inner) = self.body(list)?;
        if body.is_empty() {
            return Err(self.reader.problem(list.place, "a transaction needs a step"));
        }
        let extent = Extent { most_executed: inner.most_executed.saturating_add(1), ..inner };
        Ok((StepKind::Transaction { name: named?, body }, extent))
    }

    /// An objective's scope may be a step or a transaction: the flow's names tell which.
    pub fn add_transactions_to_names(&mut self) -> Read<()> {
        let mut told = Ok(());
        for (name, place) in &self.transactions {
            if self.names.contains(name) {
                let message = format!("`{}` is the name of a transaction and of a step", shorten(name));
                let hint = "an objective about it could mean either; give one of them another name";
                told = Err(self.reader.problem_with_hint(*place, message, hint));
            }
        }
        told?;
        self.names.extend(self.transactions.drain(..).map(|(name, _)| name));
        Ok(())
    }
}
