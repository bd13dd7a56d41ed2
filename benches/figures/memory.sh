# The greatest resident memory of a run of many requests; once, in the first pass.

section_memory() {
    ROUND=1
    ((PASS == 1)) || return 0
    run ours "$BIN/scrutinio" quick "$URL" -c $CONNECTIONS -n "$MEMORY_REQUESTS" --lanes 1 --json --quiet --out "$DIR/runs"
    rm -rf "$DIR/runs"
    put memory scrutinio requests "$(jq .requests.completed "$DIR/ours")"
    put memory scrutinio rss_mib "$(jq '.generator.max_rss_bytes / 1048576' "$DIR/ours")"
}
