//! The keys of a retry policy.

use super::Shape::{AnyOf, Flag, List, Map, Text, Whole, Word};
use super::{Table, key, required, table};

pub(in crate::scenario) static RETRY: Table = table(
    "retry",
    "When a request is tried again, how often, and after what wait.",
    &[
        required(
            "on",
            List(&AnyOf(&[Whole, Text])),
            "After what: statuses (`429`, `5xx`) and `reset`, `refused`, `timeout`, `connect_timeout`, `bad_bytes`, `expect`.",
        ),
        required("times", Whole, "The most tries after the first: `3`; `0` for none where the flow has a policy."),
        key(
            "backoff",
            AnyOf(&[Text, Map(&BACKOFF)]),
            "The wait before each retry, in real time: `200ms` (default), or one that grows and is drawn.",
        ),
        key(
            "respect_retry_after",
            AnyOf(&[Flag, Text]),
            "Wait as long as the server's Retry-After asks, if that is longer: `true` (default, up to 60s), the longest such wait, or `false`.",
        ),
        key("budget", Text, "The most retries, as a share of the step's requests: `20%`. Default: no bound."),
    ],
);

pub(in crate::scenario) static BACKOFF: Table = Table {
    one_of: &["fixed", "exponential"],
    ..table(
        "backoff",
        "Waits between tries, in real time.",
        &[
            key("fixed", Text, "Always this: `200ms`."),
            key("exponential", Text, "This, then twice as long each time: `200ms`."),
            key("max", Text, "The longest wait. Default `20s`."),
            key(
                "jitter",
                Word(&["none", "full", "equal"]),
                "How a wait is drawn. `none` (default): as it is. `full`: from 0 to twice it; `equal`: from it to twice it. Fixed waits: from 0, or half of it, to it.",
            ),
        ],
    )
};
