//! What `try` makes of a scenario's waits: a session of a day is over in moments.

use crate::scenario::{Action, Distribution, Draw, Scenario, StepKind};

/// Scenario seconds a second: a day of waits passes in a tenth of a second.
const COMPRESS: f64 = 1_000_000.0;
/// Seconds that a stream is stayed on at most: enough for the first messages each way.
const STREAM_MAX: f64 = 2.0;

/// Shortens the waits of a scenario. What stands in a `while` waits for the target, whose times are those of a run, and
/// stays as it is; a `stream` becomes no shorter than it takes to see something on it.
pub(super) fn shorten(scenario: &mut Scenario) {
    let factor = COMPRESS / scenario.clock.compress;
    scenario.clock.compress = COMPRESS;
    for flow in &mut scenario.flows {
        let loops = flow.steps.iter().filter_map(|step| match &step.kind {
            StepKind::While { body, .. } => Some(body.clone()),
            _ => None,
        });
        let loops: Vec<_> = loops.collect();
        for (number, step) in (0..).zip(&mut flow.steps) {
            let in_loop = loops.iter().any(|body| body.contains(&number));
            match &mut step.kind {
                StepKind::Think(wait) if in_loop => *wait = times(*wait, factor),
                StepKind::Repeat { every: Some(every), .. } if in_loop => *every *= factor,
                StepKind::Request(request) => {
                    let actions = request.stream.iter_mut().flat_map(|stream| &mut stream.actions);
                    for action in actions {
                        if let Action::Hold(hold) = action {
                            hold.length = times(hold.length, factor);
                            hold.length.max = hold.length.max.min(STREAM_MAX * COMPRESS);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// What the scenario's waits became, in words.
pub(super) fn words(before: f64) -> String {
    format!(
        "waits are shortened, except within `while`, and streams to {STREAM_MAX}s: compress {COMPRESS} instead of \
         {before}; --compress {before} keeps them"
    )
}

/// A distribution of so many times the values.
fn times(of: Distribution, factor: f64) -> Distribution {
    let draw = match of.draw {
        Draw::Fixed(value) => Draw::Fixed(value * factor),
        Draw::Uniform(low, high) => Draw::Uniform(low * factor, high * factor),
        Draw::Exponential(mean) => Draw::Exponential(mean * factor),
        Draw::Lognormal { median, sigma } => Draw::Lognormal { median: median * factor, sigma },
    };
    Distribution { draw, max: of.max * factor }
}
