//! The keys of arrivals: processes, curves, surges, bursts.

use super::Shape::{AnyOf, List, Map, Number, Text, Word};
use super::{Shape, Table, key, required, table};

/// `["07:00", 1]`.
static POINT: Shape = List(&AnyOf(&[Number, Text]));

pub(in crate::scenario) static ARRIVALS: Table = table(
    "arrivals",
    "When sessions start.",
    &[
        key(
            "process",
            Word(&["poisson", "even", "jittered", "trace"]),
            "How instants are drawn from the curve. Default `poisson`.",
        ),
        key(
            "curve",
            List(&Map(&CURVE)),
            "The rate over the day: lines, steps, daily tables and series are multiplied; surges then lift the product.",
        ),
        key("burst", AnyOf(&[Map(&BURST), List(&Map(&BURST))]), "Shares of the sessions that come together."),
        key("trace", Text, "With `process: trace`: a CSV file with the column `time`, the instants themselves."),
    ],
);

pub(in crate::scenario) static CURVE: Table = Table {
    one_of: &["line", "constant", "step", "daily", "series", "surge", "burst"],
    ..table(
        "curve",
        "One piece of a curve.",
        &[
            key(
                "line",
                POINTS_SHAPE,
                "Straight lines between points: `[[\"07:00\", 1], [\"22:55\", 8], [\"+1d 02:00\", 6]]`.",
            ),
            key(
                "constant",
                AnyOf(&[Number, Text]),
                "One level all the time; without `requests`, session starts a second, or `30/m`.",
            ),
            key("step", POINTS_SHAPE, "Levels that hold until the next point."),
            key(
                "daily",
                POINTS_SHAPE,
                "A table of times of day, straight between them, repeated each day of the clock.",
            ),
            key(
                "series",
                AnyOf(&[Text, Map(&SERIES)]),
                "A CSV file with the columns `time` and `rate`, straight between its rows.",
            ),
            key("surge", Map(&SURGE), "A sudden rise to a level, and its decay."),
            key("burst", Map(&BURST), "A share of the sessions that come together."),
        ],
    )
};

const POINTS_SHAPE: Shape = List(&POINT);

pub(in crate::scenario) static SURGE: Table = table(
    "surge",
    "A rise to an absolute level that decays back to the curve under it.",
    &[
        required("at", Text, "When it begins to rise: `23:00`."),
        required("to", AnyOf(&[Number, Text]), "The level it reaches; level 1 is an ordinary day's maximum."),
        required("rise", Text, "How long it rises: `5m`, or `0s`."),
        required("half_life", Text, "How long it takes for what was added to halve: `45m`."),
    ],
);

pub(in crate::scenario) static BURST: Table = table(
    "burst",
    "A share of the sessions, evenly spread over a short time.",
    &[
        required("at", Text, "When it begins: `07:00`."),
        required("weight", Text, "Its share of the population's sessions: `5%`."),
        key("spread", Text, "Over how long it is spread: `30m`. Default: all at once."),
    ],
);

pub(in crate::scenario) static SERIES: Table = table(
    "series",
    "A curve from a CSV file.",
    &[
        required("file", Text, "A CSV file with the columns `time` and `rate`; its path is relative to this file."),
        key("unit", Word(&["/s", "/m", "/h"]), "The unit of rates that are written without one. Default `/s`."),
    ],
);
