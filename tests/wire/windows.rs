//! A part of the day (P9): what of the objectives it leaves out is not forgotten.

use crate::rig::{run, scenario, scrutinio};
use crate::server::{Reply, Server};

#[test]
fn a_window_that_leaves_out_every_objective_is_no_success_and_names_them() {
    let server = Server::start(|_| Reply::Keep(b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n".to_vec()));
    let more = "slo: { overall: ['errors < 5% during 00:00:05..00:00:10'] }";
    let yaml = scenario(&server.url(), 100, 10, "session", "[{ get: / }]", more);
    let yaml = yaml.replace("users: 100, ", "").replace("constant: 1", "constant: 20");
    let done = run(&yaml, &["--window", "00:00..00:00:01", "--quiet"]);
    assert_eq!((done.reason("failed.status"), done.code), (20, 3), "{:#}", done.summary);
    assert_eq!(done.summary["verdict"], "INVALID");
    let line = "overall errors < 5% during 00:00:05..00:00:10";
    assert_eq!(done.summary["objectives_left_out"], serde_json::json!([line]));
    assert_eq!(done.facts["objectives_left_out"], serde_json::json!([line]));
    let reason = &done.summary["reasons"][0];
    assert_eq!(reason["code"], "no_data");
    assert!(reason["seen"].as_str().unwrap().contains(line), "{reason}");
    let report = scrutinio().arg("report").arg(&done.folder).output().unwrap();
    assert!(String::from_utf8_lossy(&report.stdout).contains(&format!("left out   {line}")), "{report:?}");
}
