//! The same closed loop as `floor`, on a tokio current-thread runtime: a task a connection, `TcpStream`, `httparse`.
//!
//! Evidence for docs/decisions/0002: what the runtime costs over a bare loop. Parses heads as our engine
//! does, keeps one histogram, and does nothing else. `floor_tokio ADDRESS PATH CONNECTIONS SECONDS`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, connections, seconds] = args.as_slice() else {
        panic!("usage: floor_tokio ADDRESS PATH CONNECTIONS SECONDS");
    };
    let connections: usize = connections.parse().expect("a number of connections");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
    let response = Histogram::<u32>::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are valid");
    let response = Rc::new(RefCell::new(response));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (cpu_before, start) = (cpu(), Instant::now());
    let end = start + Duration::from_secs(seconds.parse().expect("seconds"));
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (address, request, response) = (address.clone(), request.clone(), Rc::clone(&response));
                tokio::task::spawn_local(connection(address, request, response, end))
            })
            .collect();
        for task in tasks {
            task.await.expect("no connection panics");
        }
    });
    let (response, elapsed) = (response.borrow(), start.elapsed());
    println!(
        "{{\"requests\":{},\"rate\":{:.0},\"cpu_us_per_request\":{:.3},\"p50_us\":{},\"p99_us\":{}}}",
        response.len(),
        response.len() as f64 / elapsed.as_secs_f64(),
        (cpu() - cpu_before).as_secs_f64() * 1e6 / response.len() as f64,
        response.value_at_quantile(0.5),
        response.value_at_quantile(0.99),
    );
}

async fn connection(address: String, request: Vec<u8>, response: Rc<RefCell<Histogram<u32>>>, end: Instant) {
    let mut socket = TcpStream::connect(address).await.expect("the server is there");
    socket.set_nodelay(true).expect("set");
    let mut buffer = vec![0; 16 << 10];
    loop {
        let due = Instant::now();
        if due >= end {
            return;
        }
        socket.write_all(&request).await.expect("the server takes requests");
        let mut filled = 0;
        loop {
            let n = socket.read(&mut buffer[filled..]).await.expect("an answer");
            assert!(n > 0, "the server closed a connection");
            filled += n;
            if answer_len(&buffer[..filled]).is_some_and(|len| filled >= len) {
                break;
            }
        }
        response.borrow_mut().saturating_record(due.elapsed().as_micros() as u64);
    }
}

/// Length of the answer in `bytes`, once its head is whole.
fn answer_len(bytes: &[u8]) -> Option<usize> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut parsed = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = parsed.parse(bytes).expect("HTTP/1.1") else { return None };
    let length = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = std::str::from_utf8(length.expect("a Content-Length").value).expect("digits");
    Some(head + length.parse::<usize>().expect("digits"))
}
