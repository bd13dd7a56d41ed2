#!/usr/bin/env bash
# CPU a request over HTTP/2, beside h2load: 8 connections of 32 streams, closed loop, nginx on the other core, in turn.
# Needs nginx, h2load (nghttp2-client), jq and two quiet cores. ROUNDS, SECONDS_EACH and PORT may be set.
set -euo pipefail
cd "$(dirname "$0")/.."
scrutinio=target/release/scrutinio
port=${PORT:-18947} rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-4}
temp=$(mktemp -d)
trap 'kill "$nginx" 2>/dev/null || true; rm -rf "$temp"' EXIT
nginx=0
cat > "$temp/nginx.conf" <<END
worker_processes 1; daemon off; error_log $temp/error.log; pid $temp/nginx.pid;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000000;
  server { listen 127.0.0.1:$port http2; location / { return 200 "$(printf 'x%.0s' {1..612})"; } } }
END
taskset -c 1 nginx -c "$temp/nginx.conf" & nginx=$!
sleep 0.5
# Prints rate and µs a request of a command's child: `requests` is a filter of its output.
TIMEFORMAT='%U %S'
for _ in $(seq "$rounds"); do
    { time taskset -c 0 h2load -c 8 -m 32 -t 1 -D "$seconds" http://127.0.0.1:$port/ > "$temp/h2load"; } 2> "$temp/cpu"
    n=$(awk '/^requests:/ { print $8 }' "$temp/h2load")
    p50=$(awk '/^time for request:/ { print "mean " $6 }' "$temp/h2load")
    awk -v n="$n" -v s="$seconds" -v p="$p50" '{ printf "h2load    %8.0f/s  %.2f µs a request  %s\n", n / s, ($1 + $2) * 1e6 / n, p }' "$temp/cpu"
    { time taskset -c 0 "$scrutinio" quick http://127.0.0.1:$port/ --http2 -c 8 --streams 32 -t 1 -d "${seconds}s" \
        --json --out "$temp/out" > "$temp/summary"; } 2> "$temp/cpu"
    n=$(jq .requests.completed "$temp/summary") p=$(jq .latency_us.service.mean "$temp/summary")
    tail -1 "$temp/cpu" | awk -v n="$n" -v s="$seconds" -v p="$p" '{ printf "scrutinio %8.0f/s  %.2f µs a request  mean %.2fms\n", n / s, ($1 + $2) * 1e6 / n, p / 1000 }'
done
