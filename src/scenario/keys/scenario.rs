//! The keys of the scenario itself, its clock, targets, populations, feeds and limits.

use super::Shape::{AnyOf, Flag, List, Map, Names, Number, Template, Text, Whole, Word};
use super::{AFTER, ARRIVALS, AUTH, BEFORE, FLOW, Others, Shape, Table, key, required, table};

pub(in crate::scenario) static SCENARIO: Table = Table {
    name: "scenario",
    doc: "A day of traffic, and what must hold under it.",
    keys: &[
        required(
            "name",
            Text,
            "The scenario's name: letters, digits, `-`, `_` and `.`; part of the name of a run's folder.",
        ),
        required("clock", Map(&CLOCK), "The calendar window that is described, and how much faster it is replayed."),
        key(
            "requests",
            Whole,
            "Planned requests over all populations, kept exactly: `7_000_000`. Without it, curves are session starts a second.",
        ),
        key("seed", Whole, "Everything random is drawn from it: the same seed gives the same plan. Default 1."),
        key(
            "target",
            AnyOf(&[Text, Map(&TARGET)]),
            "Where the traffic goes: a URL such as `http://127.0.0.1:8080` or `unix:/run/app.sock`, or `{ embedded: election }`.",
        ),
        key(
            "targets",
            Names(&AnyOf(&[Text, Map(&ORIGIN)])),
            "Several origins by name; a step chooses one: `get: api:/results`.",
        ),
        key(
            "headers",
            Names(&Template),
            "Headers of every request. A value of `null` removes a default (User-Agent, Accept-Encoding).",
        ),
        key("secrets", Names(&Map(&SECRET)), "Values that are never shown or stored: `{{secret.password}}`."),
        required("populations", Names(&Map(&POPULATION)), "The kinds of user, by name."),
        required("flows", Names(&Map(&FLOW)), "What a session does, by name."),
        key(
            "before",
            Map(&BEFORE),
            "A session ahead of the first planned request: what it saves is `{{before.NAME}}` everywhere; if it fails, nothing else is sent.",
        ),
        key(
            "after",
            Map(&AFTER),
            "A session behind the last one, whose expectations are yes or no: one that does not hold is NOT READY.",
        ),
        key(
            "warm_up",
            Text,
            "How much of the beginning no objective counts, in scenario time: `2m`, rounded up to a second of the run. What is due in it is sent and reported. Default none.",
        ),
        key(
            "slo",
            Names(&List(&Text)),
            "What must hold: for `overall`, a population, `population.step`, or each named step (`population.*`, `*.*`), lines such as `p99 < 300ms`, `errors < 0.1% during 22:55..23:30`, `at most 0 errors` and `rate >= 500/s`.",
        ),
        key("limits", Map(&LIMITS), "The bounds of a run."),
        key(
            "trace_header",
            Flag,
            "Whether requests carry `X-Scrutinio: run/population/session/step`. Default: only to an embedded target.",
        ),
    ],
    one_of: &[],
    others: Others::Extensions,
};

pub(in crate::scenario) static SECRET: Table = Table {
    one_of: &["env", "file"],
    ..table(
        "secret",
        "Where a secret comes from.",
        &[
            key("env", Text, "The environment variable that holds it."),
            key("file", Text, "The file that holds it, relative to this one; a line break at its end is left out."),
        ],
    )
};

pub(in crate::scenario) static CLOCK: Table = table(
    "clock",
    "The calendar window that is described, and how much faster it is replayed.",
    &[
        required("from", Text, "When it begins, in `zone`: `2016-06-05T07:00`."),
        required("to", Text, "When it ends: sessions start before this, and run to their end."),
        key("zone", Text, "The time zone, by its IANA name: `Europe/Rome`. Default UTC."),
        key(
            "compress",
            Number,
            "Scenario seconds per second of the run: `200` plays 30 hours in 9 minutes. Default 1.",
        ),
        key("duration", Text, "How long the run takes, instead of `compress`: `9m`."),
    ],
);

/// A version of HTTP; `2` and `1.1` are numbers to an editor.
const HTTP: Shape = AnyOf(&[Word(&["auto", "1.1", "2"]), Number]);

pub(in crate::scenario) static TARGET: Table = Table {
    name: "target",
    doc: "Where requests go: a service that ships with scrutinio, or a URL.",
    keys: &[
        key(
            "embedded",
            Word(&["election", "remote-work", "knobs"]),
            "The service to start beside the run; knobs such as `stall: 2s/60s` stand beside it.",
        ),
        key("events", List(&Map(&TARGET_EVENT)), "What happens to the embedded service during the run."),
        key(
            "url",
            Text,
            "Scheme, host and port: `http://10.0.0.7:8080`, `https://portal.example`; or `unix:/run/app.sock`.",
        ),
        key("host", Text, "The Host header, if not the URL's host and port."),
        key("resolve", Text, "The address to connect to, instead of looking the host up."),
        key(
            "source_addresses",
            List(&Text),
            "Addresses of this machine that connections come from, in turn: each has its own local ports.",
        ),
        key(
            "http",
            HTTP,
            "The version of HTTP: `1.1`, `2`, or `auto` (the default): what TLS agrees on, 1.1 on a plain connection.",
        ),
        key(
            "streams",
            Whole,
            "Requests at once on one connection of a shared pool, with HTTP/2: 1 to 1000. Default 100.",
        ),
        key("tls", Map(&TLS), "Which certificates to trust and to present, where the URL is `https://…`."),
    ],
    one_of: &["embedded", "url"],
    others: Others::Knobs,
};

pub(in crate::scenario) static TARGET_EVENT: Table = table(
    "event",
    "Something that happens to the embedded service at an instant.",
    &[
        required("at", Text, "When: a time of the clock such as `10:40`."),
        required(
            "drop",
            Word(&["sessions"]),
            "What is dropped: the streams of all sessions of the remote-work service.",
        ),
    ],
);

pub(in crate::scenario) static ORIGIN: Table = table(
    "origin",
    "One of several origins.",
    &[
        required(
            "url",
            Text,
            "Scheme, host and port: `http://10.0.0.7:8080`, `https://portal.example`; or `unix:/run/app.sock`.",
        ),
        key("host", Text, "The Host header, if not the URL's host and port."),
        key("resolve", Text, "The address to connect to, instead of looking the host up."),
        key(
            "source_addresses",
            List(&Text),
            "Addresses of this machine that connections come from, in turn: each has its own local ports.",
        ),
        key(
            "http",
            HTTP,
            "The version of HTTP: `1.1`, `2`, or `auto` (the default): what TLS agrees on, 1.1 on a plain connection.",
        ),
        key(
            "streams",
            Whole,
            "Requests at once on one connection of a shared pool, with HTTP/2: 1 to 1000. Default 100.",
        ),
        key("tls", Map(&TLS), "Which certificates to trust and to present, where the URL is `https://…`."),
    ],
);

pub(in crate::scenario) static TLS: Table = table(
    "tls",
    "How TLS is spoken with an `https://` origin. Without it: the system's roots, TLS 1.2 or 1.3.",
    &[
        key("ca", Text, "A PEM file of certificates to trust instead of the system's."),
        key("client_cert", Text, "A PEM file with the client's certificate, and those between it and its CA."),
        key("client_key", Text, "A PEM file with the key of `client_cert`."),
        key("server_name", Text, "The name in the certificate and in SNI, if not that of `host` or the URL."),
        key("insecure", Flag, "Whether to accept any certificate; the report says so. Default false."),
        key("min_version", Word(&["1.2", "1.3"]), "The oldest version of TLS to accept. Default 1.2."),
        key("resume", Flag, "Whether a session's later connections resume its earlier ones. Default true."),
    ],
);

pub(in crate::scenario) static POPULATION: Table = table(
    "population",
    "A kind of user: how many, when they come, what they do.",
    &[
        key(
            "share",
            Text,
            "Its share of the requests that the `users` populations leave: `85%`. All shares together are 100%.",
        ),
        key("users", Whole, "Exactly this many sessions; user i is session i is feed row i."),
        required("arrivals", Map(&ARRIVALS), "When its sessions start."),
        key("auth", Map(&AUTH), "The credentials that its requests send: `{ bearer: \"{{secret.token}}\" }`."),
        required("flow", Text, "The name of the flow that each session runs."),
        key(
            "feed",
            AnyOf(&[Text, Map(&FEED)]),
            "Rows of values for its sessions: a CSV file with a header line, beside this file.",
        ),
        key("headers", Names(&Template), "Headers of this population's requests, over those of the scenario."),
        key(
            "returning",
            Text,
            "The share of its sessions that have been there before: over TLS they begin with a ticket and resume: `60%`.",
        ),
    ],
);

pub(in crate::scenario) static FEED: Table = Table {
    name: "feed",
    doc: "Rows of values, from a CSV file or generated.",
    keys: &[
        key("file", Text, "A CSV file with a header line; its path is relative to this file."),
        key(
            "order",
            Word(&["in order", "random", "once"]),
            "How a session finds its row. Default `once` with `users`, else `in order`.",
        ),
        key("generate", Whole, "Rows to make instead of reading a file."),
        key(
            "columns",
            Names(&Template),
            "With `generate`: each column's template, such as `user{{row}}`; rows count from 0.",
        ),
    ],
    one_of: &["file", "generate"],
    others: Others::Refused,
};

/// What belongs to `generate` only.
pub(in crate::scenario) const GENERATE: &[&str] = &["columns"];

pub(in crate::scenario) static LIMITS: Table = table(
    "limits",
    "The bounds of a run.",
    &[
        key("timeout", Text, "From when a request is taken up to the end of its answer. Default 10s."),
        key("connect_timeout", Text, "For opening a connection, within the timeout. Default 5s."),
        key("max_in_flight", Whole, "Requests that may be open at once. Default 100_000."),
        key("max_head", Text, "The longest answer head. Default 64KiB."),
        key("max_body", Text, "The longest answer body. Default 1GiB."),
        key("max_inspected", Text, "The longest decoded body that a step may inspect. Default 1MiB."),
    ],
);

pub(in crate::scenario) static SHARED: Table = table(
    "shared",
    "A pool of connections that all sessions share.",
    &[required("shared", Whole, "Connections in the pool, over all lanes.")],
);
