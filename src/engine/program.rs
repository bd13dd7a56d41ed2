//! Requests as bytes: compiled once into fixed pieces and slots, filled for each request.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::plan::{Use, drawn, words};
use crate::scenario::{
    Auth, Connection, Escape, Feed, Measure, Piece, Population, Request, Scenario, StepKind, StreamKind, Template,
};
use crate::unit::Span;
use crate::wire::{ResolvedOrigin, ws};

use super::parts::{Assembly, Part, body_parts, messages, parts};
use super::unwritable::{self, Unwritable};
use super::values::Values;

/// A request step, compiled.
#[derive(Debug)]
pub struct Program {
    /// The step as the scenario has it.
    pub request: Request,
    /// Its number in the flow.
    pub number: u32,
    /// Index of its recorded step.
    pub recorded: u16,
    /// Its timeout.
    pub timeout: Span,
    /// Whether it has a Cookie header of its own, beside which the session's cookies are not sent.
    pub names_cookies: bool,
    head: Vec<Part>,
    body: Vec<Part>,
    /// The body's length, where no slot can change it.
    body_len: Option<usize>,
    url: Vec<Part>,
    /// What each action of its stream sends; empty for those that send no text.
    messages: Vec<Vec<Part>>,
}

/// A population, compiled.
#[derive(Debug)]
pub struct PopulationPrograms {
    /// A program for each step number of the flow that sends something.
    pub steps: Vec<Option<Program>>,
    /// How long its connections live.
    pub connection: Connection,
    /// Whether a failed step ends the session.
    pub ends_on_failure: bool,
    /// Whether its sessions keep cookies.
    pub cookies: bool,
    /// The share of its sessions that return with a TLS ticket.
    pub returning: f64,
    /// The rows that its sessions take.
    pub feed: Option<Feed>,
    /// What `before` has saved.
    pub before: Box<[String]>,
    /// Number of values that sessions save.
    pub saved_len: usize,
    /// What is measured of its steps beside requests: step number, measure, and its index in the catalog.
    pub measures: Vec<(u32, Measure, u16)>,
    /// Its parallel groups: their steps, and how many requests of each may be open at once.
    pub groups: Vec<(Range<u32>, u32)>,
}

impl PopulationPrograms {
    /// The index of a step's measure.
    pub fn measure(&self, step: u32, kind: Measure) -> Option<u16> {
        self.measures.iter().find(|of| (of.0, of.1) == (step, kind)).map(|of| of.2)
    }
}

/// What requests have of the run that they are compiled for.
#[derive(Clone, Copy)]
pub struct OfRun<'a> {
    /// The scenario's origins, in its order.
    pub origins: &'a [ResolvedOrigin],
    /// The run's id.
    pub run_id: &'a str,
    /// What `before` has saved, in the order of its names.
    pub before: &'a [String],
}

/// Compiles a population's requests.
pub fn compile(
    scenario: &Scenario,
    index: usize,
    step_names: &[Option<u16>],
    of_run: OfRun<'_>,
    measures: Vec<(u32, Measure, u16)>,
) -> PopulationPrograms {
    let OfRun { origins, run_id, before } = of_run;
    let population = &scenario.populations[index];
    let flow = &scenario.flows[population.flow];
    let close = flow.connection == Connection::Request;
    let compiler = Compiler { scenario, population, origins, run_id, close };
    let steps = (0u32..).zip(&flow.steps).map(|(number, step)| match &step.kind {
        StepKind::Request(request) => {
            let recorded = step_names[number as usize].expect("the catalog names every request step");
            Some(compiler.program(request, number, recorded))
        }
        _ => None,
    });
    PopulationPrograms {
        steps: steps.collect(),
        connection: flow.connection,
        ends_on_failure: flow.on_failure == crate::scenario::OnFailure::End,
        cookies: flow.cookies,
        returning: population.returning,
        feed: population.feed.clone(),
        before: before.into(),
        saved_len: flow.saved.len(),
        measures,
        groups: flow.steps.iter().filter_map(|step| group(&step.kind)).collect(),
    }
}

fn group(kind: &StepKind) -> Option<(Range<u32>, u32)> {
    match kind {
        StepKind::Parallel { connections, body } => Some((body.clone(), *connections)),
        _ => None,
    }
}

fn opens_events(request: &Request) -> bool {
    request.stream.as_ref().is_some_and(|stream| stream.kind == StreamKind::Events)
}

struct Compiler<'a> {
    scenario: &'a Scenario,
    population: &'a Population,
    origins: &'a [ResolvedOrigin],
    run_id: &'a str,
    close: bool,
}

impl Compiler<'_> {
    fn program(&self, request: &Request, number: u32, recorded: u16) -> Program {
        let body = request.body.as_ref().map(body_parts).unwrap_or_default();
        let body_len = match body.as_slice() {
            [] => Some(0),
            [Part::Bytes(bytes)] => Some(bytes.len()),
            _ => None,
        };
        Program {
            number,
            recorded,
            timeout: request.timeout.unwrap_or(self.scenario.limits.timeout),
            names_cookies: self.names(request, "cookie"),
            head: self.head(request, number, body_len),
            url: parts(&request.path, Escape::Percent),
            messages: messages(request),
            body,
            body_len,
            request: request.clone(),
        }
    }

    fn head(&self, request: &Request, number: u32, body_len: Option<usize>) -> Vec<Part> {
        let mut head = Assembly::default();
        head.text(&request.method).text(" ").template(&request.path, Escape::Percent).text(" HTTP/1.1\r\n");
        for (name, value) in self.headers(request) {
            head.text(name).text(": ").template(value, Escape::Header).text("\r\n");
        }
        match request.auth.as_ref().filter(|_| !self.names(request, "authorization")) {
            Some(Auth::Basic { user, password }) => {
                let both = Box::new((user.clone(), password.clone()));
                head.text("Authorization: Basic ").part(Part::Basic(both)).text("\r\n");
            }
            Some(Auth::Bearer(token)) => {
                head.text("Authorization: Bearer ").template(token, Escape::Header).text("\r\n");
            }
            None => {}
        }
        head.text("Host: ").text(&self.origins[request.origin].authority).text("\r\n");
        if let Some(content_type) = request.body.as_ref().and_then(|body| body.content_type.as_ref())
            && !self.names(request, "content-type")
        {
            head.text("Content-Type: ").text(content_type).text("\r\n");
        }
        if self.scenario.trace_header {
            head.text("X-Scrutinio: ").text(self.run_id).text("/").text(&self.population.name).text("/");
            head.part(Part::SessionNumber).text("/").text(&number.to_string()).text("\r\n");
        }
        if let Some(StreamKind::WebSocket { subprotocols }) = request.stream.as_ref().map(|stream| &stream.kind) {
            head.text("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
            head.part(Part::SocketKey).text("\r\n");
            if !subprotocols.is_empty() {
                head.text("Sec-WebSocket-Protocol: ").text(&subprotocols.join(", ")).text("\r\n");
            }
        } else if self.close {
            head.text("Connection: close\r\n");
        }
        if opens_events(request) && !self.names(request, "accept") {
            head.text("Accept: text/event-stream\r\n");
        }
        if request.revalidate {
            head.part(Part::IfNoneMatch);
        }
        // RFC 9110 section 8.6: a method that gives a meaning to content says its length even when there is none.
        let takes_content = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        if let Some(len) = body_len.filter(|len| *len > 0 || request.body.is_some() || takes_content) {
            head.text("Content-Length: ").text(&len.to_string()).text("\r\n");
        }
        if body_len.is_some() {
            head.text("\r\n");
        }
        head.finish()
    }

    /// The population's headers, with the step's own over those of the same name. An event stream takes over nothing
    /// that says what is accepted: it has one type, and is not to be compressed. A form of several parts says itself what
    /// its type is, as the boundary is in it.
    fn headers<'a>(&'a self, request: &'a Request) -> impl Iterator<Item = (&'a str, &'a Template)> {
        let overridden = |name: &str| request.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let events = opens_events(request);
        let accepts = |name: &str| ["accept", "accept-encoding"].iter().any(|own| own.eq_ignore_ascii_case(name));
        let told = |name: &str| request.boundary().is_some() && name.eq_ignore_ascii_case("content-type");
        let hidden = move |name: &str| overridden(name) || events && accepts(name) || told(name);
        let inherited = self.population.headers.iter().filter(move |(name, _)| !hidden(name));
        inherited.chain(&request.headers).map(|(name, value)| (name.as_str(), value))
    }

    fn names(&self, request: &Request, name: &str) -> bool {
        self.headers(request).any(|(own, _)| own.eq_ignore_ascii_case(name))
    }
}

impl Program {
    /// Writes the request to `out`. `etag` is sent as If-None-Match where the step revalidates.
    pub fn render(&self, values: &Values<'_>, etag: Option<&str>, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        // A request's draws are counted through its path, headers and body, so that none is like another.
        let mut draws = 0;
        self.fill(&self.head, values, etag, &mut draws, out)?;
        if self.body_len.is_some() {
            return self.fill(&self.body, values, None, &mut draws, out);
        }
        // Only the body itself tells its length, so the line that says it is written last and then moved before it.
        let head_len = out.len();
        self.fill(&self.body, values, None, &mut draws, out)?;
        let end = out.len();
        out.extend_from_slice(b"Content-Length: ");
        out.extend_from_slice(itoa::Buffer::new().format(end - head_len).as_bytes());
        out.extend_from_slice(b"\r\n\r\n");
        let line_len = out.len() - end;
        out[head_len..].rotate_right(line_len);
        Ok(())
    }

    /// The URL's path and query with its slots filled: what an ETag belongs to (S4).
    pub fn render_url(&self, values: &Values<'_>, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        // A request begins with it: the same draws.
        self.fill(&self.url, values, None, &mut 0, out)
    }

    /// Writes the message that an action of the step's stream sends.
    pub fn render_message(&self, action: usize, values: &Values<'_>, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        self.fill(&self.messages[action], values, None, &mut 0, out)
    }

    /// What this repetition of the step has of its own (P4).
    pub fn block(&self, values: &Values<'_>) -> [u64; 2] {
        words(values.path.seed, values.session, self.number, Use::Template, values.nth)
    }

    /// The key that opens the step's WebSocket: the same each time, so that the answer can be held against it.
    pub fn socket_key(&self, values: &Values<'_>) -> String {
        let [high, low] = self.block(values);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high.to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        ws::key(bytes)
    }

    /// A template of this step as text, for comparing with an answer: it draws nothing.
    pub fn text<'a>(&self, template: &'a Template, values: &Values<'_>) -> Result<Cow<'a, str>, Unwritable> {
        self.joined(template, values, &mut 0)
    }

    fn joined<'a>(
        &self,
        template: &'a Template,
        values: &Values<'_>,
        draws: &mut u32,
    ) -> Result<Cow<'a, str>, Unwritable> {
        match template.0.as_slice() {
            [] => return Ok(Cow::Borrowed("")),
            [Piece::Text(text)] => return Ok(Cow::Borrowed(text)),
            _ => {}
        }
        let mut out = Vec::new();
        for piece in &template.0 {
            self.slot(piece, Escape::Plain, values, draws, &mut out)?;
        }
        Ok(Cow::Owned(String::from_utf8(out).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())))
    }

    fn fill(
        &self,
        parts: &[Part],
        values: &Values<'_>,
        etag: Option<&str>,
        draws: &mut u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Unwritable> {
        for part in parts {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(bytes),
                Part::SocketKey => out.extend_from_slice(self.socket_key(values).as_bytes()),
                Part::Binary(size) => {
                    let end = out.len() + *size as usize;
                    out.extend_from_slice(&values.input.to_be_bytes());
                    out.resize(end, 0);
                }
                Part::SessionNumber => out.extend_from_slice(itoa::Buffer::new().format(values.session).as_bytes()),
                Part::IfNoneMatch => {
                    if let Some(etag) = etag {
                        out.extend_from_slice(b"If-None-Match: ");
                        out.extend_from_slice(etag.as_bytes());
                        out.extend_from_slice(b"\r\n");
                    }
                }
                Part::Basic(both) => {
                    let (user, password) = (self.joined(&both.0, values, draws)?, self.joined(&both.1, values, draws)?);
                    out.extend_from_slice(STANDARD.encode(format!("{user}:{password}")).as_bytes());
                }
                Part::Slot(piece, escape) => {
                    let from = out.len();
                    self.slot(piece, *escape, values, draws, out)?;
                    unwritable::check_part(&out[from..], self.request.boundary())?;
                }
            }
        }
        Ok(())
    }

    fn slot(
        &self,
        piece: &Piece,
        escape: Escape,
        values: &Values<'_>,
        draws: &mut u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Unwritable> {
        let mut number = itoa::Buffer::new();
        let mut word = || {
            *draws += 1;
            drawn(self.block(values), values.message, *draws - 1)
        };
        match piece {
            Piece::Text(text) => escape.write(text, out),
            Piece::Feed(column) => values.programs.cell(values, *column, escape, out)?,
            Piece::Row => escape.write(number.format(values.programs.row(values)), out),
            Piece::Session => escape.write(number.format(values.session), out),
            Piece::Saved(index) => escape.write(values.saved[*index].as_ref().ok_or(Unwritable::Missing)?, out),
            Piece::Before(index) => escape.write(values.programs.before.get(*index).ok_or(Unwritable::Missing)?, out),
            Piece::RunId => escape.write(values.run_id, out),
            Piece::Input => escape.write(number.format(values.input), out),
            Piece::Nth => escape.write(number.format(values.nth), out),
            Piece::Env { value, .. } | Piece::Secret { value, .. } => escape.write(value, out),
            Piece::Raw { of, first } => {
                let from = out.len();
                self.slot(of, Escape::Plain, values, draws, out)?;
                unwritable::check_raw(&out[from..], *first)?;
                Escape::in_path(from, out);
            }
            Piece::RandomInt(low, high) => {
                let choices = (i128::from(*high) - i128::from(*low) + 1) as u128;
                let offset = (u128::from(word()) * choices) >> 64;
                escape.write(number.format((i128::from(*low) + offset as i128) as i64), out);
            }
            Piece::RandomHex(digits) => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let mut left = *digits as usize;
                while left > 0 {
                    let word = word();
                    let some = left.min(16);
                    out.extend((0..some).map(|at| HEX[(word >> (60 - 4 * at)) as usize & 15]));
                    left -= some;
                }
            }
        }
        Ok(())
    }
}
