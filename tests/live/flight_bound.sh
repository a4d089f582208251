#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The flight recorder's memory has the bound that was asked for, and a disk that is full
# does not end it. FLIGHT_MB: other bounds than these small ones, below 1000.
. tests/lib.sh
. tests/lib_flight.sh
need_live
make_pair

# The bound, while packets come as fast as they can: beside a recorder that writes a file.
for megabytes in ${FLIGHT_MB:-8 12}; do
	begin --level 1 -o "$TMP/all.zst"
	all=$recorder
	mv "$TMP/record.err" "$TMP/all.err"
	start_record --interface nsl --interface nsr --level 1 --flight ${megabytes}M -o "$TMP/t.zst"
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 1000000000 64 >/dev/null &
	flooding=$!
	at_exit "kill -KILL $flooding"
	is_full() {
		kill -USR1 $recorder
		sleep 0.2
		tail -n 1 "$TMP/record.err" | awk -v full=$((megabytes * 1048576)) '
			/keeping/ { split($0, part, "keeping "); split(part[2], word, " ")
				kept = word[3] * (word[4] ~ /^MB/ ? 1e6 : 1e3) }
			END { exit kept < 0.85 * full }'
	}
	until_true $((90 + 10 * megabytes)) is_full
	plain_kb=$(memory_kb $all) kept_kb=$(memory_kb $recorder)
	kill -USR2 $recorder
	until_true 30 written t.zst
	kill -KILL $flooding
	wait $flooding 2>/dev/null
	after_kb=$(memory_kb $recorder)
	stop_record
	kill -INT $all
	wait $all || fail "the recorder beside it: $(cat "$TMP/all.err")"
	is_whole "$TMP/t.zst" "$TMP/t-000002.zst"
	size=$(stat -c %s "$TMP/t.zst")
	[ $((kept_kb - plain_kb)) -le $((megabytes * 1024)) ] ||
		fail "$megabytes MiB took $kept_kb kB, a plain recording $plain_kb kB"
	[ "$size" -gt $((megabytes * 700000)) ] || fail "$megabytes MiB became $size bytes"
	echo "--flight ${megabytes}M: $kept_kb kB, $after_kb kB when written out ($size bytes);" \
		"a plain recording $plain_kb kB"
done

# It ends also while a file is being written out of memory that is full, with another flood
# in the rings.
begin --level 1 --flight 6M -o "$TMP/t.zst"
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 1000000000 64 >/dev/null &
flooding=$!
at_exit "kill -KILL $flooding"
megabytes=6
until_true 90 is_full
kill -USR2 $recorder
until_true 10 test -e "$TMP/t.zst"
stop_record
kill -KILL $flooding
wait $flooding 2>/dev/null
is_whole "$TMP/t.zst" "$TMP/t-000002.zst"

# A disk that is full costs that file, and nothing else.
mkdir "$TMP/small"
mount -t tmpfs -o size=256k none "$TMP/small" || fail "no tmpfs"
at_exit "umount $TMP/small"
begin --level 1 --flight 64M -o "$TMP/small/t.zst"
flood 300000 >"$TMP/sent" || fail "the flood"
kill -USR2 $recorder
until_true 20 grep -q 'No space left' "$TMP/record.err"
mount -o remount,size=64m "$TMP/small"
flood 1000 10 >"$TMP/sent" || fail "the flood"
kill -USR2 $recorder
until_true 20 written t-000002.zst
stop_record INT 1
is_whole "$TMP/small/t-000002.zst"
expect 3 "$analyze" report "$TMP/small/t.zst"
equal "events of the second flood" "$(query "$TMP/small/t-000002.zst" \
	"SELECT count(*) FROM net_event WHERE is_send AND dport = 10 AND interface = 'nsl' AND comm = 'traffic'")" 1000
