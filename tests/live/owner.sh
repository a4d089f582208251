#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Whom bytes are charged to where it is not obvious: the subflows of MPTCP are
# sockets of the kernel's making, and later fragments have no ports.
. tests/lib.sh
need_live
make_pair

# Two processes at one end: one sends large datagrams, another receives them.
start_record --interface nsl -o "$TMP/t.zst"
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 3 5000 >"$TMP/sent" || fail "the flood"
serve "$left" udp 10.99.0.1 5001
ip netns exec "$right" "$traffic" send udp 10.99.0.1 5001 20000 5000 >/dev/null || fail "the client"
wait $server || fail "the server"
moved "$TMP/serve" pid >"$TMP/server"
stop_record
later="interface = 'nsl' AND is_fragment AND sport IS NULL"
equal "the owner of later fragments sent" "$(query "$TMP/t.zst" \
	"SELECT DISTINCT pid FROM net_event WHERE is_send AND $later")" "$(moved "$TMP/sent" pid)"
equal "later fragments received, and whose they are" "$(query "$TMP/t.zst" \
	"SELECT count(*) || ' ' || pid FROM net_event WHERE NOT is_send AND $later GROUP BY pid")" \
	"12 $(cat "$TMP/server")"

# A receiver that has ended: what still comes is nobody's, and what came before stays its own.
lives=$BUILD/tests/lives
mkfifo "$TMP/go"
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --interface nsr --port 5003 -o "$TMP/t.zst"
ip netns exec "$right" "$lives" 10.99.0.2 5003 listen tell take take exit 0 >"$TMP/taker" &
taker=$!
until_true 10 grep -q pid "$TMP/taker"
exec 3<>"$TMP/go"
ip netns exec "$left" "$lives" 10.99.0.2 5003 open send send \
	$(yes wait send | head -n 100) <"$TMP/go" 2>"$TMP/lives.err" &
at_exit "kill -KILL $!"
wait $taker || fail "the receiver"
nobody_gets_it() {
	echo >&3
	"$analyze" sql --format csv "$TMP/t.zst" "SELECT 'nobody' AS who FROM net_event
		WHERE pid IS NULL AND timestamp > (SELECT max(timestamp) FROM net_event
			WHERE pid IS NOT NULL)" 2>/dev/null | grep -q nobody
}
until_true 10 nobody_gets_it
stop_record
equal "the flow's first owner" "$(query "$TMP/t.zst" "SELECT pid FROM net_event
	WHERE NOT is_send AND dport = 5003 ORDER BY timestamp LIMIT 1")" \
	"$(awk '{ print $2 }' "$TMP/taker")"
equal "the flow's last owner" "$(query "$TMP/t.zst" "SELECT coalesce(pid, 'nobody') FROM net_event
	WHERE NOT is_send AND dport = 5003 ORDER BY timestamp DESC LIMIT 1")" nobody

# A service address lies on lo, and packets for it come in on another device.
ip -n "$right" address add 10.50.0.1/32 dev lo
ip -n "$left" route add 10.50.0.1 via 10.99.0.2
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --interface nsr --port 5004 -o "$TMP/t.zst"
serve "$right" tcp 10.50.0.1 5004
ip netns exec "$left" "$traffic" send tcp 10.50.0.1 5004 100000 >/dev/null || fail "the client"
wait $server || fail "the server"
stop_record
equal "who receives at a service address" "$(query "$TMP/t.zst" "SELECT DISTINCT
	coalesce(pid, owner_source) FROM net_event WHERE NOT is_send")" "$(moved "$TMP/serve" pid)"

# A stream of packets in a row, in the midst of which its sender gets other names.
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --interface lo -o "$TMP/t.zst"
"$traffic" rename 40 25 >/dev/null || fail "who sends to itself"
stop_record
equal "names, and the datagrams that each sent" "$(query "$TMP/t.zst" "SELECT
	count(*) || ' ' || min(n) || ' ' || max(n) FROM (SELECT comm, count(*) AS n
	FROM net_event WHERE is_send AND comm LIKE 'name%' GROUP BY comm)")" "40 50 50"

[ "$(ip netns exec "$left" cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] || exit 0
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --interface nsl --port 5002 -o "$TMP/t.zst"
serve "$right" mptcp 10.99.0.2 5002
ip netns exec "$left" "$traffic" send mptcp 10.99.0.2 5002 1000000 >"$TMP/sent" || fail "the client"
wait $server || fail "the server"
stop_record
equal "the owner of what MPTCP sent" "$(query "$TMP/t.zst" "SELECT DISTINCT pid FROM net_event
	WHERE is_send AND bytes > header_bytes")" "$(moved "$TMP/sent" pid)"
