#!/usr/bin/env bash
# Servers that others wrote, under load: each request that we count is one line of their log, with the status that we saw.
#
#   tests/foreign/run.sh                     # all of nginx, haproxy, caddy, h2o, node and python3 that are there
#   tests/foreign/run.sh nginx h2o           # these
#
# Needs openssl, jq and nginx, which also stands behind the proxies. Each line: the case; requests right and not, exchanges,
# connections, what was sent again; lines in the log. What does not add up is named below its line, and the exit code is 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

SERVERS=${*:-nginx haproxy caddy h2o node python}
N=${N:-4000} SECONDS_EACH=${SECONDS_EACH:-2}
# Below the ports that a system gives by itself.
BASE=${PORT:-$((21000 + $$ % 500 * 20))} PATH="$PATH:/usr/sbin"
BIN=${BIN:-target/release/scrutinio} DIR=$(mktemp -d) WRONG=0 PIDS='' SINCE=0
chmod 755 "$DIR"
# shellcheck source=/dev/null
. tests/foreign/servers.sh
trap 'for pid in $PIDS $(cat "$DIR/again" 2>/dev/null); do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$DIR"' EXIT

# Lines "status method bytes-written bytes-read" of the server's log since the case began; `-` where it does not say.
logged() { tail -n "+$((SINCE + 1))" "$LOG" | "log_of_$SERVER"; }
lines() { wc -l <"$LOG"; }
# Some write their log a little later.
settle() {
    local before=-1
    while [[ $(lines) != "$before" ]]; do before=$(lines); sleep 0.4; done
}
wrong() { WRONG=1; echo "    WRONG: $1"; }

# case_ NAME URL ARGS…: `quick`, held against the log. DURING runs beside it. What a server did not take up is not in its
# log: it is sent again, and counted as reconnected or refused. MAY=cut: of the
# answers that the server logged not all got through, before their requests were sent again. MAY=fail: nor after it, for the
# server is ended meanwhile, so that requests may be refused or reset too.
case_() {
    local name=$1 out=$DIR/summary counted seen may_fail code=0
    SINCE=$(lines)
    [[ -z ${DURING:-} ]] || { sleep 0.7; $DURING; } >/dev/null 2>&1 &
    timeout 60 "$BIN" quick "${@:2}" --json --quiet --out "$DIR/out" >"$out" 2>"$DIR/said" || code=$?
    [[ -z ${DURING:-} ]] || wait $!
    settle
    if ((code)); then wrong "$SERVER $name: exit code $code: $(tail -n2 "$DIR/said" | tr '\n' ' ')"; return 0; fi
    read -r completed bad exchanges reconnected refused sent received opened goaways < <(jq -r '[.requests.completed, .requests.planned - .requests.completed,
        .exchanges, .connections.reconnected, .connections.streams_refused, .bytes.sent, .bytes.received, .connections.opened, .connections.goaways] | @tsv' "$out")
    printf '%-8s %-38s %7s right, %s not, %s exchanges, %s connections, %s reconnects, %s refused, %s goaways, %s logged\n' \
        "$SERVER" "$name" "$completed" "$bad" "$exchanges" "$opened" "$reconnected" "$refused" "$goaways" "$(logged | wc -l)"
    if [[ -n ${MAY:-} ]]; then
        [[ $MAY == fail ]] && may_fail=1 || may_fail=0
        ((completed > 0 && (bad == 0 || $may_fail))) && jq -e '[.requests.by_reason | keys[] | select(. != "failed.refused" and . != "failed.reset")] == []' "$out" >/dev/null || wrong "$(jq -c .requests.by_reason "$out")"
        ((completed <= $(logged | wc -l) && $(logged | wc -l) <= exchanges)) || wrong "$exchanges exchanges; $(logged | wc -l) lines"
        rm -rf "$DIR/out"
        return 0
    fi
    ((completed > 0 && bad == 0)) || wrong "not right: $(jq -c .requests.by_reason "$out") $(head -n1 "$DIR"/out/*/failures.ndjson | cut -c1-300)"
    counted=$(jq -r '[.populations[].by_status | to_entries[] | "\(.key) \(.value)"] | sort | join(", ")' "$out")
    seen=$(logged | awk '{ n[$1]++ } END { for (s in n) print s, n[s] }' | sort | paste -sd, | sed 's/,/, /g')
    [[ $counted == "$seen" ]] || wrong "we count $counted; the log has $seen"
    (($(logged | wc -l) == exchanges - reconnected - refused)) || wrong "$exchanges exchanges, of which $((reconnected + refused)) were sent again; $(logged | wc -l) lines"
    read -r seen counted < <(logged | awk '$3 == "-" { no = 1 } { w += $3; r += $4 } END { if (no || !NR) print "- -"; else printf "%d %d\n", w, r }')
    ((reconnected + refused == 0)) || seen=-
    [[ $seen == - || $seen == "$received" ]] || wrong "$received bytes received; the log has $seen"
    [[ $seen == - || $counted == "$sent" ]] || wrong "$sent bytes sent; the log has $counted"
    rm -rf "$DIR/out"
}

# What every server is asked, over one of its ways in: NAME URL ARGS…
ways() {
    local name=$1 url=$2
    shift 2
    case_ "$name closed" "$url/page.html" -n "$N" -c 16 "$@"
    case_ "$name open" "$url/page.html" -r 1000 -d "${SECONDS_EACH}s" -c 16 "$@"
    case_ "$name HEAD" "$url/page.html" -n "$N" -c 16 -m HEAD "$@"
    case_ "$name 10 MB" "$url/big.bin" -n 40 -c 4 "$@"
    case_ "$name 404" "$url/none" -n 500 -c 8 --expect 404 "$@"
}
# The same of servers with more than files.
more_ways() {
    local name=$1 url=$2 tag
    shift 2
    ways "$name" "$url" "$@"
    case_ "$name gzip" "$url/text.txt" -n "$N" -c 16 -H 'Accept-Encoding: gzip' "$@"
    case_ "$name POST 64 KB" "$url/post" -n 1000 -c 8 -m POST -D "$DIR/body" "$@"
    case_ "$name POST 10 MB" "$url/post" -n 20 -c 2 -m POST -D "$DIR/www/big.bin" "$@"
    tag=$(curl -ksI "${PLAIN}/page.html" | tr -d '\r' | awk 'tolower($1) == "etag:" { sub(/^[^ ]* /, ""); print }')
    [[ -z $tag ]] || case_ "$name 304" "$url/page.html" -n "$N" -c 16 -H "If-None-Match: $tag" --expect 304 "$@"
}

for SERVER in $SERVERS; do
    command -v "${SERVER/python/python3}" >/dev/null || { echo "$SERVER: not there"; continue; }
    "start_$SERVER"
    "cases_$SERVER"
    stop_all
done
((WRONG)) && echo "something did not add up" || echo "everything adds up"
exit $WRONG
