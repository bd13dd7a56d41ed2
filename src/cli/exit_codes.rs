//! The exit codes (O8) as `--help` tells them: of each command those that it can end with, in its own words.

/// Of `run`.
pub const RUN: &str = "\
Exit codes, which later versions add to and do not change:
  0    READY; without --gate also no verdict: no objective, or none that a rehearsal can prove
  1    NOT READY
  2    the command line or the scenario is wrong
  3    INVALID: the run proves nothing, and says why
  4    a target cannot be reached or is not allowed, or `before` failed; no planned request was sent
  5    our own fault, or this machine's
  130  stopped by a signal";

/// Of `quick`.
pub const QUICK: &str = "\
Exit codes, which later versions add to and do not change:
  0    with --slo READY, without it at least one right answer
  1    with --slo NOT READY, without it no right answer at all
  2    the command line is wrong
  3    INVALID: the run proves nothing, and says why
  4    the target cannot be reached or is not allowed; nothing was sent
  5    our own fault, or this machine's
  130  stopped by a signal";

/// Of `check`.
pub const CHECK: &str = "\
Exit codes, which later versions add to and do not change:
  0    the scenario is sound
  2    the command line or the scenario is wrong
  3    with --strict: this machine lacks something
  5    our own fault, or this machine's";

/// Of `selftest`.
pub const SELFTEST: &str = "\
Exit codes:
  0    every figure holds
  1    a figure does not hold, which no busy machine excuses
  2    the command line is wrong
  3    a figure is too high, and the machine was too busy to say why
  5    our own fault, or this machine's
  130  stopped by a signal";

/// Of `try`.
pub const TRY: &str = "\
Exit codes, which later versions add to and do not change:
  0    every request was right
  1    a request was wrong or was not made, or a stream was lost
  2    the command line or the scenario is wrong
  4    a target cannot be reached or is not allowed, or `before` failed
  5    our own fault, or this machine's
  130  stopped by a signal";

/// Of `report`.
pub const REPORT: &str = "\
Exit codes, which later versions add to and do not change:
  0    the run was read; with --exit-code: and is READY, or has no verdict
  1    with --exit-code: NOT READY
  2    the command line is wrong, or there is no run in the folder
  3    with --exit-code: INVALID, as every run that was stopped or killed
  5    our own fault, or this machine's";

/// Of `judge`.
pub const JUDGE: &str = "\
Exit codes:
  0    READY, or no verdict: the run has no objective
  1    NOT READY
  2    the command line is wrong, or there is no run in the folder that can be judged
  3    INVALID, as every run that was stopped or killed, and where a line cannot be answered
  5    our own fault, or this machine's";

/// Of `compare`.
pub const COMPARE: &str = "\
Exit codes, which later versions add to and do not change:
  0    with --max-regression NO WORSE, without it: both sides were read
  1    with --max-regression: REGRESSED
  2    the command line is wrong, a folder cannot be compared, or the plans differ
  3    with --max-regression: INCONCLUSIVE; and without --force where a run is INVALID
  5    our own fault, or this machine's";

/// Of `duet`.
pub const DUET: &str = "\
Exit codes, which later versions add to and do not change:
  0    with --max-regression NO WORSE, without it: both builds were loaded and compared
  1    with --max-regression: REGRESSED
  2    the command line or the scenario is wrong
  3    with --max-regression: INCONCLUSIVE; and where a side's run is INVALID
  4    a target cannot be reached or is not allowed, or `before` failed; no planned request was sent
  5    our own fault, or this machine's
  130  stopped by a signal";
