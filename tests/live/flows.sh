#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The kernel's table of flows does not run full: what is oldest goes when it
# fills up, and what has ended goes after some seconds. What is in it is asked of
# bpftool(8).
. tests/lib.sh
need_live
make_pair

# in_table: how many flows the recorder's table holds
in_table() {
	bpftool map dump id "$table" -j | jq length
}
has_room() {
	[ "$(in_table)" -le 48 ]
}

# Each datagram makes a flow at either end, whatever the filter says, and who else talks on
# this host has flows as well: there must be room for them between two looks.
start_record --max-flows 64 --interface nsl -o "$TMP/t.zst"
table=
for map in $(sed -n 's/^map_id:[[:space:]]*//p' /proc/"$recorder"/fdinfo/*); do
	[ "$(bpftool map show id "$map" -j | jq -r .name)" = flows ] && table=$map
done
[ -n "$table" ] || fail "bpftool does not find the table"
port=6000
while [ $port -lt 6160 ]; do
	for _ in 1 2 3 4; do
		port=$((port + 1))
		ip netns exec "$left" "$traffic" flood udp 10.99.0.2 $port 1 >/dev/null || fail "the flood"
	done
	until_true 10 has_room
done

serve "$right" tcp 10.99.0.2 5001
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5001 1000 >"$TMP/sent" || fail "the client"
wait "$server" || fail "the server"
connection_is_gone() {
	# the key's remote port, 2 bytes behind netns and local port
	! bpftool map dump id "$table" -j | jq -r '.[].key | "\(.[6])\(.[7])"' |
		grep -qix "$(printf '0x%02x0x%02x' $((5001 & 255)) $((5001 >> 8)))"
}
connection_is_gone && fail "the connection was never in the table"
until_true 20 connection_is_gone
stop_record

equal "events without a flow" "$(query "$TMP/t.zst" \
	"SELECT count(*) FROM net_event WHERE protocol = 'UDP' AND flow_id IS NULL")" 0
equal "datagrams in flows of their own" "$(query "$TMP/t.zst" "SELECT count(DISTINCT flow_id)
	FROM net_event WHERE is_send AND dport BETWEEN 6001 AND 6160")" 160
equal "flow_table_full" "$(query "$TMP/t.zst" \
	"SELECT value FROM counter WHERE name = 'flow_table_full'")" 0
equal "max_flows in the environment" "$(query "$TMP/t.zst" \
	"SELECT value FROM environment WHERE key = 'max_flows'")" 64
