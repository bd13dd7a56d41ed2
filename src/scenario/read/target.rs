//! What the traffic goes to: an embedded service, one URL, or several origins by name (S8).

use std::net::IpAddr;

use url::{Host, Url};

use super::{Fields, Reader, shorten};
use crate::scenario::keys::{ORIGIN, TARGET};
use crate::scenario::model::{EmbeddedService, Origin, Scheme, Target, Tls};
use crate::scenario::problem::{Problem, Read};
use crate::scenario::yaml::{Entry, Node, Place, Value};

/// The name of the origin that steps go to when they name none.
pub const DEFAULT: &str = "default";
/// Origins of a scenario.
const MOST_ORIGINS: usize = 100;

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
            None => Ok(Target { embedded: None, origins: named }),
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
        origins.sort_by_key(|origin| origin.as_ref().is_ok_and(|origin| origin.name != DEFAULT));
        origins.into_iter().collect()
    }

    fn named_origin(&mut self, entry: &Entry, scenario: &Fields) -> Read<Origin> {
        let Entry { key, place, value } = entry;
        self.identifier(entry, "an origin")?;
        if key == DEFAULT && scenario.get("target").is_some() {
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
            return Ok(Target { embedded: None, origins: vec![self.origin(DEFAULT, node, None)?] });
        };
        let fields = self.fields(node, &TARGET)?;
        let (kind, value) = self.one_of(&fields)?;
        if kind == "url" {
            let origin = self.origin(DEFAULT, value, Some(&fields))?;
            return Ok(Target { embedded: None, origins: vec![origin] });
        }
        for key in ["host", "resolve", "tls"] {
            if fields.get(key).is_some() {
                self.problem(
                    fields.place(key),
                    format!("`{key}` is for a URL; the embedded service is reached by itself"),
                );
            }
        }
        let name = self.text(value, "election or knobs")?;
        let service = self.service(name, value.place);
        let knobs: Vec<_> = node.entries().iter().filter(|entry| TARGET.key(&entry.key).is_none()).collect();
        let knobs = knobs.into_iter().map(|entry| self.knob(entry)).collect::<Vec<_>>();
        Ok(embedded(service?, knobs.into_iter().collect::<Read<_>>()?))
    }

    fn service(&mut self, name: &str, place: Place) -> Read<EmbeddedService> {
        service(name.trim()).ok_or_else(|| {
            let problem = Problem::new(place, format!("`{}` is no embedded service", shorten(name)));
            self.problems.push_near(problem, name, ["election", "knobs"])
        })
    }

    fn knob(&mut self, entry: &Entry) -> Read<(String, String)> {
        let value = self.text(&entry.value, "a knob's value, such as `2s/60s`")?;
        Ok((entry.key.clone(), value.to_owned()))
    }

    /// `fields`: what stands beside the URL, if it stands in a map.
    fn origin(&mut self, name: &str, url: &Node, fields: Option<&Fields>) -> Read<Origin> {
        let get = |key| fields.and_then(|fields| fields.get(key));
        let resolve = get("resolve").map(|node| self.address(node)).transpose();
        let host_header = get("host").map(|node| self.host_header(node)).transpose();
        let tls = get("tls").map(|node| self.tls(node)).transpose();
        let text = self.text(url, "a URL such as `http://127.0.0.1:8080`")?;
        let (scheme, host, port) = match split(text) {
            Ok(parts) => parts,
            Err(hint) => {
                let message = format!("`{}` is no URL that requests can go to", shorten(text));
                return Err(self.problem_with_hint(url.place, message, hint));
            }
        };
        let (resolve, host_header, tls) = (resolve?, host_header?, tls?);
        if let (Scheme::Http, Some(node)) = (scheme, get("tls")) {
            let message = "`tls` is for an `https://` origin, and this one is plain";
            return Err(self.problem_with_hint(node.place, message, "https://…, or no `tls`"));
        }
        let tls = tls.unwrap_or_default();
        Ok(Origin { name: name.to_owned(), scheme, host, port, resolve, host_header, tls })
    }

    fn address(&mut self, node: &Node) -> Read<IpAddr> {
        let text = self.text(node, "an IP address such as `10.0.0.7`")?;
        text.parse().map_err(|_| self.expected(node, "an IP address such as `10.0.0.7` or `::1`, without a port"))
    }

    fn host_header(&mut self, node: &Node) -> Read<String> {
        let text = self.text(node, "a host name, as in the Host header")?;
        if text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)) {
            return Ok(text.to_owned());
        }
        Err(self.expected(node, "a host name, perhaps with a port"))
    }
}

fn service(name: &str) -> Option<EmbeddedService> {
    [EmbeddedService::Election, EmbeddedService::Knobs].into_iter().find(|service| service.name() == name)
}

fn embedded(service: EmbeddedService, knobs: Vec<(String, String)>) -> Target {
    let origin = Origin {
        name: DEFAULT.to_owned(),
        scheme: Scheme::Http,
        host: "127.0.0.1".to_owned(),
        port: 0,
        resolve: None,
        host_header: None,
        tls: Tls::default(),
    };
    Target { embedded: Some((service, knobs)), origins: vec![origin] }
}

/// Host and port of a URL that names an origin and nothing else, or what would be right.
fn split(text: &str) -> Result<(Scheme, String, u16), String> {
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
        Some(port) if port != 0 => Ok((scheme, host, port)),
        _ => Err(example()),
    }
}
