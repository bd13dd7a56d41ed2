//! What a session does: a flow of steps.
//!
//! The steps of a flow stand in one list in pre-order, so that a step's number, by which its draws are
//! keyed (P4), is its index, and the body of a repeat or of a pick's alternative is a range of it.

use std::ops::Range;

use serde::Serialize;

use super::Condition;
use super::Retry;
use super::Template;
use super::body::{Body, BodyContent};
use super::stream::Stream;
use crate::scenario::Selector;
use crate::unit::Span;

/// A flow: what one session does.
#[derive(Clone, Debug, Serialize)]
pub struct Flow {
    /// The flow's name.
    pub name: String,
    /// How long connections live (S7).
    pub connection: Connection,
    /// What a session does after a failed step (S5).
    pub on_failure: OnFailure,
    /// Whether sessions keep cookies.
    // True is the default and leaves no trace in the plan's digest, so that plans from before cookies keep theirs:
    // `Clone::clone` is the function from `&bool` to `bool` that says to skip true.
    #[serde(skip_serializing_if = "std::clone::Clone::clone")]
    pub cookies: bool,
    /// Every step in pre-order; a step's number is its index. Never empty, and every path has a request.
    pub steps: Vec<Step>,
    /// Names of the values that steps save; templates refer to them by index.
    pub saved: Vec<String>,
}

/// How long a connection lives (S7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Connection {
    /// Opened by the session's first request, closed with the session.
    Session,
    /// A pool of this many over all lanes, first come first served.
    Shared {
        /// Connections over all lanes, at least 1.
        size: u32,
    },
    /// A new one for each request, `Connection: close`.
    Request,
}

/// What a session does after a failed step (S5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum OnFailure {
    /// Goes on with the next step.
    Continue,
    /// Ends; what it then never sends is failed, not attempted.
    End,
}

/// One step of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Index just past its last descendant: where a walk goes on when it skips the step's body.
    pub end: u32,
}

/// What a step does.
#[derive(Clone, Debug, Serialize)]
pub enum StepKind {
    /// Sends a request and reads the answer.
    Request(Box<Request>),
    /// Waits after the previous answer.
    Think(Distribution),
    /// Waits for an instant of scenario time (S2).
    At(At),
    /// Does one of its alternatives, drawn by weight.
    Pick(Vec<Alternative>),
    /// Does its body if a condition on saved values holds, else the other one: extra requests (P3).
    If {
        /// The condition.
        condition: Condition,
        /// The steps if it holds.
        body: Range<u32>,
        /// The steps if it does not.
        otherwise: Range<u32>,
    },
    /// Does its body as long as a condition on saved values holds: extra requests (P3).
    While {
        /// Looked at before each iteration.
        condition: Condition,
        /// The most iterations.
        at_most: u32,
        /// The body's steps.
        body: Range<u32>,
    },
    /// Does its body a drawn number of times.
    Repeat {
        /// Least and greatest number of iterations, drawn uniformly.
        times: (u32, u32),
        /// The polling grid in seconds of scenario time (S3); `None`: one iteration follows the other.
        every: Option<f64>,
        /// The body's steps.
        body: Range<u32>,
    },
    /// Does its body once, and times it: from its first due to its last done.
    Transaction {
        /// The name under which it is counted.
        name: String,
        /// The body's steps.
        body: Range<u32>,
    },
    /// Sends the requests of its body in parallel, all of them due at the previous done; done when the last is.
    Parallel {
        /// How many may be open at once; the others wait for one of them to end.
        connections: u32,
        /// The body's steps: requests only.
        body: Range<u32>,
    },
}

/// One alternative of a pick.
#[derive(Clone, Debug, Serialize)]
pub struct Alternative {
    /// The sum of the weights up to and including this one, divided by the sum of all: the alternative
    /// is taken for a draw below it and not below the one before. The last is exactly 1.
    pub cumulative: f64,
    /// Its steps; may be empty (do nothing).
    pub body: Range<u32>,
}

/// `at: "12:00"`: due at the later of that instant (plus a draw) and the previous done (S2).
#[derive(Clone, Debug, Serialize)]
pub struct At {
    /// Seconds since the clock's start.
    pub time: f64,
    /// What is added to `time`: `spread` is uniform from 0, `plus` any distribution; `None`: nothing.
    pub plus: Option<Distribution>,
}

/// A distribution of scenario time; a draw above `max` is cut to it (P4). All values in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// The shape.
    pub draw: Draw,
    /// The greatest value; infinite if none was given.
    pub max: f64,
}

/// The shape of a distribution, in seconds of scenario time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Draw {
    /// Always this.
    Fixed(f64),
    /// Uniform between the two.
    Uniform(f64, f64),
    /// Exponential with this mean.
    Exponential(f64),
    /// Lognormal; σ = ln(p95/median)/1.6448536269514722 where the file gives p95 (P4).
    Lognormal {
        /// The median.
        median: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
}

/// A request step.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// The step's recorded name: its `name:`, or the method and the path's template, never the expanded URL (O1).
    pub name: String,
    /// The method, in capitals.
    pub method: String,
    /// Index of the origin in the scenario's target.
    pub origin: usize,
    /// Path and query, ready for the request line once its slots are filled (slots are percent-encoded).
    pub path: Template,
    /// Headers of this step, over those of its population.
    pub headers: Vec<(String, Template)>,
    /// The body, if it has one.
    pub body: Option<Body>,
    /// Whether a GET is sent conditionally once an ETag is known (S4).
    pub revalidate: bool,
    /// Values kept from the answer.
    pub save: Vec<Save>,
    /// What a right answer must satisfy (R4). Empty: any 2xx.
    pub expect: Vec<Expect>,
    /// This step's own timeout (R5).
    pub timeout: Option<Span>,
    /// What follows a right answer on the same connection, if it opens a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<Box<Stream>>,
    /// Redirects that are followed; 0: none.
    #[serde(skip_serializing_if = "is_zero")]
    pub follow: u32,
    /// The credentials it sends; its own or its population's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// When it is tried again. Left out of the plan's digest if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
}

/// What the header Authorization says, unless the headers set it.
#[derive(Clone, Debug, Serialize)]
pub enum Auth {
    /// User and password (RFC 7617).
    Basic {
        /// The user.
        user: Template,
        /// The password.
        password: Template,
    },
    /// A token (RFC 6750).
    Bearer(Template),
}

/// Whether a feature is not used: then it leaves no trace in the plan digest.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl Request {
    /// The longest that it can take, with all its tries and the waits between them.
    pub fn longest(&self, timeout: Span) -> Span {
        let timeout = self.timeout.unwrap_or(timeout);
        self.retry.as_ref().map_or(timeout, |retry| retry.longest(timeout))
    }

    /// Whether it may be sent twice without harm (RFC 9110 section 9.2.2): by its method, or as the server is to know it
    /// by its key.
    pub fn is_idempotent(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
            || self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"))
    }

    /// What ends each part of its form, if it sends one of several parts.
    pub fn boundary(&self) -> Option<&[u8]> {
        match &self.body.as_ref()?.content {
            BodyContent::Multipart { boundary, .. } => Some(boundary.as_bytes()),
            BodyContent::Template(_) | BodyContent::File { .. } => None,
        }
    }

    /// Whether the head must be kept to judge the answer, to save from it, or for a later request.
    pub fn inspects_head(&self) -> bool {
        self.revalidate
            || self.retry.is_some()
            || self.stream.is_some()
            || !self.expect.is_empty()
            || !self.save.is_empty()
    }

    /// Whether the body must be kept and decoded to judge the answer or to save from it.
    pub fn inspects_body(&self) -> bool {
        self.save.iter().any(|save| save.from.is_in_body())
            || self.expect.iter().any(|e| matches!(e, Expect::Json { .. } | Expect::Text { .. }))
    }
}

/// A value kept from an answer (S4).
#[derive(Clone, Debug, Serialize)]
pub struct Save {
    /// Index into [`Flow::saved`].
    pub into: usize,
    /// Where the value is found.
    pub from: SaveFrom,
}

/// Where a saved value is found.
#[derive(Clone, Debug, Serialize)]
pub enum SaveFrom {
    /// The first match of a JSON path (RFC 9535); a string's content, or the JSON text of anything else.
    Json(JsonPath),
    /// A header's value.
    Header(String),
    /// The ETag header's value.
    ETag,
    /// The value of the session's cookie of this name, once the answer's cookies are in its jar.
    Cookie(String),
    /// The first match in the body: its first group, or all of it where there is none.
    Regex(Pattern),
    /// A part of the first element of the page that a selector describes.
    Markup(Selector, Markup),
}

impl SaveFrom {
    /// Whether it is found in the body.
    pub const fn is_in_body(&self) -> bool {
        matches!(self, Self::Json(_) | Self::Regex(_) | Self::Markup(..))
    }
}

/// What is kept of an element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Markup {
    /// The value of a form field.
    Field,
    /// An attribute, by its name in lower case.
    Attribute(String),
    /// The text in it.
    Text,
}

/// A regular expression that has been checked; written as its text.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::Regex);

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// What a right answer must satisfy (R4).
#[derive(Clone, Debug, Serialize)]
pub enum Expect {
    /// One of these status codes; without this line, any 2xx.
    Status(Vec<u16>),
    /// A header is there and, if a text is given, contains it.
    Header {
        /// The header's name, in lower case.
        name: String,
        /// What its value must contain.
        contains: Option<Template>,
    },
    /// A JSON path has a match and, if a value is given, one that equals it (compared as text).
    Json {
        /// The path.
        path: JsonPath,
        /// The expected value.
        equals: Option<Template>,
    },
    /// The decoded body contains a text.
    Text {
        /// The text.
        contains: Template,
    },
    /// The body as on the wire has between these many bytes, both included.
    Size {
        /// Least size in bytes.
        min: u64,
        /// Greatest size in bytes.
        max: u64,
    },
}

/// A JSON path that has been checked; written as its text.
#[derive(Clone, Debug)]
pub struct JsonPath(pub serde_json_path::JsonPath);

impl Serialize for JsonPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
