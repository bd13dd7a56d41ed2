#!/usr/bin/env bash
# A million sleeping sessions in the engine, and as tokio tasks: memory each, and what sleeping and waking cost.
#
#   benches/sleepers.sh              # needs jq; two idle cores; three minutes; 600 MB of memory
#
# Sessions start over SPREAD seconds on one lane, think SLEEP seconds, and send one GET over 64 shared connections
# to the knob server on the other core. The same run without the think is subtracted to leave the cost of
# sleeping and waking. Memory is read while all sleep.
set -euo pipefail
cd "$(dirname "$0")/.."

SESSIONS=${SESSIONS:-1000000} SPREAD=${SPREAD:-25} SLEEP=${SLEEP:-30}
LOAD_CORE=${LOAD_CORE:-0} SERVER_CORE=${SERVER_CORE:-1} PORT=${PORT:-18082}
cargo build --quiet --release --bin scrutinio --example sleepers_tokio
BIN=target/release DIR=$(mktemp -d) KNOBS=''
trap 'for pid in $KNOBS; do kill "$pid"; done; rm -rf "$DIR"' EXIT

taskset -c "$SERVER_CORE" $BIN/scrutinio target --service knobs --listen 127.0.0.1:"$PORT" >"$DIR/knobs" &
KNOBS=$!
for _ in $(seq 50); do [[ -s $DIR/knobs ]] && break; sleep 0.1; done

# sessions NAME STEPS: runs them; user + system seconds to $DIR/NAME.cpu
sessions() {
    cat >"$DIR/$1.yaml" <<YAML
name: $1
clock: { from: 2016-06-05T07:00, to: 2016-06-05T07:02, zone: Europe/Rome }
seed: 1
target: http://127.0.0.1:$PORT
populations:
  sleepers: { users: $SESSIONS, arrivals: { burst: { at: "07:00", weight: 100%, spread: ${SPREAD}s } }, flow: sleep }
flows:
  sleep: { connection: { shared: 64 }, steps: [$2] }
YAML
    taskset -c "$LOAD_CORE" $BIN/scrutinio run "$DIR/$1.yaml" --lanes 1 --json --quiet --out "$DIR/$1" >"$DIR/$1.json"
    jq -e ".requests.completed == $SESSIONS" "$DIR/$1.json" >/dev/null || { echo "not all were answered:"; jq .requests "$DIR/$1.json"; exit 1; } >&2
}
cpu_s() { awk -F, 'NR > 1 { cpu += $12 } END { print cpu }' "$DIR/$1"/*/timeline.csv; }
rss() { awk -F, -v at="$2" 'NR > 1 && $1 == at { print $11 }' "$DIR/$1"/*/timeline.csv; }

sessions none 'get: /'
sessions think "{ think: ${SLEEP}s }, { get: / }"
before=$(jq .generator.max_rss_bytes "$DIR/none.json")
asleep=$(rss think $(((SPREAD + SLEEP) / 2)))
awk -v n="$SESSIONS" -v asleep="$asleep" -v before="$before" -v without="$(cpu_s none)" -v with="$(cpu_s think)" 'BEGIN {
    printf "engine: %.0f bytes a sleeping session (%.0f MB in all, %.0f MB without sleepers); %.3f µs to sleep and wake, beside %.3f µs to start, send, read and record\n",
        (asleep - before) / n, asleep / 1e6, before / 1e6, (with - without) * 1e6 / n, without * 1e6 / n }'
jq -r '"engine: lag p50 \(.latency_us.lag.p50) µs, p99 \(.latency_us.lag.p99) µs, max \(.latency_us.lag.max) µs"' "$DIR/think.json"
echo "tokio tasks: $(taskset -c "$LOAD_CORE" $BIN/examples/sleepers_tokio "$SESSIONS" "$SPREAD" "$SLEEP")"
