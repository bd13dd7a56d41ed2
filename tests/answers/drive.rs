//! A server that plays the corpus, and one run of the binary against all of it: a population a row.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::corpus::{Act, Ends, Row};
use crate::rig::run;

/// How a row's bytes are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Each piece with one call.
    AsWritten,
    /// Each byte with a call of its own, and a pause between.
    ByteByByte,
}

/// On which connections the requests of a row came, by the request's number.
type Seen = Arc<Mutex<HashMap<(String, usize), Vec<usize>>>>;

/// Runs the binary against these rows, all at once, and holds each one's outcome against the row.
pub fn play(rows: Vec<Row>, connection: &str, manner: Manner) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let yaml = scenario(&format!("http://{}", listener.local_addr().unwrap()), &rows, connection);
    let seen = Seen::default();
    serve_all(listener, rows.clone(), manner, Arc::clone(&seen));
    let done = run(&yaml, &["--lanes", "1"]);
    assert_eq!(done.code, 0, "{}", done.said);
    let details: HashMap<String, String> = done
        .failures()
        .iter()
        .map(|failure| (failure["population"].as_str().unwrap().to_owned(), failure["detail"].to_string()))
        .collect();
    let seen = seen.lock().unwrap();
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let found = outcome(&done.summary["populations"][row.name], &seen, row);
            let detail = details.get(row.name).map_or("", String::as_str);
            (found != expected(row)).then(|| format!("{}: {found}\n    not {}; {detail}", row.name, expected(row)))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} rows:\n  {}", wrong.len(), rows.len(), wrong.join("\n  "));
}

/// What the summary and the server say of a row.
fn outcome(population: &Value, seen: &HashMap<(String, usize), Vec<usize>>, row: &Row) -> Value {
    let requests = &population["requests"];
    let came = |nth: usize| seen.get(&(row.name.to_owned(), nth)).cloned().unwrap_or_default();
    let (first, second, third) = (came(0), came(1), came(2));
    // A status that was read before the answer went wrong is counted or not; where a timeout is due, the server may
    // have been too slow to see the request.
    let judged = matches!(row.ends, Ends::Right(_) | Ends::Status(_) | Ends::Expect);
    let sent = if row.ends == Ends::Timeout { 1 } else { first.len() };
    json!({
        "completed": requests["completed"],
        "by_reason": requests["by_reason"],
        "by_status": judged.then_some(&population["by_status"]),
        "sent": [sent, second.len(), third.len()],
        "reused": first == second,
        "goes on": second == third,
    })
}

/// What they must say: the row's own outcome, and then two right answers on one connection.
fn expected(row: &Row) -> Value {
    let (reason, status) = match row.ends {
        Ends::Right(status) => (None, Some(status)),
        Ends::Status(status) => (Some("failed.status"), Some(status)),
        Ends::Expect => (Some("failed.expect"), Some(200)),
        Ends::BadBytes => (Some("failed.bad_bytes"), None),
        Ends::Reset => (Some("failed.reset"), None),
        Ends::Timeout => (Some("failed.timeout"), None),
    };
    let by_status = status.map(|status| {
        let mut counts = HashMap::from([("200".to_owned(), 2)]);
        *counts.entry(status.to_string()).or_insert(0) += 1;
        counts
    });
    json!({
        "completed": if reason.is_none() { 3 } else { 2 },
        "by_reason": reason.map_or(json!({}), |reason| json!({ reason: 1 })),
        "by_status": by_status,
        "sent": [1, 1, 1],
        "reused": row.reused,
        "goes on": true,
    })
}

/// A scenario with a population of one session for each row: the row's request, then two that are answered rightly.
fn scenario(target: &str, rows: &[Row], connection: &str) -> String {
    let mut yaml = format!(
        "name: answers
clock: {{ from: 2026-01-01T00:00:00, to: 2026-01-01T00:00:01 }}
target: {target}
limits: {{ timeout: 20s, max_head: 8KiB, max_body: 64KiB, max_inspected: 16KiB }}
"
    );
    let (mut populations, mut flows) = (String::from("populations:\n"), String::from("flows:\n"));
    for Row { name, method, expect, ends, think_ms, .. } in rows {
        populations += &format!(
            "  {name}: {{ users: 1, flow: {name}, arrivals: {{ burst: {{ at: '00:00', weight: 100% }} }} }}\n"
        );
        let expect = if expect.is_empty() { String::new() } else { format!(", expect: {{ {expect} }}") };
        // Who must meet the timeout need not wait for long; the others must never meet it.
        let timeout = if *ends == Ends::Timeout { ", timeout: 2s" } else { "" };
        let think = if *think_ms > 0 { format!("{{ think: {think_ms}ms }}, ") } else { String::new() };
        let good = |nth: u32| format!("{{ get: /{name}/{nth}, expect: {{ text: '{name}/{nth}' }} }}");
        flows += &format!(
            "  {name}: {{ connection: {connection}, steps: [{{ {method}: /{name}/0{timeout}{expect} }}, {think}{}, {}] }}\n",
            good(1),
            good(2)
        );
    }
    yaml += &populations;
    yaml + &flows
}

fn serve_all(listener: TcpListener, rows: Vec<Row>, manner: Manner, seen: Seen) {
    let rows: Arc<HashMap<&str, Row>> = Arc::new(rows.into_iter().map(|row| (row.name, row)).collect());
    std::thread::spawn(move || {
        for (id, stream) in listener.incoming().enumerate() {
            let (Ok(stream), rows, seen) = (stream, Arc::clone(&rows), Arc::clone(&seen)) else { return };
            std::thread::spawn(move || serve(stream, id, &rows, manner, &seen));
        }
    });
}

/// Serves one connection: the row's answer to its request number 0, a right and marked one to those after it.
fn serve(stream: TcpStream, id: usize, rows: &HashMap<&str, Row>, manner: Manner, seen: &Seen) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(path) = read(&mut reader) {
        let (name, nth) = path[1..].split_once('/').unwrap();
        let nth: usize = nth.parse().unwrap();
        seen.lock().unwrap().entry((name.to_owned(), nth)).or_default().push(id);
        if nth == 0 {
            if !rows[name].acts.iter().all(|act| do_it(reader.get_mut(), act, manner)) {
                return;
            }
        } else {
            let mark = format!("{name}/{nth}");
            let good = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{mark}", mark.len());
            let _ = reader.get_mut().write_all(good.as_bytes());
        }
    }
}

/// The path of the next request.
fn read(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut path = None;
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return None,
            Ok(_) if line == "\r\n" => return path,
            Ok(_) if path.is_none() => path = line.split(' ').nth(1).map(str::to_owned),
            Ok(_) => {}
        }
    }
}

/// Does one thing; `false` once the connection is over.
fn do_it(stream: &mut TcpStream, act: &Act, manner: Manner) -> bool {
    match act {
        Act::Send(bytes) if manner == Manner::ByteByByte => {
            for byte in bytes {
                if stream.write_all(&[*byte]).is_err() {
                    return true; // The other side has judged before the end; that it is gone shows at the next read.
                }
                std::thread::sleep(Duration::from_micros(200));
            }
            true
        }
        Act::Send(bytes) => {
            let _ = stream.write_all(bytes);
            true
        }
        Act::Pause(millis) => {
            std::thread::sleep(Duration::from_millis(*millis));
            true
        }
        Act::Forever(bytes) => {
            while stream.write_all(bytes).is_ok() {
                if bytes.len() < 10 {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            false
        }
        Act::Silence => {
            let _ = std::io::copy(stream, &mut std::io::sink());
            false
        }
        Act::Close => false,
        Act::Reset => {
            let _ = rustix::net::sockopt::set_socket_linger(&*stream, Some(Duration::ZERO));
            false
        }
    }
}
