//! The election in small, and that it can fail: a target that stalls is NOT READY and names who suffered, a generator
//! that was stopped is INVALID and blames nobody else, and a service that loses or spoils one report is not READY.
//!
//! All run shipped scenarios through the real binary against the real election service. Nothing here depends on how fast
//! the machine is: a stall of three seconds breaks limits of 300 ms anywhere, where the target must not be blamed the
//! limits are far above what a slow machine takes, and what was lost is lost at any speed. A machine that starves the
//! generator makes any run INVALID, so that it may try again.

#[path = "wire/rig.rs"]
mod rig;

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use rig::{Done, Running, Target};
use rustix::process::Signal;
use scrutinio::target::{self, Config, Service, TargetError, Writes, election::Election};
use tokio::sync::oneshot;

fn run(scenario: &str, target: &str, more: &[&str]) -> Running {
    let mut command = rig::scrutinio();
    command.arg("run").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario));
    command.args(["--target", target, "--lanes", "1"]).args(more);
    rig::start(command, tempfile::tempdir().expect("a folder"))
}

fn smoke(election: &Target, more: &[&str]) -> Running {
    run("smoke.yaml", &election.url(), more)
}

/// The election, but for one lie to section 10.
struct Liar {
    election: Rc<Election>,
    lie: Lie,
}

#[derive(Clone, Copy)]
enum Lie {
    /// A write to this form is acknowledged and never done.
    Lost(&'static str),
    /// The first number of the votes is another one.
    Spoilt,
}

impl Service for Liar {
    async fn respond(self: Rc<Self>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        let form = request.uri().path().strip_prefix("/api/sections/10/").unwrap_or_default().to_owned();
        let read = request.method() == Method::GET;
        match self.lie {
            Lie::Lost(lost) if form == lost && !read => {
                target::drain(request.body_mut()).await;
                target::respond(StatusCode::CREATED, "application/json", r#"{"version":1}"#)
            }
            Lie::Spoilt if form == "votes" && read => {
                let answer = Rc::clone(&self.election).respond(request).await;
                let body = answer.into_body().collect().await.expect("a whole body").to_bytes();
                let mut form: serde_json::Value = serde_json::from_slice(&body).expect("a form");
                if let Some(first) = form.pointer_mut("/votes/0") {
                    *first = 1.into();
                }
                target::respond(StatusCode::OK, "application/json", form.to_string())
            }
            _ => Rc::clone(&self.election).respond(request).await,
        }
    }
}

/// A liar that serves until it is dropped.
struct Lying {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), TargetError>>>,
}

impl Lying {
    fn start(lie: Lie) -> Self {
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        let election = Election::open(None, Writes::Anywhere).expect("a new store");
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let make = || Rc::new(Liar { election: Rc::new(election.clone()), lie });
            let announce = |addresses: &[SocketAddr]| tell.send(addresses[0]).expect("the test listens");
            target::run_service(&config, make, announce, async { drop(stopped.await) })
        });
        let url = format!("http://{}", told.recv().expect("it listens"));
        Self { url, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Lying {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(Ok(())))), "{ended:?}");
    }
}

/// The exit code, the verdict, and the codes of its reasons.
fn verdict(done: &Done) -> (i32, &str, Vec<&str>) {
    let reasons = done.summary["reasons"].as_array().into_iter().flatten();
    let codes = reasons.filter_map(|reason| reason["code"].as_str()).collect();
    (done.code, done.summary["verdict"].as_str().unwrap_or_default(), codes)
}

#[test]
fn a_target_that_stalls_is_not_ready_and_the_populations_are_named() {
    // Each with a store of its own: a form is reported once.
    let mut runs = (0..4).map(|_| smoke(&Target::of("election", &["--stall", "800ms/2s"]), &[]).wait());
    let done = runs.find(|done| !verdict(done).2.contains(&"generator_late")).expect("a machine with time for one run");
    let (code, verdict, codes) = verdict(&done);
    assert_eq!((code, verdict, codes[0]), (1, "NOT READY", "breached"), "{}", done.summary["reasons"]);
    // Of several that are breached, the one that is named first goes by the scenario's order.
    assert!(done.summary["reasons"].to_string().contains("citizens p99"), "{}", done.summary["reasons"]);
    // Late, but all answered. A stall just between a clerk's read and write lets the section write first, and the clerk's
    // form is refused as stale: an answer too, so the status is the only reason a request may fail for.
    let answered = done.completed() + done.reason("failed.status");
    assert_eq!(done.count("/requests/planned"), answered, "{}", done.summary["requests"]);
}

#[test]
fn a_generator_that_was_stopped_is_invalid_and_the_target_is_not_blamed() {
    let election = Target::of("election", &[]);
    let wide = ["--set", "slo.citizens=[p99 < 3s]", "--set", "slo.sections=[p99 < 3s]"];
    let run = smoke(&election, &wide);
    run.wait_for_seconds(6);
    run.signal(Signal::STOP);
    std::thread::sleep(Duration::from_secs(5));
    run.signal(Signal::CONT);
    let done = run.wait();
    let (code, verdict, codes) = verdict(&done);
    assert_eq!((code, verdict, codes[0]), (3, "INVALID", "generator_late"), "{}", done.summary["reasons"]);
    assert!(!codes.contains(&"breached"), "{}", done.summary["reasons"]);
}

/// What was bad of the objective, which one lie alone must breach.
fn seen_through(done: &Done, objective: &str) {
    let objectives = done.summary["objectives"].as_array().expect("objectives");
    let about = objectives.iter().find(|each| each["scope"] == objective);
    let about = about.unwrap_or_else(|| panic!("{}: {objectives:?}", done.summary["verdict"]));
    let (bad, allowed) = (about["k"].as_u64().expect("a count"), about["allowed"].as_f64().expect("a number"));
    assert!(bad as f64 > allowed, "{about}");
    assert_ne!(done.summary["verdict"], "READY");
}

#[test]
fn one_report_that_is_acknowledged_and_lost_is_not_ready() {
    let liar = Lying::start(Lie::Lost("turnout/23"));
    let done = run("smoke.yaml", &liar.url, &["--set", "requests=8_000"]).wait();
    seen_through(&done, "sections.read back");
    let done =
        run("election-night-impatient.yaml", &liar.url, &["--set", "requests=8_000", "--duration", "15s"]).wait();
    seen_through(&done, "sections.read back");
}

#[test]
fn one_count_that_is_spoilt_or_not_confirmed_is_not_ready() {
    for lie in [Lie::Spoilt, Lie::Lost("votes/confirm")] {
        let liar = Lying::start(lie);
        let done = run("election-night.yaml", &liar.url, &["--set", "requests=15_000", "--duration", "15s"]).wait();
        seen_through(&done, "sections.read votes back");
    }
}
