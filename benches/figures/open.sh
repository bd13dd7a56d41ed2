# Open loops: lag beside the bare loop at the same rate and process, arrivals by the server's log, and an idle run.

section_open() {
    local rate process
    ROUND=1
    for rate in 2000 20000 50000; do
        for process in even poisson; do
            run floor "$BIN/examples/floor" open "$ADDRESS" /page.html $CONNECTIONS "$OPEN_SECONDS" $rate $process
            put "open-$rate-$process" floor lag50 "$(figure floor .lag_p50_us)"
            put "open-$rate-$process" floor lag99 "$(figure floor .lag_p99_us)"
            scrutinio quick "$URL" -c $CONNECTIONS -r $rate --process $process -d "${OPEN_SECONDS}s"
            put "open-$rate-$process" scrutinio lag50 "$(figure scrutinio .latency_us.lag.p50)"
            put "open-$rate-$process" scrutinio lag99 "$(figure scrutinio .latency_us.lag.p99)"
            disturbed "open-$rate-$process"
        done
    done
}

# 80,000 requests in 4 s, due when `check` says: when they were at the server's socket, and when it had read them.
section_arrivals() {
    local process stamp set key
    for ROUND in $(seq "$ROUNDS"); do
        for process in even poisson; do
            set="populations.arrivals.arrivals.process=$process"
            "$BIN/scrutinio" check benches/figures/single.yaml --set "$set" --arrivals 80000 >"$DIR/plan"
            start_bare
            KEEP=1 scrutinio run benches/figures/single.yaml --set "$set" --target "http://127.0.0.1:$BARE_PORT"
            stop_bare
            for stamp in arrived read; do
                "$BIN/examples/arrivals" "$DIR/plan" "$DIR/log" "$(jq .start_monotonic_ns "$DIR"/runs/*/run.json)" 4 "${stamp}_ns" >"$DIR/told" ||
                    skip "arrivals, $process, pass $PASS: the server's log could not be read."
                for key in arrived in_time_pct early p50_us p99_us ks_due_p ks_rate_p; do
                    put "arrivals-$process" "$stamp" $key "$(figure told ".$key")"
                done
                # Even arrivals have no dispersion to be compared with.
                [[ $process == even ]] ||
                    put "arrivals-$process" "$stamp" dispersion_off_pct "$(figure told '100 * (.dispersion_arrived / .dispersion_planned - 1) | fabs')"
            done
            rm -rf "$DIR/runs" "$DIR/log" "$DIR/plan"
            disturbed "arrivals-$process"
            machine_pauses "arrivals-$process"
        done
    done
}

# What no program can help: how many of 100 arrivals would be late though both cores did nothing but wait for them.
machine_pauses() {
    taskset -c "$SERVER_CORE" "$BIN/examples/pauses" 4 >"$DIR/pauses-server" &
    run pauses "$BIN/examples/pauses" 4
    wait $!
    put "$1" machine late_pct "$(calc 'v[1] + v[2]' "$(figure pauses .late_pct)" "$(figure pauses-server .late_pct)")"
    put "$1" machine longest_us "$(figure pauses .longest_us)"
}

# Start and end cost the same however long a run is: two lengths are subtracted.
section_idle() {
    local length cpu=()
    ROUND=1
    for length in 1 6; do
        scrutinio quick "$URL" -c 2 -r 10 -d "${length}s"
        cpu+=("$(tail -1 "$DIR/scrutinio.cpu" | awk '{ print $1 + $2 }')")
    done
    put idle scrutinio core_pct "$(calc '100 * (v[2] - v[1]) / 5' "${cpu[@]}")"
    disturbed idle
}
