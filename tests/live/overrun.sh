#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A ring that is far too small loses events, and every one of them is counted:
# in the summary, in the report, and to the packet what the devices say.
. tests/lib.sh
need_live

start_record --interface nsl --interface nsr -B 8k -o "$TMP/t.zst"
make_pair
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 200000 64 >"$TMP/sent" || fail "the flood"
end_pair
stop_record

in_kernel=0
for counter in "$left nsl tx" "$left nsl rx" "$right nsr tx" "$right nsr rx"; do
	# shellcheck disable=SC2086 # three words
	set -- $counter
	in_kernel=$((in_kernel + $(device_counter "$1" "$2" "$3"_packets)))
done
[ $in_kernel -gt 400000 ] || fail "the devices saw only $in_kernel packets"

expect 0 "$analyze" report --by process --format json "$TMP/t.zst"
recorded=$(jq '.traces[0].events' "$TMP/out")
lost=$(jq '.traces[0].lost.ring_full' "$TMP/out")
[ "$lost" -gt 0 ] || fail "nothing was lost: the test tests nothing"
equal "recorded + lost" $((recorded + lost)) $in_kernel
says "$TMP/record.err" "$recorded events"
grep -qE "lost $lost( |\$|,|:)" "$TMP/record.err" || fail "the summary does not say lost $lost: $(cat "$TMP/record.err")"

# The maps of the kernel are updated first: they lack nothing.
all=0
for counter in "$left nsl tx" "$left nsl rx" "$right nsr tx" "$right nsr rx"; do
	# shellcheck disable=SC2086 # three words
	set -- $counter
	all=$((all + $(device_counter "$1" "$2" "$3"_bytes)))
done
maps=$(query "$TMP/t.zst" "SELECT (SELECT sum(bytes) FROM send_bytes) + (SELECT sum(bytes) FROM recv_bytes)")
equal "bytes in the maps and link headers" $((maps + 14 * in_kernel)) $all
echo "$in_kernel in the kernel = $recorded recorded + $lost lost"

# By then it has compressed as little as it can: from 3 to 2, and to 1.
lowered=$(query "$TMP/t.zst" "SELECT value FROM counter WHERE name = 'level_lowered'")
[ "$lowered" -ge 2 ] || fail "the level was lowered $lowered times"
says "$TMP/record.err" "level_lowered, compressed less to keep up, times: $lowered"
