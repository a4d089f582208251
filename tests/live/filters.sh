#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Each filter keeps what it names, and with ! all the rest.
. tests/lib.sh
need_live
make_pair

# Two processes and three kinds of traffic, the same each time. Process one is
# called `traffic`, two is called `other`.
cp "$traffic" "$TMP/other"
talk() {
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 5 100 >"$TMP/one" &&
		ip netns exec "$left" "$TMP/other" flood udp fd99::2 7777 3 100 >"$TMP/two" &&
		ip netns exec "$left" ping -q -c 2 -i 0.2 10.99.0.2 >/dev/null ||
		fail "the traffic"
}

# recorded ARGUMENT...: what a filter lets through of the data that nsl sends:
# datagrams to port 9, to port 7777, echo requests
recorded() {
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record -o "$TMP/t.zst" "$@"
	talk
	stop_record
	query "$TMP/t.zst" "SELECT coalesce(sum(dport = 9), 0) || ' ' || coalesce(sum(dport = 7777), 0)
		|| ' ' || coalesce(sum(protocol = 'ICMP' AND daddr = '10.99.0.2'), 0) AS seen
		FROM net_event WHERE is_send AND interface = 'nsl'"
}

equal "no filter" "$(recorded)" "5 3 2"
equal "--port 9" "$(recorded --port 9)" "5 0 0"
equal "--port 9 twice over" "$(recorded --port 9 --port 7000-8000)" "5 3 0"
equal "--port !9" "$(recorded --port '!9')" "0 3 2"
equal "--proto icmp" "$(recorded --proto icmp)" "0 0 2"
equal "--proto !udp" "$(recorded --proto '!udp')" "0 0 2"
equal "--host" "$(recorded --host fd99::/64)" "0 3 0"
equal "--host, an address" "$(recorded --host 10.99.0.2)" "5 0 2"
equal "--host and !" "$(recorded --host 10.0.0.0/8 --host '!10.99.0.2/32')" "0 0 0"
equal "--interface" "$(recorded --interface nsl)" "5 3 2"
equal "--interface !" "$(recorded --interface '!nsl')" "0 0 0"
equal "--comm" "$(recorded --comm other)" "0 3 0"
equal "--comm !" "$(recorded --comm '!other')" "5 0 2"
equal "two kinds" "$(recorded --proto udp --port '!7777')" "5 0 0"

# A command: it and its children, and nobody else.
rm -f "$TMP/t.zst"
expect 7 "$record" -o "$TMP/t.zst" -- sh -c "
	ip netns exec $left $traffic flood udp 10.99.0.2 9 4 100 >$TMP/child & wait; exit 7"
equal "datagrams of the command's child" \
	"$(query "$TMP/t.zst" "SELECT count(*) FROM net_event WHERE is_send AND dport = 9")" 4
equal "the pids of the command" "$(query "$TMP/t.zst" 'SELECT DISTINCT pid FROM net_event')" \
	"$(moved "$TMP/child" pid)"

# By number of a process that already runs.
serve "$right" tcp 10.99.0.2 5001
rm -f "$TMP/record.err" "$TMP/t.zst"
start_record --pid $server -o "$TMP/t.zst"
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5001 1000000 >/dev/null || fail "the client"
wait $server
talk
stop_record
equal "the pids of --pid" "$(query "$TMP/t.zst" 'SELECT DISTINCT pid FROM net_event')" $server
says "$TMP/record.err" "filtered_unknown"
