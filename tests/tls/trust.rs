//! Who is trusted, and what is said when somebody is not: before the start, with exit code 4 (O8).

use super::rig::{quick, scrutinio};
use super::server::{Kind, Server};

/// `quick`, which must end before the start: its exit code and what it said.
fn refused(server: &Server, args: &[&str]) -> (i32, String) {
    let out = tempfile::tempdir().unwrap();
    let mut command = scrutinio();
    command.args(["quick", &server.url(), "-n", "2", "-c", "1", "--out"]).arg(out.path()).args(args);
    let output = command.output().unwrap();
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0, "a folder without a run");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_chain_to_the_given_ca_is_trusted() {
    let server = Server::good(&Kind::default());
    let done = quick(&server.url(), &["-n", "20", "-c", "2", "--cacert", &server.file("ca.pem")]);
    assert_eq!((done.count("/requests/completed"), done.count("/connections/handshakes/full")), (20, 2));
    assert_eq!(done.count("/connections/handshakes/failed"), 0);
    assert!(done.number("/populations/quick/latency_us/handshake/min") > 0.0, "the handshake is timed");
    assert_eq!(done.summary["insecure"], false);
}

#[test]
fn an_unknown_issuer_is_refused_before_the_start() {
    let (code, said) = refused(&Server::good(&Kind::default()), &[]);
    assert!(code == 4 && said.contains("issuer that is not trusted"), "{code} {said}");
}

#[test]
fn a_certificate_for_another_name_is_refused_before_the_start() {
    let server = Server::good(&Kind { names: &["portal.example"], ..Kind::default() });
    let ca = server.file("ca.pem");
    let (code, said) = refused(&server, &["--cacert", &ca]);
    assert!(code == 4 && said.contains("not for `127.0.0.1`") && said.contains("portal.example"), "{code} {said}");
    let done = quick(&server.url(), &["-n", "2", "-c", "1", "--cacert", &ca, "--server-name", "portal.example"]);
    assert_eq!(done.count("/requests/completed"), 2);
}

#[test]
fn an_expired_certificate_is_refused_before_the_start() {
    let server = Server::good(&Kind { expired: true, ..Kind::default() });
    let (code, said) = refused(&server, &["--cacert", &server.file("ca.pem")]);
    assert!(code == 4 && said.contains("has expired"), "{code} {said}");
}

#[test]
fn insecure_takes_any_certificate_and_the_report_says_so() {
    let server = Server::good(&Kind { expired: true, names: &["portal.example"], ..Kind::default() });
    let done = quick(&server.url(), &["-n", "2", "-c", "1", "-k"]);
    assert_eq!(done.count("/requests/completed"), 2);
    assert_eq!((&done.summary["insecure"], &done.facts["insecure"]), (&true.into(), &true.into()));
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let server = Server::good(&Kind { wants_client: true, ..Kind::default() });
    let (ca, cert, key) = (server.file("ca.pem"), server.file("client.pem"), server.file("client.key"));
    let done = quick(&server.url(), &["-n", "4", "-c", "1", "--cacert", &ca, "--cert", &cert, "--key", &key]);
    assert_eq!(done.count("/requests/completed"), 4);
    // In TLS 1.3 a server looks at the client only after the client is done, so that this shows in the run.
    let done = quick(&server.url(), &["-n", "2", "-c", "1", "--cacert", &ca]);
    assert_eq!((done.count("/requests/completed"), done.count("/requests/by_reason/failed.reset")), (0, 2));
}

#[test]
fn a_client_certificate_that_is_wanted_is_missed_before_the_start_with_tls_1_2() {
    let server = Server::good(&Kind { wants_client: true, only_tls12: true, ..Kind::default() });
    let (code, said) = refused(&server, &["--cacert", &server.file("ca.pem")]);
    assert!(code == 4 && said.contains("cannot speak TLS with"), "{code} {said}");
}

#[test]
fn a_version_older_than_the_oldest_is_refused() {
    let server = Server::good(&Kind { only_tls12: true, ..Kind::default() });
    let ca = server.file("ca.pem");
    let (code, said) = refused(&server, &["--cacert", &ca, "--tls-min", "1.3"]);
    assert!(code == 4 && said.contains("version"), "{code} {said}");
    let done = quick(&server.url(), &["-n", "2", "-c", "1", "--cacert", &ca]);
    assert_eq!(done.count("/requests/completed"), 2);
}
