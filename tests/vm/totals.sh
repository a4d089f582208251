#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# In the guest: TCP and UDP, IPv4 and IPv6 between two namespaces, recorded. Prints
# what the devices said and what the trace says, in bytes at the link layer; fails if
# these are not the same at each device, or if bytes are not their process's.
. tests/lib.sh

# play NAME OPTION...: record into $TMP/NAME.zst; what the devices counted is in
# $TMP/NAME.counted, a line each: device, is_send, bytes, packets
play() {
	name=$1
	shift
	rm -f "$TMP/record.err"
	start_record "$@" -o "$TMP/$name.zst"
	make_pair
	for ns in "$left" "$right"; do
		ip netns exec "$ns" stat -Lc %i /proc/self/ns/net
	done | paste -sd , >"$TMP/$name.netns"
	port=5000
	: >"$TMP/$name.moved"
	for address in 10.99.0.2 fd99::2; do
		for protocol in tcp udp; do
			port=$((port + 1)) amount=4000000
			[ $protocol = tcp ] || amount=500000
			serve "$right" $protocol $address $port
			ip netns exec "$left" "$traffic" send $protocol $address $port $amount 500 \
				>"$TMP/sent" || fail "the client on $address, $protocol"
			wait "$server" || fail "the server on $address, $protocol"
			echo "$port $(moved "$TMP/sent" pid) $(moved "$TMP/serve" pid)" >>"$TMP/$name.moved"
		done
	done
	end_pair
	for end in "$left nsl" "$right nsr"; do
		# shellcheck disable=SC2086 # two words
		set -- $end
		equal "what $2 dropped" "$(device_counter "$1" "$2" tx_dropped)" 0
		echo "$2,1,$(device_counter "$1" "$2" tx_bytes),$(device_counter "$1" "$2" tx_packets)"
		echo "$2,0,$(device_counter "$1" "$2" rx_bytes),$(device_counter "$1" "$2" rx_packets)"
	done | sort >"$TMP/$name.counted"
	ip netns del "$left"
	ip netns del "$right"
	stop_record
	says "$TMP/record.err" "lost 0"
}

sum() { # sum FILE: its third column
	awk -F , '{ sum += $3 } END { printf "%.0f\n", sum }' "$1"
}

# check NAME: what the trace has of it, by events and totals, is what the devices say and
# the processes'
check() {
	query "$TMP/$1.zst" "SELECT l.interface, l.is_send,
			sum(u.bytes + u.events * l.link_header_bytes), sum(u.events)
		FROM usage u
		JOIN lane l USING (lane_id)
		JOIN flow f USING (flow_id)
		WHERE u.period_id = 0 AND l.interface IN ('nsl', 'nsr')
			AND f.netns IN ($(cat "$TMP/$1.netns"))
		GROUP BY 1, 2" | sort >"$TMP/traced"
	echo "totals	$1	$(sum "$TMP/$1.counted")	$(sum "$TMP/traced")"
	diff "$TMP/$1.counted" "$TMP/traced" >"$TMP/diff" ||
		fail "$1: devices (<) and trace (>) differ: $(cat "$TMP/diff")"
	while read -r port client server; do
		equal "whose is what was sent to and received at port $port" "$(query "$TMP/$1.zst" "
			SELECT group_concat(DISTINCT p.pid)
			FROM usage u
			JOIN lane l USING (lane_id)
			JOIN process p USING (process_id)
			JOIN flow f USING (flow_id)
			WHERE u.period_id = 0 AND u.payload_bytes
				AND f.netns IN ($(cat "$TMP/$1.netns")) AND $port =
				CASE WHEN l.is_send THEN f.remote_port ELSE f.local_port END
			GROUP BY l.is_send
			ORDER BY l.is_send" | paste -sd ' ')" "$server $client"
	done <"$TMP/$1.moved"
	expect 0 "$analyze" verify "$TMP/$1.zst"
}

play packets
play flows --detail flows
echo "hooks	$(query "$TMP/packets.zst" \
	"SELECT value FROM environment WHERE key = 'hooks'" | tr -d '"')"
check packets
check flows
equal "events of packets in --detail flows" \
	"$(query "$TMP/flows.zst" "SELECT count(*) FROM net_event")" 0
