//! What people and programs read about a run: `summary.json`, and the text at the end.
//!
//! A [`Summary`] is made once, from a recording and its judgement; the text is drawn from it, so that a run
//! that just ended, one read back from its folder and one that was killed look the same. Writes into a
//! `&mut dyn Write`; no clock, no stdout, no arithmetic on measurements that `record` or `judge` could do.

mod bounds;
mod calibration;
mod check;
mod check_around;
mod check_machine;
mod check_proof;
mod check_text;
mod compare;
mod compression;
mod conversation;
mod curve;
mod draw;
mod exchange;
mod folder;
mod junit;
mod latency;
mod looks;
mod lost_streams;
mod margin;
mod markdown;
mod memory;
mod not_right;
pub mod over_time;
mod printed;
mod reasons;
mod run;
mod selftest;
mod streams;
mod summarise;
mod summary;
mod table;
mod text;
mod to;
pub mod words;
mod writes;

pub use bounds::LatencyBounds;
pub use calibration::{
    AtShare, Calibration, CalibrationFile, Ceiling, KindCeiling, Pair, SAFE_SHARE, Spoken, write_calibration,
};
pub use check::{Check, CheckBurst, CheckClock, CheckPeak, CheckPopulation, CheckRate, CheckStreams};
pub use check_around::CheckAround;
pub use check_machine::{Machine, Warning, over_half};
pub use check_proof::{CheckChance, CheckObjective};
pub use check_text::write_check;
pub use compare::{comparison_markdown, write_comparison};
pub use compression::compression_words;
pub use conversation::{Said, SeenMessage, StreamEnd, write_message, write_stream_end};
pub use exchange::{SentAndReceived, plain, write_exchange};
pub use folder::{ReportError, labelled_in, load_folder, newest_of, read_folder};
pub use junit::{junit, junit_of_error};
pub use latency::Latency;
pub use looks::{LookSummary, Looks, LooksSummary, load_looks, look_in};
pub use markdown::{LARGEST as MARKDOWN_BYTES, markdown, markdown_of_error};
pub use memory::{memory_needed, memory_of_record};
pub use not_right::{FailureKind, FailureSummary, login_hint};
pub use reasons::{ReasonSummary, Told};
pub use selftest::{
    By, ClosedLoop, CountCheck, Selftest, SelftestRow, Standing, TimeCheck, VerdictCheck, write_selftest,
};
pub use streams::Streams;
pub use summary::{
    Bytes, Connections, EventSummary, Extra, Generator, Handshakes, LaneSummary, LatencySummary, MeasureSummary,
    PopulationLatency, PopulationSummary, Rate, RecoverySummary, Requests, Retries, Sessions, StepSummary, Summary,
    TargetSummary, WarmUpSummary,
};
pub use table::wrapped;
pub use text::{Style, write_text};
pub use writes::Writes;
