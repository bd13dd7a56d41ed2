# Closed loops: 64 kept-alive connections, and scenarios' lanes beside `quick`.

section_closed() {
    for ROUND in $(seq "$ROUNDS"); do
        wrk_ closed -c$CONNECTIONS "$URL"
        ours closed "$URL" -c $CONNECTIONS
        h2load_ closed -D "$SLICE" --h1 -c$CONNECTIONS "$URL"
        floor_ closed
        ab_ closed -k -c $CONNECTIONS "$URL"
        oha_ closed -c $CONNECTIONS "$URL"
    done
}

section_haproxy() {
    have haproxy || return 0
    SERVER=$HAPROXY
    for ROUND in $(seq "$FEW_ROUNDS"); do
        wrk_ haproxy -c$CONNECTIONS "http://127.0.0.1:$HAPROXY_PORT/"
        ours haproxy "http://127.0.0.1:$HAPROXY_PORT/" -c $CONNECTIONS
    done
    SERVER=$WORKER
}

section_lane() { beside_quick lane "$URL"; }

# Both are sent the same cookies and headers: what they differ in is what our lane does with them.
section_captures() { beside_quick captures "http://$ADDRESS/captures.json"; }

# beside_quick SECTION URL: the scenario of that name; `quick` becomes a tool of its own, which its lane is divided by.
beside_quick() {
    for ROUND in $(seq "$FEW_ROUNDS"); do
        ours quick "$2" -c $CONNECTIONS
        sed -i "s/^quick scrutinio /$1 quick /; /^$1 quick run_queue\|^$1 quick steal/d" "$DIR/rows"
        scrutinio run "benches/figures/$1.yaml" --target "http://$ADDRESS"
        ours_costs "$1"
    done
}
