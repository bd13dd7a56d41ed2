//! What reading an answer costs: head and body of a known length, in chunks, and in pieces.
//!
//! The heads are those of a usual nginx and of our own target with its caching headers.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scrutinio::wire::h1::{Answer, Fed, Head, HeadMemo, Want};

const NGINX: &str = "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 05 Jun 2016 20:59:58 GMT\r\n\
    Content-Type: text/html\r\nContent-Length: 612\r\nLast-Modified: Sun, 05 Jun 2016 05:00:00 GMT\r\n\
    Connection: keep-alive\r\nETag: \"5753b3f0-264\"\r\nAccept-Ranges: bytes\r\n\r\n";

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

fn want(body: bool) -> Want {
    Want {
        to_head: false,
        opens: None,
        head: body,
        cookies: false,
        body: body.then_some(1 << 20),
        head_max: 64 << 10,
        body_max: 1 << 30,
    }
}

/// Feeds an answer in pieces of at most `piece` bytes, as reads would.
fn read(bytes: &[u8], piece: usize, want: Want) -> u16 {
    let (mut answer, mut heads) = (Answer::new(want), HeadMemo::default());
    for piece in bytes.chunks(piece) {
        if let Fed::Whole(used) = answer.feed(black_box(piece), &mut heads).expect("a right answer") {
            black_box(used);
            return answer.status();
        }
    }
    unreachable!("the answer is whole at its last byte")
}

fn answers(c: &mut Criterion) {
    let small = [NGINX.as_bytes(), &[b'x'; 612]].concat();
    let chunk = [b"4000\r\n", &[b'x'; 0x4000][..], b"\r\n"].concat();
    let chunked = [CHUNKED.as_bytes(), &chunk.repeat(2), b"0\r\n\r\n"].concat();
    let mut group = c.benchmark_group("parse");
    group.bench_function("head of nginx", |b| b.iter(|| Head::parse(black_box(NGINX.as_bytes()), false)));
    let mut heads = HeadMemo::default();
    group.bench_function("head of nginx, again", |b| b.iter(|| heads.parse(black_box(NGINX.as_bytes()), false)));
    for (name, bytes, piece, keep) in [
        ("612 bytes, skipped", &small, usize::MAX, false),
        ("612 bytes, kept", &small, usize::MAX, true),
        ("612 bytes, in pieces of 100", &small, 100, false),
        ("32 KiB in two chunks, skipped", &chunked, 64 << 10, false),
        ("32 KiB in two chunks, pieces of 1,448", &chunked, 1_448, false),
    ] {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |b| b.iter(|| read(bytes, piece, want(keep))));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2)).sample_size(50);
    targets = answers
}
criterion_main!(benches);
