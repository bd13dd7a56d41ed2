//! Conditions on what a session has saved: the answers decide, so the requests under them are extra (P3).

use serde::Serialize;

use super::{Flow, StepKind};

/// Whether a saved value is as it should be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// Index into [`super::Flow::saved`].
    pub saved: usize,
    /// What it must be.
    pub test: ValueTest,
}

/// What a saved value must be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum ValueTest {
    /// One of these texts. Of a value that no step has saved yet, false.
    Is(Vec<String>),
    /// None of these texts. Of a value that no step has saved yet, true.
    IsNot(Vec<String>),
    /// A text that contains this. Of a value that no step has saved yet, false.
    Contains(String),
    /// Saved, or not saved, by now.
    Saved(bool),
}

impl Condition {
    /// Whether it holds for a session that has saved this.
    pub fn holds(&self, saved: &[Option<String>]) -> bool {
        let value = saved.get(self.saved).and_then(Option::as_ref);
        match &self.test {
            ValueTest::Is(texts) => value.is_some_and(|value| texts.contains(value)),
            ValueTest::IsNot(texts) => !value.is_some_and(|value| texts.contains(value)),
            ValueTest::Contains(text) => value.is_some_and(|value| value.contains(text)),
            ValueTest::Saved(wanted) => value.is_some() == *wanted,
        }
    }
}

impl Flow {
    /// Whether each step stands under a condition, so that what it sends is extra.
    pub fn under_condition(&self) -> Vec<bool> {
        let mut under = vec![false; self.steps.len()];
        for step in &self.steps {
            let bodies = match &step.kind {
                StepKind::If { body, otherwise, .. } => [body.clone(), otherwise.clone()],
                StepKind::While { body, .. } => [body.clone(), 0..0],
                _ => continue,
            };
            bodies.into_iter().flatten().for_each(|inside| under[inside as usize] = true);
        }
        under
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_not_saved_yet_is_nothing_in_particular() {
        let texts = || vec!["running".to_owned(), "ready".to_owned()];
        let holds =
            |test: ValueTest, value: Option<&str>| Condition { saved: 0, test }.holds(&[value.map(str::to_owned)]);
        for (test, running, starting, none) in [
            (ValueTest::Is(texts()), true, false, false),
            (ValueTest::IsNot(texts()), false, true, true),
            (ValueTest::Contains("start".to_owned()), false, true, false),
            (ValueTest::Saved(true), true, true, false),
            (ValueTest::Saved(false), false, false, true),
        ] {
            let found = [Some("running"), Some("starting"), None].map(|value| holds(test.clone(), value));
            assert_eq!(found, [running, starting, none], "{test:?}");
        }
    }
}
