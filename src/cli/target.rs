//! `scrutinio target`: one of the services that ship with scrutinio, alone.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use crate::target::{self, CaFile, Config, Knobs, ServerTls, ServiceKind, ServiceTime, TlsError};

use super::args::{ServiceArg, TargetArgs};
use super::{Exit, Failure, Outcome};

/// Runs the service until a signal, or the end of standard input where that was asked for.
pub fn target(args: &TargetArgs) -> Outcome {
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
    let (tls, ca) = tls(args).map_err(Failure::usage)?;
    let config = Config {
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
        threads: args.threads,
        cpus: (!args.cpus.is_empty()).then(|| args.cpus.clone()),
        tls,
    };
    let stations = usize::from(args.stations.get());
    let announce = |addresses: &[_]| announce(addresses.split_at(stations), ca.as_ref().map(CaFile::path));
    let until_stdin_ends = args.until_stdin_ends;
    target::run(&config, announce, async move {
        if until_stdin_ends {
            // A Ctrl-C in the terminal reaches this process too; it is the run that decides when it ends.
            let interrupts = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
            target::parent_gone().await;
            interrupts.abort();
        } else {
            stopped().await;
        }
    })
    .map_err(Failure::usage)?;
    Ok(Exit::Ready)
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
