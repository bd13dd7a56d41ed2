//! The keys of flows and steps.

use super::Shape::{AnyOf, Flag, Json, List, Map, Names, Number, Template, Text, Whole, Word};
use super::{ACTION, Key, RETRY, SHARED, Table, key, required, table};

/// The verbs: keys of a step that make it a request.
pub(in crate::scenario) const VERBS: &[&str] = &["get", "head", "post", "put", "patch", "delete", "ws", "sse"];
/// The keys that may stand beside a verb.
pub(in crate::scenario) const OPTIONS: &[&str] = &[
    "name",
    "query",
    "headers",
    "json",
    "form",
    "multipart",
    "text",
    "file",
    "revalidate",
    "save",
    "expect",
    "timeout",
    "follow",
    "auth",
    "retry",
    "idempotency_key",
    "subprotocols",
    "ended",
    "then",
];

pub(in crate::scenario) static FLOW: Table = table(
    "flow",
    "What one session does.",
    &[
        key(
            "connection",
            AnyOf(&[Word(&["session", "request", "shared"]), Map(&SHARED)]),
            "How long a connection lives: `session` (default), `request`, `shared` or `{ shared: 64 }`.",
        ),
        key("on_failure", Word(&["continue", "end"]), "What a session does after a failed step. Default `continue`."),
        key("follow", Whole, "How many redirects each of its requests may follow. Default 0."),
        key("cookies", Flag, "Whether a session keeps cookies and sends them back, as browsers do. Default `true`."),
        key(
            "retry",
            Map(&RETRY),
            "When requests without a `retry` of their own are tried again, if they may be sent twice: GET, HEAD, PUT, DELETE, and those with an idempotency key.",
        ),
        required("steps", List(&Map(&STEP)), "Its steps, in order."),
    ],
);

pub(in crate::scenario) static STEP: Table = Table {
    one_of: &[
        "get",
        "head",
        "post",
        "put",
        "patch",
        "delete",
        "ws",
        "sse",
        "think",
        "pick",
        "repeat",
        "at",
        "transaction",
        "if",
        "while",
        "call",
        "parallel",
    ],
    ..table(
        "step",
        "One step: a request with its options beside the verb, a pause, or a choice of further steps.",
        &[
            key(
                "get",
                Text,
                "GET this path: `/results`, `/sections/{{feed.id}}`, or `api:/results` for a named origin.",
            ),
            key("head", Text, "HEAD this path."),
            key("post", Text, "POST to this path."),
            key("put", Text, "PUT to this path."),
            key("patch", Text, "PATCH this path."),
            key("delete", Text, "DELETE this path."),
            key("ws", Text, "Open a WebSocket at this path; what is done there stands under `then`."),
            key(
                "sse",
                Text,
                "Open a stream of server-sent events at this path; what is done there stands under `then`.",
            ),
            key("subprotocols", List(&Text), "The subprotocols that a WebSocket offers, the best first."),
            key("ended", Text, "Save under this name how the stream ended: `closed`, or `lost`."),
            key(
                "then",
                List(&AnyOf(&[Map(&ACTION), Word(&["close"])])),
                "What is done on an open WebSocket or event stream, in order. Nothing can be sent on an event stream.",
            ),
            key(
                "name",
                Text,
                "The name under which the request is counted. Default: the verb and the path as written.",
            ),
            key("query", Names(&Template), "What follows the `?`; values are percent-encoded."),
            key("headers", Names(&Template), "Headers of this request, over those of its population."),
            key("json", Json, "A JSON body. A text that is only `\"{{feed.votes | number}}\"` is sent as a number."),
            key("form", Names(&Template), "A form body (application/x-www-form-urlencoded)."),
            key(
                "multipart",
                Names(&AnyOf(&[Template, Map(&PART), List(&AnyOf(&[Template, Map(&PART)]))])),
                "A form of several parts (multipart/form-data), by name: a text, a part, or a list of both under one name.",
            ),
            key("text", Text, "A text body, with templates."),
            key("file", Text, "A body from a file, sent as it is; its path is relative to this file."),
            key("revalidate", Flag, "Send If-None-Match once an ETag is known; then 200 and 304 are both right."),
            key(
                "save",
                Names(&Text),
                "Values kept from the answer: `json $.path`, `header Location`, `etag`, `cookie SID`, \
                 `\"regex id=([0-9]+)\"`, `\"form input[name=csrf]\"`, `attr a.next href` or `text h1`.",
            ),
            key("auth", Map(&AUTH), "The credentials it sends, instead of its population's."),
            key("expect", Map(&EXPECT), "What a right answer must satisfy. Default: any 2xx."),
            key("timeout", Text, "This request's own timeout; if it is tried again, that of each try."),
            key("retry", Map(&RETRY), "When this request is tried again, whatever its method."),
            key(
                "follow",
                Whole,
                "How many redirects it may follow, as browsers do: `5`. Default: what the flow says, or 0.",
            ),
            key(
                "idempotency_key",
                AnyOf(&[Flag, Text]),
                "Send Idempotency-Key: `true` for one unique to run, session, step and iteration, or a template.",
            ),
            key(
                "think",
                AnyOf(&[Text, Map(&DISTRIBUTION)]),
                "Wait after the previous answer: `8s`, or a distribution.",
            ),
            key("pick", List(&Map(&ALTERNATIVE)), "Do one of these, drawn by weight."),
            key("repeat", Map(&REPEAT), "Do steps several times."),
            key(
                "if",
                Map(&IF),
                "Do steps if a saved value meets a condition. Their requests are extra: on top of the planned ones.",
            ),
            key(
                "while",
                Map(&WHILE),
                "Do steps as long as a saved value meets a condition. Their requests are extra: on top of the planned ones.",
            ),
            key("call", Text, "Do the steps of this flow here."),
            key("transaction", Map(&TRANSACTION), "Do steps once, timed together under a name."),
            key("parallel", Map(&PARALLEL), "Send requests in parallel, as a browser fetches the parts of a page."),
            key("at", AnyOf(&[Text, Map(&AT)]), "Wait until this time of the day, if it is not past: `12:00`."),
        ],
    )
};

pub(in crate::scenario) static PART: Table = Table {
    one_of: &["text", "json", "file"],
    ..table(
        "part",
        "A part of a form of several parts.",
        &[
            key("text", Template, "A text, with templates."),
            key("json", Json, "JSON, like a request's `json:`."),
            key("file", Text, "A file, sent as it is; its path is relative to this file."),
            key(
                "type",
                Text,
                "Its content type: `image/jpeg`. Default: none for a text, `application/json` for JSON, `application/octet-stream` for a file.",
            ),
            key("filename", Text, "The name under which it is uploaded. Default: a file's own, none for others."),
        ],
    )
};

pub(in crate::scenario) static AUTH: Table = Table {
    one_of: &["basic", "bearer"],
    ..table(
        "auth",
        "What the header Authorization says, unless `headers` sets it.",
        &[
            key("basic", Map(&BASIC), "A user and a password: `{ user: ann, password: \"{{secret.password}}\" }`."),
            key("bearer", Text, "A token: `{{token}}`."),
        ],
    )
};

pub(in crate::scenario) static BASIC: Table = table(
    "basic",
    "A user and a password (RFC 7617).",
    &[required("user", Template, "The user."), required("password", Template, "The password.")],
);

pub(in crate::scenario) static ALTERNATIVE: Table = table(
    "alternative",
    "One alternative of a pick.",
    &[
        required("weight", Number, "How often it is picked, relative to the other weights."),
        required("steps", List(&Map(&STEP)), "Its steps; `[]` does nothing."),
    ],
);

pub(in crate::scenario) static REPEAT: Table = table(
    "repeat",
    "Steps done several times.",
    &[
        required("times", AnyOf(&[Whole, Text]), "How often: `5`, or `8..12` to draw it for each session."),
        key("every", Text, "Begin iterations on a grid of this width, as a polling page does: `60s`."),
        required("steps", List(&Map(&STEP)), "What is repeated."),
    ],
);

/// The tests of a condition: `if` and `while` have one of them.
pub(in crate::scenario) const TESTS: &[&str] = &["is", "is_not", "contains", "saved"];

const VALUE: Key = required("value", Text, "The name of a saved value.");
const IS: Key =
    key("is", AnyOf(&[Text, List(&Text)]), "The value is this, or one of these. False while nothing is saved.");
const IS_NOT: Key =
    key("is_not", AnyOf(&[Text, List(&Text)]), "The value is none of these. True while nothing is saved.");
const CONTAINS: Key = key("contains", Text, "The value contains this. False while nothing is saved.");
const SAVED: Key = key("saved", Flag, "Whether the value has been saved by now.");

pub(in crate::scenario) static IF: Table = Table {
    one_of: TESTS,
    ..table(
        "condition",
        "Steps under a condition on a saved value. Their requests are extra: on top of the planned ones.",
        &[
            VALUE,
            IS,
            IS_NOT,
            CONTAINS,
            SAVED,
            required("then", List(&Map(&STEP)), "The steps if the condition holds."),
            key("else", List(&Map(&STEP)), "The steps if it does not."),
        ],
    )
};

pub(in crate::scenario) static WHILE: Table = Table {
    one_of: TESTS,
    ..table(
        "loop",
        "Steps done as long as a saved value meets a condition. Their requests are extra: on top of the planned ones.",
        &[
            VALUE,
            IS,
            IS_NOT,
            CONTAINS,
            SAVED,
            required("at_most", Whole, "The most iterations; then the session goes on after the loop."),
            required("steps", List(&Map(&STEP)), "What is repeated; a request in it must save the value anew."),
        ],
    )
};

pub(in crate::scenario) static TRANSACTION: Table = table(
    "transaction",
    "Steps timed together: from the first due to the last done.",
    &[
        required("name", Text, "The name under which it is counted, and that an objective may use."),
        required(
            "steps",
            List(&Map(&STEP)),
            "Its steps. If a request among them is not right, the transaction has failed.",
        ),
    ],
);

pub(in crate::scenario) static PARALLEL: Table = table(
    "parallel",
    "Requests sent in parallel; what follows begins when the last of them is done.",
    &[
        key("connections", Whole, "How many may be open at once. Default 6."),
        required("steps", List(&Map(&STEP)), "The requests; no other steps."),
    ],
);

pub(in crate::scenario) static AT: Table = table(
    "at",
    "A time of the day, and what is added to it.",
    &[
        required("time", Text, "The time: `12:00`, `+1d 02:00`."),
        key("spread", Text, "Add a draw between 0 and this: `20m`."),
        key("plus", AnyOf(&[Text, Map(&DISTRIBUTION)]), "Add a draw from a distribution."),
    ],
);

pub(in crate::scenario) static DISTRIBUTION: Table = Table {
    one_of: &["uniform", "exponential", "lognormal"],
    ..table(
        "distribution",
        "A length of scenario time, drawn anew each time.",
        &[
            key("uniform", List(&Text), "Anything between two lengths: `[1s, 3s]`."),
            key("exponential", Text, "Exponential with this mean."),
            key("lognormal", Map(&LOGNORMAL), "Lognormal: `{ median: 8s, p95: 35s }`."),
            key("max", Text, "The largest draw; a larger one is cut to it."),
        ],
    )
};

pub(in crate::scenario) static LOGNORMAL: Table = Table {
    one_of: &["p95", "sigma"],
    ..table(
        "lognormal",
        "A lognormal distribution, as pauses of people are.",
        &[
            required("median", Text, "Half of the draws are below."),
            key("p95", Text, "95 in 100 draws are below."),
            key("sigma", Number, "The standard deviation of the logarithm, in place of `p95`."),
            key("max", Text, "The largest draw; a larger one is cut to it."),
        ],
    )
};

pub(in crate::scenario) static EXPECT: Table = table(
    "expect",
    "What a right answer must satisfy; all of it must hold.",
    &[
        key(
            "status",
            AnyOf(&[Whole, Text, List(&AnyOf(&[Whole, Text]))]),
            "A status, a class, or a list of them: `201`, `2xx`, `[200, 404]`.",
        ),
        key(
            "header",
            AnyOf(&[Text, List(&Text), Names(&Template)]),
            "A header that must be there: `ETag`; or must contain a text: `{ Content-Type: json }`.",
        ),
        key(
            "json",
            AnyOf(&[Text, List(&Text), Names(&Template)]),
            "A JSON path that must have a match: `\"$.rows[0]\"`; or must equal a value: `{ $.ok: true }`.",
        ),
        key("text", AnyOf(&[Text, List(&Text)]), "A text that the body must contain."),
        key(
            "size",
            AnyOf(&[Whole, Text]),
            "The body's size as sent: `30KiB..`, `..1MiB`, `2KiB..4KiB` or exactly `512`.",
        ),
    ],
);
