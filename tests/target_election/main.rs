//! The election service as its clients see it: what is shown, and (in `api`) what is written.

#![allow(clippy::unwrap_used)] // Clippy's exception for tests does not know that all of this file is one.

mod api;
mod client;

use client::{Client, serve};
use scrutinio::target::Writes;
use scrutinio::target::election::Election;
use scrutinio::target::election::returns::{Return, returns};
use scrutinio::target::election::town::{SECTIONS, section_token, staff_token};
use serde_json::{Value, json};
use std::io::Read;
use std::time::{Duration, Instant};

fn count(version: u32, each: &Return) -> Value {
    json!({ "version": version, "votes": each.votes, "blank": each.blank, "void": each.void })
}

fn sum(results: &Value) -> (u64, Vec<u64>) {
    let number = |value: &Value| value.as_u64().unwrap();
    (
        number(&results["sections"]["counted"]),
        results["candidates"].as_array().unwrap().iter().map(|c| number(&c["votes"])).collect(),
    )
}

#[test]
fn a_report_is_shown_though_nothing_follows_it() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let mut client = Client::new(&server);
    let mut posted = [0u64; 7];
    for each in returns().iter().take(5) {
        let before = client.get("/results");
        let section = format!("/results/sections/{}", each.section);
        let (home, page) = (client.get("/").headers["etag"].clone(), client.get(&section).headers["etag"].clone());
        let path = format!("/api/sections/{}/votes", each.section);
        let answer = client.write("POST", &section_token(each.section), &path, &count(0, each));
        let answered = Instant::now();
        assert_eq!(answer.outcome(), (201, "reported".into()));
        let after = loop {
            let after = client.get("/results");
            // How long it may take is the writer's to reckon, and held there.
            assert!(answered.elapsed() < Duration::from_secs(60), "not shown");
            if after.headers["etag"] != before.headers["etag"] {
                break after;
            }
        };
        for (sum, more) in posted.iter_mut().zip(each.votes) {
            *sum += u64::from(more);
        }
        assert_eq!(sum(&after.json()), (u64::from(each.section), posted.to_vec()));
        assert_ne!(client.get("/").headers["etag"], home);
        assert_ne!(client.get(&section).headers["etag"], page);
        // Every page of the town says how far the count is, that of the turnout too.
        let counted = format!("{} of 174 sections counted", each.section);
        for path in ["/", "/results/lists", "/results/mayors", "/turnout"] {
            let page = String::from_utf8(client.get(path).body).unwrap();
            assert!(page.contains(&counted), "{path} without `{counted}`");
        }
    }
}

/// One section's whole day, as the sections of the scenario do it.
fn report_all(client: &mut Client, each: &Return) {
    let token = section_token(each.section);
    for (hour, voters) in [12, 19, 23].into_iter().zip(each.voters) {
        let path = format!("/api/sections/{}/turnout/{hour}", each.section);
        let version = client.ask(&token, &path).json()["version"].clone();
        let answer = client.write("POST", &token, &path, &json!({ "version": version, "voters": voters }));
        assert_eq!(answer.outcome(), (201, "reported".into()));
        assert_eq!(client.ask(&token, &path).json()["voters"], voters);
    }
    let path = format!("/api/sections/{}/votes", each.section);
    assert_eq!(client.write("POST", &token, &path, &count(0, each)).outcome(), (201, "reported".into()));
}

/// The results once `writes` are in them.
fn shown(client: &mut Client, writes: u64) -> Value {
    let asked = Instant::now();
    loop {
        let results = client.get("/results").json();
        if results["version"] == writes {
            return results;
        }
        assert!(asked.elapsed() < Duration::from_secs(5), "{} of {writes} writes shown", results["version"]);
    }
}

#[test]
fn what_is_shown_is_the_sum_of_what_all_sections_posted() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let returns = returns();
    std::thread::scope(|scope| {
        for part in returns.chunks(22) {
            let mut client = Client::new(&server);
            scope.spawn(move || part.iter().for_each(|each| report_all(&mut client, each)));
        }
    });
    let mut client = Client::new(&server);
    let results = shown(&mut client, u64::from(SECTIONS) * 4);
    let posted: Vec<u64> = (0..7).map(|c| returns.iter().map(|each| u64::from(each.votes[c])).sum()).collect();
    assert_eq!(sum(&results), (u64::from(SECTIONS), posted.clone()));
    let percents = |values: &Value| values.as_array().unwrap().iter().map(|v| v["percent"].clone()).collect::<Vec<_>>();
    assert_eq!(percents(&results["turnout"]), [json!(18.13), json!(40.16), json!(60.19)]);
    assert_eq!(percents(&results["candidates"])[..2], [json!(50.96), json!(32.18)]);

    // The journal holds each of them once, whatever part of it is asked for at a time.
    for limit in [100, 499, 500] {
        let (mut keys, mut after) = (Vec::new(), json!(0));
        while !after.is_null() {
            let page = client.ask(&staff_token(1), &format!("/api/writes?after={after}&limit={limit}")).json();
            keys.extend(page["writes"].as_array().unwrap().iter().map(|write| write["key"].to_string()));
            after = page["next"].clone();
        }
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), usize::from(SECTIONS) * 4, "{limit} at a time");
    }

    let data = client.get("/open-data").json();
    for (row, each) in data["sections"].as_array().unwrap().iter().zip(&returns) {
        assert_eq!(
            (&row["votes"], &row["blank"], &row["void"]),
            (&json!(each.votes), &json!(each.blank), &json!(each.void))
        );
    }
    let csv = String::from_utf8(client.get("/open-data.csv").body).unwrap();
    let column = |name: &str| csv.lines().next().unwrap().split(',').position(|each| each == name).unwrap();
    let total = |name: &str| {
        csv.lines().skip(1).map(|line| line.split(',').nth(column(name)).unwrap().parse::<u64>().unwrap()).sum::<u64>()
    };
    assert_eq!(total("votes_1"), posted[0]);
    assert_eq!(total("voters_23"), returns.iter().map(|each| u64::from(each.voters[2])).sum::<u64>());
    let home = String::from_utf8(client.get("/").body).unwrap();
    let shown = posted.iter().all(|votes| home.contains(&format!("<td class=\"n\">{votes}</td>")));
    assert!(shown && home.contains("174 of 174 sections counted"), "{posted:?} in {home}");
}

#[test]
fn every_page_is_served_whole_by_head_unchanged_and_compressed() {
    let server = serve(Election::open(None, Writes::Anywhere).unwrap());
    let mut client = Client::new(&server);
    let pages = [
        ("/", "text/html; charset=utf-8", 30_000..80_000),
        ("/results", "application/json", 2_000..4_096),
        ("/results/lists", "text/html; charset=utf-8", 10_000..80_000),
        ("/results/mayors", "text/html; charset=utf-8", 10_000..80_000),
        ("/turnout", "text/html; charset=utf-8", 10_000..80_000),
        ("/results/sections/1", "text/html; charset=utf-8", 4_000..20_000),
        ("/results/sections/174?x=1", "text/html; charset=utf-8", 4_000..20_000),
        ("/open-data", "application/json", 30_000..120_000),
        ("/open-data.csv", "text/csv; charset=utf-8", 5_000..30_000),
    ];
    for (path, media_type, size) in pages {
        let whole = client.get(path);
        assert_eq!((whole.status, whole.headers["content-type"].as_str()), (200, media_type), "{path}");
        assert!(size.contains(&whole.body.len()), "{path}: {} bytes", whole.body.len());
        let head = client.send("HEAD", path, &[], b"");
        for name in ["etag", "content-length", "content-type", "cache-control", "vary"] {
            assert_eq!(head.headers[name], whole.headers[name], "{name} of {path}");
        }
        let unchanged = client.send("GET", path, &[("If-None-Match", &whole.headers["etag"])], b"");
        assert_eq!((unchanged.status, &unchanged.headers["etag"]), (304, &whole.headers["etag"]));
        let packed = client.send("GET", path, &[("Accept-Encoding", "gzip")], b"");
        assert_eq!(packed.headers["content-encoding"], "gzip");
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&packed.body[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, whole.body, "{path}");
        let posted = client.send("POST", path, &[], b"x");
        assert_eq!((posted.status, posted.headers["allow"].as_str()), (405, "GET, HEAD"), "{path}");
    }
    for path in ["/results/", "/results/sections/0", "/results/sections/175", "/results/sections/01", "/nothing"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_store_with_a_path_is_shown_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("election.redb");
    let each = &returns()[0];
    let before = {
        let server = serve(Election::open(Some(&path), Writes::Anywhere).unwrap());
        let mut client = Client::new(&server);
        report_all(&mut client, each);
        shown(&mut client, 4)
    };
    let server = serve(Election::open(Some(&path), Writes::Anywhere).unwrap());
    let after = Client::new(&server).get("/results").json();
    assert_eq!(after, before);
    assert_eq!(sum(&after).0, 1);
    assert_eq!(
        Client::new(&serve(Election::open(None, Writes::Anywhere).unwrap())).get("/results").json()["version"],
        0
    );
}

#[test]
fn a_store_that_is_damaged_is_told_and_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("election.redb");
    {
        let server = serve(Election::open(Some(&path), Writes::Anywhere).unwrap());
        let mut client = Client::new(&server);
        returns().iter().take(20).for_each(|each| report_all(&mut client, each));
    }
    let sound = std::fs::read(&path).unwrap();
    let noise = |i: usize| (i as u32).wrapping_mul(0x9e37_79b9).to_be_bytes()[0];
    let half = sound.len() / 2;
    for range in [512..sound.len(), half..half + 20_000, 0..64] {
        let mut damaged = sound.clone();
        damaged[range.clone()].iter_mut().enumerate().for_each(|(i, byte)| *byte = noise(i));
        std::fs::write(&path, damaged).unwrap();
        let told = match Election::open(Some(&path), Writes::Anywhere) {
            Ok(_) => panic!("{range:?} of {} is noise and nobody sees it", sound.len()),
            Err(error) => error.to_string(),
        };
        assert!(told.contains("election.redb"), "{told}");
    }
    std::fs::write(&path, &sound).unwrap();
    let server = serve(Election::open(Some(&path), Writes::Anywhere).unwrap());
    assert_eq!(shown(&mut Client::new(&server), 80)["version"], 80);
}
