# Open loops: lag beside the bare loop at the same rate and process, arrivals by the server's log, and an idle run.

section_open() {
    local rate process
    ROUND=1
    for rate in 2000 20000 50000; do
        for process in even poisson; do
            run floor "$BIN/examples/floor" open "$ADDRESS" /page.html $CONNECTIONS "$OPEN_SECONDS" $rate $process
            put "open-$rate-$process" floor p50 "$(jq .lag_p50_us "$DIR/floor")"
            put "open-$rate-$process" floor p99 "$(jq .lag_p99_us "$DIR/floor")"
            run ours "$BIN/scrutinio" quick "$URL" -c $CONNECTIONS -r $rate --process $process -d "${OPEN_SECONDS}s" --lanes 1 --json --quiet --out "$DIR/runs"
            rm -rf "$DIR/runs"
            put "open-$rate-$process" scrutinio p50 "$(jq .latency_us.lag.p50 "$DIR/ours")"
            put "open-$rate-$process" scrutinio p99 "$(jq .latency_us.lag.p99 "$DIR/ours")"
        done
    done
}

# 80,000 requests in 4 s, due when `check` says.
section_arrivals() {
    local process set key
    ROUND=1
    for process in even poisson; do
        set="populations.arrivals.arrivals.process=$process"
        "$BIN/scrutinio" check benches/figures/single.yaml --set "$set" --arrivals 80000 >"$DIR/plan"
        start_knobs
        run ours "$BIN/scrutinio" run benches/figures/single.yaml --set "$set" --target "http://127.0.0.1:$KNOBS_PORT" --lanes 1 --json --quiet --out "$DIR/runs"
        stop_knobs
        "$BIN/examples/arrivals" "$DIR/plan" "$DIR/log" "$(jq .start_monotonic_ns "$DIR"/runs/*/run.json)" 4 >"$DIR/told"
        rm -rf "$DIR/runs" "$DIR/log" "$DIR/plan"
        for key in arrived in_time_pct early p99_us ks_due_p ks_rate_p dispersion_planned dispersion_arrived; do
            put "arrivals-$process" scrutinio $key "$(jq ".$key" "$DIR/told")"
        done
    done
}

# Start and end cost the same however long a run is: two lengths are subtracted.
section_idle() {
    local length cpu=()
    ROUND=1
    for length in 1 6; do
        run ours "$BIN/scrutinio" quick "$URL" -c 2 -r 10 -d "${length}s" --lanes 1 --json --quiet --out "$DIR/runs"
        rm -rf "$DIR/runs"
        cpu+=("$(awk '{ print $1 + $2 }' "$DIR/ours.cpu")")
    done
    put idle scrutinio core_pct "$(awk -v a="${cpu[0]}" -v b="${cpu[1]}" 'BEGIN { printf "%.2f", 100 * (b - a) / 5 }')"
}
