//! Before any traffic: where the origins are, whether they may be loaded (O9), whether they answer (O8).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use url::Host;

use crate::scenario::{Origin, Scheme};
use crate::unit::quoted;
use crate::wire::tls::{HandshakeError, TlsClient, TlsOptions};
use crate::wire::{Address, ResolvedOrigin, Unreachable, is_local, reachable, resolve};

use super::Failure;

/// The longest wait for the one connection that shows an origin to be there.
const REACH_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks every origin up, refuses hosts beyond loopback that were not allowed, and connects to each once.
pub fn reach(origins: &[Origin], allowed: &[String]) -> Result<Vec<ResolvedOrigin>, Failure> {
    let resolved = origins.iter().map(|origin| find(origin, allowed)).collect::<Result<Vec<_>, _>>()?;
    resolved.into_iter().map(connect_once).collect()
}

fn find(origin: &Origin, allowed: &[String]) -> Result<ResolvedOrigin, Failure> {
    let tls = speak_tls(origin).map_err(Failure::usage)?;
    let addresses = match &origin.unix {
        Some(path) => vec![Address::Unix(Arc::clone(path))],
        None => {
            let found = resolve(&origin.host, origin.port, origin.resolve).map_err(|error| {
                Failure::target(anyhow!(
                    "{error}\n\nhint: is the name right? `getent hosts {}` looks it up as scrutinio does",
                    origin.host
                ))
            })?;
            from_sources(found, &origin.source_addresses)?.into_iter().map(Address::Ip).collect()
        }
    };
    let sources = origin.source_addresses.clone();
    let resolved = ResolvedOrigin { authority: origin.authority(), addresses, sources, tls };
    if resolved.is_loopback() || allows(allowed, &origin.host) {
        return Ok(resolved);
    }
    let command: Vec<String> = std::env::args_os().map(quoted).collect();
    Err(Failure::target(anyhow!(
        "`{host}` is not this machine, and load goes nowhere else unless you say so\n\n\
         hint: if you are allowed to load {host}, run\n    {command} --allow-host {host}",
        host = origin.host,
        command = command.join(" "),
    )))
}

/// Whether `--allow-host` names a host, written in any way that a URL may write it.
fn allows(allowed: &[String], host: &str) -> bool {
    allowed.iter().any(|typed| match (typed.parse::<IpAddr>(), Host::parse(typed)) {
        (Ok(address), _) => address.to_string() == host,
        (_, Ok(typed)) => plain(&typed) == host,
        _ => false,
    })
}

/// A host as an origin has it: without brackets.
fn plain(host: &Host) -> String {
    match host {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

/// What speaks TLS with an origin, if its URL asks for it.
fn speak_tls(origin: &Origin) -> anyhow::Result<Option<TlsClient>> {
    if origin.scheme == Scheme::Http {
        return Ok(None);
    }
    let tls = &origin.tls;
    let options = TlsOptions {
        server_name: origin.server_name(),
        ca: tls.ca.as_deref(),
        client: tls.client.as_ref().map(|(certificate, key)| (&**certificate, &**key)),
        insecure: tls.insecure,
        only_tls13: tls.only_tls13,
        resume: tls.resume,
    };
    Ok(Some(TlsClient::new(&options).with_context(|| format!("TLS with {}", origin.authority()))?))
}

/// Those of the target's addresses that connections can go to from the addresses named, each of which must be one of
/// this machine.
fn from_sources(mut found: Vec<SocketAddr>, sources: &[IpAddr]) -> Result<Vec<SocketAddr>, Failure> {
    if sources.is_empty() {
        return Ok(found);
    }
    if let Some(source) = foreign(sources).first() {
        return Err(Failure::usage(anyhow!(
            "`{source}` is not an address of this machine, so connections cannot come from it\n\n\
             hint: `ip address` lists those that are; `ip address add {source}/24 dev eth0` adds one"
        )));
    }
    let all = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    found.retain(|address| sources.iter().any(|source| source.is_ipv4() == address.is_ipv4()));
    if found.is_empty() {
        let (has, wants) = if sources[0].is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
        return Err(Failure::usage(anyhow!(
            "the source addresses are {has} and the target's addresses are {wants} ({all})\n\n\
             hint: name source addresses of the target's family"
        )));
    }
    Ok(found)
}

/// Those that are not addresses of this machine.
pub fn foreign(sources: &[IpAddr]) -> Vec<IpAddr> {
    sources.iter().copied().filter(|source| matches!(is_local(*source), Ok(false))).collect()
}

/// Only addresses that accept a connection are kept: `localhost` is often two, of which one listens.
fn connect_once(mut origin: ResolvedOrigin) -> Result<ResolvedOrigin, Failure> {
    match reachable(&origin, REACH_TIMEOUT) {
        Ok(addresses) => {
            origin.addresses = addresses;
            Ok(origin)
        }
        Err(error) => {
            let socket = origin.addresses.iter().any(|address| matches!(address, Address::Unix(_)));
            let (what, hint) = match &error {
                Unreachable::Connect(_) if socket => {
                    ("cannot connect to", "is the service running, and is this its socket?")
                }
                Unreachable::Connect(_) => ("cannot connect to", "is the service running, and is this its port?"),
                Unreachable::Handshake(HandshakeError::NotTls(_)) => {
                    ("cannot speak TLS with", "http:// in place of https:// speaks plain HTTP")
                }
                Unreachable::Handshake(_) => (
                    "cannot speak TLS with",
                    "`openssl s_client -connect HOST:PORT` shows the server's certificates; \
                     --insecure takes any, and the report says so",
                ),
            };
            Err(Failure::target(anyhow!("{what} {}: {error}\n\nhint: {hint}", whereabouts(&origin, socket))))
        }
    }
}

/// What a target is called, and where it was sought unless that is the same.
fn whereabouts(origin: &ResolvedOrigin, socket: bool) -> String {
    let tried = origin.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if socket || tried == origin.authority { tried } else { format!("{} ({tried})", origin.authority) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_however_its_url_may_write_it() {
        for (url, typed) in [
            ("http://Own.Test", "Own.Test"),
            ("http://own.test", "OWN.test"),
            ("http://bücher.example", "bücher.example"),
            ("http://[2001:DB8:0::1]:8080", "[2001:db8::1]"),
            ("http://[2001:db8::1]", "2001:DB8:0:0::1"),
            ("http://192.0.2.7", "192.0.2.7"),
        ] {
            let host = url::Url::parse(url).unwrap().host().map(|host| plain(&host.to_owned()));
            assert!(allows(&[typed.to_owned()], &host.unwrap()), "{url} by {typed}");
        }
        for typed in ["test", "wn.test", "own.test.", "*.test", ""] {
            assert!(!allows(&[typed.to_owned()], "own.test"), "{typed}");
        }
    }
}
