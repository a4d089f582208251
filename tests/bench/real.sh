#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# real.sh BUILD TRACE: record, as root, ten seconds of what the tests' tools can do together,
# as one of two hosts sees it: streams of datagrams of many sizes and rates in both
# directions, TCP in portions of 20 kB to 40 MB, a flow each, and talk on the loopback device.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/begin.sh
trace=$2

# sink NAMESPACE ADDRESS PORT
sink() {
	ip netns exec "$1" "$traffic" sink udp "$2" "$3" 60 >"$TMP/sink.$3" &
	at_exit "kill -KILL $!"
	until_true 10 grep -q ready "$TMP/sink.$3"
}

# size rate, of each direction
streams='1200 1500
1000 800
160 50
160 50
160 50
1350 2000
700 400
120 300
300 120
64 900
1100 60
200 33'

port=7000
while read -r _; do
	port=$((port + 2))
	sink "$right" 10.99.0.2 $port
	sink "$left" fd99::1 $((port + 1))
done <<END
$streams
END
start_record -i "$right_device" -i lo --force -o "$trace"
port=7000 senders=
while read -r size rate; do
	port=$((port + 2))
	ip netns exec "$left" "$traffic" pace udp 10.99.0.2 $port $((10 * rate)) "$size" "$rate" >/dev/null &
	senders="$senders $!"
	ip netns exec "$right" "$traffic" pace udp fd99::1 $((port + 1)) $((10 * rate)) "$size" "$rate" >/dev/null &
	senders="$senders $!"
done <<END
$streams
END
port=9000
for round in $(seq 12); do
	for bytes in 20000 300000 2000000 40000000; do
		port=$((port + 1))
		serve "$right" tcp 10.99.0.2 $port
		ip netns exec "$left" "$traffic" send tcp 10.99.0.2 $port $bytes >/dev/null
		serve "$right" tcp 127.0.0.1 $port
		ip netns exec "$right" "$traffic" send tcp 127.0.0.1 $port $((bytes / 4)) >/dev/null
	done
	serve "$right" udp 127.0.0.1 $port
	ip netns exec "$right" "$traffic" send udp 127.0.0.1 $port $((round * 60000)) $((100 * round)) >/dev/null
done
# shellcheck disable=SC2086 # process numbers
wait $senders
stop_record
