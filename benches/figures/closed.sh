# Closed loops: 64 kept-alive connections, and a scenario's lane beside `quick`.

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

# `quick` becomes a tool of its own here, which the scenario's lane is divided by.
section_lane() {
    for ROUND in $(seq "$FEW_ROUNDS"); do
        ours quick "$URL" -c $CONNECTIONS
        sed -i 's/^quick scrutinio /lane quick /; /^lane quick run_queue\|^lane quick steal/d' "$DIR/rows"
        scrutinio run benches/figures/lane.yaml --target "http://$ADDRESS"
        ours_costs lane
    done
}
