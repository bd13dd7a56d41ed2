# Many connections: 10,000 under an open loop, and a new one for each request.

section_connections() {
    ROUND=1
    run ours "$BIN/scrutinio" quick "$URL" -c 10000 -r 20000 -d 5s --lanes 1 --json --quiet --out "$DIR/runs"
    rm -rf "$DIR/runs"
    put many scrutinio lag_p99 "$(jq .latency_us.lag.p99 "$DIR/ours")"
    put many scrutinio opened "$(jq .connections.opened "$DIR/ours")"
    put many scrutinio rss_mib "$(jq '.generator.max_rss_bytes / 1048576' "$DIR/ours")"
    for ROUND in $(seq "$ROUNDS"); do
        wrk_ new -c$CONNECTIONS -H "Connection: close" "$URL"
        ours new "$URL" --disable-keepalive -c $CONNECTIONS
        ab_ new -c $CONNECTIONS "$URL"
        oha_ new --disable-keepalive -c $CONNECTIONS "$URL"
    done
}
