//! `scrutinio target`: one of the services that ship with scrutinio, alone.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::anyhow;
use clap::ValueEnum;

use crate::target::{self, CaFile, Config, Knobs, ServerTls, ServiceKind, ServiceTime, TargetError, TlsError, Writes};

use super::args::{ServiceArg, TargetArgs};
use super::memory::{self, Need};
use super::{Exit, Failure, Outcome, wall_clock};

/// Runs the service until a signal, or the end of standard input where that was asked for.
pub fn target(args: &TargetArgs) -> Outcome {
    let foreign: Vec<String> = foreign(args)
        .iter()
        .map(|(option, owner)| format!("`--{option}` is an option of `--service {owner}`"))
        .collect();
    if !foreign.is_empty() {
        return Err(Failure::usage(anyhow!("{}, and this is `{}`", foreign.join("; "), name(args.service))));
    }
    // Its answers are dated.
    wall_clock::now()?;
    memory::hold(&[Need::of_service(args.service, args.threads.get(), 0)])?;
    let (tls, ca) = tls(args).map_err(Failure::usage)?;
    let config = config(args, tls);
    let stations = usize::from(args.stations.get());
    let announce = |addresses: &[_]| announce(addresses.split_at(stations), ca.as_ref().map(CaFile::path));
    let parent_gone = args.until_stdin_ends.then(target::parent_gone).transpose().map_err(failed)?;
    let ended = target::run(&config, announce, async move {
        match parent_gone {
            Some(gone) => gone.await,
            None => stopped().await,
        }
    });
    ended.map_err(failed)?;
    Ok(Exit::Ready)
}

/// Either the machine is at fault (5), or what was asked for.
fn failed(error: TargetError) -> Failure {
    if error.is_of_the_machine() { error.into() } else { Failure::usage(error) }
}

/// What the options ask for.
pub fn config(args: &TargetArgs, tls: Option<ServerTls>) -> Config {
    let knobs = Knobs {
        delay: args.delay.unwrap_or_default(),
        service: args.exponential.map(ServiceTime::Exponential).or(args.fixed.map(ServiceTime::Fixed)),
        servers: args.servers,
        stall: args.stall,
        errors: args.errors.unwrap_or_default(),
        drops: args.drops.unwrap_or_default(),
        shed: args.shed,
        shed_retry_after: args.shed_retry_after,
        seed: args.knob_seed,
    };
    Config {
        service: match args.service {
            ServiceArg::Election => ServiceKind::Election { store: args.store.clone() },
            ServiceArg::RemoteWork => {
                ServiceKind::RemoteWork(Box::new(args.remote.options(args.compress.unwrap_or(1.0))))
            }
            ServiceArg::Knobs => ServiceKind::Knobs,
            ServiceArg::Null => ServiceKind::Null,
        },
        listen: args.listen,
        knobs: args.compress.map_or(knobs.clone(), |factor| knobs.compressed(factor)),
        stations: args.stations,
        log: args.log.clone(),
        writes: if args.below_here { Writes::BelowHere } else { Writes::Anywhere },
        threads: args.threads,
        cpus: (!args.cpus.is_empty()).then(|| args.cpus.clone()),
        tls,
    }
}

/// The options that were given and mean nothing to the service, each with the service that it is of.
pub fn foreign(args: &TargetArgs) -> Vec<(&'static str, String)> {
    let of = |owner: ServiceArg| move |option| (owner != args.service).then(|| (option, name(owner)));
    let store = args.store.iter().map(|_| "store").filter_map(of(ServiceArg::Election));
    store.chain(args.remote.given().into_iter().filter_map(of(ServiceArg::RemoteWork))).collect()
}

fn name(service: ServiceArg) -> String {
    service.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// What it speaks TLS with, and where the certificate of the CA is if that was made for it.
fn tls(args: &TargetArgs) -> Result<(Option<ServerTls>, Option<CaFile>), TlsError> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Ok((Some(ServerTls::from_files(certificate, key)?), None)),
        _ if args.tls => ServerTls::with_own_ca(args.listen.ip()).map(|(tls, ca)| (Some(tls), Some(ca))),
        _ => Ok((None, None)),
    }
}

/// One line of JSON, for whoever started this; a reader that is gone does not end the service.
fn announce((addresses, directory): (&[SocketAddr], &[SocketAddr]), ca: Option<&Path>) {
    let mut line = serde_json::json!({ "listening": addresses, "pid": std::process::id() });
    if let Some(directory) = directory.first() {
        line["directory"] = format!("ldap://{directory}").into();
    }
    if let Some(ca) = ca {
        line["ca"] = ca.to_string_lossy().into();
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Args, Command};
    use super::*;

    #[test]
    fn options_of_another_service_are_known_with_their_owner() {
        let of = |service: &str| {
            let line = ["scrutinio", "target", "--service", service, "--store", "a.redb", "--logon-cost", "2ms"];
            match Args::parse_from(line).command {
                Command::Target(args) => foreign(&args),
                _ => Vec::new(),
            }
        };
        let (store, cost) = (("store", "election".to_owned()), ("logon-cost", "remote-work".to_owned()));
        assert_eq!(of("knobs"), [store.clone(), cost.clone()]);
        assert_eq!((of("election"), of("remote-work")), (vec![cost], vec![store]));
    }
}
