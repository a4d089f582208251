#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Under overload a trace lacks events but no bytes: events recorded, lost and summed
# are what the devices counted, and so are the bytes of the totals, to the byte and
# to each process. In each detail, and when the table of flows is full.
. tests/lib.sh
need_live

make_pair
# names of its own: what another test does at the same time is none of our business
near=tl$$ far=tr$$
ip -n "$left" link set nsl down
ip -n "$right" link set nsr down
ip -n "$left" link set nsl name "$near"
ip -n "$right" link set nsr name "$far"
left_netns=$(ip netns exec "$left" stat -L -c %i /proc/self/ns/net)
right_netns=$(ip netns exec "$right" stat -L -c %i /proc/self/ns/net)

# pair up|down: while the pair is down nothing moves, and the counters are the devices' last word
pair() {
	ip -n "$left" link set "$near" "$1"
	ip -n "$right" link set "$far" "$1"
	[ "$1" = down ] ||
		until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.99.0.2 >/dev/null
}

# counters: DIRECTION of each device, its packets and its bytes at the IP layer
counters() {
	for counter in "$left $near tx" "$left $near rx" "$right $far tx" "$right $far rx"; do
		# shellcheck disable=SC2086 # three words
		set -- $counter
		packets=$(device_counter "$1" "$2" "$3"_packets)
		echo "$2 $3 $packets $(($(device_counter "$1" "$2" "$3"_bytes) - 14 * packets))"
	done
}

# begin ARGUMENT...: record the pair, from the first packet that moves on it
begin() {
	pair down
	counters >"$TMP/before"
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record --interface "$near" --interface "$far" -o "$TMP/t.zst" "$@"
	pair up
}

flood() { # flood PORT COUNT [COMMAND]: what it says goes to $TMP/sent.PORT
	ip netns exec "$left" "$traffic" "${3:-flood}" udp 10.99.0.2 "$1" "$2" 64 \
		>"$TMP/sent.$1" || fail "the flood to port $1"
}

# Several processes at a time, one socket that two have one after the other, and TCP.
play() {
	serve "$right" tcp 10.99.0.2 7000
	ip netns exec "$left" "$traffic" send tcp 10.99.0.2 7000 20000000 >"$TMP/sent.7000" &
	tcp=$!
	flood 9001 60000 &
	one=$!
	flood 9002 60000 &
	two=$!
	flood 9003 30000 hand
	wait "$one" "$two" "$tcp" "$server"
}

end() {
	pair down
	counters >"$TMP/after"
	stop_record
	"$BUILD/tests/total_rows" "$TMP/t.zst" >"$TMP/rows" || fail "the trace cannot be read"
}

# rows WHAT FIELD [NETNS IS_SEND [PID]]: a field (6 events, 8 bytes, ...) of these rows, added up
rows() {
	awk -F '\t' -v what="$1" -v field="$2" -v netns="${3:-}" -v send="${4:-}" -v pid="${5:-}" '
		$1 == what && (netns == "" || $2 == netns) && (send == "" || $4 == send) &&
			(pid == "" || $5 == pid) { sum += $field }
		END { printf "%d\n", sum }' "$TMP/rows"
}
counter() { # counter NAME
	awk -F '\t' -v name="$1" '$1 == "counter" && $2 == name { print $3 }' "$TMP/rows"
}
header() { # header CAUSE
	awk -F '\t' -v name="$1" '$1 == "header" && $2 == name { print $3 }' "$TMP/rows"
}

# Each direction of each device: the events, and the bytes in three ways.
check_devices() {
	paste -d ' ' "$TMP/before" "$TMP/after" >"$TMP/both"
	while read -r device way packets bytes _ _ packets_after bytes_after; do
		netns=$left_netns send=0
		[ "$device" = "$near" ] || netns=$right_netns
		[ "$way" = rx ] || send=1
		told=$(rows event 6 "$netns" $send) untold=$(rows total 6 "$netns" $send)
		equal "$1: events of $device $way" $((told + untold)) $((packets_after - packets))
		told=$(rows event 8 "$netns" $send) untold=$(rows total 8 "$netns" $send)
		equal "$1: bytes of events and totals of $device $way" $((told + untold)) \
			$((bytes_after - bytes))
		equal "$1: the sum of $device $way" "$(rows sum 8 "$netns" $send)" \
			$((bytes_after - bytes))
	done <"$TMP/both"
}

# What the kernel saw is in the trace, is counted as lost, or was only to be summed.
check_events() {
	recorded=$(rows event 6) untold=$(rows total 6)
	equal "$1: events in the kernel" "$(counter events)" \
		$((recorded + $(counter summed_events) + $(header ring_full)))
	equal "$1: events without a record" "$untold" \
		$(($(counter summed_events) + $(header ring_full)))
	equal "$1: what was lost by interval" "$(awk -F '\t' '$1 == "loss" { sum += $6 }
		END { printf "%d\n", sum }' "$TMP/rows")" "$(header ring_full)"
	equal "$1: what the recorder lost" "$(header recorder)" 0
	for field in 7 9 10; do # packets, payload and wire bytes, which were added up apart
		equal "$1: field $field of the sum" "$(rows sum $field)" \
			$(($(rows event $field) + $(rows total $field)))
	done
	echo "$1: $(counter events) in the kernel = $recorded recorded + $(header ring_full) lost" \
		"+ $(counter summed_events) summed"
}

# Each process has what it says it sent (64 and 28 bytes of headers each time).
check_processes() {
	for port in 9001 9002 9003; do
		while read -r _ pid _ _ _ count _; do
			told=$(rows event 8 "$left_netns" 1 "$pid")
			untold=$(rows total 8 "$left_netns" 1 "$pid")
			equal "$1: bytes that $pid sent to port $port" $((told + untold)) $((92 * count))
			equal "$1: their sum" "$(rows sum 8 "$left_netns" 1 "$pid")" $((92 * count))
		done <"$TMP/sent.$port"
	done
	equal "$1: flow_table_full" "$(counter flow_table_full)" 0
	equal "$1: totals_merged" "$(counter totals_merged)" 0
}

check() {
	check_events "$1"
	check_devices "$1"
	check_processes "$1"
}

changes() { # the details in order, in one word
	awk -F '\t' '$1 == "detail" { printf "%s", $3 }' "$TMP/rows"
}

begin -B 8k
play
end
check packets
[ "$(header ring_full)" -gt 10000 ] || fail "hardly anything was lost: the test tests nothing"
grep -qE "lost $(header ring_full)( |\$|,)" "$TMP/record.err" || fail "the summary says of loss: $(cat "$TMP/record.err")"
equal "packets: the detail" "$(changes)" 0

begin --detail flows --interval 0.2
play
end
check flows
equal "flows: events recorded" "$(rows event 6)" 0
equal "flows: the detail" "$(changes)" 1
says "$TMP/record.err" "summed $(counter summed_events)"
# the interval is heeded, and the flow of each total is told
awk -F '\t' '$1 == "total" && $13 - $12 < 250000000 { found = 1 } END { exit !found }' "$TMP/rows" ||
	fail "no interval is of 0.2 s"
equal "flows: bytes to port 9001 by flow" "$(awk -F '\t' -v netns="$left_netns" '
	$1 == "total" && $2 == netns && $4 == 1 && $17 == 9001 { sum += $8 }
	END { printf "%d\n", sum }' "$TMP/rows")" $((92 * 60000))

# auto: without events while there is too much, with them again when that is over
is_back() {
	kill -USR1 "$recorder" # the answer may be there the next time
	tail -n 1 "$TMP/record.err" | grep -q 'detail packets'
}
begin --detail auto -B 64k
play
until_true 30 is_back
flood 9004 20
end
check auto
case $(changes) in 010*) ;; *) fail "auto: the detail was $(changes)" ;; esac
equal "auto: events after it" "$(rows event 8 "$left_netns" 1 "$(moved "$TMP/sent.9004" pid)")" \
	$((92 * 20))

# More flows than there is room for: the devices' bytes are exact all the same.
begin -B 8k --max-flows 64
port=10000
while [ $port -lt 10400 ]; do
	flood $port 20
	port=$((port + 1))
done
end
check_events "full table"
check_devices "full table"
[ "$(counter flow_table_full)" -gt 0 ] || fail "the table of flows was not full"
