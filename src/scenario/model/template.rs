//! Text with slots, and what fills them.

use serde::Serialize;

/// Text with slots that are filled for each request.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Template(pub Vec<Piece>);

impl Piece {
    /// What fills it, however it is then written.
    pub fn source(&self) -> &Self {
        match self {
            Self::Raw { of, .. } => of,
            piece => piece,
        }
    }
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Piece {
    /// Fixed text.
    Text(String),
    /// A column of the session's feed row.
    Feed(usize),
    /// The row's number (only in generated feeds).
    Row,
    /// The session's number in its population.
    Session,
    /// A value saved by an earlier step; index into [`super::Flow::saved`].
    Saved(usize),
    /// `{{before.NAME}}`: a value that the session before the plan has saved; index into [`super::Scenario::before_saves`].
    Before(usize),
    /// `{{run.id}}`: random per run (S4).
    RunId,
    /// `{{step.nth}}`: how many times this step ran in the session before; with run, population, session and
    /// step it makes the default idempotency key.
    Nth,
    /// `{{env.NAME}}`: an environment variable's value; its name, never the value, is stored anywhere (S4).
    Env {
        /// The variable's name.
        name: String,
        /// Its value when the scenario was read.
        #[serde(skip)]
        value: String,
    },
    /// `{{input}}`: the number of the message that a stream sends.
    Input,
    /// `{{secret.NAME}}`: a secret's value; its name, never the value, is stored anywhere.
    Secret {
        /// Its name in the scenario.
        name: String,
        /// Its value when the scenario was read.
        #[serde(skip)]
        value: String,
    },
    /// `{{feed.path | raw}}`: a value that stands in a path as it is.
    Raw {
        /// What fills it.
        of: Box<Piece>,
        /// Whether the path begins with it, so that its value begins with `/`.
        first: bool,
    },
    /// `{{random.int(1, 6)}}`: a keyed draw, both ends included.
    RandomInt(i64, i64),
    /// `{{random.hex(16)}}`: this many hexadecimal digits from keyed draws.
    RandomHex(u32),
}
