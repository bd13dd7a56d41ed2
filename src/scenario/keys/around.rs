//! The keys of the two sessions around the planned ones: `before` and `after`.

use super::Shape::{List, Map, Text};
use super::{Key, RETRY, STEP, Shape, Table, key, required, table};

static LISTED: Shape = Map(&STEP);
const STEPS: Key = required("steps", List(&LISTED), "Its steps, in order, as in a flow; without `at`.");
const POLICY: Key = key("retry", Map(&RETRY), "When its requests are tried again, as in a flow.");

pub(in crate::scenario) static BEFORE: Table =
    table("before", "One session ahead of the first request of the plan.", &[STEPS, POLICY]);

pub(in crate::scenario) static AFTER: Table = table(
    "after",
    "One session once the last session has ended; each of its expectations must hold.",
    &[
        STEPS,
        POLICY,
        key("settle", Text, "The wait before it, in real time: `5s`. Default: the longest that a request may take."),
    ],
);
