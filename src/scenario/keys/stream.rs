//! The keys of what is done on an open stream.

use super::Shape::{AnyOf, Json, Map, Names, Template, Text, Whole};
use super::{DISTRIBUTION, Table, key, required, table};

/// What a message is made of: exactly one.
const MESSAGES: &[&str] = &["text", "json", "binary"];

pub(in crate::scenario) static ACTION: Table = Table {
    one_of: &["send", "receive", "stream", "close"],
    ..table(
        "action",
        "One thing that is done on an open WebSocket or event stream.",
        &[
            key(
                "send",
                AnyOf(&[Template, Map(&MESSAGE)]),
                "Send a message: a text, `{ json: … }` or `{ binary: 32 }`.",
            ),
            key(
                "receive",
                AnyOf(&[Whole, Map(&RECEIVE)]),
                "Wait for this many messages, or for matching ones. If they do not come within the timeout, the stream is lost.",
            ),
            key("stream", Map(&HOLD), "Stay for a time, send at a rate, and measure what comes."),
            key(
                "close",
                Whole,
                "Close a WebSocket with this code; must be the last action. Default, and for `close` alone: 1000.",
            ),
        ],
    )
};

pub(in crate::scenario) static MESSAGE: Table = Table {
    one_of: MESSAGES,
    ..table(
        "message",
        "A message to send.",
        &[
            key("text", Template, "A text message, with templates."),
            key("json", Json, "A text message of JSON, like a request's `json:`."),
            key(
                "binary",
                Whole,
                "A binary message of this many bytes, at least 8: the number of the input, then zeros.",
            ),
        ],
    )
};

pub(in crate::scenario) static RECEIVE: Table = table(
    "receive",
    "Which messages are waited for; others are passed over.",
    &[
        key("text", Template, "One that contains this."),
        key(
            "json",
            AnyOf(&[Text, Names(&Template)]),
            "One in which a JSON path has a match: `$.frame`; or equals a value: `{ $.state: ready }`.",
        ),
        key("count", Whole, "How many to wait for. Default 1."),
        key("timeout", Text, "How long to wait, in real time. Default: the step's timeout."),
    ],
);

pub(in crate::scenario) static HOLD: Table = table(
    "stream",
    "A time on an open WebSocket or event stream.",
    &[
        required(
            "for",
            AnyOf(&[Text, Map(&DISTRIBUTION)]),
            "How long, in scenario time: `20m`, or a distribution. Compressed with the day.",
        ),
        key("send", Map(&SENDER), "Messages at a steady rate, each with its number as `{{input}}`."),
        key("answers", Map(&ANSWERS), "Where a message gives the number of the newest input that it answers."),
        key("stall_over", Text, "Count a gap between two messages as a stall if it is over this: `250ms`."),
    ],
);

pub(in crate::scenario) static SENDER: Table = Table {
    one_of: MESSAGES,
    ..table(
        "sender",
        "Messages at a steady rate, in real time even if the day is compressed.",
        &[
            required("rate", Text, "The rate: `10/s`."),
            key("text", Template, "A text message, with templates: `{{input}}` is its number, from 1."),
            key("json", Json, "A text message of JSON: `{ input: \"{{input | number}}\" }`."),
            key(
                "binary",
                Whole,
                "A binary message of this many bytes, at least 8: its number, highest byte first, then zeros.",
            ),
        ],
    )
};

pub(in crate::scenario) static ANSWERS: Table = Table {
    one_of: &["u64", "json"],
    ..table(
        "answers",
        "Where a message gives the number of the newest input that it answers.",
        &[
            key("u64", Whole, "In the eight bytes from this offset on, highest first: `8`."),
            key("json", Text, "At a JSON path: `$.input`."),
        ],
    )
};
