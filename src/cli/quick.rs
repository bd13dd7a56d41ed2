//! `scrutinio quick`: one URL, without a scenario file; inside, it is a scenario of one request.

use anyhow::{Context, anyhow};
use url::Url;

use crate::engine::Load;
use crate::judge;
use crate::record::QuickFacts;
use crate::report::words::count;
use crate::scenario::{
    self, Arrivals, Body, BodyContent, Burst, Clock, Connection, Curve, Escape, Expect, Factor, Flow, HeaderFault,
    Http, HttpVersion, Interpolation, Limits, Objective, OnFailure, Origin, Piece, Population, Process, Request,
    Scenario, Scheme, Size, Step, StepKind, Target, Template, Tls, check_header, check_host, check_repeated, read_file,
    socket_path,
};
use crate::unit::{Instant, Rate, Span};

use super::perform::{Job, perform};
use super::place::{Place, parse_url};
use super::quick_args::{ProcessArg, QuickArgs};
use super::{Failure, Outcome, wall_clock};

/// How long it runs without -d and -n.
const DURATION: Span = Span::from_secs(10);
/// The largest body of a file, as that of a scenario.
const LARGEST_BODY: u64 = 64 << 20;
/// The header that says which host is asked for.
const HOST: &str = "host";

/// Loads the URL.
pub fn quick(args: &QuickArgs) -> Outcome {
    wall_clock::now()?;
    let place = parse_url(&args.url)?;
    let objectives = objectives(args)?;
    let (mut scenario, load) = scenario(args, &place, objectives).map_err(Failure::usage)?;
    refuse_unprovable(args, &scenario).map_err(Failure::usage)?;
    args.tls.apply(&mut scenario).map_err(Failure::usage)?;
    let job = Job {
        file: None,
        quick: Some(facts(args, &place, &scenario)),
        scenario,
        text: String::new(),
        overrides: Vec::new(),
        written: None,
        notes: Vec::new(),
        gate: false,
        is_part: false,
        load,
        labels: args.run.labels()?,
        duet: None,
        until_decided: None,
        look: None,
        objectives: None,
    };
    perform(job, &args.run)
}

/// What `--slo` demands of all requests. A closed loop proves nothing of it (O7).
fn objectives(args: &QuickArgs) -> Result<Vec<Objective>, Failure> {
    if !args.slo.is_empty() && args.rate.is_none() {
        let hint = "hint: give a rate, such as -r 100";
        return Err(Failure::usage(anyhow!("--slo: a closed loop proves nothing of this (O7)\n\n{hint}")));
    }
    scenario::objectives_of_all("--slo", &args.slo).map_err(Failure::usage)
}

/// P10: what so few requests can never prove is an error, with the options that would do.
fn refuse_unprovable(args: &QuickArgs, scenario: &Scenario) -> anyhow::Result<()> {
    let (Some(rate), Size::Requests(planned)) = (args.rate.map(Rate::as_per_second), &scenario.populations[0].size)
    else {
        return Ok(());
    };
    let needed = |objective: &Objective| judge::needed(&objective.metric);
    let unproven: Vec<&Objective> = scenario.objectives.iter().filter(|o| needed(o) > *planned).collect();
    let Some(most) = unproven.iter().map(|objective| needed(objective)).max() else { return Ok(()) };
    let line = |o: &&Objective| format!("--slo `{}` needs at least {} requests to be proven", o.text, count(needed(o)));
    let lines: Vec<String> = unproven.iter().map(line).collect();
    let or = if args.requests.is_some() && args.duration.is_some() { " with" } else { ", or" };
    let long = (most as f64 / rate).ceil();
    Err(anyhow!("{}; there are {}\n\nhint: -n {most}{or} -d {long}s", lines.join("\n       "), count(*planned)))
}

/// What `run.json` keeps of the options.
fn facts(args: &QuickArgs, Place { url, .. }: &Place, scenario: &Scenario) -> QuickFacts {
    let origin = &scenario.target.origins[0];
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = scenario.flows[0].steps.iter().find_map(|step| match &step.kind {
        StepKind::Request(request) => Some(request),
        _ => None,
    });
    let body = request.and_then(|request| request.body.as_ref()).map(|body| &body.content);
    let name = |header: &String| header.split(':').next().unwrap_or_default().to_owned();
    QuickFacts {
        url: format!("{}{}{path}", origin.url(), if origin.unix.is_some() { ":" } else { "" }),
        method: request.map_or(String::new(), |request| request.method.clone()),
        headers: args.headers.iter().map(name).collect(),
        body_bytes: body.map(|content| match content {
            BodyContent::File { bytes, .. } => bytes.len() as u64,
            BodyContent::Template(_) | BodyContent::Multipart { .. } => 0,
        }),
        expect: args.expect.clone(),
        rate_per_s: args.rate.map(Rate::as_per_second),
        process: args.rate.map(|_| {
            match spacing(args) {
                ProcessArg::Poisson => "poisson",
                ProcessArg::Even => "even",
            }
            .to_owned()
        }),
        requests: args.requests.map(u64::from),
        duration_ns: args.duration.map(Span::as_nanos),
        connections: args.connections.get(),
        streams: args.streams.get(),
        disable_keepalive: args.disable_keepalive,
        follow: args.follow,
        http: match origin.http.version {
            HttpVersion::Auto => "auto",
            HttpVersion::One => "1.1",
            HttpVersion::Two => "2",
        }
        .to_owned(),
    }
}

fn scenario(args: &QuickArgs, place: &Place, objectives: Vec<Objective>) -> anyhow::Result<(Scenario, Load)> {
    let http = http(args, &place.url)?;
    let mut headers = headers(args)?;
    let host_header = headers.extract_if(.., |(name, _)| name.eq_ignore_ascii_case(HOST)).next().map(|(_, host)| host);
    let (length, size, load) = size(args)?;
    let (connection, arrivals) = match load {
        Load::Planned => (Connection::Shared { size: args.connections.get() }, steady(spacing(args), length)),
        // Each session is a stream, and takes one of those that its lane's connections have.
        Load::Closed { streams: 2.., .. } => (Connection::Shared { size: args.connections.get() }, at_once()),
        Load::Closed { .. } => (Connection::Session, at_once()),
    };
    let connection = if args.disable_keepalive { Connection::Request } else { connection };
    let step = Step { kind: StepKind::Request(Box::new(request(args, &place.url)?)), end: 1 };
    let flow = Flow {
        name: "quick".to_owned(),
        connection,
        on_failure: OnFailure::Continue,
        // One URL again and again: its cookies would say nothing, and cost.
        cookies: false,
        steps: vec![step],
        saved: vec![],
    };
    let population = Population {
        name: "quick".to_owned(),
        size,
        arrivals,
        flow: 0,
        feed: None,
        headers: headers.into_iter().map(|(name, value)| (name, text(&value))).collect(),
        returning: 0.0,
    };
    let length = length.as_secs_f64();
    let scenario = Scenario {
        name: "quick".to_owned(),
        seed: args.seed,
        clock: Clock {
            from: wall_clock::now()?.to_zoned_datetime(jiff::tz::TimeZone::system()),
            length,
            window: (0.0, length),
            windowed: false,
            compress: 1.0,
            warm_up: 0.0,
        },
        requests: None,
        target: Target {
            embedded: None,
            events: Vec::new(),
            origins: vec![Origin { host_header, ..origin(args, place, http)? }],
        },
        populations: vec![population],
        flows: vec![flow],
        objectives,
        before: None,
        after: None,
        limits: Limits { timeout: args.timeout, connect_timeout: args.timeout, ..Limits::default() },
        trace_header: args.trace_header,
    };
    Ok((scenario, load))
}

fn http(args: &QuickArgs, url: &Url) -> anyhow::Result<Http> {
    let version = match (args.http2, args.http1) {
        (true, _) => HttpVersion::Two,
        (false, true) => HttpVersion::One,
        (false, false) => HttpVersion::Auto,
    };
    let streams = args.streams.get();
    let only_one = version == HttpVersion::One || (version == HttpVersion::Auto && url.scheme() == "http");
    if streams > 1 && only_one {
        return Err(anyhow!("--streams is for HTTP/2: add --http2"));
    }
    if streams > 1 && args.disable_keepalive {
        return Err(anyhow!("--disable-keepalive sends one request a connection: leave out --streams"));
    }
    Ok(Http { version, streams })
}

/// How long, how many, and in which loop.
fn size(args: &QuickArgs) -> anyhow::Result<(Span, Size, Load)> {
    let positive =
        |span: Span| if span == Span::ZERO { Err(anyhow!("--duration must be above zero")) } else { Ok(span) };
    let duration = args.duration.map(positive).transpose()?;
    let requests = args.requests.map(u64::from);
    if args.rate.is_none() && args.process.is_some() {
        return Err(anyhow!("--process is for a rate: add --rate"));
    }
    let Some(rate) = args.rate.map(Rate::as_per_second) else {
        let length = duration.unwrap_or(DURATION);
        let until = (duration.is_some() || requests.is_none()).then_some(Instant::ZERO + length);
        let streams = args.streams.get();
        let load = Load::Closed { until, budget: requests, streams };
        return Ok((length, Size::Users(u64::from(args.connections.get()) * u64::from(streams)), load));
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

fn spacing(args: &QuickArgs) -> ProcessArg {
    args.process.unwrap_or(ProcessArg::Poisson)
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

fn origin(args: &QuickArgs, place: &Place, http: Http) -> anyhow::Result<Origin> {
    let socket = match &args.unix_socket {
        Some(path) => Some(
            socket_path(path)
                .map_err(|right| anyhow!("--unix-socket {path}: expected {right}, such as `/run/app.sock`"))?,
        ),
        None => place.socket.clone(),
    };
    if socket.is_some() && !args.source_addresses.is_empty() {
        return Err(anyhow!("--source-addresses cannot be used with a Unix-domain socket"));
    }
    let scheme = if place.url.scheme() == "https" { Scheme::Https } else { Scheme::Http };
    let host = place.url.host_str().unwrap_or_default();
    Ok(Origin {
        name: Origin::DEFAULT.to_owned(),
        scheme,
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: place.url.port_or_known_default().unwrap_or(scheme.default_port()),
        resolve: None,
        host_header: None,
        http,
        tls: Tls::default(),
        unix: socket,
        source_addresses: args.source_addresses.clone(),
    })
}

fn request(args: &QuickArgs, url: &Url) -> anyhow::Result<Request> {
    let content = match (&args.body, &args.body_file) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(file)) => {
            Some(read_file(file, LARGEST_BODY).with_context(|| format!("cannot read the body {}", file.display()))?)
        }
        (None, None) => None,
    };
    let default_method = if content.is_some() { "POST" } else { "GET" };
    let method = args.method.as_deref().unwrap_or(default_method).to_ascii_uppercase();
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(anyhow!("`{method}` is not a method"));
    }
    let path = format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default());
    Ok(Request {
        name: format!("{method} {path}"),
        method,
        origin: 0,
        path: text(&Escape::Path.of(&path)),
        headers: Vec::new(),
        body: content.map(|bytes| Body {
            content_type: args.content_type.clone(),
            escape: Escape::Plain,
            content: BodyContent::File { bytes: bytes.into(), digest: [0; 32] },
        }),
        revalidate: false,
        save: Vec::new(),
        expect: if args.expect.is_empty() { Vec::new() } else { vec![Expect::Status(args.expect.clone())] },
        timeout: None,
        stream: None,
        follow: args.follow,
        auth: None,
        retry: None,
    })
}

/// The headers as typed, each checked as a scenario's are, but for Host, which says the same as `host:` there.
fn headers(args: &QuickArgs) -> anyhow::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    // With a body it goes out as the body's; without one it is a header like others.
    if let (Some(content_type), None, None) = (&args.content_type, &args.body, &args.body_file) {
        headers.push(("Content-Type".to_owned(), content_type.clone()));
    }
    for header in &args.headers {
        let (name, value) =
            header.split_once(':').ok_or_else(|| anyhow!("`{header}` is not a header; write `Name: value`"))?;
        let value = value.trim();
        match name.eq_ignore_ascii_case(HOST) {
            true => check_host(value).map_err(|right| anyhow!("--header {header}: expected {right}"))?,
            false => check_header(name, value).map_err(refused)?,
        }
        headers.push((name.to_owned(), value.to_owned()));
    }
    check_repeated(&headers).map_err(|(_, fault)| fault)?;
    args.content_type.as_ref().map_or(Ok(()), |value| check_header("Content-Type", value))?;
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        headers.push(("User-Agent".to_owned(), concat!("scrutinio/", env!("CARGO_PKG_VERSION")).to_owned()));
    }
    Ok(headers)
}

fn refused(fault: HeaderFault) -> anyhow::Error {
    let HeaderFault::Reserved { name, instead } = &fault else { return fault.into() };
    let hint = match name.to_ascii_lowercase().as_str() {
        "connection" => "--disable-keepalive opens a connection for each request; without it they are kept",
        "x-scrutinio" => "--trace-header sends it",
        _ => instead,
    };
    anyhow!("{fault}\n\nhint: {hint}")
}

fn text(text: &str) -> Template {
    Template(vec![Piece::Text(text.to_owned())])
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Args, Command};
    use super::*;

    fn typed(args: &[&str]) -> QuickArgs {
        let line = ["scrutinio", "quick"].iter().chain(args);
        match Args::try_parse_from(line).expect("a command line").command {
            Command::Quick(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_path_goes_out_as_that_of_a_scenario_does() {
        let args = typed(&["http://127.0.0.1/a|b?c={d}"]);
        let place = parse_url(&args.url).unwrap_or_else(|_| panic!("{}", args.url));
        assert_eq!(request(&args, &place.url).expect("a request").path, text("/a%7Cb?c=%7Bd%7D"));
    }

    #[test]
    fn a_content_type_goes_out_without_a_body_too() {
        let header = ("Content-Type".to_owned(), "text/plain".to_owned());
        let sent = |args: &[&str]| headers(&typed(args)).expect("headers").contains(&header);
        assert!(sent(&["127.0.0.1", "-T", "text/plain"]));
        assert!(!sent(&["127.0.0.1", "-T", "text/plain", "--body", "x"]), "the body has it");
    }
}
