//! Messages there and back.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use tungstenite::Message;

use crate::peer::{Peer, right, streams};
use crate::rig::{run, scenario};

#[test]
fn what_is_sent_comes_back_and_the_end_is_a_close() {
    let peer = Peer::echo();
    let steps = r#"[{ ws: "/talk?of={{session}}", name: live, subprotocols: [v1, v2], then: [
        { send: "hello {{session}}" }, { receive: { text: "hello {{session}}" } },
        { send: { json: { session: "{{session | number}}", quote: "\"" } } }, { receive: { json: { $.quote: "\"" } } },
        { send: { binary: 200 } }, { send: { binary: 70000 } }, { receive: 2 }, { close: 3001 } ] }]"#;
    let done = run(&scenario(&peer.url(), 4, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), done.reason("failed.status")), (4, 0), "{:?}", done.failures());
    assert_eq!((streams(&done, "opened"), streams(&done, "lost")), (4, 0), "{:?}", done.failures());
    assert_eq!((streams(&done, "messages_sent"), streams(&done, "messages_received")), (16, 16));
    assert_eq!((right(&done, "open"), right(&done, "round_trip")), (4, 12));
    assert_eq!(done.count("/populations/users/by_status/101"), 4);
    assert_eq!(peer.closes(), [Some(3001); 4]);
    assert_eq!(peer.header("sec-websocket-protocol"), ["v1, v2"; 4]);
    let mut keys = peer.header("sec-websocket-key");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4, "each connection has its own key");
}

#[test]
fn every_message_has_draws_of_its_own() {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let hears = Arc::clone(&heard);
    let peer = Peer::start(move |socket| {
        for _ in 0..12 {
            let message = socket.read().unwrap();
            hears.lock().unwrap().extend(message.to_text().unwrap().split(' ').map(str::to_owned));
        }
    });
    let words = "{{random.hex(16)}} {{random.hex(16)}}";
    let stream = format!("{{ stream: {{ for: 500ms, send: {{ rate: 20/s, text: '{words}' }} }} }}");
    let ws = format!("{{ ws: /, name: live, then: [{{ send: '{words}' }}, {{ send: '{words}' }}, {stream}] }}");
    let steps = format!("[{{ repeat: {{ times: 2, steps: [{ws}] }} }}]");
    let done = run(&scenario(&peer.url(), 3, 1, "session", &steps, ""), &[]);
    assert_eq!((done.completed(), streams(&done, "messages_sent")), (6, 72), "{:?}", done.failures());
    let heard = heard.lock().unwrap();
    assert_eq!((heard.len(), heard.iter().collect::<BTreeSet<_>>().len()), (144, 144));
}

#[test]
fn a_message_in_pieces_and_pings_between_them() {
    let peer = Peer::start(|socket| {
        for byte in b"\x01\x03Hel\x89\x02hi\x00\x00\x89\x00\x80\x02lo" {
            socket.get_mut().write_all(&[*byte]).unwrap();
        }
        assert_eq!(socket.read().unwrap(), Message::Pong(b"hi".as_slice().into()));
        assert_eq!(socket.read().unwrap(), Message::Pong(Vec::new().into()));
        socket.send(Message::text("seen")).unwrap();
    });
    let steps = "[{ ws: /, name: live, then: [{ receive: { text: Hello } }, { receive: { text: seen } }] }]";
    let done = run(&scenario(&peer.url(), 1, 1, "session", steps, ""), &[]);
    assert_eq!((streams(&done, "lost"), right(&done, "round_trip")), (0, 2), "{:?}", done.failures());
    assert_eq!(peer.closes(), [Some(1000)]);
}

#[test]
fn a_stream_has_a_connection_of_its_own_whatever_the_flow_and_the_origin_say() {
    for (policy, more) in [("session", ""), ("request", ""), ("{ shared: 1 }", ""), ("session", ", http: 2")] {
        let peer = Peer::echo();
        let target = format!("{{ url: \"{}\"{more} }}", peer.url());
        let steps = "[{ repeat: { times: 2, steps: [{ ws: /, name: live, then: [{ send: a }, { receive: 1 }] }] } }]";
        let done = run(&scenario(&target, 2, 1, policy, steps, ""), &[]);
        assert_eq!((done.completed(), streams(&done, "opened")), (4, 4), "{policy}{more}: {:?}", done.failures());
        assert_eq!(done.count("/connections/opened"), 4);
        assert_eq!(peer.closes(), [Some(1000); 4]);
        assert_eq!(peer.header("cookie"), ["visit=1"; 2], "the second stream of each session sends its cookie");
    }
}

#[test]
fn over_tls_a_stream_speaks_http_1_1_though_the_origin_speaks_http_2() {
    let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            std::thread::spawn(move || {
                let Ok(mut socket) = tungstenite::accept(rustls::StreamOwned::new(tls, stream)) else { return };
                while let Ok(message) = socket.read() {
                    if !message.is_close() {
                        socket.send(message).unwrap();
                    }
                }
            });
        }
    });
    let target = format!("{{ url: \"https://{address}\", tls: {{ insecure: true }} }}");
    let steps = "[{ ws: /, name: live, then: [{ send: { binary: 100000 } }, { receive: 1 }] }]";
    let done = run(&scenario(&target, 3, 1, "session", steps, ""), &[]);
    assert_eq!((done.completed(), right(&done, "round_trip")), (3, 3), "{:?}", done.failures());
    assert_eq!((streams(&done, "lost"), done.count("/connections/handshakes/full")), (0, 3));
}
