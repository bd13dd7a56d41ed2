//! Steps that open a stream: the request, and what is done after its answer.

use super::flow::Compiler;
use super::template::Known;
use super::{Fields, shorten};
use crate::scenario::Escape;
use crate::scenario::header::is_token;
use crate::scenario::keys::{ACTION, ANSWERS, HOLD, MESSAGE, RECEIVE, SENDER};
use crate::scenario::model::{Action, Answers, Hold, Match, Message, Request, Sender, Stream, StreamKind};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place, Value};
use crate::unit::{Rate, Span};

/// Actions on one stream.
const MOST_ACTIONS: usize = 1_000;
/// Messages that one `receive` waits for.
const MOST_RECEIVED: u64 = 1_000_000;
/// Messages that one session sends a second.
const HIGHEST_RATE: f64 = 10_000.0;
/// The longest binary message.
const LONGEST_BINARY: u64 = 1 << 20;
/// Room for an input's number.
const SHORTEST_BINARY: u64 = 8;

impl Compiler<'_, '_, '_> {
    /// `ws: /path` or `sse: /path` with what is done there.
    pub fn stream(&mut self, verb: &str, node: &Node, fields: &Fields, number: usize) -> Read<Request> {
        if fields.get("revalidate").is_some() {
            let place = fields.place("revalidate");
            return Err(self.reader.problem(place, "a request that opens a stream cannot be conditional"));
        }
        let one_way = verb == "sse";
        let request = self.request("get", node, fields, number);
        let subprotocols = fields.get("subprotocols").map_or(Ok(Vec::new()), |node| self.subprotocols(node));
        let script = fields.get("then").map_or(Ok((Vec::new(), 1000)), |node| self.actions(node, one_way));
        // Last, as what is saved: nothing on the stream knows yet how it will have ended.
        let ended = fields.get("ended").map(|node| self.saves_as(node)).transpose();
        let (mut request, subprotocols, (actions, close)) = (request?, subprotocols?, script?);
        let ended = ended?;
        if fields.get("name").is_none() {
            request.name = format!("{} {}", verb.to_ascii_uppercase(), node.scalar().unwrap_or_default());
        }
        let kind = if one_way { StreamKind::Events } else { StreamKind::WebSocket { subprotocols } };
        request.stream = Some(Box::new(Stream { kind, actions, close, ended }));
        Ok(request)
    }

    fn subprotocols(&mut self, node: &Node) -> Read<Vec<String>> {
        let items = self.reader.list(node, "a list of subprotocols, such as `[chat.v2, chat.v1]`")?;
        let names = items.iter().map(|item| {
            let name = self.reader.text(item, "a subprotocol's name")?;
            if is_token(name) {
                return Ok(name.to_owned());
            }
            Err(self.reader.problem(item.place, format!("`{}` cannot name a subprotocol", shorten(name))))
        });
        names.collect::<Vec<_>>().into_iter().collect()
    }

    /// The actions, and the code of the close that ends them.
    fn actions(&mut self, node: &Node, one_way: bool) -> Read<(Vec<Action>, u16)> {
        let items = self.reader.list(node, "a list of actions, such as `- send: hello`")?;
        if items.len() > MOST_ACTIONS {
            return Err(self.reader.problem(node.place, format!("a stream has at most {MOST_ACTIONS} actions")));
        }
        let (mut actions, mut close, mut failed) = (Vec::new(), None, None);
        for item in items {
            if close.is_some() {
                return Err(self.reader.problem(item.place, "nothing can be done after `close`"));
            }
            if item.scalar() == Some("close") {
                close = Some(1000);
                continue;
            }
            match self.action(item, one_way, &mut close) {
                Ok(action) => actions.extend(action),
                Err(told) => failed = Some(told),
            }
        }
        failed.map_or(Ok((actions, close.unwrap_or(1000))), Err)
    }

    fn action(&mut self, item: &Node, one_way: bool, close: &mut Option<u16>) -> Read<Option<Action>> {
        let fields = self.reader.fields(item, &ACTION)?;
        let (kind, node) = self.reader.one_of(&fields)?;
        if one_way {
            self.refuse_sending(kind, node, fields.place(kind))?;
        }
        Ok(Some(match kind {
            "send" => Action::Send(self.sent(node)?),
            "receive" => self.receive(node)?,
            "stream" => Action::Hold(self.hold(node)?),
            _ => {
                let code = self.reader.whole(node, 1000..=4999)?;
                if !matches!(code, 1000 | 1001 | 3000..) {
                    return Err(self.reader.expected(node, "1000, 1001 or a code from 3000 to 4999"));
                }
                *close = Some(code as u16);
                return Ok(None);
            }
        }))
    }

    /// What cannot be done on an event stream, on which only the server speaks.
    fn refuse_sending(&mut self, kind: &str, node: &Node, place: Place) -> Read<()> {
        let (place, message, hint) = match kind {
            "send" => (place, "nothing can be sent on an event stream", "a request of its own, or a `ws` step"),
            "close" => (place, "an event stream is closed without a code", "- close"),
            "stream" => {
                let sends = |entry: &&Entry| matches!(entry.key.as_str(), "send" | "answers");
                let Some(entry) = node.entries().iter().find(sends) else { return Ok(()) };
                (
                    entry.place,
                    "nothing can be sent on an event stream, so nothing there is an answer",
                    "stream: { for: 20m }",
                )
            }
            _ => return Ok(()),
        };
        Err(self.reader.problem_with_hint(place, message, hint))
    }

    fn sent(&mut self, node: &Node) -> Read<Message> {
        if let Value::Map(_) = node.value {
            let fields = self.reader.fields(node, &MESSAGE)?;
            return self.message(&fields);
        }
        let known = Known { saved: &self.saved, available: &self.available, ..self.known };
        Ok(Message::Text { content: self.reader.template(node, &known)?, escape: Escape::Plain })
    }

    fn message(&mut self, fields: &Fields) -> Read<Message> {
        let (kind, node) = self.reader.one_of(fields)?;
        Ok(match kind {
            "binary" => Message::Binary(self.reader.whole(node, SHORTEST_BINARY..=LONGEST_BINARY)? as u32),
            "json" => Message::Text { content: self.json(node)?, escape: Escape::Json },
            _ => self.sent(node)?,
        })
    }

    fn receive(&mut self, node: &Node) -> Read<Action> {
        if let Value::Scalar { .. } = node.value {
            let count = self.reader.whole(node, 1..=MOST_RECEIVED)? as u32;
            return Ok(Action::Receive { matching: Match::Any, count, timeout: None });
        }
        let fields = self.reader.fields(node, &RECEIVE)?;
        let matching = self.matching(&fields);
        let count = fields.get("count").map_or(Ok(1), |node| self.reader.whole(node, 1..=MOST_RECEIVED));
        let timeout = fields.get("timeout").map(|node| self.reader.timeout(node)).transpose();
        Ok(Action::Receive { matching: matching?, count: count? as u32, timeout: timeout? })
    }

    fn matching(&mut self, fields: &Fields) -> Read<Match> {
        let known = Known { saved: &self.saved, available: &self.available, compared: true, ..self.known };
        match (fields.get("text"), fields.get("json")) {
            (Some(_), Some(_)) => {
                Err(self.reader.problem(fields.place("json"), "`receive` looks for `text` or `json`, not both"))
            }
            (Some(text), None) => Ok(Match::Text(self.reader.template(text, &known)?)),
            (None, Some(json)) => match json.entries() {
                [] => {
                    let text = self.reader.text(json, "a JSON path")?;
                    Ok(Match::Json { path: self.reader.json_path(text, json.place)?, equals: None })
                }
                [one] => {
                    let path = self.reader.json_path(&one.key, one.place);
                    let equals = self.reader.template(&one.value, &known);
                    Ok(Match::Json { path: path?, equals: Some(equals?) })
                }
                _ => Err(self.reader.problem(json.place, "`receive` looks for one JSON path")),
            },
            (None, None) => Ok(Match::Any),
        }
    }

    fn hold(&mut self, node: &Node) -> Read<Hold> {
        let fields = self.reader.fields(node, &HOLD)?;
        let length = self.reader.need(&fields, "for").and_then(|node| self.reader.distribution(node));
        let send = fields.get("send").map(|node| self.sender(node)).transpose();
        let answers = fields.get("answers").map(|node| self.answers(node)).transpose();
        let stall_over = fields.get("stall_over").map(|node| self.reader.timeout(node)).transpose();
        let hold = Hold { length: length?, send: send?, answers: answers?, stall_over: stall_over? };
        if hold.answers.is_some() && hold.send.is_none() {
            let problem = Problem::new(fields.place("answers"), "nothing is sent that could be answered");
            return Err(self.reader.problems.push(problem.hint("send: { rate: 10/s, text: \"{{input}}\" }")));
        }
        Ok(hold)
    }

    fn sender(&mut self, node: &Node) -> Read<Sender> {
        let fields = self.reader.fields(node, &SENDER)?;
        let every = self.reader.need(&fields, "rate").and_then(|node| {
            let rate = self.reader.measure::<Rate>(node)?.as_per_second();
            if (1.0 / 3600.0..=HIGHEST_RATE).contains(&rate) {
                return Ok(Span::from_nanos((1e9 / rate).round() as u64));
            }
            Err(self.reader.expected(node, "a rate from 1/h to 10000/s"))
        });
        self.known.input = true;
        let message = self.message(&fields);
        self.known.input = false;
        Ok(Sender { every: every?, message: message? })
    }

    fn answers(&mut self, node: &Node) -> Read<Answers> {
        let fields = self.reader.fields(node, &ANSWERS)?;
        Ok(match self.reader.one_of(&fields)? {
            ("u64", node) => Answers::U64(self.reader.whole(node, 0..=LONGEST_BINARY)? as u32),
            (_, node) => {
                let text = self.reader.text(node, "a JSON path")?;
                Answers::Json(self.reader.json_path(text, node.place)?)
            }
        })
    }
}
