//! The options of the remote-work service.

use std::net::SocketAddr;
use std::num::NonZeroUsize;

use clap::Args;

use crate::target::Stall;
use crate::target::remote::{Directory, RemoteOptions};
use crate::unit::Span;

/// What makes the remote-work service slow or wrong; another service refuses it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Remote work")]
pub struct RemoteArgs {
    /// Processor time of a password check: 2ms
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_LOGON_COST")]
    pub logon_cost: Option<Span>,
    /// How long the directory waits before it handles a request, in scenario time: 0ms
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_DIRECTORY_LATENCY")]
    pub directory_latency: Option<Span>,
    /// Requests that the directory works on at once: 16
    #[arg(long, value_name = "N", env = "SCRUTINIO_DIRECTORY_CONCURRENCY")]
    pub directory_concurrency: Option<NonZeroUsize>,
    /// Where the directory that comes with it listens for LDAP; a free port of 127.0.0.1
    #[arg(long, value_name = "ADDRESS", env = "SCRUTINIO_DIRECTORY_LISTEN", conflicts_with = "directory")]
    pub directory_listen: Option<SocketAddr>,
    /// Ask this LDAP server instead, which must be on this machine: ldap://127.0.0.1:389
    #[arg(long, value_name = "URL", env = "SCRUTINIO_DIRECTORY", value_parser = ldap_url)]
    pub directory: Option<SocketAddr>,
    /// How long a desktop takes to start, in scenario time: 2m
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_START_TIME")]
    pub start_time: Option<Span>,
    /// How long a logon lasts, in scenario time: 10h
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_SESSION_TIME")]
    pub session_time: Option<Span>,
    /// Send no frames for a time in every period: 200ms/10s
    #[arg(long, value_name = "LENGTH/PERIOD", env = "SCRUTINIO_FRAME_STALL")]
    pub frame_stall: Option<Stall>,
    /// Cut each stream after an exponential time of this mean, in scenario time
    #[arg(long, value_name = "MEAN", env = "SCRUTINIO_STREAM_LIFE")]
    pub stream_life: Option<Span>,
}

impl RemoteArgs {
    /// The options that were given.
    pub fn given(&self) -> Vec<&'static str> {
        let options = [
            ("logon-cost", self.logon_cost.is_some()),
            ("directory-latency", self.directory_latency.is_some()),
            ("directory-concurrency", self.directory_concurrency.is_some()),
            ("directory-listen", self.directory_listen.is_some()),
            ("directory", self.directory.is_some()),
            ("start-time", self.start_time.is_some()),
            ("session-time", self.session_time.is_some()),
            ("frame-stall", self.frame_stall.is_some()),
            ("stream-life", self.stream_life.is_some()),
        ];
        options.into_iter().filter(|(_, given)| *given).map(|(option, _)| option).collect()
    }

    /// The service's options, for a scenario compressed by `compress`.
    pub fn options(&self, compress: f64) -> RemoteOptions {
        let default = RemoteOptions::default();
        let listen = self.directory_listen.map(Directory::Embedded);
        RemoteOptions {
            logon_cost: self.logon_cost.unwrap_or(default.logon_cost),
            directory_latency: self.directory_latency.unwrap_or(default.directory_latency),
            directory_concurrency: self.directory_concurrency.unwrap_or(default.directory_concurrency),
            directory: self.directory.map(Directory::At).or(listen).unwrap_or(default.directory),
            start_time: self.start_time.unwrap_or(default.start_time),
            session_time: self.session_time.unwrap_or(default.session_time),
            frame_stall: self.frame_stall,
            stream_life: self.stream_life,
            compress,
        }
    }
}

/// Passwords go over this connection in plain text, so it does not leave the machine.
fn ldap_url(text: &str) -> Result<SocketAddr, String> {
    let authority = text.strip_prefix("ldap://").map(|rest| rest.trim_end_matches('/'));
    let address = authority.and_then(|authority| authority.parse::<SocketAddr>().ok());
    match address {
        Some(address) if address.ip().is_loopback() => Ok(address),
        Some(_) => Err("passwords would leave this machine in plain text: name a loopback address".to_owned()),
        None => Err("expected a URL with address and port, such as `ldap://127.0.0.1:389`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_on_this_machine() {
        assert_eq!(ldap_url("ldap://127.0.0.1:389/"), Ok(([127, 0, 0, 1], 389).into()));
        assert!(ldap_url("ldap://10.0.0.7:389").unwrap_err().contains("loopback"));
        assert!(ldap_url("ldap://localhost").unwrap_err().contains("ldap://127.0.0.1:389"));
    }
}
