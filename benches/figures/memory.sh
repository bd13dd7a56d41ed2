# The greatest resident memory of a run of many requests; once, in the first pass.

section_memory() {
    ROUND=1
    ((PASS == 1)) || return 0
    LIMIT=240 scrutinio quick "$URL" -c $CONNECTIONS -n "$MEMORY_REQUESTS"
    put memory scrutinio requests "$(figure scrutinio .requests.completed)"
    put memory scrutinio mb "$(figure scrutinio '.generator.max_rss_bytes / 1000000')"
    disturbed memory
}
