# From the rows to markdown: a pass's value is the median of its rounds; told are minimum / median / maximum of passes.

# spread: reads "pass value" lines
spread() {
    sort -k1,1n -k2,2g | awk 'function done_pass() { if (n) m[++k] = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2; n = 0 }
        $1 != p { done_pass(); p = $1 } { v[++n] = $2 } END { done_pass(); for (i = 1; i <= k; i++) print m[i] }' | sort -g |
        awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
            f = v[NR] >= 1000 ? "%.0f" : "%.3g"; printf f " / " f " / " f, v[1], m, v[NR] }'
}
of() { awk -v s="$1" -v t="$2" -v m="$3" '$1 == s && $2 == t && $3 == m { print $4, $6 }' "$DIR/rows" | spread; }
# ratio SECTION METRIC TOOL: ours over that tool's, round by round
ratio() {
    awk -v s="$1" -v m="$2" -v t="$3" '$1 == s && $3 == m { if ($2 == t) o[$4 " " $5] = $6; if ($2 == "scrutinio") u[$4 " " $5] = $6 }
        END { for (k in u) if (k in o) { split(k, p, " "); print p[1], u[k] / o[k] } }' "$DIR/rows" | spread
}

report() {
    local section tool line
    printf 'Measured %s by `%s`, %s passes in %s s, load %s before and %s after.\n' "$(date -u +%F)" \
        "benches/figures.sh $SECTIONS" "$PASSES" "$took" "$load_before" "$load_after"
    printf '%s, %s cores, Linux %s; scrutinio %s.\n\n' "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$(nproc)" "$(uname -r)" \
        "$("$BIN/scrutinio" --version | awk '{ print $2 }'), $(versions)"
    for section in $(awk '{ print $1 }' "$DIR/rows" | awk '!seen[$0]++'); do
        printf '### %s\n\n| | metric | minimum / median / maximum |\n| --- | --- | --- |\n' "$section"
        awk -v s="$section" '$1 == s { print $2, $3 }' "$DIR/rows" | awk '!seen[$0]++' | while read -r tool line; do
            printf '| %s | %s | %s |\n' "$tool" "$line" "$(of "$section" "$tool" "$line")"
            [[ $tool == scrutinio ]] || ! grep -q "^$section scrutinio $line " "$DIR/rows" ||
                printf '| scrutinio ÷ %s | %s | %s |\n' "$tool" "$line" "$(ratio "$section" "$line" "$tool")"
        done
        echo
    done
    [[ ! -s $DIR/skipped ]] || { printf 'Left out:\n\n'; sort -u "$DIR/skipped" | sed 's/^/- /'; }
}

versions() {
    nginx -v 2>&1 | sed 's/.*nginx\//nginx /'
    have wrk && { wrk -v 2>&1 || true; } | awk 'NR == 1 { print ", wrk", $2 }'
    have h2load && h2load --version | sed 's/.*\//, h2load /'
    have ab && ab -V | awk 'NR == 1 { print ", ab", $5 }'
    have oha && oha --version | sed 's/^/, /'
    return 0
}

put_between_markers() {
    grep -q '<!-- figures: begin -->' "$1" || { echo "figures.sh: $1 has no markers" >&2; return 1; }
    awk -v file="$2" '/<!-- figures: end -->/ { inside = 0 } !inside { print }
        /<!-- figures: begin -->/ { inside = 1; while ((getline line < file) > 0) print line }' "$1" >"$2.whole"
    cat "$2.whole" >"$1"
}
