//! What is timed beside requests: each measure has samples of its own, and objectives may be about it.

use serde::{Deserialize, Serialize};

use super::{Flow, StepKind};

/// A kind of measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A named group of steps: from its first due to its last done.
    Transaction,
    /// Opening a stream: from due to the answer that opens it.
    Open,
    /// A message and its answer.
    RoundTrip,
    /// From one frame to the next.
    FrameGap,
    /// From an input to the frame that shows it.
    InputToFrame,
    /// From the due of the request that opens an event stream to its first event.
    FirstEvent,
    /// From the loss of a stream to the session's next one of that name.
    Reconnect,
    /// Opening a connection, without its TLS handshake; timed where an objective is about it.
    Connect,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 8] = [
        Self::Transaction,
        Self::Open,
        Self::RoundTrip,
        Self::FrameGap,
        Self::InputToFrame,
        Self::FirstEvent,
        Self::Reconnect,
        Self::Connect,
    ];

    /// The measure's name in objectives and files: `frame_gap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Open => "open",
            Self::RoundTrip => "round_trip",
            Self::FrameGap => "frame_gap",
            Self::InputToFrame => "input_to_frame",
            Self::FirstEvent => "first_event",
            Self::Reconnect => "reconnect",
            Self::Connect => "connect",
        }
    }

    /// The measure of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name() == name)
    }
}

impl StepKind {
    /// What is measured of a step of this kind, beside its request: the step's name and its measures.
    pub fn measures(&self) -> Option<(&str, Vec<Measure>)> {
        match self {
            Self::Request(request) => {
                let of_stream = request.stream.as_ref().map_or(&[][..], |stream| stream.measures());
                Some((&request.name, of_stream.iter().copied().chain([Measure::Connect]).collect()))
            }
            Self::Transaction { name, .. } => Some((name, vec![Measure::Transaction])),
            _ => None,
        }
    }
}

impl Flow {
    /// What is measured in this flow, by step name, each once, in the order of the steps. Steps of one name are
    /// measured as one.
    pub fn measures(&self) -> Vec<(&str, Measure)> {
        let mut all = Vec::new();
        for (name, measures) in self.steps.iter().filter_map(|step| step.kind.measures()) {
            for measure in measures.into_iter().map(|measure| (name, measure)) {
                if !all.contains(&measure) {
                    all.push(measure);
                }
            }
        }
        all
    }
}
