//! A system that gives too little: threads, memory, sizes of files. Whatever is short, a run ends soon and says so in words;
//! it neither panics nor blames the target for what is ours.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output};

use cli_support::{Place, unasked};

/// A run of half a second against a service with a thread of its own beside those that serve.
const DAY: &str = r#"
name: day
clock: { from: 2026-01-05T10:00, to: 2026-01-05T10:00:00.5 }
target: { embedded: election }
populations: { all: { arrivals: { curve: [{ constant: 160 }] }, flow: see } }
flows: { see: { steps: [{ get: / }] } }
slo: { overall: ["p95 < 10s"] }
"#;

/// A folder that any user may use, with the scenario and the program in it.
fn place() -> Place {
    let place = Place::new();
    place.file("day.yaml", DAY);
    std::fs::copy(env!("CARGO_BIN_EXE_scrutinio"), place.dir.path().join("scrutinio")).unwrap();
    let everybody = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    everybody(place.dir.path());
    everybody(&place.dir.path().join("scrutinio"));
    place
}

/// The run under a limit of `prlimit`, as the user `uid` if there is one. After a minute it is killed.
fn limited(place: &Place, limit: &str, uid: Option<u32>, number: u32) -> Output {
    let mut line = vec!["--signal=KILL".to_owned(), "60".to_owned(), "prlimit".to_owned(), limit.to_owned()];
    if let Some(uid) = uid {
        let ids = [format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".to_owned()];
        line.extend(["setpriv".to_owned()].into_iter().chain(ids));
    }
    let mut command = unasked(Command::new("timeout"));
    let run = ["./scrutinio", "run", "day.yaml", "--quiet", "--out", &format!("out-{number}")];
    command.args(line).args(run).current_dir(place.dir.path());
    command.env("RUST_BACKTRACE", "0").output().unwrap()
}

/// Whether there are these programs; a test that is left out says so.
fn there_are(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let there = Command::new(program).arg("--version").output().is_ok();
        if !there {
            skip(&format!("there is no `{program}`"));
        }
        there
    })
}

/// Written past the test harness, which keeps what a test that passes prints.
fn skip(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// How a run under a limit may end. By want of memory it may also be the loader or the allocator that gives up.
fn assert_told(what: &str, ended: &Output, by_memory: bool) {
    let (stdout, stderr) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    let told = format!("{what}: {}\n{stdout}{stderr}", ended.status);
    assert!(!stderr.contains("panicked") && !stdout.contains("NOT READY"), "{told}");
    match ended.status.code() {
        Some(0) => assert!(stdout.contains("READY"), "{told}"),
        Some(3) => assert!(stdout.contains("INVALID"), "{told}"),
        Some(5) => assert!(stderr.contains("RLIMIT_"), "{told}"),
        // The loader has no memory for the program.
        Some(127) => assert!(by_memory && stderr.contains("shared librar"), "{told}"),
        _ => {
            assert!(by_memory && ended.status.signal() == Some(6) && stderr.contains("memory allocation of"), "{told}")
        }
    }
}

/// Each in a thread of its own: most end at once, and the others mostly wait.
fn each(limits: impl IntoIterator<Item = u32>, run: impl Fn(u32) + Sync) {
    let run = &run;
    std::thread::scope(|scope| limits.into_iter().for_each(|limit| drop(scope.spawn(move || run(limit)))));
}

/// The limit does not bind root, and counts what a user has anywhere: each run has a user of its own.
fn with_processes(limits: impl IntoIterator<Item = u32>) {
    if !rustix::process::geteuid().is_root() {
        return skip("RLIMIT_NPROC is tried as another user, and only root can be one");
    }
    if !there_are(&["timeout", "prlimit", "setpriv"]) {
        return;
    }
    let place = place();
    let (place, pid) = (&place, std::process::id());
    each(limits, |limit| {
        // Even where a container has 65,536 users only.
        let uid = 20_000 + pid % 400 * 100 + limit;
        let ended = limited(place, &format!("--nproc={limit}"), Some(uid), limit);
        assert_told(&format!("{limit} processes"), &ended, false);
    });
}

fn with_memory(kind: &str, mebibytes: impl IntoIterator<Item = u32>) {
    if !there_are(&["timeout", "prlimit"]) {
        return;
    }
    let place = &place();
    each(mebibytes, |limit| {
        let option = format!("--{kind}={}", u64::from(limit) << 20);
        assert_told(&format!("{option} ({limit} MiB)"), &limited(place, &option, None, limit), true);
    });
}

#[test]
fn a_run_without_threads_is_told() {
    with_processes([1, 2, 3, 5, 6, 9]);
}

#[test]
fn a_run_without_memory_is_told() {
    with_memory("data", [2, 4, 8, 16, 24, 48]);
}

#[test]
fn a_file_that_reaches_its_limit_is_told_as_a_full_disk_is() {
    if !there_are(&["timeout", "prlimit"]) {
        return;
    }
    let place = place();
    place.file("day.yaml", &DAY.replace("embedded: election", "embedded: knobs"));
    let ended = limited(&place, "--fsize=1000", None, 0);
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        ended.status.code() == Some(5) && told.contains("cannot make the folder") && told.contains("File too large"),
        "{told}"
    );
}

#[test]
fn a_stack_is_not_what_the_environment_says() {
    let place = place();
    for bytes in ["1", "18446744073709551615"] {
        let ended = place.command(&["run", "day.yaml", "--quiet"]).env("RUST_MIN_STACK", bytes).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{bytes}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
#[ignore = "two minutes: cargo test --test limits -- --ignored"]
fn a_run_with_any_limit_is_told() {
    for limit in 1..=12 {
        with_processes([limit]);
    }
    for limit in 2..=48 {
        with_memory("data", [limit]);
    }
    for limit in (80..=512).step_by(16) {
        with_memory("as", [limit]);
    }
}
