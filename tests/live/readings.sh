#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the devices counted themselves, at the start and at the end: the same as
# they say, and as the events add up to.
. tests/lib.sh
need_live
make_pair

rows=$BUILD/tests/process_rows
# truth NAMESPACE DEVICE: as the columns of a row
truth() {
	for counter in rx_bytes rx_packets rx_dropped tx_bytes tx_packets tx_dropped; do
		device_counter "$1" "$2" $counter
	done | paste -sd ' '
}
index_of() {
	ip -n "$1" -json link show "$2" | jq '.[].ifindex'
}
# reading NAMESPACE DEVICE N: the Nth row of it, or nothing
reading() {
	"$rows" "$TMP/t.zst" | awk -F'\t' -v netns="$(stat -L -c %i "/run/netns/$1")" \
		-v index_="$(index_of "$1" "$2")" -v n="$3" \
		'$1 == "counter" && $2 == netns && $3 == index_ && ++seen == n { print $5, $6, $7, $8, $9, $10 }'
}

# nothing but what the test sends: no IPv6, and no ARP
quiet() { # quiet NAMESPACE DEVICE PEER-NAMESPACE PEER-DEVICE PEER-ADDRESS
	ip netns exec "$1" sh -c 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done'
	ip -n "$1" neigh replace "$5" dev "$2" nud permanent \
		lladdr "$(ip -n "$3" -json link show "$4" | jq -r '.[].address')"
}
quiet "$left" nsl "$right" nsr 10.99.0.2
quiet "$right" nsr "$left" nsl 10.99.0.1
ip -n "$left" link add nsgone type veth peer name nspeer
gone=$(index_of "$left" nsgone)
truth "$left" nsl >"$TMP/before.l"
truth "$right" nsr >"$TMP/before.r"
start_record -B 64M -o "$TMP/t.zst"
# the terminal's Ctrl-C reaches all of them: what is needed until the end heeds none
for helper in $(pgrep -P "$recorder"); do
	kill -INT "$helper"
	kill -TERM "$helper"
done

serve "$right" tcp 10.99.0.2 5001
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5001 50000000 500 >"$TMP/sent" || fail "the client"
wait "$server" || fail "the server"
# one appears, one goes; the trace knows of both before it ends
ip -n "$left" link add nsnew type veth peer name nsother
new=$(index_of "$left" nsnew)
ip -n "$left" link del nsgone
knows_new() {
	"$analyze" sql --format csv "$TMP/t.zst" "SELECT 1 FROM interface WHERE name = 'nsnew'" \
		2>/dev/null | grep -q '^1'
}
until_true 10 knows_new
end_pair
stop_record
equal "what is wrong" "$(grep -c 'process that looks' "$TMP/record.err")" 0

for end in "$left nsl l" "$right nsr r"; do
	# shellcheck disable=SC2086 # three words
	set -- $end
	equal "$2 at the start" "$(reading "$1" "$2" 1)" "$(cat "$TMP/before.$3")"
	equal "$2 at the end" "$(reading "$1" "$2" 2)" "$(truth "$1" "$2")"
	equal "$2 a third time" "$(reading "$1" "$2" 3)" ""
	for direction in 0 1; do
		equal "what $2 counted, is_send $direction" \
			"$(echo "$(reading "$1" "$2" 1) $(reading "$1" "$2" 2)" | awk -v s=$direction '
				{ print $(7 + 3 * s) - $(1 + 3 * s) "," $(8 + 3 * s) - $(2 + 3 * s) }')" \
			"$(query "$TMP/t.zst" "SELECT sum(bytes + link_header_bytes), count(*)
				FROM net_event WHERE is_send = $direction AND interface = '$2'
				AND netns = $(stat -L -c %i "/run/netns/$1")")"
	done
done

netns=$(stat -L -c %i "/run/netns/$left")
count() {
	"$rows" "$TMP/t.zst" | awk -F'\t' -v netns="$netns" -v index_="$1" \
		'$1 == "counter" && $2 == netns && $3 == index_' | wc -l
}
equal "rows of one that appeared" "$(count "$new")" 0
equal "rows of one that has gone" "$(count "$gone")" 2
