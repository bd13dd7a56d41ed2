//! Options that cannot be: refused before anything is sent, in words for whoever typed them, and not laid on an option
//! that nobody typed.
#![allow(clippy::unwrap_used)] // helpers of tests count as tests

mod cli_support;

use cli_support::{Ended, Place};

const TINY: &str = "name: tiny
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:01 }
target: http://127.0.0.1:1
populations: { all: { arrivals: { curve: [{ constant: 5 }] }, flow: get } }
flows: { get: { steps: [{ get: / }] } }
";

const URL: &str = "http://127.0.0.1:1/";

/// What is typed, and what its error must say.
const WRONG: &[(&[&str], &str)] = &[
    (&["calibrate", "--seconds", "0.5"], "a whole number of seconds from 1 to 600"),
    (&["quick", URL, "-t", "two"], "a whole number from 1 to 1024"),
    (&["quick", URL, "-t", "100000"], "a whole number from 1 to 1024"),
    (&["quick", URL, "-c", "0"], "a whole number from 1 to 4294967295"),
    (&["quick", URL, "-n", "0"], "a whole number from 1"),
    (&["quick", URL, "-p", "x"], "a whole number from 1 to 1000"),
    (&["quick", URL, "--seed", "x"], "a whole number"),
    (&["quick", URL, "--expect", "abc"], "a status from 200 to 599"),
    (&["quick", URL, "--source-addresses", "x"], "an IP address such as `10.0.0.7`"),
    (&["quick", URL, "--timeout", "0s"], "a timeout from 1ms to 1h"),
    (&["quick", URL, "--process", "even"], "--process is for a rate: add --rate"),
    (&["quick", URL, "--allow-host", "http://a.example/"], "a host as it stands in the URL, such as `a.example`"),
    (&["quick", "http:/x"], "hint: write http://host:port/path"),
    (&["quick", "http://"], "hint: write http://host:port/path"),
    (&["quick", "ftp://127.0.0.1/"], "hint: write http://host:port/path"),
    (&["check", "tyni.yaml"], "hint: did you mean `tiny.yaml`?"),
    (&["check", "."], "hint: name a scenario file, such as `./tiny.yaml`"),
    (&["report", "nonesuch"], "there is no folder nonesuch"),
    (&["report", "tiny.yaml"], "there is no folder tiny.yaml"),
    (&["rnu"], "hint: did you mean `scrutinio run`?"),
    (&["quick", "http://a:b@127.0.0.1:1/"], "credentials belong in a header"),
    (&["quick", URL, "--unix-socket", "nope.sock"], "at most 107 bytes, such as `/run/app.sock`"),
    (&["target", "--cpus", "a"], "the number of a core, such as `0`"),
    (&["target", "--stations", "100000"], "a whole number from 1 to 65535"),
    (&["target", "--threads", "0"], "a whole number from 1 to 1024"),
    (&["target", "--listen", "8080"], "an address and a port, such as `127.0.0.1:8080`"),
    (&["try", "tiny.yaml", "--session", "x"], "a whole number"),
    (&["check", "tiny.yaml", "--arrivals", "x"], "a whole number"),
];

#[test]
fn what_cannot_be_is_refused_in_words() {
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    for (args, right) in WRONG {
        let ended = place.run(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(right), "{args:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("a:b@"), "a secret is told: {}", ended.stderr);
    }
}

/// What cannot be reached, what is said of it, and what is not.
const UNREACHABLE: &[(&[&str], &str, &str)] = &[
    (&["quick", "http://127.0.0.1:1/"], "cannot connect to 127.0.0.1:1: ", "(127.0.0.1:1)"),
    (&["quick", "http://nosuchhost.invalid/"], "hint: is the name right? `getent hosts nosuchhost.invalid`", "port"),
    (&["quick", "unix:/nope.sock"], "cannot connect to unix:/nope.sock: ", "port"),
    (&["quick", "unix:/nope.sock"], "hint: is the service running, and is this its socket?", "localhost"),
];

#[test]
fn what_cannot_be_reached_is_told_once_and_with_a_hint_that_fits() {
    for (args, told, not_told) in UNREACHABLE {
        let ended = Place::new().run(args);
        assert_eq!(ended.code, Some(4), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(told) && !ended.stderr.contains(not_told), "{args:?}: {}", ended.stderr);
    }
    // Something listens, but does not speak TLS: then no certificate is to blame.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}/", server.local_addr().unwrap().port());
    let answers = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let ended = Place::new().run(&["quick", &url]);
    answers.join().unwrap();
    assert_eq!(ended.code, Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: http:// in place of https://"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("--insecure"), "{}", ended.stderr);
}

#[test]
fn an_error_has_colour_where_the_page_has() {
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    for (args, plain) in [
        (&["check", "tiny.yaml", "--scale", "x"][..], "error: --scale x: expected a factor"),
        (&["report", "nowhere"], "error: there is no folder nowhere"),
    ] {
        let said = |colour: &str| {
            let output = place.command(args).env("CLICOLOR_FORCE", colour).output().unwrap();
            Ended::from(output).stderr
        };
        assert!(said("0").starts_with(plain), "{}", said("0"));
        let coloured = said("1");
        assert!(coloured.contains("\u{1b}[") && !coloured.contains("error: error"), "{coloured}");
    }
}

/// `check` of the tiny scenario with one variable set.
fn with_variable(name: &str, value: &str) -> Ended {
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    place.command(&["check", "tiny.yaml"]).env(name, value).output().unwrap().into()
}

#[test]
fn a_variable_is_named_where_it_and_no_option_is_wrong() {
    for (name, value) in [("SCRUTINIO_SCALE", "abc"), ("SCRUTINIO_ARRIVALS", "abc"), ("SCRUTINIO_SET", "requests")] {
        let said = with_variable(name, value).stderr;
        assert!(said.contains(&format!("{name}={value} is set in the environment")), "{said}");
    }
    // Where the option is typed, the variable does not count.
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    let output = place.command(&["check", "tiny.yaml", "--scale", "x"]).env("SCRUTINIO_SCALE", "1").output().unwrap();
    let said = Ended::from(output).stderr;
    assert!(!said.contains("environment"), "{said}");
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    for name in ["SCRUTINIO_SCALE", "SCRUTINIO_ARRIVALS", "SCRUTINIO_TARGET", "SCRUTINIO_JSON", "SCRUTINIO_SET"] {
        let ended = with_variable(name, "");
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
    }
}

/// What programs read of a command that ends before it begins.
fn problems(ended: &Ended) -> Vec<serde_json::Value> {
    let printed: serde_json::Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    printed["problems"].as_array().unwrap().clone()
}

#[test]
fn with_json_problems_are_printed_as_json() {
    let place = Place::new();
    place.file("tiny.yaml", TINY);
    place.file("wrong.yaml", &TINY.replace("get: /", "gett: /").replace("constant: 5", "constant: x"));
    place.file("few.yaml", &format!("{TINY}slo: {{ overall: [\"p99.9 < 1s\"] }}\n"));
    place.file("taken", "not a folder");
    let json = |args: &[&str], code: i32| {
        let ended = place.run(&[args, &["--json"]].concat());
        assert_eq!(ended.code, Some(code), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("error: "), "people read it too: {}", ended.stderr);
        problems(&ended)
    };
    let wrong = json(&["run", "wrong.yaml"], 2);
    let places: Vec<_> = wrong.iter().map(|p| (p["file"].as_str(), p["line"].as_u64(), p["column"].as_u64())).collect();
    assert_eq!(places, [(Some("wrong.yaml"), Some(4), Some(55)), (Some("wrong.yaml"), Some(5), Some(27))], "{wrong:?}");
    assert_eq!(wrong[1]["message"], "`gett` is not a key of a step");
    assert_eq!(wrong[1]["help"], "did you mean `get`?");
    // Beside the plan, which has it.
    assert_eq!(json(&["check", "few.yaml"], 2)[0]["line"], 6);
    assert_eq!(json(&["check", "tiny.yaml", "--scale", "x"], 2)[0]["line"], serde_json::Value::Null);
    assert!(json(&["report", "nowhere"], 2)[0]["message"].as_str().unwrap().starts_with("there is no folder nowhere"));
    assert_eq!(json(&["check", "tyni.yaml"], 2)[0]["help"], "did you mean `tiny.yaml`?");
    let similar = json(&["run", "tiny.yaml", "--winow", "x"], 2);
    assert_eq!(similar[0]["help"], "a similar argument exists: '--window'");
    assert!(json(&["run"], 2)[0]["message"].as_str().unwrap().contains("required arguments"));
    let unreachable = json(&["quick", URL], 4);
    assert_eq!(unreachable[0]["help"], "is the service running, and is this its port?");
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    let no_folder = json(&["quick", &url, "--out", "taken/results"], 5);
    assert_eq!(no_folder[0]["help"], "--out DIR has the folder made in another place");
    // Without the option, standard output stays empty.
    assert_eq!(place.run(&["run", "wrong.yaml"]).stdout, "");
}

#[test]
fn a_file_in_place_of_a_command_is_answered_with_the_command() {
    let place = Place::new();
    std::fs::create_dir_all(place.dir.path().join("results/shop")).unwrap();
    place.file("results/shop/run.json", "{}");
    for (typed, meant) in [
        ("shop.yaml", "scrutinio run shop.yaml"),
        ("results/shop", "scrutinio report results/shop"),
        ("http://127.0.0.1:1/", "scrutinio quick http://127.0.0.1:1/"),
    ] {
        let ended = place.run(&[typed]);
        assert!(
            ended.code == Some(2) && ended.stderr.contains(&format!("hint: did you mean `{meant}`?")),
            "{}",
            ended.stderr
        );
    }
    assert!(!place.run(&["nonsense"]).stderr.contains("hint:"));
    let none = place.run(&["report", "results/shpo"]).stderr;
    assert!(none.contains("hint: the newest in results is shown by\n    scrutinio report results/shop\n"), "{none}");
}
