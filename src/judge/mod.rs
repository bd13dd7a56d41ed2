//! Can the run be trusted, and is every objective met? A recording goes in, a judgement comes out.
//!
//! Pure: no clock, no I/O. It fails closed: a run without data, one that the generator distorted, or one that
//! was stopped is INVALID, never READY. `bound` is where confidence comes in.

mod again;
pub mod bound;
mod code;
pub mod compare;
mod counted;
mod coverage;
mod culprit;
mod delivery;
mod evidence;
mod finding;
mod findings;
mod gate;
mod held_up;
mod invariant;
mod looks;
mod objective;
mod parts;
mod quantile;
mod recovery;
mod unasked;
mod unmet;
mod validity;
mod verdict;
mod warm_up;
mod why;

pub use again::{Again, CountedLimit, Unanswered, judge_again};
pub use bound::{chance_of_proof, requests_for_likely_proof, requests_needed};
pub use code::{Code, Family, Retry};
pub use coverage::Uncovered;
pub use delivery::short_seconds;
pub use evidence::{Evidence, Provable, evidence, judged, needed};
pub use finding::{Finding, FindingCode, Limits, StolenIn, UnaskedAt, WaitedIn};
pub use gate::{gated, judge_run};
pub use held_up::{HeldUp, HeldUpBy};
pub use looks::{LOOKS, another_may_decide, judge_looks, seconds_left_out};
pub use objective::{Kind, ObjectiveResult, Standing};
pub use parts::quantile_of_responses;
pub use quantile::{QuantileBounds, quantile_bounds};
pub use recovery::{Recovery, recovery};
pub use verdict::{Judgement, Verdict, VerdictReason, judge};
pub use warm_up::after_warm_up;
pub use why::{BadOnes, BadPart, Behind, FellBehind, TooNear, Unmet, UnsentOf, Why};
