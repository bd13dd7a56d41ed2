//! Why a checked scenario has no plan: what only its numbers together show.

use crate::scenario::Fault;
use crate::unit::percent;

use super::curve::PIECES_MAX;
use super::size::REQUESTS_MAX;

/// Why a checked scenario has no plan. Times are labels of scenario time, such as `Sun 23:05`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The `users` populations alone need more than all requests.
    #[error(
        "the populations with `users:` plan {users} requests, more than the scenario's `requests: {requests}`; \
        raise `requests:` or lower `users:`"
    )]
    UsersExceed {
        /// What they plan.
        users: u64,
        /// What there is.
        requests: u64,
    },
    /// Requests are left that no population takes.
    #[error("the populations with `users:` plan {users} of the scenario's `requests: {requests}` and no \
        population has a `share:` of the other {}; write `requests: {users}`, leave `requests:` out, or add a \
        share", requests - users)]
    Unclaimed {
        /// What they plan.
        users: u64,
        /// What there is.
        requests: u64,
    },
    /// The shares do not make a whole.
    #[error("the shares of the populations add up to {}, not to 100%", percent(*sum))]
    Shares {
        /// Their sum.
        sum: f64,
    },
    /// A share of nothing.
    #[error("population `{population}` has a `share:`, but the scenario has no `requests:` to share")]
    ShareOfNothing {
        /// Which one.
        population: String,
    },
    /// Nobody ever comes.
    #[error(
        "the arrivals of population `{population}` have no area: its curve is zero all day; give it a level \
        above 0 or a burst"
    )]
    NoArea {
        /// Which one.
        population: String,
    },
    /// A flow without a request.
    #[error("flow `{flow}` of population `{population}` never sends a request; add one, such as `- get: /`")]
    NoRequest {
        /// Whose.
        population: String,
        /// Which one.
        flow: String,
    },
    /// A path that would not end in reasonable time.
    #[error(
        "one session of flow `{flow}` may take {steps} steps, more than the {} that a plan allows; lower the \
        `times:` of its repeats",
        super::size::PATH_MAX
    )]
    LongPath {
        /// Which one.
        flow: String,
        /// The most steps of a path.
        steps: u64,
    },
    /// More than can be planned.
    #[error("population `{population}` has more than {REQUESTS_MAX} requests or sessions, the most that a plan allows")]
    TooMany {
        /// Which one.
        population: String,
    },
    /// A trace with fewer instants than sessions.
    #[error(
        "the trace of population `{population}` has {instants} instants inside the clock, but {needed} sessions \
        are planned; give a longer trace or fewer requests"
    )]
    ShortTrace {
        /// Whose.
        population: String,
        /// Sessions planned.
        needed: u64,
        /// Instants there are.
        instants: u64,
    },
    /// A feed used once with fewer rows than sessions.
    #[error(
        "population `{population}` plans {sessions} sessions, and its feed has {rows} rows, of which each is used once; \
        give it more rows, or `order: in order`, which begins again at the first"
    )]
    ShortFeed {
        /// Whose.
        population: String,
        /// Sessions planned.
        sessions: u64,
        /// Rows there are.
        rows: u64,
    },
    /// A surge that would lower the curve.
    #[error(
        "the surge of population `{population}` at {at} goes to {to}, below the curve under it, which is at \
        {under:.3} there; `to` is the level reached, not what is added"
    )]
    SurgeBelow {
        /// Whose.
        population: String,
        /// When it begins.
        at: String,
        /// Its level.
        to: f64,
        /// The level under its top.
        under: f64,
    },
    /// A burst that starts before the clock or ends after it.
    #[error(
        "the burst of population `{population}` at {at} does not lie inside the clock; move it or shorten its spread"
    )]
    BurstOutside {
        /// Whose.
        population: String,
        /// When it begins.
        at: String,
    },
    /// A curve with too many points.
    #[error(
        "the arrivals of population `{population}` make more than {PIECES_MAX} straight pieces; give its series \
        fewer points"
    )]
    TooFine {
        /// Whose.
        population: String,
    },
    /// More populations than a plan can merge.
    #[error("the scenario has {given} populations, more than the {} that a plan allows", super::size::POPULATIONS_MAX)]
    Populations {
        /// How many.
        given: usize,
    },
    /// No session starts at all.
    #[error("nothing is planned: {}", if *.windowed {
        "no session starts inside the window; choose one with more of the day"
    } else {
        "all arrivals together come to less than one session; raise their rates, `requests:` or --scale"
    })]
    Nothing {
        /// Whether a window was chosen.
        windowed: bool,
    },
}

impl PlanError {
    /// Where in the scenario it is.
    pub fn fault(&self) -> Fault {
        let of = |population: &str, key: &str| ["populations", population, key].map(str::to_owned).to_vec();
        let path = match self {
            Self::UsersExceed { .. } | Self::Unclaimed { .. } => vec!["requests".to_owned()],
            Self::Shares { .. } | Self::Populations { .. } => vec!["populations".to_owned()],
            Self::ShareOfNothing { population } => of(population, "share"),
            Self::NoArea { population }
            | Self::ShortTrace { population, .. }
            | Self::SurgeBelow { population, .. }
            | Self::BurstOutside { population, .. }
            | Self::TooFine { population } => of(population, "arrivals"),
            Self::ShortFeed { population, .. } => of(population, "feed"),
            Self::TooMany { population } => ["populations", population].map(str::to_owned).to_vec(),
            Self::NoRequest { flow, .. } | Self::LongPath { flow, .. } => ["flows", flow].map(str::to_owned).to_vec(),
            Self::Nothing { windowed: true } => vec!["clock".to_owned()],
            Self::Nothing { windowed: false } => vec!["populations".to_owned()],
        };
        Fault { path, message: self.to_string(), hint: None }
    }
}
