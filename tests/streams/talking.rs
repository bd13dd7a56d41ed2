//! Messages there and back.

use std::io::Write;

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
    }
}
