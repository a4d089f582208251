#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The sample traces give the reports that stand beside them, and other tools
# take them for what they are.
. tests/lib.sh

n=0
for trace in samples/*.zst; do
	expect 0 "$analyze" report --utc --limit 20 "$trace"
	diff "${trace%.zst}.txt" "$TMP/out" || fail "the report on $trace has changed"
	expect 0 zstd -q -t "$trace"
	file "$trace" | grep -q 'Zstandard compressed data' || fail "$(file "$trace")"
	n=$((n + 1))
done
equal "the number of samples" $n 3
[ "$(cat samples/*.zst | wc -c)" -lt 1000000 ] || fail "the samples have grown over 1 MB"

# Both ways to the same answer: a trace and the database made of it.
groupings="process protocol flow program user cgroup container interface netns remote port"
for by in $groupings; do
	expect 0 "$analyze" report --by $by --format json samples/mixed-minute.zst
	jq -S '.rows' "$TMP/out" >"$TMP/trace.$by"
done
expect 0 "$analyze" load -o "$TMP/mixed.db" samples/mixed-minute.zst
for by in $groupings; do
	expect 0 "$analyze" report --by $by --format json "$TMP/mixed.db"
	jq -S '.rows' "$TMP/out" | diff "$TMP/trace.$by" - || fail "by $by: trace and database differ"
done

# The roll-up against plain SQL over the events, by another program.
sqlite3 "$TMP/mixed.db" "SELECT coalesce(pid, 'null') || ' ' || sum(iif(is_send, bytes, 0)) || ' ' ||
	sum(iif(is_send, 0, bytes)) || ' ' || sum(segments) FROM net_event GROUP BY pid, start_ns,
	pid IS NULL AND owner_source = 'kernel' ORDER BY 1" >"$TMP/sqlite"
jq -r '.[] | "\(.pid) \(.send_bytes) \(.recv_bytes) \(.send_packets + .recv_packets)"' \
	"$TMP/trace.process" | LC_ALL=C sort | diff - "$TMP/sqlite" ||
	fail "the report by process is not the sum of the events"
