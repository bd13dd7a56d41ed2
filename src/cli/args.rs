//! The arguments, as typed: every option has a `SCRUTINIO_…` twin in the environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Parser, Subcommand, ValueEnum};

use crate::plan::Stripe;
use crate::scenario::EmbeddedService;
use crate::target::{Shed, Stall};
use crate::unit::{Percent, Span};

use super::compare_args::CompareArgs;
use super::duet_args::DuetArgs;
use super::quick_args::QuickArgs;
use super::selftest::SelftestArgs;
use super::tls::TlsArgs;
use super::typed::{MOST_THREADS, core, host, label, listening, stripe, whole};
use super::{Failure, exit_codes};

/// Where the folders of runs are made, unless `--out` says so.
pub const DEFAULT_OUT: &str = "results";

const MACHINE: &str = "Terminal and machine";

/// Load tests with a verdict that you can defend.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, infer_subcommands = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario and give a verdict
    #[command(after_help = exit_codes::RUN)]
    Run(RunArgs),
    /// Load one URL, without a scenario file
    #[command(after_help = exit_codes::QUICK)]
    Quick(QuickArgs),
    /// Read a scenario and show its plan, without any traffic
    #[command(after_help = exit_codes::CHECK)]
    Check(CheckArgs),
    /// Measure what this machine can do, and keep it for `check` and `run`
    Calibrate(CalibrateArgs),
    /// Measure servers whose response times are known, and show that what is reported of them is true
    #[command(after_help = exit_codes::SELFTEST)]
    Selftest(SelftestArgs),
    /// Run one session and print each of its requests and answers
    #[command(after_help = exit_codes::TRY)]
    Try(TryArgs),
    /// Show the page of a finished or killed run again, from its folder
    #[command(after_help = exit_codes::REPORT)]
    Report(ReportArgs),
    /// Give a stored run its verdict again, by its own objectives or by others, without traffic
    #[command(after_help = exit_codes::JUDGE)]
    Judge(JudgeArgs),
    /// Compare stored runs of two builds: by how much each figure differs, and how sure that is
    #[command(after_help = exit_codes::COMPARE)]
    Compare(CompareArgs),
    /// Run a scenario on two builds at the same time, half of its sessions each, and say which is worse
    #[command(after_help = exit_codes::DUET)]
    Duet(DuetArgs),
    /// Run one of the services that ship with scrutinio, to load it or to learn with it
    Target(TargetArgs),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Print the completions of a shell
    Completions(CompletionsArgs),
}

impl Command {
    /// What a command that makes a run was asked for.
    pub const fn run_options(&self) -> Option<&RunOptions> {
        match self {
            Self::Run(args) => Some(&args.run),
            Self::Quick(args) => Some(&args.run),
            _ => None,
        }
    }

    /// Whether standard output is for a program, and has JSON only.
    pub const fn prints_json(&self) -> bool {
        match self {
            Self::Run(args) => args.run.json,
            Self::Quick(args) => args.run.json,
            Self::Check(args) => args.json,
            Self::Calibrate(args) => args.json,
            Self::Selftest(args) => args.json,
            Self::Report(args) => args.json,
            Self::Judge(args) => args.json,
            Self::Compare(args) => args.json,
            Self::Duet(args) => args.run.json,
            Self::Try(_) | Self::Target(_) | Self::Schema | Self::Completions(_) => false,
        }
    }
}

/// What every command that makes a run shares.
#[derive(Debug, Clone, clap::Args)]
pub struct RunOptions {
    /// The folder in which the run's folder is made
    #[arg(long, value_name = "DIR", env = "SCRUTINIO_OUT", default_value = DEFAULT_OUT)]
    pub out: PathBuf,
    /// Print the summary as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
    /// Write the run's junit.xml to this file too, and why there is none if it comes to no result
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_JUNIT")]
    pub junit: Option<PathBuf>,
    /// Keep this with the run, in its run.json; may be given more than once
    #[arg(long, value_name = "KEY=VALUE", env = "SCRUTINIO_LABEL", value_delimiter = '\n', value_parser = label)]
    pub label: Vec<(String, String)>,
    /// Show no progress
    #[arg(long, env = "SCRUTINIO_QUIET", help_heading = MACHINE)]
    pub quiet: bool,
    /// Worker threads, each with its own connections [default: one per core that the embedded target leaves]
    #[arg(short = 't', long, alias = "threads", value_name = "N", env = "SCRUTINIO_LANES", value_parser = whole::<NonZeroUsize>("a whole number", 1..=MOST_THREADS), help_heading = MACHINE)]
    pub lanes: Option<NonZeroUsize>,
    /// Send traffic to this host though it is not loopback; exactly as in the URL; may be given more than once
    #[arg(long, value_name = "HOST", env = "SCRUTINIO_ALLOW_HOST", value_delimiter = ',', value_parser = host)]
    pub allow_host: Vec<String>,
    /// Where `calibrate` keeps what this machine can do [default: in the user's cache]
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_CALIBRATION", help_heading = MACHINE)]
    pub calibration: Option<PathBuf>,
}

impl RunOptions {
    /// What the run is called by.
    pub fn labels(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut labels = BTreeMap::new();
        for (key, value) in &self.label {
            if labels.insert(key.clone(), value.clone()).is_some() {
                return Err(Failure::usage(anyhow!("--label {key}: it is given twice, and a run has one value of it")));
            }
        }
        Ok(labels)
    }
}

/// How a run differs from its file. Negative numbers are read as values, so that the error can name the option.
#[derive(Debug, Clone, clap::Args)]
pub struct OverrideOptions {
    /// Multiply requests, rates and users
    #[arg(long, value_name = "FACTOR", env = "SCRUTINIO_SCALE", allow_hyphen_values = true)]
    pub scale: Option<String>,
    /// Scenario seconds per second
    #[arg(long, value_name = "FACTOR", env = "SCRUTINIO_COMPRESS", allow_hyphen_values = true)]
    pub compress: Option<String>,
    /// How long the run takes: the compression that makes it so
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_DURATION", allow_hyphen_values = true)]
    pub duration: Option<String>,
    /// The part of the day that runs: 22:55..23:30
    #[arg(long, value_name = "FROM..TO", env = "SCRUTINIO_WINDOW", allow_hyphen_values = true)]
    pub window: Option<String>,
    /// The seed from which everything is drawn
    #[arg(long, value_name = "N", env = "SCRUTINIO_SEED", allow_hyphen_values = true)]
    pub seed: Option<String>,
    /// Send the traffic to this target: a URL, `unix:/run/app.sock`, `embedded:election`, `embedded:remote-work` or
    /// `embedded:knobs`
    #[arg(long, value_name = "TARGET", env = "SCRUTINIO_TARGET")]
    pub target: Option<String>,
    /// Change one value of the file: limits.timeout=5s; may be given more than once
    #[arg(long, value_name = "PATH=VALUE", env = "SCRUTINIO_SET", value_delimiter = '\n')]
    pub set: Vec<String>,
    #[command(flatten)]
    pub tls: TlsArgs,
}

/// `scrutinio run`
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The scenario file
    pub scenario: PathBuf,
    /// Exit with 0 only if the run is READY: without an objective, or with one that is left out, it is INVALID
    #[arg(long, env = "SCRUTINIO_GATE")]
    pub gate: bool,
    /// Run again with the next seed while it is undecided, at most three times within this time in all; the verdict is
    /// pooled of all of them, each at a third of the error: 15m
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_UNTIL_DECIDED")]
    pub until_decided: Option<Span>,
    #[command(flatten)]
    pub overrides: OverrideOptions,
    #[command(flatten)]
    pub run: RunOptions,
}

/// `scrutinio check`
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The scenario file
    pub scenario: PathBuf,
    /// Print the plan as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
    /// Exit with 3 if this machine lacks something
    #[arg(long, env = "SCRUTINIO_STRICT")]
    pub strict: bool,
    /// Where `calibrate` keeps what this machine can do [default: in the user's cache]
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_CALIBRATION")]
    pub calibration: Option<PathBuf>,
    /// Say what a run of this length could prove, at the plan's mean pace: 3m
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_BUDGET")]
    pub budget: Option<Span>,
    /// Print only the first N arrivals, one JSON object per line: due_ns, population, session
    #[arg(long, value_name = "N", env = "SCRUTINIO_ARRIVALS", value_parser = whole::<u64>("a whole number", 0..=u64::MAX))]
    pub arrivals: Option<u64>,
    /// With --arrivals: only those of stripe I of N, counted from 0: 0/4
    #[arg(long, value_name = "I/N", env = "SCRUTINIO_STRIPE", requires = "arrivals", value_parser = stripe)]
    pub stripe: Option<Stripe>,
    #[command(flatten)]
    pub overrides: OverrideOptions,
}

/// `scrutinio calibrate`
#[derive(Debug, clap::Args)]
pub struct CalibrateArgs {
    /// Seconds of each of the thirty measurements
    #[arg(long, value_name = "N", env = "SCRUTINIO_SECONDS", default_value = "2", value_parser = whole::<u32>("a whole number of seconds", 1..=600))]
    pub seconds: u32,
    /// Print the calibration as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
    /// Show no progress
    #[arg(long, env = "SCRUTINIO_QUIET")]
    pub quiet: bool,
    /// Where calibrations are kept [default: scrutinio/calibration.json in $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_CALIBRATION")]
    pub calibration: Option<PathBuf>,
}

/// `scrutinio try`
#[derive(Debug, clap::Args)]
pub struct TryArgs {
    /// The scenario file
    pub scenario: PathBuf,
    /// Whose session [default: the first population]
    #[arg(short, long, value_name = "NAME", env = "SCRUTINIO_POPULATION")]
    pub population: Option<String>,
    /// Which session, counted from 0
    #[arg(short, long, value_name = "I", env = "SCRUTINIO_SESSION", default_value = "0", value_parser = whole::<u64>("a whole number", 0..=u64::MAX))]
    pub session: u64,
    /// Send traffic to this host though it is not loopback; exactly as in the URL; may be given more than once
    #[arg(long, value_name = "HOST", env = "SCRUTINIO_ALLOW_HOST", value_delimiter = ',', value_parser = host)]
    pub allow_host: Vec<String>,
    #[command(flatten)]
    pub overrides: OverrideOptions,
}

/// `scrutinio report`
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The run's folder
    pub run: PathBuf,
    /// Exit with the code of the run's verdict; without it, 0 says that the folder could be read
    #[arg(long, env = "SCRUTINIO_EXIT_CODE")]
    pub exit_code: bool,
    /// Print the summary as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
}

/// `scrutinio judge`
#[derive(Debug, clap::Args)]
pub struct JudgeArgs {
    /// The run's folder
    pub run: PathBuf,
    /// Judge it by the `slo:` of this file, a scenario or one that has nothing else [default: its own objectives]
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_SLO_FILE")]
    pub slo: Option<PathBuf>,
    /// Print the summary as JSON on standard output, and nothing else there
    #[arg(long, env = "SCRUTINIO_JSON")]
    pub json: bool,
}

/// `scrutinio completions`
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `scrutinio target`
#[derive(Debug, clap::Args)]
pub struct TargetArgs {
    /// The service
    #[arg(long, value_enum, env = "SCRUTINIO_SERVICE", default_value = "election")]
    pub service: ServiceArg,
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", env = "SCRUTINIO_LISTEN", default_value = "127.0.0.1:8080", value_parser = listening)]
    pub listen: SocketAddr,
    /// Hold every answer for this long
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_DELAY")]
    pub delay: Option<Span>,
    /// Serve requests one after the other, each for an exponential time of this mean
    #[arg(long, value_name = "MEAN", env = "SCRUTINIO_EXPONENTIAL", conflicts_with = "fixed")]
    pub exponential: Option<Span>,
    /// Serve requests one after the other, each for exactly this time
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_FIXED")]
    pub fixed: Option<Span>,
    /// Requests served at once with --exponential or --fixed
    #[arg(long, value_name = "N", env = "SCRUTINIO_SERVERS", default_value = "1", value_parser = whole::<NonZeroU16>("a whole number", 1..=u64::from(u16::MAX)))]
    pub servers: NonZeroU16,
    /// Stop answering for a time in every period: 2s/60s
    #[arg(long, value_name = "LENGTH/PERIOD", env = "SCRUTINIO_STALL")]
    pub stall: Option<Stall>,
    /// Answer this share of requests with 503
    #[arg(long, value_name = "PERCENT", env = "SCRUTINIO_ERRORS")]
    pub errors: Option<Percent>,
    /// Close the connection of this share of requests without an answer
    #[arg(long, value_name = "PERCENT", env = "SCRUTINIO_DROPS")]
    pub drops: Option<Percent>,
    /// Answer excess requests with 503 at once: those above a rate (500/s), or above a number in flight (64)
    #[arg(long, value_name = "RATE|N", env = "SCRUTINIO_SHED")]
    pub shed: Option<Shed>,
    /// The Retry-After of --shed, in whole seconds
    #[arg(long, value_name = "TIME", env = "SCRUTINIO_SHED_RETRY_AFTER", default_value = "1s")]
    pub shed_retry_after: Span,
    /// Independent copies of the service, each on a port of its own
    #[arg(long, value_name = "N", env = "SCRUTINIO_STATIONS", default_value = "1", value_parser = whole::<NonZeroU16>("a whole number", 1..=u64::from(u16::MAX)))]
    pub stations: NonZeroU16,
    /// Write a line for each request: arrived_ns, answered_ns, path, id
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_LOG")]
    pub log: Option<PathBuf>,
    /// Threads that serve
    #[arg(long, value_name = "N", env = "SCRUTINIO_TARGET_THREADS", default_value = "1", value_parser = whole::<NonZeroUsize>("a whole number", 1..=MOST_THREADS))]
    pub threads: NonZeroUsize,
    /// Cores to pin the threads to
    #[arg(long, value_name = "CORES", env = "SCRUTINIO_CPUS", value_delimiter = ',', value_parser = core)]
    pub cpus: Vec<usize>,
    /// The seed of the knobs' random choices
    #[arg(long, value_name = "N", env = "SCRUTINIO_KNOB_SEED", default_value = "1", value_parser = whole::<u64>("a whole number", 0..=u64::MAX))]
    pub knob_seed: u64,
    /// Speak TLS, with HTTP/2 or 1.1 by ALPN, with a certificate of a new CA, whose file the line of JSON names
    #[arg(long, env = "SCRUTINIO_TLS")]
    pub tls: bool,
    /// Speak TLS with the certificates of this PEM file
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of --tls-cert, as PEM
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Keep the election's store in this file [default: a new one, removed at the end]
    #[arg(long, value_name = "FILE", env = "SCRUTINIO_STORE")]
    pub store: Option<PathBuf>,
    /// Of the remote-work service
    #[command(flatten)]
    pub remote: super::remote_args::RemoteArgs,
    /// Divide the knobs' times by this, for a compressed scenario
    #[arg(long, value_name = "FACTOR", hide = true)]
    pub compress: Option<f64>,
    /// End when standard input ends; `run` sets this for the target that it starts
    #[arg(long, hide = true)]
    pub until_stdin_ends: bool,
    /// Write files below the working directory only, through no symbolic link, and only a new log; `run` sets this
    #[arg(long, hide = true)]
    pub below_here: bool,
}

/// A service that ships with scrutinio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServiceArg {
    /// An election's results, sections and staff
    Election,
    /// Logons and desktops of people who work from home
    RemoteWork,
    /// Nothing but the knobs
    Knobs,
    /// The same 200 to every request, as fast as a process can; it has no knobs
    Null,
}

impl From<EmbeddedService> for ServiceArg {
    fn from(service: EmbeddedService) -> Self {
        match service {
            EmbeddedService::Election => Self::Election,
            EmbeddedService::RemoteWork => Self::RemoteWork,
            EmbeddedService::Knobs => Self::Knobs,
        }
    }
}
