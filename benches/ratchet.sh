#!/usr/bin/env bash
# Whether a request still costs what it did: processor time a request beside a bare loop's, against the limit in .ci/ratchet.
#
#   benches/ratchet.sh                                # two cores; twelve seconds
#   BIN=target/debug/scrutinio benches/ratchet.sh     # see it fail
#
# Both load the same bare server in turns, three times; the median of the three ratios counts. Processor time and not
# speed is compared: what else the machine does takes time from both, but is not counted as theirs.
set -euo pipefail
cd "$(dirname "$0")/.."

SECONDS_EACH=${SECONDS_EACH:-2} CONNECTIONS=64
limit=$(grep -v '^#' .ci/ratchet)
if (($(nproc) < 2)); then
    echo "ratchet: skipped, as it needs two cores"
    exit 0
fi
cargo build --quiet --release --locked --bin scrutinio --example floor --example floor_server
BIN=${BIN:-target/release/scrutinio} FLOOR=target/release/examples
dir=$(mktemp -d)
mkfifo "$dir/open"
"$FLOOR/floor_server" 127.0.0.1:0 <"$dir/open" >"$dir/server" &
server=$!
# The server ends with its standard input.
exec 3>"$dir/open"
trap 'exec 3>&-; wait "$server" || true; rm -rf "$dir"' EXIT
for _ in $(seq 100); do
    [[ -s $dir/server ]] && break
    sleep 0.1
done
address=$(sed 's/.*:"\(.*\)".*/\1/' "$dir/server")

# The first number after "KEY": on standard input.
value() { grep -o "\"$1\": *[0-9.]*" | head -1 | grep -o '[0-9.]*$'; }
for round in 1 2 3; do
    floor=$("$FLOOR/floor" closed "$address" / $CONNECTIONS "$SECONDS_EACH" | value cpu_us_per_request)
    ours=$("$BIN" quick "http://$address/" -c $CONNECTIONS -d "${SECONDS_EACH}s" --lanes 1 --json --quiet --out "$dir/runs" | value cpu_us_per_request)
    ratio=$(awk -v o="$ours" -v f="$floor" 'BEGIN { printf "%.3f", o / f }')
    echo "ratchet: round $round: $ours µs a request, the bare loop $floor µs: $ratio"
    echo "$ratio" >>"$dir/ratios"
done
median=$(sort -n "$dir/ratios" | sed -n 2p)
echo "ratchet: median $median, limit $limit (.ci/ratchet)"
awk -v m="$median" -v l="$limit" 'BEGIN { exit !(m <= l) }' ||
    { echo "ratchet: a request costs more than it did; if that is meant, say why and raise the limit in .ci/ratchet" >&2; exit 1; }
