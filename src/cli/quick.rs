//! `scrutinio quick`: one URL, without a scenario file; a scenario of one request all the same.

use anyhow::{Context, anyhow};
use url::Url;

use crate::engine::Load;
use crate::scenario::{
    Arrivals, Body, BodyContent, Burst, Clock, Connection, Curve, Escape, Expect, Factor, Flow, Interpolation, Limits,
    OnFailure, Origin, Piece, Population, Process, Request, Scenario, Scheme, Size, Step, StepKind, Target, Template,
    Tls,
};
use crate::unit::{Instant, Span};

use super::args::{ProcessArg, QuickArgs};
use super::perform::{Job, perform};
use super::{Failure, Outcome};

/// How long without -d and -n.
const DURATION: Span = Span::from_secs(10);

/// Loads the URL.
pub fn quick(args: &QuickArgs) -> Outcome {
    let url = parse_url(&args.url)?;
    let (mut scenario, load) = scenario(args, &url).map_err(Failure::usage)?;
    args.tls.apply(&mut scenario).map_err(Failure::usage)?;
    let job = Job { scenario, text: String::new(), overrides: Vec::new(), notes: Vec::new(), load };
    perform(job, &args.run)
}

fn parse_url(text: &str) -> Result<Url, Failure> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&with_scheme).with_context(|| format!("`{text}` is no URL")).map_err(Failure::usage)?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https", Some(_)) => Ok(url),
        (scheme, _) => Err(Failure::usage(anyhow!(
            "`{text}`: `{scheme}` is no scheme for load; use http://host:port/path or https://…"
        ))),
    }
}

fn scenario(args: &QuickArgs, url: &Url) -> anyhow::Result<(Scenario, Load)> {
    let (length, size, load) = size(args)?;
    let (connection, arrivals) = match load {
        Load::Planned => (Connection::Shared { size: args.connections.get() }, steady(args.process, length)),
        Load::Closed { .. } => (Connection::Session, at_once()),
    };
    let connection = if args.disable_keepalive { Connection::Request } else { connection };
    let step = Step { kind: StepKind::Request(Box::new(request(args, url)?)), end: 1 };
    let flow = Flow {
        name: "quick".to_owned(),
        connection,
        on_failure: OnFailure::Continue,
        steps: vec![step],
        saved: vec![],
    };
    let population = Population {
        name: "quick".to_owned(),
        size,
        arrivals,
        flow: 0,
        feed: None,
        headers: headers(args)?,
        returning: 0.0,
    };
    let length = length.as_secs_f64();
    let scenario = Scenario {
        name: "quick".to_owned(),
        seed: args.seed,
        clock: Clock {
            from: jiff::ZonedDateTime::now(),
            length,
            window: (0.0, length),
            windowed: false,
            compress: 1.0,
        },
        requests: None,
        target: Target { embedded: None, origins: vec![origin(url)] },
        populations: vec![population],
        flows: vec![flow],
        objectives: Vec::new(),
        limits: Limits { timeout: args.timeout, connect_timeout: args.timeout, ..Limits::default() },
        trace_header: args.trace_header,
    };
    Ok((scenario, load))
}

/// How long, how many, and in which loop.
fn size(args: &QuickArgs) -> anyhow::Result<(Span, Size, Load)> {
    let positive =
        |span: Span| if span == Span::ZERO { Err(anyhow!("--duration must be above zero")) } else { Ok(span) };
    let duration = args.duration.map(positive).transpose()?;
    let requests = args.requests.map(u64::from);
    let Some(rate) = args.rate.map(crate::unit::Rate::as_per_second) else {
        let length = duration.unwrap_or(DURATION);
        let until = (duration.is_some() || requests.is_none()).then_some(Instant::ZERO + length);
        let load = Load::Closed { until, budget: requests };
        return Ok((length, Size::Users(u64::from(args.connections.get())), load));
    };
    if rate <= 0.0 {
        return Err(anyhow!("--rate must be above zero"));
    }
    // Both given: the requests at that rate, for no longer than the duration.
    let in_duration = |duration: Span| (rate * duration.as_secs_f64()).round() as u64;
    let n = match (requests, duration) {
        (Some(n), Some(duration)) => n.min(in_duration(duration)),
        (Some(n), None) => n,
        (None, duration) => in_duration(duration.unwrap_or(DURATION)),
    };
    if n == 0 {
        return Err(anyhow!("at {rate} requests a second nothing is due in that time: raise --rate or --duration"));
    }
    Ok((Span::from_secs_f64(n as f64 / rate), Size::Requests(n), Load::Planned))
}

fn steady(process: ProcessArg, length: Span) -> Arrivals {
    let process = match process {
        ProcessArg::Poisson => Process::Poisson,
        ProcessArg::Even => Process::Even,
    };
    let points = vec![(0.0, 1.0), (length.as_secs_f64(), 1.0)];
    let curve = Curve { factors: vec![Factor { interpolation: Interpolation::Linear, points }], surges: Vec::new() };
    Arrivals { process, curve: Some(curve), bursts: Vec::new() }
}

fn at_once() -> Arrivals {
    let burst = Burst { at: 0.0, weight: 1.0, spread: 0.0 };
    Arrivals { process: Process::Even, curve: None, bursts: vec![burst] }
}

fn origin(url: &Url) -> Origin {
    let host = url.host_str().unwrap_or_default();
    let scheme = if url.scheme() == "https" { Scheme::Https } else { Scheme::Http };
    Origin {
        name: "default".to_owned(),
        scheme,
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: url.port_or_known_default().unwrap_or(scheme.default_port()),
        resolve: None,
        host_header: None,
        tls: Tls::default(),
    }
}

fn request(args: &QuickArgs, url: &Url) -> anyhow::Result<Request> {
    let content = match (&args.body, &args.body_file) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(file)) => {
            Some(std::fs::read(file).with_context(|| format!("cannot read the body {}", file.display()))?)
        }
        (None, None) => None,
    };
    let default_method = if content.is_some() { "POST" } else { "GET" };
    let method = args.method.as_deref().unwrap_or(default_method).to_ascii_uppercase();
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(anyhow!("`{method}` is no method"));
    }
    let path = format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default());
    Ok(Request {
        name: format!("{method} {path}"),
        method,
        origin: 0,
        path: text(&path),
        headers: Vec::new(),
        body: content.map(|bytes| Body {
            content_type: args.content_type.clone(),
            escape: Escape::None,
            content: BodyContent::File { bytes: bytes.into(), digest: [0; 32] },
        }),
        revalidate: false,
        save: Vec::new(),
        expect: if args.expect.is_empty() { Vec::new() } else { vec![Expect::Status(args.expect.clone())] },
        timeout: None,
    })
}

fn headers(args: &QuickArgs) -> anyhow::Result<Vec<(String, Template)>> {
    let mut headers = Vec::new();
    for header in &args.headers {
        let (name, value) =
            header.split_once(':').ok_or_else(|| anyhow!("`{header}` is no header; write it `Name: value`"))?;
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(token) || value.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return Err(anyhow!("`{header}` is no header; write it `Name: value`"));
        }
        headers.push((name.to_owned(), text(value.trim())));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        headers.push(("User-Agent".to_owned(), text(concat!("scrutinio/", env!("CARGO_PKG_VERSION")))));
    }
    Ok(headers)
}

fn text(text: &str) -> Template {
    Template(vec![Piece::Text(text.to_owned())])
}
