# Closed loops: 64 kept-alive connections, and a scenario's lane beside `quick`.

section_closed() {
    for ROUND in $(seq "$ROUNDS"); do
        wrk_ closed -c$CONNECTIONS "$URL"
        ours closed "$URL" -c $CONNECTIONS
        h2load_ closed --h1 -c$CONNECTIONS "$URL"
        floor_ closed
        ab_ closed -k -c $CONNECTIONS "$URL"
        oha_ closed -c $CONNECTIONS "$URL"
        have haproxy || continue
        wrk_ haproxy -c$CONNECTIONS "http://127.0.0.1:$HAPROXY_PORT/"
        ours haproxy "http://127.0.0.1:$HAPROXY_PORT/" -c $CONNECTIONS
    done
}

section_lane() {
    for ROUND in $(seq "$ROUNDS"); do
        ours lane "$URL" -c $CONNECTIONS
        run lane "$BIN/scrutinio" run benches/figures/lane.yaml --target "http://$ADDRESS" --lanes 1 --json --quiet --out "$DIR/runs"
        rm -rf "$DIR/runs"
        costs lane lane "$(jq .requests.completed "$DIR/lane")" "$(jq .rate_rps.mean "$DIR/lane")" "$(jq .latency_us.response.p50 "$DIR/lane")"
    done
}
