# Running one tool and reading what it says. Each reading is a line "section tool metric pass round value" in $DIR/rows.

have() { command -v "$1" >/dev/null; }
# Whether `quick` of this build has an option.
knows() { "$BIN/scrutinio" quick --help 2>&1 | grep -q -- "$1"; }
skip() { echo "$1" >>"$DIR/skipped"; }
put() { [[ -n $4 ]] && echo "$1 $2 $3 $PASS $ROUND $4" >>"$DIR/rows"; }

name_missing() {
    local tool where
    while read -r tool where; do
        have "$tool" || skip "\`$tool\` was not there ($where)"
    done <<'TOOLS'
wrk Debian: wrk
h2load Debian: nghttp2-client
ab Debian: apache2-utils
oha cargo install oha
haproxy Debian: haproxy
TOOLS
}

# run NAME COMMAND…: output to $DIR/NAME, user and system seconds of the whole process to $DIR/NAME.cpu
run() {
    local name=$1 TIMEFORMAT='%U %S'
    shift
    { time taskset -c "$LOAD_CORE" "$@" >"$DIR/$name" 2>"$DIR/$name.err" || true; } 2>"$DIR/$name.cpu"
}
# costs SECTION TOOL REQUESTS RATE P50_US: the three readings of a closed loop
costs() {
    [[ -n $3 && $3 != 0 ]] || return 0
    put "$1" "$2" cpu "$(awk -v n="$3" '{ printf "%.3f", ($1 + $2) * 1e6 / n }' "$DIR/$2.cpu")"
    put "$1" "$2" rate "$4"
    [[ $5 == - ]] || put "$1" "$2" p50 "$5"
}

ours() { run scrutinio "$BIN/scrutinio" quick "${@:2}" -d "${SLICE}s" --lanes 1 --json --quiet --out "$DIR/runs"
    rm -rf "$DIR/runs"
    costs "$1" scrutinio "$(jq .requests.completed "$DIR/scrutinio")" "$(jq .rate_rps.mean "$DIR/scrutinio")" "$(jq .latency_us.response.p50 "$DIR/scrutinio")"; }
wrk_() { have wrk || return 0
    run wrk wrk -t1 --latency -d"${SLICE}s" "${@:2}"
    costs "$1" wrk "$(awk '/requests in/ { print $1 }' "$DIR/wrk")" "$(awk '/Requests\/sec/ { print $2 }' "$DIR/wrk")" \
        "$(awk '$1 == "50%" { v = $2; f = (v ~ /us$/) ? 1 : (v ~ /ms$/) ? 1000 : 1000000; sub(/[a-z]+$/, "", v); print v * f }' "$DIR/wrk")"; }
h2load_() { have h2load || return 0
    run h2load h2load -t1 -D "$SLICE" "${@:2}"
    costs "$1" h2load "$(awk '/^requests:/ { print $8 }' "$DIR/h2load")" "$(awk '/^finished in/ { print $4 }' "$DIR/h2load")" -; }
ab_() { have ab || return 0
    run ab ab -q -n 1000000 -t "$SLICE" "${@:2}"
    costs "$1" ab "$(awk '/^Complete requests/ { print $3 }' "$DIR/ab")" "$(awk '/^Requests per second/ { print $4 }' "$DIR/ab")" -; }
oha_() { have oha || return 0
    run oha oha -z "${SLICE}s" --no-tui --output-format json "${@:2}"
    costs "$1" oha "$(jq '.statusCodeDistribution["200"] // 0' "$DIR/oha")" "$(jq .summary.requestsPerSec "$DIR/oha")" "$(jq '.latencyPercentiles.p50 * 1e6' "$DIR/oha")"; }
floor_() { run floor "$BIN/examples/floor" closed "$ADDRESS" /page.html $CONNECTIONS "$SLICE"
    costs "$1" floor "$(jq .requests "$DIR/floor")" "$(jq .rate "$DIR/floor")" "$(jq .p50_us "$DIR/floor")"; }
