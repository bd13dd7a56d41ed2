//! Redirects and cookies over TLS and over HTTP/2: as over plain HTTP/1.1, but for what is only for https.

use hyper::Version;

use super::rig::{run, scenario, side_by_side};
use super::web::{Answer, Asked, Spoken, Web};

const SPOKEN: [Spoken; 5] = [
    Spoken { tls: false, http: "1.1" },
    Spoken { tls: false, http: "2" },
    Spoken { tls: true, http: "1.1" },
    Spoken { tls: true, http: "2" },
    Spoken { tls: true, http: "auto" },
];

/// `/login?…` sets cookies and leads on; `/CODE?…` leads on with this status; all else is right as it is.
fn script(asked: &Asked) -> Answer {
    let (path, to) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let to = ("location", to.to_owned());
    match path.trim_start_matches('/').parse() {
        Ok(status @ 301..=308) => (status, vec![to]),
        _ if path == "/login" => {
            let cookies = ["sid=s; Path=/; HttpOnly; Secure", "theme=t; Path=/", "deep=d; Path=/deep; Secure"];
            (302, cookies.map(|cookie| ("set-cookie", cookie.to_owned())).into_iter().chain([to]).collect())
        }
        _ => (200, Vec::new()),
    }
}

fn paths(web: &Web) -> Vec<(String, Option<String>)> {
    web.asked().iter().map(|asked| (asked.target.clone(), asked.header("cookie"))).collect()
}

fn owned<const N: usize>(expected: [(&str, Option<&str>); N]) -> Vec<(String, Option<String>)> {
    expected.map(|(path, cookies)| (path.to_owned(), cookies.map(str::to_owned))).into()
}

#[test]
fn a_session_is_led_on_with_its_cookies_and_secure_ones_go_over_https_alone() {
    side_by_side(SPOKEN, |spoken| {
        let web = Web::start(spoken, script);
        let steps = "[{ get: '/login?/303?deep/er', follow: 3 }, { get: /home }]";
        let done = run(&scenario(&web.target(), 1, 1, "session", steps, ""), &[]);
        let counts = ["/requests/completed", "/connections/redirects", "/exchanges"].map(|it| done.count(it));
        assert_eq!(counts, [2, 2, 4], "{spoken:?}: {}", done.detail());
        assert_eq!(done.count("/connections/opened"), 1, "{spoken:?}");
        let [all, deep] = match spoken.tls {
            true => [Some("sid=s; theme=t"), Some("deep=d; sid=s; theme=t")],
            false => [Some("theme=t"); 2],
        };
        let way = owned([("/login?/303?deep/er", None), ("/303?deep/er", all), ("/deep/er", deep), ("/home", all)]);
        assert_eq!(paths(&web), way, "{spoken:?}");
        let two = spoken.http == "2" || (spoken.tls && spoken.http == "auto");
        let version = if two { Version::HTTP_2 } else { Version::HTTP_11 };
        assert!(web.asked().iter().all(|asked| asked.version == version), "{spoken:?}");
    });
}

#[test]
fn a_way_over_two_origins_takes_to_each_what_belongs_there() {
    // The same host: cookies know no ports, but what is secure does not go to the origin without TLS.
    side_by_side(SPOKEN.into_iter().filter(|spoken| spoken.tls), |spoken| {
        for other in [SPOKEN[0], SPOKEN[1]] {
            let (home, other) = (Web::start(spoken, script), Web::start(other, script));
            let back = format!("{}/301?/done", home.url());
            let there = format!("{}/307?{back}", other.url());
            let targets = format!("targets: {{ other: {} }}", other.target());
            let steps =
                format!("[{{ get: '/login?{there}', follow: 5, headers: {{ Authorization: Bearer 1, X-Own: o }} }}]");
            let done = run(&scenario(&home.target(), 1, 1, "session", &steps, &targets), &[]);
            assert_eq!((done.completed(), done.count("/connections/opened")), (1, 2), "{}", done.detail());
            let way = owned([
                (&format!("/login?{there}"), None),
                ("/301?/done", Some("sid=s; theme=t")),
                ("/done", Some("sid=s; theme=t")),
            ]);
            assert_eq!(paths(&home), way, "{spoken:?}");
            assert_eq!(paths(&other), owned([(&format!("/307?{back}"), Some("theme=t"))]), "{spoken:?}");
            let sent = |web: &Web, name| web.asked().iter().map(|asked| asked.header(name)).collect::<Vec<_>>();
            // What was said to one origin is not said again once the way has left it.
            assert_eq!(sent(&home, "authorization"), [Some("Bearer 1".to_owned()), None, None]);
            assert_eq!(
                (sent(&other, "authorization"), sent(&other, "x-own")),
                (vec![None], vec![Some("o".to_owned())])
            );
        }
    });
}

#[test]
fn a_way_that_leaves_the_declared_origins_ends_there() {
    side_by_side(SPOKEN, |spoken| {
        let (web, elsewhere) = (Web::start(spoken, script), Web::start(spoken, script));
        // The same host and port, but the other scheme, is another origin too.
        let scheme = if spoken.tls { "http" } else { "https" };
        let downgraded = web.url().replacen(if spoken.tls { "https" } else { "http" }, scheme, 1);
        for to in [elsewhere.url(), downgraded] {
            let steps = format!("[{{ get: '/302?{to}/x', follow: 5 }}, {{ get: / }}]");
            let done = run(&scenario(&web.target(), 1, 1, "session", &steps, ""), &[]);
            assert_eq!((done.completed(), done.reason("failed.status")), (1, 1), "{spoken:?} {to}");
            assert!(done.detail().contains("not an origin of the scenario"), "{}", done.detail());
        }
        assert!(elsewhere.asked().is_empty(), "{spoken:?}");
    });
}

#[test]
fn a_post_keeps_its_body_or_becomes_a_get_without_any() {
    side_by_side(SPOKEN, |spoken| {
        let web = Web::start(spoken, script);
        let steps = "[{ post: '/307?/kept', follow: 1, text: body }, { post: '/302?/got', follow: 1, text: body }]";
        let done = run(&scenario(&web.target(), 1, 1, "session", steps, ""), &[]);
        assert_eq!((done.completed(), done.count("/connections/opened")), (2, 1), "{spoken:?}: {}", done.detail());
        let asked: Vec<_> = web
            .asked()
            .into_iter()
            .map(|it| (it.method.to_string(), it.target.clone(), it.body.len(), it.header("content-length").is_some()))
            .collect();
        let expected = [("POST", "/307?/kept", 4), ("POST", "/kept", 4), ("POST", "/302?/got", 4), ("GET", "/got", 0)];
        let expected = expected.map(|(method, path, body)| (method.to_owned(), path.to_owned(), body, body > 0));
        assert_eq!(asked, expected, "{spoken:?}");
    });
}

#[test]
fn the_requests_of_a_group_are_led_on_with_the_cookies_that_each_other_brought() {
    side_by_side(SPOKEN, |spoken| {
        let web = Web::start(spoken, script);
        let group =
            "{ parallel: { steps: [{ get: '/login?/a', follow: 1 }, { get: '/303?/b', follow: 1 }, { get: /c }] } }";
        let done = run(&scenario(&web.target(), 5, 1, "session", &format!("[{group}, {{ get: /d }}]"), ""), &[]);
        assert_eq!((done.completed(), done.count("/connections/redirects")), (20, 10), "{spoken:?}: {}", done.detail());
        let last = paths(&web).into_iter().filter(|(path, _)| path == "/d").collect::<Vec<_>>();
        let cookies = if spoken.tls { "sid=s; theme=t" } else { "theme=t" };
        assert_eq!(last, vec![("/d".to_owned(), Some(cookies.to_owned())); 5], "{spoken:?}");
        let one = spoken.http == "2";
        let opened = done.count("/connections/opened");
        assert!(if one { opened == 5 } else { opened <= 15 }, "{spoken:?}: {opened}");
    });
}
