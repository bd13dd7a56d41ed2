//! Where connections go to and come from: Unix-domain sockets, named source addresses, and ports that run out.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, bind, listen, socket};
use tempfile::TempDir;

use crate::rig::{Done, quick, run, scenario, scrutinio, start};
use crate::server::{Reply, Server, ok};

/// A server on a Unix-domain socket; it answers every request with 200.
struct UnixServer {
    path: PathBuf,
    seen: Arc<Mutex<Vec<String>>>,
    _temp: TempDir,
}

impl UnixServer {
    /// Accepts a connection each `pause`, with room for `backlog + 1` that wait; with `None` it accepts none.
    fn start(backlog: i32, pause: Option<Duration>) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("app.sock");
        let socket = socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&socket, backlog).unwrap();
        let (listener, seen) = (UnixListener::from(socket), Arc::<Mutex<Vec<String>>>::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let Some(pause) = pause else { return std::thread::park_timeout(Duration::from_secs(600)) };
            for stream in listener.incoming() {
                let (stream, seen) = (stream.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || serve(BufReader::new(stream), &seen));
                std::thread::sleep(pause);
            }
        });
        Self { path, seen, _temp: temp }
    }

    fn url(&self) -> String {
        format!("unix:{}", self.path.display())
    }

    /// Heads of the requests so far.
    fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(mut stream: BufReader<std::os::unix::net::UnixStream>, seen: &Mutex<Vec<String>>) {
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !matches!(stream.read_line(&mut head), Ok(1..)) {
                return;
            }
        }
        seen.lock().unwrap().push(head);
        let _ = stream.get_mut().write_all(&ok("unix"));
    }
}

#[test]
fn a_unix_socket_is_a_target_by_itself_with_a_path_or_under_a_host() {
    let server = UnixServer::start(128, Some(Duration::ZERO));
    let of = |url: &str, args: &[&str]| {
        let done = quick(url, &[&["-n", "20", "-c", "2"][..], args].concat());
        assert_eq!((done.completed(), done.count("/connections/opened")), (20, 2), "{}", done.summary);
        let heads = server.heads();
        assert_eq!(heads.len() % 20, 0);
        heads.last().unwrap().to_ascii_lowercase()
    };
    let head = of(&server.url(), &[]);
    assert!(head.starts_with("get / http/1.1\r\n") && head.contains("\r\nhost: localhost\r\n"), "{head}");
    assert!(of(&format!("{}:/a/b?c=d", server.url()), &[]).starts_with("get /a/b?c=d http/1.1\r\n"));
    let path = server.path.display().to_string();
    // What is asked for is another machine's name, but nothing leaves this one: no --allow-host (O9).
    let head = of("http://app.example:81/x", &["--unix-socket", &path]);
    assert!(head.starts_with("get /x ") && head.contains("\r\nhost: app.example:81\r\n"), "{head}");
}

#[test]
fn a_scenario_and_the_option_target_name_unix_sockets() {
    let server = UnixServer::start(128, Some(Duration::ZERO));
    let steps = "[{ get: /x }, { think: 10ms }, { get: /y }]";
    let both = format!("{{ url: '{}', host: app.example }}", server.url());
    for (target, args) in [
        (server.url(), vec![]),
        (both, vec![]),
        ("http://192.0.2.1".to_owned(), vec!["--target".to_owned(), server.url()]),
    ] {
        let before = server.heads().len();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let done = run(&scenario(&target, 5, 1, "session", steps, ""), &args);
        assert_eq!((done.completed(), done.count("/connections/opened")), (10, 5), "{target}");
        let heads = server.heads().split_off(before);
        let host = if target.contains("app.example") { "host: app.example\r" } else { "host: localhost\r" };
        assert_eq!(heads.iter().filter(|head| head.to_ascii_lowercase().contains(host)).count(), 10, "{heads:?}");
    }
}

#[test]
fn a_full_queue_of_a_unix_socket_is_waited_for_and_is_nobodys_failure() {
    let server = UnixServer::start(0, Some(Duration::from_millis(5)));
    let done = quick(&server.url(), &["-n", "60", "-c", "30", "--disable-keepalive", "--timeout", "60s"]);
    assert_eq!((done.completed(), server.heads().len()), (60, 60), "{}", done.summary["requests"]);
    // The same through pools, whose places must not be lost while they wait.
    let done = quick(&server.url(), &["-n", "60", "-c", "30", "-r", "1000", "--timeout", "60s"]);
    assert_eq!((done.completed(), server.heads().len()), (60, 120), "{}", done.summary["requests"]);
}

#[test]
fn a_queue_that_stays_full_is_the_targets_connect_timeout() {
    let server = UnixServer::start(0, None);
    let limits = "limits: { connect_timeout: 200ms, timeout: 1s }";
    let done = run(&scenario(&server.url(), 12, 1, "session", "[{ get: / }]", limits), &["--lanes", "1"]);
    // The queue takes one or none beside the connection that looked whether anybody listens; what was taken is
    // never answered.
    let (connect, answer) = (done.reason("failed.connect_timeout"), done.reason("failed.timeout"));
    assert!(connect >= 10 && connect + answer == 12, "{}", done.summary["requests"]);
}

#[test]
fn a_unix_socket_that_is_not_there_or_refuses_is_told_before_anything_is_sent() {
    let temp = tempfile::tempdir().unwrap();
    let missing = temp.path().join("missing.sock");
    let stale = temp.path().join("stale.sock");
    drop(UnixListener::bind(&stale).unwrap());
    for path in [&missing, &stale] {
        let (code, said) = refused(&["quick", &format!("unix:{}", path.display())]);
        assert_eq!(code, 4, "{said}");
        assert!(said.contains(&format!("unix:{}", path.display())), "{said}");
    }
    let (code, said) = refused(&["quick", "unix:relative.sock"]);
    assert!(code == 2 && said.contains("unix:/run/app.sock"), "{said}");
}

/// Exit code and standard error of a command that makes no folder.
fn refused(args: &[&str]) -> (i32, String) {
    let output = scrutinio().args(args).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn connections_come_from_the_named_addresses_in_turn() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let named = ["127.0.0.5", "127.9.8.7"].map(|a| a.parse::<IpAddr>().unwrap());
    let args = ["-n", "40", "-c", "4", "--disable-keepalive", "--source-addresses", "127.0.0.5,127.9.8.7"];
    let done = quick(&server.url(), &args);
    assert_eq!(done.completed(), 40);
    let target = format!("{{ url: '{}', source_addresses: [127.0.0.5, 127.9.8.7] }}", server.url());
    let done = run(&scenario(&target, 40, 1, "session", "[{ get: / }]", ""), &["--lanes", "2"]);
    assert_eq!(done.completed(), 40);
    let peers: Vec<IpAddr> = server.requests().iter().map(|request| request.peer).collect();
    assert!(peers.iter().all(|peer| named.contains(peer)), "{peers:?}");
    for part in [&peers[..40], &peers[40..]] {
        let first = part.iter().filter(|peer| **peer == named[0]).count();
        assert!((18..=22).contains(&first), "each half of the connections, to the lanes' rounding: {first}");
    }
}

#[test]
fn an_ipv6_source_is_bound_and_one_of_the_other_family_left_out() {
    let server = Server::on(TcpListener::bind("[::1]:0").unwrap(), |_| Reply::Keep(ok("")));
    let args = ["-n", "10", "-c", "2", "--source-addresses", "127.0.0.5,::1"];
    assert_eq!(quick(&server.url(), &args).completed(), 10);
    assert!(server.requests().iter().all(|request| request.peer == "::1".parse::<IpAddr>().unwrap()));
    let (code, said) = refused(&["quick", &server.url(), "--source-addresses", "127.0.0.5"]);
    assert!(code == 2 && said.contains("IPv4") && said.contains("IPv6"), "{said}");
}

#[test]
fn a_source_address_of_another_machine_is_named() {
    let server = Server::start(|_| Reply::Keep(ok("")));
    let (code, said) = refused(&["quick", &server.url(), "--source-addresses", "127.0.0.5,192.0.2.77"]);
    assert!(code == 2 && said.contains("`192.0.2.77` is not an address of this machine"), "{said}");
    assert!(server.requests().is_empty());
}

/// In a network of its own, where the kernel gives ten ports to connections.
const FEW_PORTS: &str = r#"
ip link set lo up && echo "40000 40009" >/proc/sys/net/ipv4/ip_local_port_range || exit 77
[ $# -gt 0 ] || exit 0
sleep 100 | "$0" target --service knobs --listen 127.0.0.1:18000 --until-stdin-ends >"$LISTENING" &
for _ in $(seq 600); do [ -s "$LISTENING" ] && break; sleep 0.1; done
"$0" "$@"
code=$?
kill $!
exit $code
"#;

fn in_few_ports() -> Command {
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .args(["--user", "--map-root-user", "--net", "sh", "-c", FEW_PORTS])
        .arg(scrutinio().get_program());
    command
}

#[test]
fn a_want_of_ports_is_shed_ours_and_told_with_the_range() {
    if !in_few_ports().output().is_ok_and(|output| output.status.success()) {
        // A machine that gives nobody a network of their own: nothing can be said about it there.
        eprintln!("left out: no network namespace here (unshare --user --net)");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("scenario.yaml");
    let target = "{ url: 'http://127.0.0.1:18000', source_addresses: [127.0.0.5] }";
    // 80 sessions that think, each holding its connection, on ten ports.
    let (steps, slo) = ("[{ get: / }, { think: 3s }, { get: / }]", "slo: { overall: ['p95 < 9s'] }");
    std::fs::write(&file, scenario(target, 80, 1, "session", steps, slo)).unwrap();
    let mut command = in_few_ports();
    command.arg("run").arg(&file).args(["--lanes", "1"]).env("LISTENING", temp.path().join("listening"));
    let done = start(command, temp).wait();
    let unsent = done.reason("unsent.ports");
    // The connection that looked whether anybody listens may keep one of the ten.
    assert!((140..=142).contains(&unsent) && done.completed() + unsent == 160, "{}", done.summary["requests"]);
    told_with_the_limit(&done);
}

fn told_with_the_limit(done: &Done) {
    let detail = done.detail();
    for words in
        ["net.ipv4.ip_local_port_range is 40000 40009", "10 ports", "source_addresses would do", "127.0.0.1:18000"]
    {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    let reason = &done.summary["reasons"][0];
    assert_eq!((done.code, reason["code"].as_str()), (3, Some("unsent_requests")), "{}", done.summary["reasons"]);
    assert_eq!(reason["cause"].as_str(), Some(detail.as_str()), "the verdict says it too");
    assert!(Path::new(&done.folder).join("failures.ndjson").exists());
}
