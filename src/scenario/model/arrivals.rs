//! When the sessions of a population start: a process over a curve, with surges and bursts (P5, P6).

use std::sync::Arc;

use serde::Serialize;

/// When the sessions of a population start.
#[derive(Clone, Debug, Serialize)]
pub struct Arrivals {
    /// How instants are drawn from the curve.
    pub process: Process,
    /// The rate over scenario time; `None` if all arrivals are bursts or a trace.
    pub curve: Option<Curve>,
    /// Atoms of arrivals, in order of `at`; their weights add up to at most 1, and to exactly 1 without a curve.
    pub bursts: Vec<Burst>,
}

/// How arrival instants are drawn (P6).
#[derive(Clone, Debug, Serialize)]
pub enum Process {
    /// A non-homogeneous Poisson process conditioned on its count: sorted uniforms through F⁻¹.
    Poisson,
    /// F⁻¹((i+½)/N).
    Even,
    /// F⁻¹((i+U)/N).
    Jittered,
    /// The instants themselves, ascending, in seconds since the clock's start.
    Trace(Arc<Vec<f64>>),
}

/// A rate over scenario time: the product of its factors, lifted by its surges.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Curve {
    /// Lines, constants, steps, daily tables (expanded over the clock, daylight saving included) and
    /// series, which multiply.
    pub factors: Vec<Factor>,
    /// Surges in order of `at`, each on the curve left by those before.
    pub surges: Vec<Surge>,
}

/// One factor of a curve.
#[derive(Clone, Debug, Serialize)]
pub struct Factor {
    /// What the value is between points.
    pub interpolation: Interpolation,
    /// (seconds since the clock's start, level), ascending in time, at least one; before the first and
    /// after the last the value holds. Levels are finite and not negative.
    pub points: Vec<(f64, f64)>,
}

/// What a factor's value is between its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Interpolation {
    /// Straight lines: `line`, `series`, a daily table.
    Linear,
    /// The value of the point before: `step`, `constant`.
    Step,
}

/// A surge to an absolute level that decays back to what lies under it (P5, P6).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Surge {
    /// When it begins to rise, in seconds since the clock's start.
    pub at: f64,
    /// The level it reaches; level 1 is an ordinary day's maximum.
    pub to: f64,
    /// Seconds of scenario time from `at` to the top; at least 0.
    pub rise: f64,
    /// Seconds of scenario time in which what it added halves; above 0.
    pub half_life: f64,
}

/// An atom of arrivals: a share of the sessions, uniform over `[at, at + spread]` (P6).
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Burst {
    /// Seconds since the clock's start.
    pub at: f64,
    /// Share of the population's sessions, in (0, 1].
    pub weight: f64,
    /// Seconds of scenario time; 0: all at once.
    pub spread: f64,
}
