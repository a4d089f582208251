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
stop_record
later="interface = 'nsl' AND is_fragment AND sport IS NULL"
equal "the owner of later fragments sent" "$(query "$TMP/t.zst" \
	"SELECT DISTINCT pid FROM net_event WHERE is_send AND $later")" "$(moved "$TMP/sent" pid)"
equal "later fragments received, and those with an owner" "$(query "$TMP/t.zst" \
	"SELECT count(*) || ' ' || count(pid) FROM net_event WHERE NOT is_send AND $later")" "12 0"

[ "$(ip netns exec "$left" cat /proc/sys/net/mptcp/enabled 2>/dev/null)" = 1 ] || exit 0
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --interface nsl --port 5002 -o "$TMP/t.zst"
serve "$right" mptcp 10.99.0.2 5002
ip netns exec "$left" "$traffic" send mptcp 10.99.0.2 5002 1000000 >"$TMP/sent" || fail "the client"
wait $server || fail "the server"
stop_record
equal "the owner of what MPTCP sent" "$(query "$TMP/t.zst" "SELECT DISTINCT pid FROM net_event
	WHERE is_send AND bytes > header_bytes")" "$(moved "$TMP/sent" pid)"
