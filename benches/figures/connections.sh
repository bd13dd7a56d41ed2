# Many connections: 10,000 under an open loop of 20,000 a second, and a new one for each request.

# Each of many sessions has a connection and sends every half second.
many() {
    sed "s/USERS/$1/" benches/figures/many.yaml >"$DIR/many.yaml"
    scrutinio run "$DIR/many.yaml" --target "http://$ADDRESS"
}

section_connections() {
    local few rss
    ROUND=1
    many 10
    few=$(figure scrutinio .generator.max_rss_bytes)
    many 10000
    rss=$(figure scrutinio .generator.max_rss_bytes)
    put many scrutinio opened "$(figure scrutinio .connections.opened)"
    put many scrutinio rate "$(figure scrutinio .rate_rps.mean)"
    put many scrutinio lag50 "$(figure scrutinio .latency_us.lag.p50)"
    put many scrutinio lag99 "$(figure scrutinio .latency_us.lag.p99)"
    put many scrutinio kb_each "$(calc '(v[2] - v[1]) / 9990 / 1000' "$few" "$rss")"
    disturbed many
}

section_new() {
    for ROUND in $(seq "$FEW_ROUNDS"); do
        wrk_ new -c$CONNECTIONS -H "Connection: close" "$URL"
        ours new "$URL" --disable-keepalive -c $CONNECTIONS
        ab_ new -c $CONNECTIONS "$URL"
        oha_ new --disable-keepalive -c $CONNECTIONS "$URL"
    done
}
