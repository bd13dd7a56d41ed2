# Running one tool and reading what it says. Each reading is a line "section tool metric pass round value" in $DIR/rows.

have() { command -v "$1" >/dev/null; }
skip() { echo "$1" >>"$DIR/skipped"; }
# Only numbers become readings: a tool that failed leaves none, and is named under "Left out".
put() { [[ $4 =~ ^-?[0-9] ]] && echo "$1 $2 $3 $PASS $ROUND $4" >>"$DIR/rows" || true; }
# figure NAME FILTER: a number from the JSON that NAME printed, or nothing
figure() { jq -r "$2 // empty" "$DIR/$1" 2>/dev/null || true; }
# calc FORMULA NUMBER…: the formula over v[1], v[2]…; nothing if one is missing
calc() {
    local formula=$1 number
    shift
    for number; do [[ $number =~ ^-?[0-9] ]] || return 0; done
    awk "BEGIN { n = split(\"$*\", v, \" \"); printf \"%.4f\", $formula }" 2>/dev/null || true
}

name_missing() {
    local tool where
    while read -r tool where; do
        have "$tool" || skip "\`$tool\` was not there ($where)."
    done <<'TOOLS'
wrk Debian: wrk
h2load Debian: nghttp2-client
ab Debian: apache2-utils
oha cargo install oha
haproxy Debian: haproxy
TOOLS
}

# What the server's process has had of its core so far, in nanoseconds.
server_ns() { awk '{ print $1 }' "/proc/$SERVER/schedstat" 2>/dev/null || true; }

# run NAME COMMAND…: output to $DIR/NAME; user and system seconds of the whole process to $DIR/NAME.cpu, the server's
# nanoseconds meanwhile to $DIR/NAME.server. A tool that hangs is ended.
run() {
    local name=$1 TIMEFORMAT='%U %S' before
    shift
    before=$(server_ns)
    { time timeout "${LIMIT:-30}" taskset -c "$LOAD_CORE" "$@" >"$DIR/$name" 2>"$DIR/$name.err" || echo "$?" >"$DIR/$name.failed"; } 2>"$DIR/$name.cpu"
    calc 'v[2] - v[1]' "$before" "$(server_ns)" >"$DIR/$name.server"
}
# scrutinio COMMAND…: one lane, its summary to $DIR/scrutinio, its folder kept only if KEEP is set
scrutinio() {
    run scrutinio "$BIN/scrutinio" "$@" --lanes 1 --json --quiet --out "$DIR/runs"
    [[ -n ${KEEP:-} ]] || rm -rf "$DIR/runs"
}
# costs SECTION TOOL REQUESTS RATE P50_US: the readings of a closed loop
costs() {
    if [[ ! $3 =~ ^[1-9] ]]; then
        skip "$2 in \"$1\", pass $PASS, round $ROUND: no answers ($(tail -qn1 "$DIR/$2.err" "$DIR/$2" 2>/dev/null | tr -d '\n`|' | cut -c1-120))."
        return 0
    fi
    put "$1" "$2" cpu "$(tail -1 "$DIR/$2.cpu" | awk -v n="$3" '{ printf "%.3f", ($1 + $2) * 1e6 / n }')"
    put "$1" "$2" rate "$4"
    put "$1" "$2" p50 "$5"
    put "$1" "$2" server "$(calc 'v[1] / v[2] / 1000' "$(cat "$DIR/$2.server")" "$3")"
}
# disturbed SECTION: what others took of our lane's core while it ran, in percent
disturbed() {
    put "$1" scrutinio run_queue "$(figure scrutinio '100 * ([.generator.by_lane[].run_queue_s] | add) / .elapsed_s')"
    put "$1" scrutinio steal "$(figure scrutinio .generator.steal_pct)"
}

ours_costs() {
    costs "$1" scrutinio "$(figure scrutinio .requests.completed)" "$(figure scrutinio .rate_rps.mean)" "$(figure scrutinio .latency_us.service.p50)"
    disturbed "$1"
}
ours() { scrutinio quick "${@:2}" -d "${SLICE}s"; ours_costs "$1"; }
wrk_() { have wrk || return 0
    run wrk wrk -t1 --latency -d"${SLICE}s" "${@:2}"
    costs "$1" wrk "$(awk '/requests in/ { print $1 }' "$DIR/wrk")" "$(awk '/Requests\/sec/ { print $2 }' "$DIR/wrk")" \
        "$(awk '$1 == "50%" { v = $2; f = (v ~ /us$/) ? 1 : (v ~ /ms$/) ? 1000 : 1000000; sub(/[a-z]+$/, "", v); print v * f }' "$DIR/wrk")"; }
h2load_() { have h2load || return 0
    run h2load h2load -t1 "${@:2}"
    costs "$1" h2load "$(awk '/^requests:/ { print $8 }' "$DIR/h2load")" "$(awk '/^finished in/ { print $4 }' "$DIR/h2load")" -; }
# ab: -t alone would set -n to 50,000.
ab_() { have ab || return 0
    run ab ab -q -t "$SLICE" -n 10000000 "${@:2}"
    costs "$1" ab "$(awk '/^Complete requests/ { print $3 }' "$DIR/ab")" "$(awk '/^Requests per second/ { print $4 }' "$DIR/ab")" -; }
oha_() { have oha || return 0
    run oha oha -z "${SLICE}s" --no-tui --output-format json "${@:2}"
    costs "$1" oha "$(figure oha '.statusCodeDistribution["200"]')" "$(figure oha .summary.requestsPerSec)" "$(figure oha '.latencyPercentiles.p50 * 1e6')"; }
floor_() { run floor "$BIN/examples/floor" closed "$ADDRESS" /page.html $CONNECTIONS "$SLICE"
    costs "$1" floor "$(figure floor .requests)" "$(figure floor .rate)" "$(figure floor .p50_us)"; }
