#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A recorder that is killed under load leaves a trace that reports, says that
# it has no end, and lacks at most the last second.
. tests/lib.sh
need_live
make_pair

for round in 1 2 3 4 5; do
	rm -f "$TMP/t.zst" "$TMP/record.err"
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 100000000 64 >/dev/null &
	flood=$!
	start_record --interface nsl --interface nsr -o "$TMP/t.zst"
	size_is_over() { [ "$(stat -c %s "$TMP/t.zst")" -gt $((200000 * round)) ]; }
	until_true 20 size_is_over
	killed=$(date +%s%N)
	kill -KILL $recorder
	wait $recorder 2>/dev/null
	kill -KILL $flood
	wait $flood 2>/dev/null

	expect 3 "$analyze" report --by process --format json "$TMP/t.zst"
	says "$TMP/err" "END"
	equal "complete" "$(jq '.traces[0].complete' "$TMP/out")" false
	[ "$(jq '.traces[0].events' "$TMP/out")" -gt 1000 ] || fail "next to nothing was kept"
	last=$(date -d "$(jq -r '.traces[0].end' "$TMP/out")" +%s%N)
	lacks=$(((killed - last) / 1000000))
	[ $lacks -le 1000 ] || fail "the last $lacks ms before the kill are missing"
	echo "round $round: $(jq '.traces[0].events' "$TMP/out") events, the last $lacks ms missing"
	expect 3 "$analyze" report "$TMP/t.zst"
	says "$TMP/out" "cut"
done
