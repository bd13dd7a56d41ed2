#!/usr/bin/env bash
# The macro benchmark: one core of scrutinio against nginx on another, beside wrk, h2load and two floors of our own.
#
#   benches/macro.sh                 # needs nginx, wrk, h2load (nghttp2-client), jq; two idle cores; five minutes
#   ROUNDS=5 SECONDS_EACH=10 benches/macro.sh
#
# Tools take turns within a round, so that what else the machine does meets all of them; ratios are taken within
# a round, and their minimum, median and maximum over the rounds are printed. Processor time is user + system
# of the whole process, start included, as the kernel counted it when the process ended.
set -euo pipefail
cd "$(dirname "$0")/.."

ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-5} CONNECTIONS=64 RATE=20000
LOAD_CORE=${LOAD_CORE:-0} SERVER_CORE=${SERVER_CORE:-1} PORT=${PORT:-18080} KNOBS_PORT=${KNOBS_PORT:-18081}
PATH="$PATH:/usr/sbin"
# The server's log goes to memory: a disk's pauses would show as late arrivals.
MEMORY=/tmp; [[ -d /dev/shm ]] && MEMORY=/dev/shm
for tool in nginx wrk h2load jq taskset; do
    command -v "$tool" >/dev/null || { echo "macro.sh: \`$tool\` is missing (Debian: nginx-light wrk nghttp2-client jq util-linux)" >&2; exit 2; }
done
cargo build --quiet --release --bin scrutinio --example floor --example floor_tokio
BIN=target/release DIR=$(mktemp -d -p "$MEMORY") ADDRESS=127.0.0.1:$PORT URL=http://127.0.0.1:$PORT/page.html
NGINX='' KNOBS=''
cleanup() {
    for pid in $NGINX $KNOBS; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
    rm -rf "$DIR"
}
trap cleanup EXIT

# --- the server: nginx, one worker on its own core, a page of 612 bytes from memory
mkdir "$DIR/www"
head -c 612 /dev/zero | tr '\0' x >"$DIR/www/page.html"
cat >"$DIR/nginx.conf" <<CONF
daemon off; pid $DIR/nginx.pid; error_log $DIR/error.log; worker_processes 1;
events { worker_connections 4096; }
http {
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; open_file_cache max=16;
    client_body_temp_path $DIR/t; proxy_temp_path $DIR/t; fastcgi_temp_path $DIR/t; uwsgi_temp_path $DIR/t; scgi_temp_path $DIR/t;
    server { listen 127.0.0.1:$PORT backlog=4096; root $DIR/www; }
}
CONF
chmod 755 "$DIR" "$DIR/www"
taskset -c "$SERVER_CORE" nginx -e "$DIR/error.log" -c "$DIR/nginx.conf" 2>/dev/null &
NGINX=$!
for _ in $(seq 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null && break
    sleep 0.1
done

# run NAME COMMAND…: output to $DIR/NAME, user + system seconds to $DIR/NAME.cpu
run() {
    local name=$1 TIMEFORMAT='%U %S'
    shift
    { time taskset -c "$LOAD_CORE" "$@" >"$DIR/$name" 2>"$DIR/$name.err" || [[ $name == scrutinio* ]]; } 2>"$DIR/$name.cpu"
}
cpu_us() { awk -v n="$2" '{ printf "%.3f", ($1 + $2) * 1e6 / n }' "$DIR/$1.cpu"; }
# row ROUND TOOL REQUESTS RATE P50_US
row() { echo "$1 $2 $(cpu_us "$2" "$3") $4 $5" >>"$DIR/rows"; }

closed_round() {
    local k=$1 n
    run wrk wrk -t1 -c$CONNECTIONS -d"${SECONDS_EACH}s" --latency "$URL"
    n=$(awk '/requests in/ { print $1 }' "$DIR/wrk")
    row "$k" wrk "$n" "$(awk '/Requests\/sec/ { print $2 }' "$DIR/wrk")" \
        "$(awk '$1 == "50%" { v = $2; f = (v ~ /us$/) ? 1 : (v ~ /ms$/) ? 1000 : 1000000; sub(/[a-z]+$/, "", v); print v * f }' "$DIR/wrk")"
    run scrutinio $BIN/scrutinio quick "$URL" -c $CONNECTIONS -d "${SECONDS_EACH}s" --lanes 1 --json --quiet --out "$DIR/runs"
    row "$k" scrutinio "$(jq .requests.completed "$DIR/scrutinio")" "$(jq .rate_rps.mean "$DIR/scrutinio")" "$(jq .latency_us.response.p50 "$DIR/scrutinio")"
    run h2load h2load --h1 -t1 -c$CONNECTIONS -D "$SECONDS_EACH" "$URL"
    n=$(awk '/^requests:/ { print $8 }' "$DIR/h2load")
    row "$k" h2load "$n" "$(awk '/^finished in/ { print $4 }' "$DIR/h2load")" -
    run floor $BIN/examples/floor closed "$ADDRESS" /page.html $CONNECTIONS "$SECONDS_EACH"
    row "$k" floor "$(jq .requests "$DIR/floor")" "$(jq .rate "$DIR/floor")" "$(jq .p50_us "$DIR/floor")"
    run floor_tokio $BIN/examples/floor_tokio "$ADDRESS" /page.html $CONNECTIONS "$SECONDS_EACH"
    row "$k" floor_tokio "$(jq .requests "$DIR/floor_tokio")" "$(jq .rate "$DIR/floor_tokio")" "$(jq .p50_us "$DIR/floor_tokio")"
}

open_round() {
    run floor_open $BIN/examples/floor open "$ADDRESS" /page.html $CONNECTIONS "$SECONDS_EACH" $RATE
    run scrutinio_open $BIN/scrutinio quick "$URL" -c $CONNECTIONS -r $RATE --process even -d "${SECONDS_EACH}s" --lanes 1 --json --quiet --out "$DIR/runs"
    echo "$1 floor $(jq -r '"\(.lag_p50_us) \(.lag_p99_us) \(.p50_us) \(.p99_us)"' "$DIR/floor_open")" >>"$DIR/open"
    echo "$1 scrutinio $(jq -r '.latency_us | "\(.lag.p50) \(.lag.p99) \(.response.p50) \(.response.p99)"' "$DIR/scrutinio_open")" >>"$DIR/open"
}

# Arrivals by the server's own log, against due instants computed here from the definition of even: (i + ½) / rate.
arrivals_round() {
    taskset -c "$SERVER_CORE" $BIN/scrutinio target --service knobs --listen 127.0.0.1:"$KNOBS_PORT" --log "$DIR/arrivals.ndjson" >"$DIR/knobs" &
    KNOBS=$!
    for _ in $(seq 50); do [[ -s $DIR/knobs ]] && break; sleep 0.1; done
    run scrutinio_knobs $BIN/scrutinio quick "http://127.0.0.1:$KNOBS_PORT/" -c $CONNECTIONS -r $RATE --process even -d "${SECONDS_EACH}s" --lanes 1 \
        --trace-header --json --quiet --out "$DIR/traced"
    kill "$KNOBS"; wait "$KNOBS" || true
    KNOBS=''
    local start
    start=$(jq .start_monotonic_ns "$DIR"/traced/*/run.json)
    jq -r --argjson start "$start" --argjson gap $((1000000000 / RATE)) \
        '(.id | split("/")) as [$run, $population, $session] | select($population == "quick") |
         (.arrived_ns - $start - (($session | tonumber) + 0.5) * $gap) / 1000' "$DIR/arrivals.ndjson" | sort -n |
        awk -v k="$1" '{ v[NR] = $1; in_time += ($1 >= 0 && $1 <= 300); early += $1 < 0 }
            END { printf "%d %d %.3f %d %.1f %.1f %.1f\n", k, NR, 100 * in_time / NR, early, v[int(NR * .5)], v[int(NR * .99)], v[NR] }' >>"$DIR/arrived"
    rm -rf "$DIR/traced"
}

echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for k in $(seq "$ROUNDS"); do closed_round "$k"; done
for k in $(seq "$ROUNDS"); do open_round "$k"; arrivals_round "$k"; done
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"

# spread: min / median / max of the numbers on standard input
spread() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; f = v[NR] >= 1000 ? "%.0f" : "%.4g"; printf f " / " f " / " f, v[1], m, v[NR] }'; }
column_of() { awk -v t="$1" -v c="$2" '$2 == t && $c != "-" { print $c }' "$DIR/rows" | spread; }
# ratio COLUMN: scrutinio over wrk, round by round
ratio() { awk -v c="$1" '$2 == "wrk" { w[$1] = $c } $2 == "scrutinio" { s[$1] = $c } END { for (k in w) print s[k] / w[k] }' "$DIR/rows" | spread; }

printf '\nClosed loop, %s connections, %s rounds of %s s; min / median / max\n\n' $CONNECTIONS "$ROUNDS" "$SECONDS_EACH"
echo '| | CPU per request, µs | requests/s | p50, µs |'
echo '| --- | --- | --- | --- |'
for tool in floor floor_tokio wrk h2load scrutinio; do
    p50=$([[ $tool == h2load ]] && echo "not told" || column_of $tool 5)
    echo "| $tool | $(column_of $tool 3) | $(column_of $tool 4) | $p50 |"
done
echo "| **scrutinio ÷ wrk** | $(ratio 3) (goal ≤ 1.1) | $(ratio 4) (goal ≥ 0.98) | $(ratio 5) (goal ≤ 1.05) |"

printf '\nOpen loop, %s/s even; each round\n\n' $RATE
echo '| round | floor: lag p50, p99 | scrutinio: lag p50, p99 | goal p50, p99 | response p50, p99: floor, scrutinio |'
echo '| --- | --- | --- | --- | --- |'
awk '$2 == "floor" { f50[$1] = $3; f99[$1] = $4; r[$1] = $5 ", " $6 }
    $2 == "scrutinio" { printf "| %d | %d, %d | %d, %d | %d, %.0f | %s; %d, %d |\n", $1, f50[$1], f99[$1], $3, $4, f50[$1] + 10, 1.5 * f99[$1] + 20, r[$1], $5, $6 }' "$DIR/open"

printf '\nArrivals at the knob server by its own log, %s/s even\n\n' $RATE
echo '| round | requests | within 300 µs of due (goal ≥ 99 %) | before due | p50, p99, max after due, µs |'
echo '| --- | --- | --- | --- | --- |'
awk '{ printf "| %d | %d | %s %% | %d | %s, %s, %s |\n", $1, $2, $3, $4, $5, $6, $7 }' "$DIR/arrived"
