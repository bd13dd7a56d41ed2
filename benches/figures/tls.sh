# TLS to nginx, kept alive and a new connection each; a self-signed certificate.

section_tls() {
    local url="https://127.0.0.1:$TLS_PORT/page.html"
    knows --insecure || { skip "TLS: this build's \`quick\` has no \`--insecure\`"; return 0; }
    for ROUND in $(seq "$ROUNDS"); do
        wrk_ tls -c$CONNECTIONS "$url"
        ours tls "$url" --insecure -c $CONNECTIONS
        h2load_ tls --h1 -c$CONNECTIONS "$url"
        ab_ tls-new -c $CONNECTIONS "$url"
        oha_ tls-new --insecure --disable-keepalive -c $CONNECTIONS "$url"
        wrk_ tls-new -c$CONNECTIONS -H "Connection: close" "$url"
        ours tls-new "$url" --insecure --disable-keepalive -c $CONNECTIONS
    done
}
