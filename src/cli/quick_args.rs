//! The arguments of `quick`: those that everybody needs first, the others under headings, which `-h` leaves out.

use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::ValueEnum;

use crate::scenario::Http;
use crate::unit::{Rate, Span};

use super::args::RunOptions;
use super::tls::TlsArgs;
use super::typed::{address, timeout, whole};

const REQUESTS: &str = "Requests";
const CONNECTIONS: &str = "Connections";

/// `scrutinio quick`
#[derive(Debug, clap::Args)]
pub struct QuickArgs {
    /// The URL, for example http://127.0.0.1:8080/ or unix:/run/app.sock:/path
    pub url: String,
    /// Connect to this Unix-domain socket instead of the URL's host and port
    #[arg(long, value_name = "PATH", env = "SCRUTINIO_UNIX_SOCKET", help_heading = CONNECTIONS)]
    pub unix_socket: Option<String>,
    /// Addresses of this machine that connections come from, in turn: each has its own local ports
    #[arg(long, value_name = "ADDRESSES", env = "SCRUTINIO_SOURCE_ADDRESSES", value_delimiter = ',', value_parser = address, help_heading = CONNECTIONS)]
    pub source_addresses: Vec<IpAddr>,
    /// Connections; with a rate, the size of the pool that they share
    #[arg(
        short,
        long,
        value_name = "N",
        env = "SCRUTINIO_CONNECTIONS",
        default_value = "50",
        allow_hyphen_values = true,
        value_parser = whole::<NonZeroU32>("a whole number", 1..=u64::from(u32::MAX))
    )]
    pub connections: NonZeroU32,
    /// Requests per second in all, however long the answers take (open loop): 500, 20k/s, 30/m.
    /// Without it, each connection repeats the request at once (closed loop)
    #[arg(short, long, short_aliases = ['q', 'R'], value_name = "RATE", env = "SCRUTINIO_RATE", allow_hyphen_values = true)]
    pub rate: Option<Rate>,
    /// How long to run [default: 10s, or as long as -n takes]
    #[arg(short, long, short_alias = 'z', value_name = "TIME", env = "SCRUTINIO_DURATION", allow_hyphen_values = true)]
    pub duration: Option<Span>,
    /// How many requests to send in all
    #[arg(short = 'n', long, value_name = "N", env = "SCRUTINIO_REQUESTS", allow_hyphen_values = true, value_parser = whole::<NonZeroU64>("a whole number", 1..=u64::MAX))]
    pub requests: Option<NonZeroU64>,
    /// How requests are spaced at a rate: `poisson`, like the visits of a crowd, or `even` [default: poisson]
    #[arg(long, value_enum, env = "SCRUTINIO_PROCESS", hide_possible_values = true, help_heading = REQUESTS)]
    pub process: Option<ProcessArg>,
    /// What must hold, for example 'p99 < 300ms' or 'errors < 0.1%'; gives a verdict, and needs --rate; may be given more
    /// than once
    #[arg(long, value_name = "OBJECTIVE", env = "SCRUTINIO_SLO", value_delimiter = '\n')]
    pub slo: Vec<String>,
    /// How many redirects each request may follow, within the URL's origin
    #[arg(long, value_name = "N", env = "SCRUTINIO_FOLLOW", default_value = "0", value_parser = whole::<u32>("a whole number", 0..=20))]
    pub follow: u32,
    /// The method
    #[arg(short, long, value_name = "METHOD", env = "SCRUTINIO_METHOD")]
    pub method: Option<String>,
    /// A header, `Name: value`; may be given more than once
    #[arg(short = 'H', long = "header", value_name = "HEADER", env = "SCRUTINIO_HEADER", value_delimiter = '\n')]
    pub headers: Vec<String>,
    /// The body, sent as it is; makes the method POST unless -m says otherwise
    #[arg(long, value_name = "TEXT", env = "SCRUTINIO_BODY", conflicts_with = "body_file")]
    pub body: Option<String>,
    /// A file whose bytes are the body
    #[arg(short = 'D', long, value_name = "FILE", env = "SCRUTINIO_BODY_FILE", help_heading = REQUESTS)]
    pub body_file: Option<PathBuf>,
    /// The body's Content-Type
    #[arg(short = 'T', long, value_name = "TYPE", env = "SCRUTINIO_CONTENT_TYPE", help_heading = REQUESTS)]
    pub content_type: Option<String>,
    /// The longest time from taking up a request to the end of its answer
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_TIMEOUT", default_value = "10s", value_parser = timeout)]
    pub timeout: Span,
    /// The statuses of a right answer: 200,404 [default: any 2xx]
    #[arg(long, value_name = "STATUS", env = "SCRUTINIO_EXPECT", value_delimiter = ',', value_parser = whole::<u16>("a status", 200..=599), help_heading = REQUESTS)]
    pub expect: Vec<u16>,
    /// Speak HTTP/2 only; on a plain connection by prior knowledge
    #[arg(long, env = "SCRUTINIO_HTTP2", help_heading = CONNECTIONS)]
    pub http2: bool,
    /// Speak HTTP/1.1 only [default: what TLS agrees on, and 1.1 on a plain connection]
    #[arg(long = "http1.1", env = "SCRUTINIO_HTTP1_1", conflicts_with = "http2", help_heading = CONNECTIONS)]
    pub http1: bool,
    /// Requests at once on each connection, with HTTP/2
    #[arg(short = 'p', long, value_name = "N", env = "SCRUTINIO_STREAMS", default_value = "1", value_parser = whole::<NonZeroU32>("a whole number", 1..=u64::from(Http::STREAMS_MAX)), help_heading = CONNECTIONS)]
    pub streams: NonZeroU32,
    /// Open a new connection for each request
    #[arg(long, env = "SCRUTINIO_DISABLE_KEEPALIVE", help_heading = CONNECTIONS)]
    pub disable_keepalive: bool,
    /// Accepted because command lines of wrk have it; latencies are always shown
    #[arg(long, hide = true)]
    pub latency: bool,
    /// The seed of the plan
    #[arg(long, value_name = "N", env = "SCRUTINIO_SEED", default_value = "1", value_parser = whole::<u64>("a whole number", 0..=u64::MAX), help_heading = REQUESTS)]
    pub seed: u64,
    /// Send the header X-Scrutinio with each request: run/population/session/step
    #[arg(long, env = "SCRUTINIO_TRACE_HEADER", help_heading = REQUESTS)]
    pub trace_header: bool,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub run: RunOptions,
}

/// How requests are spaced at a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProcessArg {
    /// Independent of each other, like the visits of a crowd
    Poisson,
    /// All gaps equal
    Even,
}
