#!/usr/bin/env bash
# All figures of docs/performance.md in one run: scrutinio beside wrk, h2load, ab, oha and bare loops of our own.
#
#   benches/figures.sh                                # three passes, sixteen minutes; writes docs/performance.md
#   PASSES=1 OUT=- benches/figures.sh closed open     # these sections only, to standard output
#
# Needs two cores that do nothing else, nginx, openssl and jq; each other tool that is missing is named and left out.
# Tools take turns in short slices within a round, as a machine's speed drifts; ratios are taken within a round.
# A pass's value is the median of its rounds; the tables tell minimum / median / maximum over the passes.
set -euo pipefail
cd "$(dirname "$0")/.."

SECTIONS=${*:-closed haproxy lane captures open arrivals idle tls tls-new http2 connections new memory}
PASSES=${PASSES:-3} ROUNDS=${ROUNDS:-3} SLICE=${SLICE:-2} OPEN_SECONDS=${OPEN_SECONDS:-3} OUT=${OUT:-docs/performance.md}
FEW_ROUNDS=$((ROUNDS < 2 ? ROUNDS : 2)) MEMORY_REQUESTS=${MEMORY_REQUESTS:-7000000}
LOAD_CORE=${LOAD_CORE:-0} SERVER_CORE=${SERVER_CORE:-1} CONNECTIONS=64
# Five ports in a row, of which the first is asked for.
PORT=${PORT:-$((20000 + $$ % 1000 * 10))} TLS_PORT=$((PORT + 1)) H2_PORT=$((PORT + 2)) BARE_PORT=$((PORT + 3)) HAPROXY_PORT=$((PORT + 4))
ADDRESS=127.0.0.1:$PORT URL=http://127.0.0.1:$PORT/page.html
PATH="$PATH:/usr/sbin"
# The server's log and our results go to memory: a disk's pauses would show as late arrivals.
MEMORY=/tmp; [[ -d /dev/shm ]] && MEMORY=/dev/shm

if (($(nproc) < 2)); then echo "figures.sh: needs two cores" >&2; exit 2; fi
for tool in nginx jq taskset openssl; do
    command -v "$tool" >/dev/null || { echo "figures.sh: \`$tool\` is missing (Debian: nginx-light jq util-linux openssl)" >&2; exit 2; }
done
[[ -n ${NO_BUILD:-} ]] || cargo build --quiet --release --bin scrutinio --examples
BIN=target/release DIR=$(mktemp -d -p "$MEMORY")
chmod 755 "$DIR"
ulimit -n "$(ulimit -Hn)"

for part in measure servers closed open tls http2 connections memory table; do
    # shellcheck source=/dev/null
    . "benches/figures/$part.sh"
done
trap stop_servers EXIT
touch "$DIR/rows"
make_certificate
start_servers
name_missing

# Seconds of a pass, and of what is measured only once.
estimate=$((SLICE * (6 * ROUNDS + 2 * FEW_ROUNDS + 4 * FEW_ROUNDS + 4 * FEW_ROUNDS + 5 * FEW_ROUNDS + 3 * ROUNDS + 4 * FEW_ROUNDS) + 12 * OPEN_SECONDS + 160))
echo "about $(((estimate * PASSES + MEMORY_REQUESTS / 100000) / 60 + 1)) minutes, if all sections run" >&2
began=$(date +%s) load_before=$(cut -d' ' -f1-3 /proc/loadavg)
for PASS in $(seq "$PASSES"); do
    for section in $SECTIONS; do
        echo "pass $PASS of $PASSES, $(($(date +%s) - began)) s: $section; load $(cut -d' ' -f1-3 /proc/loadavg)" >&2
        # What fails in a section leaves its rows out; the others go on.
        "section_$section" || skip "Of $section, pass $PASS, not all could be measured."
    done
done
took=$(($(date +%s) - began)) load_after=$(cut -d' ' -f1-3 /proc/loadavg)
report >"$DIR/report.md"
if [[ $OUT == - ]]; then cat "$DIR/report.md"; else put_between_markers "$OUT" "$DIR/report.md"; fi
