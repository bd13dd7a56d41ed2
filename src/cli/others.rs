//! Other runs on this machine: two at once make each other late, or load one target together.
//!
//! The kernel's list of processes tells; in a container it has no others, and nothing is said.

use std::fs;
use std::path::Path;

use clap::Parser;

use crate::record::OtherRun;

use super::args::{Args, Command};
use super::place::parse_url;

/// Where the kernel lists processes.
pub const PROC: &str = "/proc";

/// The processes of a list that have our executable's name and run a load, in order.
pub fn other_runs(list: &Path) -> Vec<OtherRun> {
    let own = std::process::id();
    let name = |pid: u32| fs::read(list.join(pid.to_string()).join("comm")).ok();
    let (Some(ours), Ok(entries)) = (name(own), fs::read_dir(list)) else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut pids: Vec<u32> = pids.filter(|pid| *pid != own && name(*pid).as_ref() == Some(&ours)).collect();
    pids.sort_unstable();
    let run = |pid: u32| {
        let line = fs::read(list.join(pid.to_string()).join("cmdline")).ok()?;
        Some(OtherRun { pid, what: what_runs(&String::from_utf8_lossy(&line))? })
    };
    pids.into_iter().filter_map(run).collect()
}

/// What a command line of ours runs; `None`: no load. Only the host of a URL: its path and the options may be secrets.
fn what_runs(line: &str) -> Option<String> {
    let words: Vec<&str> = line.trim_end_matches('\0').split('\0').collect();
    match Args::try_parse_from(&words).map(|args| args.command) {
        Ok(Command::Run(args)) => Some(format!("run {}", args.scenario.display())),
        Ok(Command::Quick(args)) => {
            let place = parse_url(&args.url).ok()?;
            let socket = place.socket.map(|path| format!("unix:{}", path.display()));
            Some(format!("quick {}", socket.unwrap_or_else(|| place.url.authority().to_owned())))
        }
        Ok(_) => None,
        // Of another version, or with a variable of ours in place of what it has.
        Err(_) => words.get(1).filter(|word| matches!(**word, "run" | "quick")).map(|word| (*word).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_our_name_that_runs_a_load_is_another_run() {
        let list = tempfile::tempdir().expect("a folder");
        let process = |pid: u32, name: &str, line: &[&str]| {
            let folder = list.path().join(pid.to_string());
            fs::create_dir(&folder).expect("its folder");
            fs::write(folder.join("comm"), format!("{name}\n")).expect("its name");
            fs::write(folder.join("cmdline"), line.join("\0") + "\0").expect("its command line");
        };
        process(std::process::id(), "scrutinio", &["scrutinio", "run", "own.yaml"]);
        process(31, "scrutinio", &["/usr/bin/scrutinio", "run", "--scale", "2", "a b/shop.yaml", "-t", "1"]);
        process(7, "scrutinio", &["scrutinio", "q", "http://127.0.0.1:81/?token=hidden", "-H", "A: hidden"]);
        process(8, "scrutinio", &["scrutinio", "quick", "unix:/run/app.sock:/x"]);
        process(9, "scrutinio", &["scrutinio", "run", "day.yaml", "--of-another-version"]);
        process(10, "scrutinio", &["scrutinio", "target", "--until-stdin-ends"]);
        process(11, "scrutinio", &["scrutinio", "report", "run"]);
        process(12, "scrutinio", &[]);
        process(13, "bash", &["bash", "run", "shop.yaml"]);
        fs::create_dir(list.path().join("self")).expect("no process");
        let told = |run: OtherRun| (run.pid, run.what);
        let found: Vec<_> = other_runs(list.path()).into_iter().map(told).collect();
        let right = [(7, "quick 127.0.0.1:81"), (8, "quick unix:/run/app.sock"), (9, "run"), (31, "run a b/shop.yaml")];
        assert_eq!(found, right.map(|(pid, what)| (pid, what.to_owned())));
        assert!(other_runs(&list.path().join("nowhere")).is_empty());
    }
}
