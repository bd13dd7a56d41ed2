//! Secrets: names in the scenario, values from the environment or a file, which are kept nowhere else.

use super::{Fields, Reader, shorten};
use crate::scenario::keys::SECRET;
use crate::scenario::problem::Read;
use crate::scenario::yaml::Entry;

/// Secrets of a scenario.
const MOST_SECRETS: usize = 1_000;
/// Bytes of a secret: a token, a key, no document.
const LONGEST: usize = 16 << 10;
/// Characters by which a secret can be told from other text, and so be hidden wherever it is repeated.
const SHORTEST: usize = 6;

impl Reader<'_> {
    /// Reads `secrets: { password: { env: PASSWORD } }`; from here on templates know them. What is wrong is told.
    pub fn secrets(&mut self, scenario: &Fields) -> Read<()> {
        let Some(node) = scenario.get("secrets") else { return Ok(()) };
        let entries = self.names(node, "a map of secrets, such as `password: { env: PASSWORD }`")?;
        if entries.len() > MOST_SECRETS {
            return Err(self.problem(node.place, format!("a scenario has at most {MOST_SECRETS} secrets")));
        }
        let mut failed = Ok(());
        for entry in entries {
            match self.secret(entry) {
                Ok(value) => drop(self.secrets.insert(entry.key.clone(), Some(value))),
                Err(told) => {
                    // Named all the same: that it is unknown where it is used would be no further problem.
                    self.secrets.insert(entry.key.clone(), None);
                    failed = Err(told);
                }
            }
        }
        failed
    }

    fn secret(&mut self, entry: &Entry) -> Read<String> {
        self.identifier(entry, "a secret")?;
        let fields = self.fields(&entry.value, &SECRET)?;
        let (from, node) = self.one_of(&fields)?;
        let value = if from == "env" {
            let name = self.text(node, "the name of an environment variable")?;
            let plausible = !name.is_empty() && name.len() <= 200 && !name.contains(['=', '\0']);
            plausible.then(|| (self.env)(name)).flatten().ok_or_else(|| {
                let message = format!("the environment has no variable `{}`", shorten(name));
                self.problem_with_hint(node.place, message, format!("{}=… scrutinio …", shorten(name)))
            })?
        } else {
            let (name, bytes) = self.file(node)?;
            let text = String::from_utf8(bytes.to_vec())
                .map_err(|_| self.problem(node.place, format!("`{}` is not UTF-8 text", shorten(&name))))?;
            // The line's end belongs to the file, not to the secret.
            text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).to_owned()
        };
        match value.len() {
            1..=LONGEST => {
                if value.chars().count() < SHORTEST {
                    let name = &entry.key;
                    let message = format!(
                        "the secret `{name}` has fewer than {SHORTEST} characters, which stand in pages by chance: where an \
                         answer repeats it, it may be shown and stored"
                    );
                    self.note(entry.place, &message);
                }
                Ok(value)
            }
            0 => Err(self.problem(node.place, "this secret is empty")),
            _ => Err(self.problem(node.place, format!("a secret has at most {LONGEST} bytes"))),
        }
    }
}
