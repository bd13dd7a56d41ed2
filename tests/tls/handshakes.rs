//! Full and resumed handshakes, and those that come to nothing once the run is under way.

use super::rig::{Done, quick, run, scenario};
use super::server::{Fate, Kind, Server, ok};

fn against(kind: &Kind, fate: impl Fn(usize) -> Fate + Send + Sync + 'static, args: &[&str]) -> Done {
    let server = Server::start(kind, fate);
    let ca = server.file("ca.pem");
    quick(&server.url(), &[&["--cacert", &ca, "-c", "1"], args].concat())
}

/// The first connection is that of O8, which never sends a request.
fn first_good(then: Fate) -> impl Fn(usize) -> Fate + Send + Sync + 'static {
    move |n| if n == 0 { Fate::Keep(ok("ok")) } else { then.clone() }
}

#[test]
fn later_connections_of_a_session_resume() {
    for only_tls12 in [false, true] {
        let kind = Kind { only_tls12, ..Kind::default() };
        let done = against(&kind, |_| Fate::Close(ok("ok")), &["-n", "5", "--disable-keepalive"]);
        assert_eq!(done.count("/requests/completed"), 5);
        let handshakes = |kind| done.count(&format!("/connections/handshakes/{kind}"));
        assert_eq!((handshakes("full"), handshakes("resumed")), (1, 4), "TLS 1.2: {only_tls12}");
    }
}

#[test]
fn no_connection_resumes_where_that_is_switched_off() {
    let args = ["-n", "5", "--disable-keepalive", "--no-tls-resumption"];
    let done = against(&Kind::default(), |_| Fate::Close(ok("ok")), &args);
    assert_eq!(done.count("/connections/handshakes/full"), 5);
    assert_eq!(done.count("/connections/handshakes/resumed"), 0);
}

#[test]
fn a_server_that_closes_in_the_handshake_is_failed_reset() {
    let done = against(&Kind::default(), first_good(Fate::CloseInHandshake), &["-n", "3"]);
    assert_eq!(done.count("/requests/by_reason/failed.reset"), 3);
    assert_eq!(done.count("/connections/handshakes/failed"), 3);
}

#[test]
fn an_answer_that_is_not_tls_is_failed_bad_bytes() {
    let http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let done = against(&Kind::default(), first_good(Fate::Garbage(http)), &["-n", "3"]);
    assert_eq!(done.count("/requests/by_reason/failed.bad_bytes"), 3);
    assert_eq!(done.count("/connections/handshakes/failed"), 3);
    assert!(done.summary["failures"][0]["sample"]["detail"].as_str().unwrap().contains("not TLS"));
}

#[test]
fn a_handshake_that_is_never_answered_is_failed_connect_timeout() {
    let done = against(&Kind::default(), first_good(Fate::Silence), &["-n", "1", "--timeout", "500ms"]);
    assert_eq!(done.count("/requests/by_reason/failed.connect_timeout"), 1);
    assert_eq!(done.count("/connections/handshakes/failed"), 1);
}

#[test]
fn sessions_that_return_resume_and_the_others_do_not() {
    let resumed = |returning: &str| {
        let server = Server::good(&Kind::default());
        let url = server.url();
        let target = format!("{{ url: \"{}\", tls: {{ ca: {} }} }}", url.trim_end_matches('/'), server.file("ca.pem"));
        let yaml = scenario(&target, 60, 2, "session", "[{ get: / }]", "");
        let yaml = yaml.replace("flow: flow }", &format!("flow: flow{returning} }}"));
        let done = run(&yaml, &["--lanes", "1"]);
        assert_eq!(done.count("/requests/completed"), 60);
        done.count("/connections/handshakes/resumed")
    };
    assert_eq!(resumed(""), 0);
    let half = resumed(", returning: 50%");
    assert!((15..=45).contains(&half), "{half} of 60: five standard deviations of a half are 19");
}
