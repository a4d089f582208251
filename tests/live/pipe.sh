#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A trace flows through pipes while it is being recorded.
. tests/lib.sh
need_live
make_pair

# record | report, traffic in between
mkfifo "$TMP/pipe"
"$analyze" report --by process --format json - <"$TMP/pipe" >"$TMP/report.json" &
reporter=$!
at_exit "kill -KILL $reporter"
"$record" -o - >"$TMP/pipe" 2>"$TMP/record.err" &
recorder=$!
at_exit "kill -KILL $recorder"
until_true 20 recording_or_dead
serve "$right" tcp 10.99.0.2 5001
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5001 20000000 >"$TMP/sent" || fail "the client"
wait "$server" || fail "the server"
stop_record
wait $reporter || fail "the report exited $?"
equal "payload of the client in the report" \
	"$(jq "[.rows[] | select(.pid == $(moved "$TMP/sent" pid)) | .send_payload_bytes] | add" \
		"$TMP/report.json")" $((20000000 + $(moved "$TMP/sent" retransmitted)))
equal "complete" "$(jq '.traces[0].complete' "$TMP/report.json")" true

# record | dump | head: the reader goes, the writers end quietly
rm "$TMP/record.err"
{
	"$record" -o - 2>"$TMP/record.err"
	echo $? >"$TMP/record.status"
} | {
	"$analyze" dump - 2>"$TMP/dump.err"
	echo $? >"$TMP/dump.status"
} | head -n 3 >"$TMP/lines" &
until_true 20 grep -qs '^netsnoop-record: recording to' "$TMP/record.err"
# the recorder learns of the closed pipe when it has something to write
until_true 20 eval "ip netns exec $left ping -q -c 1 10.99.0.2 >/dev/null; [ -s $TMP/record.status ]"
wait
equal "lines" "$(wc -l <"$TMP/lines")" 3
equal "the status of dump" "$(cat "$TMP/dump.status")" 0
equal "what dump said" "$(cat "$TMP/dump.err")" ""
equal "the status of record" "$(cat "$TMP/record.status")" 0
