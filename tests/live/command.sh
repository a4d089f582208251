#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `netsnoop-record -- COMMAND` passes on how the command ended, and records from
# its first packet on.
. tests/lib.sh
need_live

run() { # run STATUS COMMAND...
	wanted=$1
	shift
	rm -f "$TMP/t.zst"
	expect "$wanted" "$record" -o "$TMP/t.zst" -- "$@"
}
run 0 true
run 3 sh -c 'exit 3'
run 143 sh -c 'kill -TERM $$'
run 127 "$TMP/no-such-command"
run 126 "$TMP"
says "$TMP/err" "$TMP"

run 0 ping -q -c 1 127.0.0.1
equal "echo requests" "$(query "$TMP/t.zst" "SELECT count(*) FROM net_event
	WHERE is_send AND comm = 'ping' AND protocol = 'ICMP'")" 1

# The options of the command are its own.
run 0 sh -c '[ "$1" = --help ]' sh --help

# A limit ends the command too.
began=$(date +%s)
rm -f "$TMP/t.zst"
expect 143 "$record" -d 0.3 -o "$TMP/t.zst" -- sleep 60
[ $(($(date +%s) - began)) -lt 10 ] || fail "the command was not ended"

# The recorder's own failure is told apart from any of the command's.
expect 125 "$record" -o "$TMP/no/such/directory/t.zst" -- true
expect 125 "$record" -o "$TMP/t.zst" -- true
says "$TMP/err" "--force"
