#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The flight recorder: what it writes out is what another recorder beside it has of
# that time, to the event, and its totals are right where events are lost; and nothing is on
# the disk before somebody wants it.
. tests/lib.sh
. tests/lib_flight.sh
need_live
make_pair
# others may have devices of the same names
netns_of() { ip netns exec "$1" stat -L -c %i /proc/self/ns/net; }
ours="netns IN ($(netns_of "$left"), $(netns_of "$right"))"

span_seconds() {
	query "$1" "SELECT (end_ns - start_ns) / 1e9 FROM trace"
}
# inside FILE FROM TO: events and bytes in [FROM, TO)
inside() {
	query "$1" "SELECT count(*), sum(bytes) FROM net_event
		WHERE $ours AND timestamp >= $2 AND timestamp < $3"
}
# gaps FILE: the middle of the first and of the last millisecond without an event: each
# recorder reads the clock for itself, a moment before or after the other
gaps() {
	query "$1" "SELECT min(middle), max(middle) FROM (
		SELECT (timestamp + lag(timestamp) OVER (ORDER BY timestamp)) / 2 AS middle,
			timestamp - lag(timestamp) OVER (ORDER BY timestamp) AS gap
		FROM net_event WHERE $ours) WHERE gap > 1000000"
}
# What is wanted on the command line is checked there.
for wrong in 'process:' 'process:10x' 'host:0' 'host' 'nothing:1' 'command:' \
	'command:no-such-program-at-all' 'command:/etc/passwd'; do
	expect 2 "$record" --flight 1m --trigger "$wrong" -o "$TMP/t.zst"
	says "$TMP/err" "--trigger $wrong"
done
expect 1 "$record" --flight 1m -o "$TMP/there/is/no/t.zst" -d 0.1
says "$TMP/err" "there/is/no"
: >"$TMP/there.zst"
expect 1 "$record" --flight 1m -o "$TMP/there.zst" -d 0.1
says "$TMP/err" "--force"

# The last three seconds, and beside them a recorder that has everything.
begin -o "$TMP/all.zst"
all=$recorder
mv "$TMP/record.err" "$TMP/all.err"
start_record --interface nsl --interface nsr --flight 3 -o "$TMP/t.zst"
ip netns exec "$left" ping -q -i 0.01 10.99.0.2 >/dev/null &
pinging=$!
at_exit "kill -KILL $pinging"
serve "$right" tcp 10.99.0.2 5000
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5000 10000000 >"$TMP/early" || fail "the client"
wait "$server" || fail "the server"
flight_seconds() { # how long the flight recorder is under way
	[ $(($(date +%s) - began)) -ge "$1" ]
}
began=$(date +%s)
until_true 10 flight_seconds 6
# a burst within the window: TCP, its processes are gone when it is written out
serve "$right" tcp 10.99.0.2 5001
ip netns exec "$left" "$traffic" send tcp 10.99.0.2 5001 30000000 >"$TMP/sent" || fail "the client"
wait "$server" || fail "the server"
[ "$(find "$TMP" -name 't*.zst')" = "" ] || fail "there is a file already: $(ls "$TMP")"
kill -USR2 $recorder
until_true 10 written t.zst
kill -USR1 $recorder
until_true 10 grep -q 'keeping [0-9]* events' "$TMP/record.err"
began=$(date +%s)
until_true 10 flight_seconds 4
kill -USR2 $recorder
until_true 10 written t-000002.zst
stop_record
kill -KILL $pinging
says "$TMP/record.err" "t-000003.zst (the end)"
says "$TMP/record.err" "3 files written"
recorder=$all
kill -INT $all
wait $all || fail "the recorder beside it: $(cat "$TMP/all.err")"
is_whole "$TMP/t.zst" "$TMP/t-000002.zst" "$TMP/t-000003.zst"
equal "files" "$(cd "$TMP" && echo t*.zst)" "t-000002.zst t-000003.zst t.zst"

for file in t t-000002 t-000003; do
	file=$TMP/$file.zst
	span=$(span_seconds "$file")
	[ "${span%.*}" -ge 3 ] && [ "${span%.*}" -le 7 ] || fail "$file spans $span s"
	window=$(query "$file" "SELECT start_ns, end_ns FROM trace")
	from=${window%,*} to=${window#*,}
	gaps=$(gaps "$file")
	first=${gaps%,*} last=${gaps#*,}
	[ $(((first - from) / 1000000)) -le 50 ] && [ $(((to - last) / 1000000)) -le 250 ] ||
		fail "the window from $from to $to is compared from $first to $last only"
	equal "events in $file" "$(inside "$file" "$first" "$last")" \
		"$(inside "$TMP/all.zst" "$first" "$last")"
	equal "events in $file outside of its span" "$(query "$file" "SELECT count(*) FROM net_event
		WHERE timestamp < $from OR timestamp > $to")" 0
	equal "events twice in $file" "$(query "$file" "SELECT count(*) FROM (SELECT 1 FROM net_event
		GROUP BY timestamp, is_send, interface, saddr, sport, dport, bytes
		HAVING count(*) > 1)")" "$(query "$TMP/all.zst" "SELECT count(*) FROM (SELECT 1
		FROM net_event WHERE timestamp BETWEEN $from AND $to
		GROUP BY timestamp, is_send, interface, saddr, sport, dport, bytes HAVING count(*) > 1)")"
	# who pinged began before every window but the first
	equal "who pings in $file" "$(query "$file" "SELECT DISTINCT comm, owner_source <> 'unknown'
		FROM net_event WHERE $ours AND protocol = 'ICMP' AND interface = 'nsl'")" ping,1
	echo "$file: $(inside "$file" "$from" "$to") events and bytes in $span s"
done
expect 0 "$analyze" report --by process --format json "$TMP/t.zst"
moved_by() { # moved_by PID MEASURE
	jq "[.rows[] | select(.pid == $1) | .$2] | add" "$TMP/out"
}
again=$(moved "$TMP/sent" retransmitted)
equal "payload that the client sent" "$(moved_by "$(moved "$TMP/sent" pid)" send_payload_bytes)" \
	$((30000000 + again))
equal "payload that the server received" \
	"$(moved_by "$(moved "$TMP/serve" pid)" recv_payload_bytes)" $((30000000 + again))
equal "programs of the burst" "$(query "$TMP/t.zst" "SELECT count(DISTINCT exe) FROM process
	WHERE exe LIKE '%/traffic' AND pid IN
	($(moved "$TMP/sent" pid), $(moved "$TMP/serve" pid))")" 1
equal "what was before the window" "$(query "$TMP/t-000002.zst" \
	"SELECT count(*) FROM net_event WHERE $ours AND 5000 IN (sport, dport)")" 0

# Where events are lost, and where there are none, the totals of the window stand for them.
for detail in "packets -B 8k" flows; do
	# shellcheck disable=SC2086 # several words
	begin --flight 4 --detail $detail -o "$TMP/t.zst"
	began=$(date +%s)
	flood 50000 >"$TMP/early" || fail "the flood"
	until_true 15 flight_seconds 9
	flood 50000 >"$TMP/sent" || fail "the flood"
	kill -USR2 $recorder
	until_true 10 written t.zst
	stop_record
	is_whole "$TMP/t.zst" "$TMP/t-000002.zst"
	expect 0 "$analyze" report --by process --format json "$TMP/t.zst"
	equal "payload of the flood, --detail $detail" \
		"$(moved_by "$(moved "$TMP/sent" pid)" send_payload_bytes)" "$(moved "$TMP/sent" sent)"
	equal "the flood before the window, --detail $detail" \
		"$(moved_by "$(moved "$TMP/early" pid)" send_payload_bytes)" null
	[ "$detail" = flows ] || [ "$(jq '.traces[0].lost.ring_full' "$TMP/out")" -gt 0 ] ||
		fail "nothing was lost: the test tests nothing"
	echo "--detail $detail: $(jq -c '.traces[0] | [.events, .lost.ring_full]' "$TMP/out")" \
		"events and lost, $(moved "$TMP/sent" sent) bytes"
done

# Triggers: a process, and a command that fails, the first time alone.
printf '#!/bin/sh\n[ -e "$0.tried" ] && exit\n: >"$0.tried"\nexit 1\n' >"$TMP/well"
chmod +x "$TMP/well"
begin --port 4099 --flight 1m --trigger process:1M --trigger "command:$TMP/well" -o "$TMP/t.zst"
until_true 20 written t.zst
says "$TMP/record.err" "t.zst (command:$TMP/well: exit status 1)"
ip netns exec "$left" sh -c "$traffic flood udp 10.99.0.2 4099 100000 1000; :" >"$TMP/sent"
until_true 20 written t-000002.zst
says "$TMP/record.err" "t-000002.zst (process:1M: process $(moved "$TMP/sent" pid),"
stop_record
is_whole "$TMP/t.zst" "$TMP/t-000002.zst" "$TMP/t-000003.zst"
