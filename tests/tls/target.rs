//! The services that ship with scrutinio, over TLS.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::rig::{quick, run, scenario, scrutinio};
use super::server::{Kind, Server};

/// `scrutinio target`; it ends with this.
struct Target {
    child: Child,
    said: Value,
}

impl Target {
    fn start(args: &[&str]) -> Self {
        let mut command = scrutinio();
        command.args(["target", "--listen", "127.0.0.1:0", "--until-stdin-ends"]).args(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, said: serde_json::from_str(&line).unwrap() }
    }

    fn origin(&self) -> String {
        format!("https://{}", self.said["listening"][0].as_str().unwrap())
    }

    fn url(&self) -> String {
        self.origin() + "/"
    }

    fn ca(&self) -> &str {
        self.said["ca"].as_str().unwrap()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
fn alpn_agrees_on_http_2_unless_1_1_is_asked_for() {
    // Only HTTP/2 has several requests under way at once on one connection: the target's own stamps tell.
    let overlap = |args: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let target =
            Target::start(&["--service", "knobs", "--tls", "--delay", "200ms", "--log", log.to_str().unwrap()]);
        let done = quick(&target.url(), &[&["-n", "8", "-c", "1", "--cacert", target.ca()], args].concat());
        assert_eq!((done.count("/requests/completed"), done.count("/connections/opened")), (8, 1), "{}", done.said);
        drop(target);
        let text = std::fs::read_to_string(log).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |name: &str| {
            let mut stamps: Vec<u64> = lines.iter().map(|line| line[name].as_u64().unwrap()).collect();
            stamps.sort_unstable();
            stamps
        };
        assert_eq!(lines.len(), 8);
        of("arrived_ns").iter().skip(1).zip(of("answered_ns")).any(|(arrived, answered)| *arrived < answered)
    };
    assert!(overlap(&["--streams", "4"]));
    assert!(!overlap(&["--http1.1"]));
}

#[test]
fn every_service_speaks_both_over_tls() {
    for service in ["election", "null"] {
        let target = Target::start(&["--service", service, "--tls"]);
        for version in ["--http1.1", "--http2"] {
            let done = quick(&target.url(), &["-n", "40", "-c", "2", "--cacert", target.ca(), version]);
            assert_eq!(done.count("/requests/completed"), 40, "{service} {version}: {}", done.said);
        }
    }
}

#[test]
fn the_null_service_speaks_http_2_on_a_plain_connection() {
    let target = Target::start(&["--service", "null"]);
    let url = target.url().replace("https:", "http:");
    let done = quick(&url, &["-n", "400", "-c", "2", "--streams", "8", "--http2"]);
    assert_eq!(done.count("/requests/completed"), 400, "{}", done.said);
}

#[test]
fn sessions_that_return_resume_with_the_target() {
    let target = Target::start(&["--service", "knobs", "--tls"]);
    let resumed = |http: &str, returning: &str| {
        let origin = format!("{{ url: \"{}\", http: {http}, tls: {{ ca: \"{}\" }} }}", target.origin(), target.ca());
        let yaml = scenario(&origin, 60, 2, "session", "[{ get: / }]", "");
        let yaml = yaml.replace("flow: flow }", &format!("flow: flow{returning} }}"));
        let done = run(&yaml, &["--lanes", "1"]);
        assert_eq!(done.count("/requests/completed"), 60);
        done.count("/connections/handshakes/resumed")
    };
    for http in ["1.1", "2"] {
        assert_eq!(resumed(http, ""), 0);
        let half = resumed(http, ", returning: 50%");
        assert!((15..=45).contains(&half), "HTTP/{http}: {half} of 60: five standard deviations of a half are 19");
    }
}

#[test]
fn the_file_of_the_ca_ends_with_the_target() {
    let target = Target::start(&["--service", "null", "--tls"]);
    let ca = std::path::PathBuf::from(target.ca());
    assert!(ca.exists());
    drop(target);
    assert!(!ca.exists());
}

#[test]
fn a_certificate_of_the_users_own_is_shown() {
    let other = Server::good(&Kind::default());
    let (cert, key) = (other.file("server.pem"), other.file("server.key"));
    let target = Target::start(&["--service", "knobs", "--tls-cert", &cert, "--tls-key", &key]);
    assert_eq!(target.said["ca"], Value::Null);
    let done = quick(&target.origin(), &["-n", "4", "-c", "1", "--cacert", &other.file("ca.pem")]);
    assert_eq!(done.count("/requests/completed"), 4);
    let wrong = scrutinio().args(["target", "--tls-cert", &key, "--tls-key", &key]).output().unwrap();
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.status.code() == Some(2) && said.contains("server.key: there is no certificate"), "{said}");
}

#[test]
fn a_scenario_cannot_start_its_target_with_tls() {
    let mut command = scrutinio();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("scenario.yaml");
    let knobs = "{ embedded: knobs, tls_cert: a.pem, tls_key: a.key }";
    std::fs::write(&file, scenario(knobs, 1, 1, "session", "[{ get: / }]", "")).unwrap();
    let output = command.arg("check").arg(&file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("speaks plain HTTP"), "{said}");
}

/// As `openssl req -x509` makes it: one of a CA.
#[test]
fn the_certificate_that_people_make_first_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    std::fs::write(file("own.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(file("own.key"), key.serialize_pem()).unwrap();
    let target = Target::start(&["--service", "null", "--tls-cert", &file("own.pem"), "--tls-key", &file("own.key")]);
    let out = file("out");
    let quick = |args: &[&str]| {
        let mut command = scrutinio();
        command.args(["quick", &target.url(), "-n", "1", "--out", &out]).args(args).output().unwrap()
    };
    let refused = quick(&["--cacert", &file("own.pem")]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(4), "{said}");
    for part in ["one of a CA", "-addext basicConstraints=critical,CA:FALSE", "--insecure"] {
        assert!(said.contains(part) && !said.contains("CaUsedAsEndEntity"), "no `{part}` in {said}");
    }
    assert_eq!(quick(&["--insecure"]).status.code(), Some(0));
}

#[test]
fn plain_http_to_a_tls_port_is_told_what_it_met() {
    let target = Target::start(&["--service", "knobs", "--tls"]);
    for (version, told) in [("--http1.1", "the server's answer is TLS: write https://"), ("--http2", "https://")] {
        let done = quick(&target.url().replace("https:", "http:"), &["-n", "2", "-c", "1", version]);
        assert!(done.code == 1 && done.detail().contains(told), "{version}: {} {}", done.code, done.detail());
    }
}
