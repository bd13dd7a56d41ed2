# HTTP/2 by prior knowledge: 8 connections of 32 streams.

section_http2() {
    local url="http://127.0.0.1:$H2_PORT/page.html"
    for ROUND in $(seq "$ROUNDS"); do
        h2load_ http2 -D "$SLICE" -c8 -m32 "$url"
        ours http2 "$url" --http2 --streams 32 -c 8
        oha_ http2 --http2 -c 8 -p 32 "$url"
    done
}
