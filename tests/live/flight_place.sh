#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Where a flight recorder writes to: what stands there already is not harmed, and does not
# cost what is kept.
. tests/lib.sh
. tests/lib_flight.sh
need_live
make_pair

# a pipe would have the recorder wait for its reader; a link to nowhere is a name in use
mkfifo "$TMP/fifo"
expect 1 "$record" --flight 1m --force -o "$TMP/fifo" -d 0.1
says "$TMP/err" "fifo"
ln -s nowhere "$TMP/link.zst"
expect 1 "$record" --flight 1m -o "$TMP/link.zst" -d 0.1
says "$TMP/err" "link.zst exists"

# names that were free at the start, and are taken by others when they are wanted
begin --flight 1m -o "$TMP/t.zst"
echo "another's" >"$TMP/t.zst"
ln -s nowhere "$TMP/t-000002.zst"
flood 100 >"$TMP/sent" || fail "the flood"
kill -USR2 $recorder
until_true 10 written t-000003.zst
stop_record
says "$TMP/record.err" "t-000004.zst (the end)"
is_whole "$TMP/t-000003.zst" "$TMP/t-000004.zst"
equal "what was there" "$(cat "$TMP/t.zst")" "another's"
equal "events of the flood" "$(query "$TMP/t-000003.zst" \
	"SELECT count(*) FROM net_event WHERE is_send AND interface = 'nsl' AND comm = 'traffic'")" 100
