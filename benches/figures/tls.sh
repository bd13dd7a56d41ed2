# TLS to nginx, kept alive and a new connection each; a self-signed certificate.

section_tls() {
    local url="https://127.0.0.1:$TLS_PORT/page.html"
    for ROUND in $(seq "$FEW_ROUNDS"); do
        wrk_ tls -c$CONNECTIONS "$url"
        ours tls "$url" --insecure -c $CONNECTIONS
        h2load_ tls -D "$SLICE" --h1 -c$CONNECTIONS "$url"
        oha_ tls --insecure -c $CONNECTIONS "$url"
    done
}

# h2load opens a connection anew only as a client of one request, all clients at once.
section_tls-new() {
    local url="https://127.0.0.1:$TLS_PORT/page.html"
    for ROUND in $(seq "$FEW_ROUNDS"); do
        ab_ tls-new -c $CONNECTIONS "$url"
        ours tls-new "$url" --insecure --disable-keepalive -c $CONNECTIONS
        h2load_ tls-new --h1 -n2000 -c2000 "$url"
        oha_ tls-new --insecure --disable-keepalive -c $CONNECTIONS "$url"
        wrk_ tls-new -c$CONNECTIONS -H "Connection: close" "$url"
    done
}
