#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A trace adds up: to the byte with what the devices counted and with what the
# programs say they moved, over TCP and UDP, IPv4 and IPv6.
. tests/lib.sh
need_live

# The devices are born and die while we record, so that their counters and the
# trace speak of the same packets.
start_record -B 64M -o "$TMP/t.zst"
make_pair
port=5000
for address in 10.99.0.2 fd99::2; do
	for protocol in tcp udp; do
		port=$((port + 1)) amount=200000000
		[ $protocol = tcp ] || amount=50000000 # 100,000 of 500
		serve "$right" $protocol $address $port
		ip netns exec "$left" "$traffic" send $protocol $address $port $amount 500 \
			>"$TMP/sent.$port" || fail "the client on $address, $protocol"
		wait "$server" || fail "the server on $address, $protocol"
		mv "$TMP/serve" "$TMP/served.$port"
		equal "bytes that arrived over $protocol" "$(moved "$TMP/served.$port" received)" \
			"$(moved "$TMP/sent.$port" sent)"
	done
done
end_pair
stop_record

says "$TMP/record.err" "lost 0"
expect 0 zstd -t "$TMP/t.zst"
expect 0 zstd -l "$TMP/t.zst"
file "$TMP/t.zst" | grep -q 'Zstandard compressed data' || fail "file: $(file "$TMP/t.zst")"

counted() { # counted DEVICE IS_SEND: bytes at the link layer and events of the trace
	query "$TMP/t.zst" "SELECT sum(bytes + link_header_bytes), count(*) FROM net_event
		WHERE interface = '$1' AND is_send = $2"
}
device() { # device NAMESPACE DEVICE rx|tx: the same from the device itself
	echo "$(device_counter "$1" "$2" "$3"_bytes),$(device_counter "$1" "$2" "$3"_packets)"
}
for end in "$left nsl" "$right nsr"; do
	# shellcheck disable=SC2086 # two words
	set -- $end
	pass_if_hidden "$(counted "$2" 1)" "$(device "$1" "$2" tx)"
	pass_if_hidden "$(counted "$2" 0)" "$(device "$1" "$2" rx)"
	equal "sends on $2" "$(counted "$2" 1)" "$(device "$1" "$2" tx)"
	equal "receives on $2" "$(counted "$2" 0)" "$(device "$1" "$2" rx)"
	equal "what $2 dropped" "$(device_counter "$1" "$2" tx_dropped)" 0
done

# the kernel's own maps, byte by byte the same
equal "the sum of send_bytes" "$(query "$TMP/t.zst" 'SELECT sum(bytes) FROM send_bytes')" \
	"$(query "$TMP/t.zst" 'SELECT sum(bytes) FROM net_event WHERE is_send')"
equal "the sum of recv_bytes" "$(query "$TMP/t.zst" 'SELECT sum(bytes) FROM recv_bytes')" \
	"$(query "$TMP/t.zst" 'SELECT sum(bytes) FROM net_event WHERE NOT is_send')"

expect 0 "$analyze" report --by flow --format json "$TMP/t.zst"
flows() { # flows LOCAL-PORT-KEY PORT MEASURE: summed over the rows of a tuple
	jq "[.rows[] | select(.$1 == $2) | .$3] | map(. // 0) | add // 0" "$TMP/out"
}
for port in 5001 5002 5003 5004; do
	sent=$TMP/sent.$port served=$TMP/served.$port
	# TCP may send again what was not lost, and says how much: it is named here
	again=$(moved "$sent" retransmitted)
	[ "$again" -eq 0 ] || echo "port $port: $again bytes were sent again"
	equal "payload sent to port $port" "$(flows remote_port $port send_payload_bytes)" \
		$(($(moved "$sent" sent) + again))
	equal "payload received on port $port" "$(flows local_port $port recv_payload_bytes)" \
		$(($(moved "$served" received) + again))
	equal "payload sent from port $port" "$(flows local_port $port send_payload_bytes)" \
		"$(moved "$served" sent)"
	equal "payload received from port $port" "$(flows remote_port $port recv_payload_bytes)" \
		"$(moved "$sent" received)"
	equal "the owner of what was sent to port $port" \
		"$(jq "[.rows[] | select(.remote_port == $port and .send_payload_bytes > 0) | .pid] |
			unique | .[]" "$TMP/out")" "$(moved "$sent" pid)"
done
equal "UDP datagrams" "$(query "$TMP/t.zst" "SELECT sum(segments) FROM net_event
	WHERE interface = 'nsr' AND NOT is_send AND dport = 5002")" "$(moved "$TMP/served.5002" received_count)"
