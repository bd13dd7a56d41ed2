#!/usr/bin/env bash
# A million sleeping sessions in the engine, and as tokio tasks: memory each, and what sleeping and waking cost.
#
#   benches/sleepers.sh              # needs jq and nginx; two idle cores; four minutes; 1 GB of memory
#
# Sessions start over SPREAD seconds on one lane, think SLEEP seconds, and send one GET over 64 shared connections
# to the knob server on the other core. The same run without the think is subtracted to leave the cost of
# sleeping and waking. Memory is read while all sleep. A third run has sessions that keep things while they sleep, from a
# GET before the think to nginx: two values of 32 and 24 bytes, and a cookie of 40.
set -euo pipefail
cd "$(dirname "$0")/.."

SESSIONS=${SESSIONS:-1000000} SPREAD=${SPREAD:-25} SLEEP=${SLEEP:-30}
LOAD_CORE=${LOAD_CORE:-0} SERVER_CORE=${SERVER_CORE:-1} PORT=${PORT:-18082}
cargo build --quiet --release --bin scrutinio --example sleepers_tokio
BIN=target/release DIR=$(mktemp -d) KNOBS='' NGINX='' PATH="$PATH:/usr/sbin"
trap 'for pid in $KNOBS $NGINX; do kill "$pid"; done; rm -rf "$DIR"' EXIT

taskset -c "$SERVER_CORE" $BIN/scrutinio target --service knobs --listen 127.0.0.1:"$PORT" >"$DIR/knobs" &
KNOBS=$!
for _ in $(seq 50); do [[ -s $DIR/knobs ]] && break; sleep 0.1; done

cat >"$DIR/nginx.conf" <<CONF
daemon off; pid $DIR/nginx.pid; error_log $DIR/error.log; worker_processes 1; events { worker_connections 256; }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
    client_body_temp_path $DIR/t; proxy_temp_path $DIR/t; fastcgi_temp_path $DIR/t; uwsgi_temp_path $DIR/t; scgi_temp_path $DIR/t;
    server {
        listen 127.0.0.1:$((PORT + 1)); default_type application/json;
        add_header X-Version 5753b3f0-264-a1b2c3d4e5f; add_header Set-Cookie "SESSION=\$request_id; Path=/; HttpOnly";
        location / { return 200 '{"token":"\$request_id","state":"open"}'; }
    }
}
CONF
taskset -c "$SERVER_CORE" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf" 2>/dev/null &
NGINX=$!

# sessions NAME STEPS REQUESTS: runs them; user + system seconds to $DIR/NAME.cpu
sessions() {
    cat >"$DIR/$1.yaml" <<YAML
name: $1
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:10, zone: Europe/Rome }
seed: 1
targets: { knobs: http://127.0.0.1:$PORT, nginx: http://127.0.0.1:$((PORT + 1)) }
populations:
  sleepers: { users: $SESSIONS, arrivals: { burst: { at: "07:00", weight: 100%, spread: ${SPREAD}s } }, flow: sleep }
flows:
  sleep: { connection: { shared: 64 }, steps: [$2] }
YAML
    taskset -c "$LOAD_CORE" $BIN/scrutinio run "$DIR/$1.yaml" --lanes 1 --json --quiet --out "$DIR/$1" >"$DIR/$1.json"
    jq -e ".requests.completed == $SESSIONS * $3" "$DIR/$1.json" >/dev/null || { echo "not all were answered:"; jq .requests "$DIR/$1.json"; exit 1; } >&2
}
cpu_s() { awk -F, 'NR > 1 { cpu += $12 } END { print cpu }' "$DIR/$1"/*/timeline.csv; }
rss() { awk -F, -v at="$2" 'NR > 1 && $1 == at { print $11 }' "$DIR/$1"/*/timeline.csv; }

sessions none 'get: knobs:/' 1
sessions think "{ think: ${SLEEP}s }, { get: knobs:/ }" 1
sessions keep "{ get: nginx:/, save: { token: json $.token, version: header X-Version } }, { think: ${SLEEP}s }, { get: 'nginx:/{{token}}/{{version}}' }" 2
before=$(jq .generator.max_rss_bytes "$DIR/none.json")
asleep=$(rss think $(((SPREAD + SLEEP) / 2)))
keeping=$(rss keep $(((SPREAD + SLEEP) / 2)))
awk -v n="$SESSIONS" -v asleep="$asleep" -v before="$before" -v without="$(cpu_s none)" -v with="$(cpu_s think)" 'BEGIN {
    printf "engine: %.0f bytes a sleeping session (%.0f MB in all, %.0f MB without sleepers); %.3f µs to sleep and wake, beside %.3f µs to start, send, read and record\n",
        (asleep - before) / n, asleep / 1e6, before / 1e6, (with - without) * 1e6 / n, without * 1e6 / n }'
awk -v n="$SESSIONS" -v asleep="$keeping" -v before="$before" 'BEGIN {
    printf "engine: %.0f bytes a sleeping session that keeps two values and a cookie (%.0f MB in all)\n", (asleep - before) / n, asleep / 1e6 }'
jq -r '"engine: lag p50 \(.latency_us.lag.p50) µs, p99 \(.latency_us.lag.p99) µs, max \(.latency_us.lag.max) µs"' "$DIR/think.json"
echo "tokio tasks: $(taskset -c "$LOAD_CORE" $BIN/examples/sleepers_tokio "$SESSIONS" "$SPREAD" "$SLEEP")"
