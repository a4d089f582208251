#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the devices counted, less what the trace tells of it: nothing, to the byte,
# on a pair of devices that was there before, and on the loopback between them.
. tests/lib.sh
need_live
make_pair
for ns in "$left" "$right"; do # nothing but what the test sends: no IPv6, and no ARP
	ip netns exec "$ns" sh -c 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done'
done
hardware_address() {
	ip -n "$1" -json link show "$2" | jq -r '.[].address'
}
ip -n "$left" neigh replace 10.99.0.2 dev nsl nud permanent lladdr "$(hardware_address "$right" nsr)"
ip -n "$right" neigh replace 10.99.0.1 dev nsr nud permanent lladdr "$(hardware_address "$left" nsl)"

# traffic_of PORT: datagrams to the other end and on the loopback, and a connection
traffic_of() {
	for to in "$right udp 10.99.0.2" "$right tcp 10.99.0.2" "$left udp 127.0.0.1"; do
		# shellcheck disable=SC2086 # three words
		set -- $to "$1"
		serve "$1" "$2" "$3" "$4"
		ip netns exec "$left" "$traffic" send "$2" "$3" "$4" 5000000 500 >"$TMP/sent.$2" ||
			fail "the client to $3, $2"
		wait "$server" || fail "the server on $3, $2"
		shift 3
	done
}

# device NAMESPACE DEVICE rx|tx BEFORE: what it counted itself since then
device() {
	echo $(($(device_counter "$1" "$2" "$3"_bytes) - $4))
}
remember() {
	for end in "$left nsl" "$left lo" "$right nsr"; do
		# shellcheck disable=SC2086 # two words
		set -- $end
		echo "$end $(device_counter "$1" "$2" tx_bytes) $(device_counter "$1" "$2" rx_bytes)"
	done >"$TMP/before"
}

# reconciled TRACE: all six directions agree with the devices and leave nothing
reconciled() {
	"$analyze" report --format json "$1" >"$TMP/json" || fail "the report on $1"
	while read -r ns name tx rx; do
		netns=$(stat -L -c %i "/run/netns/$ns")
		for direction in true false; do
			if [ $direction = true ]; then said=$(device "$ns" "$name" tx "$tx"); else
				said=$(device "$ns" "$name" rx "$rx")
			fi
			equal "$name of $ns, is_send $direction" "$(jq -c ".traces[0].interfaces[] |
				select(.netns == $netns and .name == \"$name\" and .is_send == $direction) |
				[.reconciled, .interface_bytes, .unexplained_bytes, .interface_bytes -
				.attributed_bytes - .kernel_bytes - .forwarded_bytes - .unknown_bytes]" \
				"$TMP/json")" "[true,$said,0,0]"
		done
	done <"$TMP/before"
}

remember
start_record -B 64M -o "$TMP/t.zst"
traffic_of 5001
end_pair
stop_record
reconciled "$TMP/t.zst"
expect 0 "$analyze" report "$TMP/t.zst"
says "$TMP/out" "devices   "
says "$TMP/out" "0 B unexplained"
expect 0 "$analyze" info "$TMP/t.zst"
says "$TMP/out" "unexplained"
[ "$(jq ".traces[0].interfaces[] | select(.netns == $(stat -L -c %i "/run/netns/$left") and
	.name == \"nsl\" and .is_send) | .attributed_bytes" "$TMP/json")" -gt 10000000 ] || fail "next to nothing is attributed"

# the same where most events are lost, and where there are none at all
for how in "-B 8k" "--detail flows"; do
	ip -n "$left" link set nsl up
	ip -n "$right" link set nsr up
	ip -n "$left" neigh replace 10.99.0.2 dev nsl nud permanent lladdr "$(hardware_address "$right" nsr)"
	ip -n "$right" neigh replace 10.99.0.1 dev nsr nud permanent lladdr "$(hardware_address "$left" nsl)"
	until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.99.0.2 >/dev/null
	remember
	rm "$TMP/t.zst"
	# shellcheck disable=SC2086 # words
	start_record $how -o "$TMP/t.zst"
	traffic_of 5001
	end_pair
	stop_record
	reconciled "$TMP/t.zst"
	[ "$(jq '.traces[0].total_bytes' "$TMP/json")" -gt 1000000 ] || fail "$how: nothing in totals"
done

# what is filtered away is in no account
rm "$TMP/t.zst"
start_record --port 5001 -o "$TMP/t.zst"
serve "$left" udp 127.0.0.1 5001
ip netns exec "$left" "$traffic" send udp 127.0.0.1 5001 5000 500 >"$TMP/sent" || fail "the client"
wait "$server"
stop_record
expect 0 "$analyze" report "$TMP/t.zst"
says "$TMP/out" "devices   not reconciled: filtered"
