//! Where the traffic goes: an embedded service, one URL, or several origins by name (S8).

use std::net::IpAddr;

use url::{Host, Url};

use super::{Fields, Reader, shorten};
use crate::scenario::header::check_host;
use crate::scenario::keys::{ORIGIN, TARGET};
use crate::scenario::model::{EmbeddedService, Http, HttpVersion, Origin, Scheme, Target, Tls, socket_path};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place, Value};

/// Origins of a scenario.
const MOST_ORIGINS: usize = 100;
/// Source addresses of an origin.
const MOST_SOURCES: usize = 1000;

impl Reader<'_> {
    /// `target:` and `targets:`; the origin called `default` comes first.
    pub fn target(&mut self, scenario: &Fields) -> Read<Target> {
        let named = self.targets(scenario);
        let default = scenario.get("target").map(|node| self.default_target(node));
        let named = named?;
        match default {
            None if named.is_empty() => {
                let hint = "target: http://127.0.0.1:8080, or target: { embedded: election }, or the option --target";
                Err(self.problem_with_hint(scenario.node.place, "the scenario names no target", hint))
            }
            None => Ok(Target { embedded: None, events: Vec::new(), origins: named }),
            Some(target) => {
                let mut target = target?;
                target.origins.extend(named);
                Ok(target)
            }
        }
    }

    fn targets(&mut self, scenario: &Fields) -> Read<Vec<Origin>> {
        let Some(node) = scenario.get("targets") else { return Ok(Vec::new()) };
        let entries = self.names(node, "a map of origins by name, such as `api: http://10.0.0.7`")?;
        if entries.len() > MOST_ORIGINS {
            return Err(self.problem(node.place, format!("a scenario has at most {MOST_ORIGINS} origins")));
        }
        let mut origins: Vec<Read<Origin>> = entries.iter().map(|entry| self.named_origin(entry, scenario)).collect();
        // The default comes first, the others in the file's order.
        origins.sort_by_key(|origin| origin.as_ref().is_ok_and(|origin| origin.name != Origin::DEFAULT));
        origins.into_iter().collect()
    }

    fn named_origin(&mut self, entry: &Entry, scenario: &Fields) -> Read<Origin> {
        let Entry { key, place, value } = entry;
        self.identifier(entry, "an origin")?;
        if key == Origin::DEFAULT && scenario.get("target").is_some() {
            return Err(self.problem(*place, "`target` already is the default origin"));
        }
        if let Value::Map(_) = value.value {
            let fields = self.fields(value, &ORIGIN)?;
            let url = self.need(&fields, "url")?;
            return self.origin(key, url, Some(&fields));
        }
        self.origin(key, value, None)
    }

    fn default_target(&mut self, node: &Node) -> Read<Target> {
        let Value::Map(_) = node.value else {
            let text = node.scalar().unwrap_or_default();
            if let Some(service) = service(text) {
                return Ok(embedded(service, Vec::new()));
            }
            if let Some(name) = text.strip_prefix("embedded:") {
                return Ok(embedded(self.service(name, node.place)?, Vec::new()));
            }
            return Ok(Target {
                embedded: None,
                events: Vec::new(),
                origins: vec![self.origin(Origin::DEFAULT, node, None)?],
            });
        };
        let fields = self.fields(node, &TARGET)?;
        let (kind, value) = self.one_of(&fields)?;
        if kind == "url" {
            let origin = self.origin(Origin::DEFAULT, value, Some(&fields))?;
            return Ok(Target { embedded: None, events: Vec::new(), origins: vec![origin] });
        }
        for key in ["host", "resolve", "source_addresses", "tls"] {
            if fields.get(key).is_some() {
                self.problem(fields.place(key), format!("`{key}` belongs to a URL, and an embedded service has none"));
            }
        }
        let name = self.text(value, "election, remote-work or knobs")?;
        let service = self.service(name, value.place);
        let knobs: Vec<_> = node.entries().iter().filter(|entry| TARGET.key(&entry.key).is_none()).collect();
        let knobs = knobs.into_iter().map(|entry| self.knob(entry)).collect::<Vec<_>>();
        let http = self.http(&fields);
        let mut target = embedded(service?, knobs.into_iter().collect::<Read<_>>()?);
        target.origins[0].http = http?;
        Ok(target)
    }

    fn service(&mut self, name: &str, place: Place) -> Read<EmbeddedService> {
        service(name.trim()).ok_or_else(|| {
            let problem = Problem::new(place, format!("`{}` is not an embedded service", shorten(name)));
            self.problems.push_near(problem, name, ["election", "remote-work", "knobs"])
        })
    }

    fn knob(&mut self, entry: &Entry) -> Read<(String, String)> {
        let value = self.text(&entry.value, "a knob's value, such as `2s/60s`")?;
        Ok((entry.key.clone(), value.to_owned()))
    }

    /// An origin by its URL, and what a map says beside it.
    fn origin(&mut self, name: &str, url: &Node, fields: Option<&Fields>) -> Read<Origin> {
        let beside = |key: &str| fields.and_then(|fields| fields.get(key));
        let resolve = beside("resolve").map(|node| self.address(node)).transpose();
        let host_header = beside("host").map(|node| self.host_header(node)).transpose();
        let sources = beside("source_addresses").map_or(Ok(Vec::new()), |node| self.source_addresses(node));
        let tls = beside("tls").map(|node| self.tls(node)).transpose();
        let http = fields.map_or(Ok(Http::default()), |fields| self.http(fields));
        let text = self.text(url, "a URL such as `http://127.0.0.1:8080`")?;
        if let Some(at) = text.find("{{") {
            let place = self.problems.within(url.place, &text[at..]);
            let hint = "the option --target names another target for one run: --target \"http://$HOST\"";
            return Err(self.problem_with_hint(place, "a target is written out: templates are for requests", hint));
        }
        let mut origin = match split(name, text) {
            Ok(origin) => origin,
            Err(hint) => {
                let message = format!("`{}` is not a URL that requests can be sent to", shorten(text));
                return Err(self.problem_with_hint(url.place, message, hint));
            }
        };
        (origin.resolve, origin.host_header, origin.source_addresses) = (resolve?, host_header?, sources?);
        (origin.tls, origin.http) = (tls?.unwrap_or_default(), http?);
        if let (Some(_), Some(fields)) = (&origin.unix, fields) {
            let beside = ["resolve", "source_addresses"].into_iter().find(|key| fields.get(key).is_some());
            if let Some(key) = beside {
                return Err(self.problem(fields.place(key), format!("a Unix-domain socket has no `{key}`")));
            }
        }
        if let (Scheme::Http, Some(node)) = (origin.scheme, beside("tls")) {
            let message = "`tls` is for an `https://` origin, and this one is plain";
            return Err(self.problem_with_hint(node.place, message, "https://…, or no `tls`"));
        }
        Ok(origin)
    }

    /// `http:` and `streams:`.
    fn http(&mut self, fields: &Fields) -> Read<Http> {
        const VERSIONS: &[(&str, HttpVersion)] =
            &[("auto", HttpVersion::Auto), ("1.1", HttpVersion::One), ("2", HttpVersion::Two)];
        let version = fields.get("http").map(|node| self.word(node, VERSIONS)).transpose();
        let streams = fields.get("streams").map(|node| self.whole(node, 1..=u64::from(Http::STREAMS_MAX))).transpose();
        let (version, default) = (version?.unwrap_or(HttpVersion::Auto), Http::default());
        if streams.is_ok_and(|streams| streams.is_some()) && version == HttpVersion::One {
            let hint = "HTTP/1.1 carries one request at a time; write `http: 2`, or leave `streams` out";
            return Err(self.problem_with_hint(fields.place("streams"), "`streams` is for HTTP/2", hint));
        }
        Ok(Http { version, streams: streams?.map_or(default.streams, |streams| streams as u32) })
    }

    fn source_addresses(&mut self, node: &Node) -> Read<Vec<IpAddr>> {
        let items = self.list(node, "a list of addresses of this machine: [10.0.0.5, 10.0.0.6]")?;
        if items.is_empty() || items.len() > MOST_SOURCES {
            return Err(self.problem(node.place, format!("an origin has 1 to {MOST_SOURCES} source addresses")));
        }
        let read: Vec<Read<IpAddr>> = items.iter().map(|item| self.address(item)).collect();
        let addresses = read.into_iter().collect::<Read<Vec<_>>>()?;
        for (i, address) in addresses.iter().enumerate() {
            if addresses[..i].contains(address) {
                return Err(self.problem(items[i].place, format!("`{address}` is listed twice")));
            }
        }
        Ok(addresses)
    }

    fn address(&mut self, node: &Node) -> Read<IpAddr> {
        let text = self.text(node, "an IP address such as `10.0.0.7`")?;
        text.parse().map_err(|_| self.expected(node, "an IP address such as `10.0.0.7` or `::1`, without a port"))
    }

    fn host_header(&mut self, node: &Node) -> Read<String> {
        let text = self.text(node, "a host name, as in the Host header")?;
        check_host(text).map(|()| text.to_owned()).map_err(|right| self.expected(node, right))
    }
}

fn service(name: &str) -> Option<EmbeddedService> {
    [EmbeddedService::Election, EmbeddedService::RemoteWork, EmbeddedService::Knobs]
        .into_iter()
        .find(|service| service.name() == name)
}

fn embedded(service: EmbeddedService, knobs: Vec<(String, String)>) -> Target {
    let origin = Origin {
        name: Origin::DEFAULT.to_owned(),
        scheme: Scheme::Http,
        host: "127.0.0.1".to_owned(),
        port: 0,
        resolve: None,
        host_header: None,
        http: Http::default(),
        tls: Tls::default(),
        unix: None,
        source_addresses: Vec::new(),
    };
    Target { embedded: Some((service, knobs)), events: Vec::new(), origins: vec![origin] }
}

/// The origin of a URL that names one and nothing else, or what would be right.
fn split(name: &str, text: &str) -> Result<Origin, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Ok(Origin::of_socket(
            name,
            socket_path(path).map_err(|right| format!("{right}, such as `unix:/run/app.sock`"))?,
        ));
    }
    let example = || "scheme, host and port, such as `http://127.0.0.1:8080`, or `embedded: election`".to_owned();
    if text.len() > 2048 || !text.contains("://") {
        return Err(example());
    }
    let url = Url::parse(text).map_err(|error| format!("{error}; {}", example()))?;
    let scheme = match url.scheme() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return Err(example()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("credentials belong in a header: `headers: { Authorization: … }`".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("the path belongs to the steps: `get: /path`".to_owned());
    }
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err(example()),
    };
    match url.port_or_known_default() {
        Some(port) if port != 0 => Ok(Origin {
            name: name.to_owned(),
            scheme,
            host,
            port,
            resolve: None,
            host_header: None,
            unix: None,
            source_addresses: Vec::new(),
            http: Http::default(),
            tls: Tls::default(),
        }),
        _ => Err(example()),
    }
}
