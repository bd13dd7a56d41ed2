# Many connections: 10,000 under an open loop of 20,000 a second, and a new one for each request.

# Each of many sessions has a connection and sends every half second.
# many SESSIONS URL [OPTION…]
many() {
    sed "s/USERS/$1/" benches/figures/many.yaml >"$DIR/many.yaml"
    scrutinio run "$DIR/many.yaml" --target "$2" "${@:3}"
}

# many_rows SECTION URL [OPTION…]
many_rows() {
    local section=$1 few rss
    shift
    many 10 "$@"
    few=$(figure scrutinio .generator.max_rss_bytes)
    many 10000 "$@"
    rss=$(figure scrutinio .generator.max_rss_bytes)
    put "$section" scrutinio opened "$(figure scrutinio .connections.opened)"
    put "$section" scrutinio rate "$(figure scrutinio .rate_rps.peak)"
    put "$section" scrutinio lag50 "$(figure scrutinio .latency_us.lag.p50)"
    put "$section" scrutinio lag99 "$(figure scrutinio .latency_us.lag.p99)"
    put "$section" scrutinio kb_each "$(calc '(v[2] - v[1]) / (v[3] - 10) / 1000' "$few" "$rss" "$(figure scrutinio .connections.opened)")"
    disturbed "$section"
}

section_connections() {
    ROUND=1
    many_rows many "http://$ADDRESS"
    many_rows many-tls "https://127.0.0.1:$TLS_PORT" --insecure
}

section_new() {
    for ROUND in $(seq "$FEW_ROUNDS"); do
        wrk_ new -c$CONNECTIONS -H "Connection: close" "$URL"
        ours new "$URL" --disable-keepalive -c $CONNECTIONS
        ab_ new -c $CONNECTIONS "$URL"
        oha_ new --disable-keepalive -c $CONNECTIONS "$URL"
    done
}
