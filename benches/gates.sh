#!/usr/bin/env bash
# How often a gate of 30 s decides, and rightly: a service that is bad by half of what is allowed, behind `run --gate
# --until-decided` (O17), with the target on one core and the generator on another; then with one of them busy a third of
# the time.
#
#   benches/gates.sh                                       # 60 + 60 gates, an hour or more; benches/figures/gates.csv
#   GATES=2 OUT=/tmp/gates.csv benches/gates.sh            # a few minutes
#
# Needs two cores that do nothing else, and jq. A gate that has its row is not run again, so that what was stopped goes on
# where it was: delete OUT to begin anew. A row has the verdict of all looks with the codes of its reasons, and that of the
# first look alone, which is what `run --gate` without `--until-decided` would have said.
set -euo pipefail
cd "$(dirname "$0")/.."

GATES=${GATES:-60} SECONDS_EACH=${SECONDS_EACH:-30} UNTIL=${UNTIL:-2m} RATE=${RATE:-300} OUT=${OUT:-benches/figures/gates.csv}
TARGET_CORE=${TARGET_CORE:-0} LANE_CORE=${LANE_CORE:-1} BUSY_CORE=${BUSY_CORE:-1}
if (($(nproc) < 2)); then echo "gates.sh: needs two cores" >&2; exit 2; fi
for tool in jq taskset; do
    command -v "$tool" >/dev/null || { echo "gates.sh: \`$tool\` is missing (Debian: jq util-linux)" >&2; exit 2; }
done
[[ -n ${BIN:-} ]] || cargo build --quiet --release --locked --bin scrutinio
BIN=${BIN:-target/release/scrutinio}
MEMORY=/tmp; [[ -d /dev/shm ]] && MEMORY=/dev/shm
dir=$(mktemp -d -p "$MEMORY")
busy= target=
end_target() { [[ -z $target ]] || { exec 3>&-; wait "$target" 2>/dev/null || true; target=; }; }
end_busy() { [[ -z $busy ]] || { kill -- "-$busy" 2>/dev/null || true; wait "$busy" 2>/dev/null || true; busy=; }; }
trap 'end_target; end_busy; rm -rf "$dir"' EXIT
mkfifo "$dir/open"

# An answer that is not right is bad for the quantile too: 0.5 % where 1 % is allowed.
cat >"$dir/gate.yaml" <<YAML
name: gate
clock: { from: 2000-01-01T00:00:00, to: $(date -u -d "2000-01-01 $SECONDS_EACH seconds" +%Y-%m-%dT%H:%M:%S) }
requests: $((RATE * SECONDS_EACH))
target: http://127.0.0.1:1
populations: { all: { share: 100%, arrivals: { curve: [constant: 1] }, flow: read } }
flows: { read: { steps: [{ get: /, name: page }] } }
slo: { overall: ["p99 < 100ms"] }
YAML

HEADER=machine,gate,verdict,causes,looks,because,first_verdict,first_causes,seconds,seconds_left_out,lag_p99_us,steal_pct,elapsed_s,load
[[ -s $OUT ]] || { mkdir -p "$(dirname "$OUT")"; echo "$HEADER" >"$OUT"; }
[[ $(head -1 "$OUT") == "$HEADER" ]] || { echo "gates.sh: $OUT has other columns; delete it, or name another OUT" >&2; exit 2; }

CAUSES='[.reasons[].code] | unique | join(" ")'
gate() {
    local machine=$1 number=$2 code=0 folder load
    load=$(cut -d' ' -f1 /proc/loadavg)
    # One for all looks of a gate, so that each draws other errors. It ends with its standard input.
    "$BIN" target --service knobs --listen 127.0.0.1:0 --delay 2ms --errors 0.5% --knob-seed "$number" \
        --cpus "$TARGET_CORE" --until-stdin-ends <"$dir/open" >"$dir/target" &
    target=$!
    exec 3>"$dir/open"
    until [[ -s $dir/target ]]; do sleep 0.1; done
    taskset -c "$LANE_CORE" "$BIN" run "$dir/gate.yaml" --gate --until-decided "$UNTIL" --seed "$((number * 10))" --lanes 1 \
        --target "http://$(jq -r '.listening[0]' "$dir/target")" --out "$dir/runs" --json --quiet >"$dir/summary.json" || code=$?
    end_target
    # READY, NOT READY or INVALID: all else is no gate.
    case $code in 0 | 1 | 3) ;; *) echo "gates.sh: the gate ended with exit code $code" >&2; exit "$code" ;; esac
    folder=$(jq -r .folder "$dir/summary.json")
    jq -r --arg machine "$machine" --arg number "$number" --arg load "$load" --slurpfile first "$folder/looks/1/summary.json" "
        [\$machine, \$number, .verdict, ($CAUSES), (.looks.each | length), .looks.because,
         \$first[0].verdict, (\$first[0] | $CAUSES), ([.looks.each[].seconds] | add), ([.looks.each[].seconds_left_out] | add),
         .latency_us.lag.p99, .generator.steal_pct, .elapsed_s, \$load] | @csv" "$dir/summary.json" | tr -d '"' >>"$OUT"
    rm -rf "$dir/runs"
    tail -1 "$OUT"
}

for machine in calm busy; do
    if [[ $machine == busy ]]; then
        setsid taskset -c "$BUSY_CORE" bash -c 'while :; do timeout 1 bash -c "while :; do :; done"; sleep 2; done' 3>&- &
        busy=$!
    fi
    for number in $(seq "$GATES"); do
        grep -q "^$machine,$number," "$OUT" || gate "$machine" "$number"
    done
    end_busy
done

echo
awk -F, 'NR > 1 { all[$1]++; now[$1 " " $3]++; first[$1 " " $7]++ }
    END {
        split("READY,NOT READY,INVALID", names, ",")
        for (m in all) for (v = 1; v <= 3; v++)
            printf "%s: %s in %d of %d, of the first look alone in %d\n", m, names[v], now[m " " names[v]], all[m], first[m " " names[v]]
    }' "$OUT" | sort
