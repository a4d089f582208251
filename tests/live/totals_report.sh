#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Of the same traffic, a report of a trace that lacks most events says the same bytes by
# process and by flow as one of a trace that lacks none, and so does one of totals alone:
# also of what came before its owner was known.
. tests/lib.sh
need_live

make_pair
# nothing moves until all of them record
ip -n "$left" link set nsl down
ip -n "$right" link set nsr down

# also ARGUMENT...: another recorder beside those that run; $recorders are all of them
recorders=
also() {
	name=$1
	shift
	rm -f "$TMP/record.err"
	start_record --interface nsl --interface nsr -o "$TMP/$name.zst" "$@"
	mv "$TMP/record.err" "$TMP/$name.err"
	recorders="$recorders $recorder"
}

flood() { # flood PORT COUNT
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 "$1" "$2" 64 >/dev/null ||
		fail "the flood to port $1"
}

# A server that does not read what has come for it before it is stopped and goes on
# is what learns late; the connections are one process's after the other.
play() {
	serve "$right" udp 10.99.0.2 7001
	late=$server
	kill -STOP "$late"
	ip netns exec "$left" "$traffic" send udp 10.99.0.2 7001 100 1000 >/dev/null &
	udp=$!
	flood 9001 4000 &
	one=$!
	flood 9002 4000 &
	two=$!
	for port in 7100 7101 7102 7103; do
		serve "$right" tcp 10.99.0.2 $port
		ip netns exec "$left" "$traffic" send tcp 10.99.0.2 $port 300000 >/dev/null ||
			fail "the connection to port $port"
		wait "$server"
	done
	wait "$one" "$two"
	kill -CONT "$late"
	wait "$udp" "$late"
}

also whole -B 64M
also lossy -B 8k
also flows --detail flows --interval 0.3
also hour --detail flows --interval 1h
ip -n "$left" link set nsl up
ip -n "$right" link set nsr up
until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.99.0.2 >/dev/null
play
end_pair
for recorder in $recorders; do
	stop_record INT
done

# rows NAME BY: each row of a report, but for times and what is computed from them
rows() {
	expect 0 "$analyze" report --by "$2" --format json "$TMP/$1.zst"
	jq -r '.rows[] | del(.first, .last, .start, .exit, .sources) | with_entries(select(.key |
		endswith("_bps") | not)) | to_entries | sort_by(.key) |
		map("\(.key)=\(.value)") | join(" ")' "$TMP/out" | sort >"$TMP/$1.$2"
}

expect 0 "$analyze" report --format json "$TMP/whole.zst"
equal "what the large rings lost" "$(jq '.traces[0].lost.ring_full // 0' "$TMP/out")" 0
expect 0 "$analyze" report --format json "$TMP/lossy.zst"
[ "$(jq '.traces[0].lost.ring_full // 0' "$TMP/out")" -gt 1000 ] ||
	fail "hardly anything was lost: the test tests nothing"
for by in process flow; do
	rows whole $by
	for name in lossy flows hour; do
		rows $name $by
		diff "$TMP/whole.$by" "$TMP/$name.$by" >"$TMP/diff" && continue
		cat "$TMP/diff" >&2
		fail "the report of $name by $by is another one"
	done
done
for name in whole lossy flows hour; do
	expect 0 "$analyze" verify "$TMP/$name.zst"
done
