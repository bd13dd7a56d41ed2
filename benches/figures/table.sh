# From the rows to markdown: a pass's value is the median of its rounds; told are minimum / median / maximum of passes.

# spread: reads "pass value" lines
spread() {
    sort -k1,1n -k2,2g | awk 'function done_pass() { if (n) m[++k] = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2; n = 0 }
        $1 != p { done_pass(); p = $1 } { v[++n] = $2 } END { done_pass(); for (i = 1; i <= k; i++) print m[i] }' | sort -g |
        awk '{ v[NR] = $1 } END { if (!NR) exit; m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
            f = v[NR] >= 1000 ? "%.0f" : "%.3g"; printf f " / " f " / " f, v[1], m, v[NR] }'
}
of() { awk -v s="$1" -v t="$2" -v m="$3" '$1 == s && $2 == t && $3 == m { print $4, $6 }' "$DIR/rows" | spread; }
# ratios SECTION METRIC TOOLS: ours over the cheapest of TOOLS (by processor time a request), round by round; a metric
# that this tool does not tell is taken from the other.
ratios() {
    awk -v s="$1" -v m="$2" -v tools="$3" 'BEGIN { n = split(tools, t, " ") } $1 == s { x[$4 " " $5, $2, $3] = $6; rounds[$4 " " $5] }
        END { for (r in rounds) { best = ""
            for (i = 1; i <= n; i++) if ((r, t[i], m) in x && (best == "" || x[r, t[i], "cpu"] < x[r, best, "cpu"])) best = t[i]
            if (best != "" && (r, "scrutinio", m) in x) { split(r, p, " "); print p[1], x[r, "scrutinio", m] / x[r, best, m] } } }' "$DIR/rows" | spread
}

# goal POINT WHAT SPREAD OPERATOR LIMIT: a line of the goals; the median decides
goal() {
    local mark
    [[ -n $3 ]] || { echo "| $1 | $2 | not measured | $4 $5 | – |"; return 0; }
    mark=$(awk -v line="$3" -v op="$4" -v limit="$5" 'BEGIN { split(line, v, " / "); print (op == "≤" ? v[2] <= limit : v[2] >= limit) ? "met" : "**missed**" }')
    echo "| $1 | $2 | $3 | $4 $5 | $mark |"
}
# excess SECTION METRIC FACTOR MORE, of an open loop: the limit follows the floor of the same pass, so the excess over it is told
excess() {
    awk -v s="$1" -v m="$2" -v by="$3" -v more="$4" '$1 == s && $3 == m { x[$4, $2] = $6; passes[$4] }
        END { for (p in passes) if ((p, "floor") in x && (p, "scrutinio") in x) print p, x[p, "scrutinio"] - (by * x[p, "floor"] + more) }' "$DIR/rows" | spread
}

goals() {
    local rate process
    echo '| | goal | minimum / median / maximum | limit | |'
    echo '| --- | --- | --- | --- | --- |'
    goal 1 'closed loop, CPU a request ÷ the better of wrk and h2load' "$(ratios closed cpu 'wrk h2load')" ≤ 0.9
    goal 1 'rate ÷ that tool'"'"'s' "$(ratios closed rate 'wrk h2load')" ≥ 0.98
    goal 1 'service p50 ÷ wrk'"'"'s p50 (h2load tells none)' "$(ratios closed p50 wrk)" ≤ 1.05
    goal 1 'rate of a scenario lane ÷ `quick`' "$(ratios lane rate quick)" ≥ 0.6
    goal 1 'two captures, a cookie and a template a request: rate ÷ `quick`' "$(ratios captures rate quick)" ≥ 0.5
    goal 1 'the same, CPU a request ÷ `quick`' "$(ratios captures cpu quick)" ≤ 2
    for rate in 2000 20000 50000; do
        for process in even poisson; do
            goal 2 "$rate/s $process: lag p50 above floor + 5, µs" "$(excess open-$rate-$process lag50 1 5)" ≤ 0
            goal 2 "$rate/s $process: lag p99 above 1.2 × floor + 20, µs" "$(excess open-$rate-$process lag99 1.2 20)" ≤ 0
        done
    done
    for process in even poisson; do
        goal 2 "arrivals, $process: within 300 µs of due at the server's socket, %" "$(of arrivals-$process arrived in_time_pct)" ≥ 99
        goal 2 "arrivals, $process: within 300 µs of due when the server had read them, %" "$(of arrivals-$process read in_time_pct)" ≥ 99
        goal 2 "arrivals, $process: KS against the plan's due instants, p" "$(of arrivals-$process read ks_due_p)" ≥ 0.01
    done
    goal 2 "arrivals, poisson: dispersion of 10 ms counts off the plan's, at the socket, %" "$(of arrivals-poisson arrived dispersion_off_pct)" ≤ 10
    goal 2 "arrivals, poisson: dispersion of 10 ms counts off the plan's, when read, %" "$(of arrivals-poisson read dispersion_off_pct)" ≤ 10
    goal 2 '10 requests a second, % of a core' "$(of idle scrutinio core_pct)" ≤ 2
    goal 3 'TLS kept alive, CPU a request ÷ wrk' "$(ratios tls cpu wrk)" ≤ 1
    goal 3 'TLS, a new connection each, CPU ÷ the best of ab, oha and h2load' "$(ratios tls-new cpu 'ab oha h2load')" ≤ 1
    goal 4 'HTTP/2, CPU a request ÷ h2load' "$(ratios http2 cpu h2load)" ≤ 1.1
    goal 5 '10,000 connections at 20,000/s: lag p99, µs' "$(of many scrutinio lag99)" ≤ 1000
    goal 5 '10,000 connections: KB of the process for each' "$(of many scrutinio kb_each)" ≤ 8
    goal 5 '10,000 connections over TLS: KB of the process for each' "$(of many-tls scrutinio kb_each)" ≤ 40
    goal 5 'a new connection each, plain, a second' "$(of new scrutinio rate)" ≥ 20000
    goal 8 "$(of memory scrutinio requests | awk '{ print $1 }') requests, MB" "$(of memory scrutinio mb)" ≤ 48
}

# cost_table TITLE SECTION TOOL…: what each tool's request cost
cost_table() {
    local title=$1 section=$2 tool
    shift 2
    grep -q "^$section " "$DIR/rows" || return 0
    printf '\n### %s\n\n| | CPU a request, µs | requests/s | p50, µs | server'"'"'s CPU a request, µs |\n| --- | --- | --- | --- | --- |\n' "$title"
    for tool; do
        grep -q "^$section $tool " "$DIR/rows" || continue
        echo "| $tool | $(of "$section" "$tool" cpu) | $(of "$section" "$tool" rate) | $(of "$section" "$tool" p50) | $(of "$section" "$tool" server) |"
    done
    for tool; do
        [[ $tool == scrutinio ]] || ! grep -q "^$section $tool cpu " "$DIR/rows" ||
            echo "| scrutinio ÷ $tool | $(ratios "$section" cpu "$tool") | $(ratios "$section" rate "$tool") | $(ratios "$section" p50 "$tool") | $(ratios "$section" server "$tool") |"
    done
}

# plain_table TITLE PATTERN: every reading of the sections that match
plain_table() {
    grep -qE "^($2) " "$DIR/rows" || return 0
    printf '\n### %s\n\n| | | | minimum / median / maximum |\n| --- | --- | --- | --- |\n' "$1"
    grep -E "^($2) " "$DIR/rows" | awk '$3 != "run_queue" && $3 != "steal" && !seen[$1, $2, $3]++ { print $1, $2, $3 }' |
        while read -r section tool metric; do echo "| $section | $tool | $metric | $(of "$section" "$tool" "$metric") |"; done
}

disturbances() {
    printf '\n### What else ran\n\nWhat other programs (run queue) and the host (steal) took of our lane while it ran, in %% of its time.\n\n'
    printf '| | run queue | steal |\n| --- | --- | --- |\n'
    awk '$3 == "run_queue" && !seen[$1]++ { print $1 }' "$DIR/rows" |
        while read -r section; do echo "| $section | $(of "$section" scrutinio run_queue) | $(of "$section" scrutinio steal) |"; done
}

report() {
    printf 'Measured %s by `%s`, %s passes in %s s, load %s before and %s after.\n' "$(date -u +%F)" \
        "benches/figures.sh" "$PASSES" "$took" "$load_before" "$load_after"
    printf '%s, %s cores, Linux %s; scrutinio %s.\n' "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$(nproc)" "$(uname -r)" \
        "$("$BIN/scrutinio" --version | awk '{ print $2 }'), $(versions)"
    printf 'Sections: %s. Slices of %s s (open loop %s s), rounds interleaved; ratios are taken within a round.\n' "$SECTIONS" "$SLICE" "$OPEN_SECONDS"
    printf 'p50 is from the write of a request to the end of its answer, as wrk counts (our *service* time).\n'
    printf '\n### Goals\n\nThe median decides.\n\n'
    goals >"$DIR/goals"
    cat "$DIR/goals"
    cost_table 'Closed loop, 64 connections, 612 bytes, nginx' closed scrutinio wrk h2load ab oha floor
    cost_table 'The same against haproxy' haproxy scrutinio wrk
    cost_table 'A scenario lane (the row scrutinio) beside `quick`' lane scrutinio quick
    cost_table 'A lane that captures two values, keeps a cookie and fills a template each request (the row scrutinio) beside `quick`' captures scrutinio quick
    cost_table 'TLS, kept alive' tls scrutinio wrk h2load oha
    cost_table 'TLS, a new connection each (resumed where the tool can, as the server'"'"'s CPU shows; h2load: 2,000 at once)' tls-new scrutinio ab h2load oha wrk
    cost_table 'HTTP/2, 8 connections of 32 streams' http2 scrutinio h2load oha
    cost_table 'A new connection each, plain' new scrutinio wrk ab oha
    plain_table 'Open loop: lag, µs' 'open-.*'
    plain_table "Arrivals at the server, 20,000 a second: at its socket (arrived) and when it had read them (read)" 'arrivals-.*'
    plain_table 'Idle, many connections, memory' 'idle|many.*|memory'
    losses
    disturbances
    [[ ! -s $DIR/skipped ]] || { printf '\n### Left out\n\n'; sort -u "$DIR/skipped" | sed 's/^/- /'; }
}

# Every goal that was missed, and every tool beside which a request of ours took more processor time.
losses() {
    printf '\n### Where we lose\n\n'
    {
        awk -F' [|] ' '/missed/ { sub(/^[|] /, "", $1); print "- " $2 ": " $3 " (goal " $4 ")." }' "$DIR/goals"
        awk '$3 == "cpu" && $2 != "scrutinio" && !seen[$1, $2]++ { print $1, $2 }' "$DIR/rows" | while read -r section tool; do
            ratios "$section" cpu "$tool" | awk -F' / ' -v s="$section" -v t="$tool" '$2 > 1 { print "- " s ": CPU a request " $2 " times that of " t "." }'
        done
    } >"$DIR/losses"
    if [[ -s $DIR/losses ]]; then cat "$DIR/losses"; else echo 'In none of these medians.'; fi
}

versions() {
    {
        nginx -v 2>&1 | sed 's/.*nginx\//nginx /'
        ! have haproxy || haproxy -v | awk 'NR == 1 { print "haproxy", $3 }'
        ! have wrk || { wrk -v 2>&1 || true; } | awk 'NR == 1 { print "wrk", $2 }'
        ! have h2load || h2load --version | sed 's/.*\//h2load /'
        ! have ab || ab -V | awk 'NR == 1 { print "ab", $5 }'
        ! have oha || oha --version
    } | paste -sd, | sed 's/,/, /g' || true
}

put_between_markers() {
    grep -q '<!-- figures: begin -->' "$1" || { echo "figures.sh: $1 has no markers" >&2; return 1; }
    awk -v file="$2" '/<!-- figures: end -->/ { inside = 0 } !inside { print }
        /<!-- figures: begin -->/ { inside = 1; while ((getline line < file) > 0) print line }' "$1" >"$2.whole"
    cat "$2.whole" >"$1"
}
