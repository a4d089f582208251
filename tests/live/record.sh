#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How a recording begins and ends, and what it says.
. tests/lib.sh
need_live
make_pair
send() { # send COUNT
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 "$1" 100 >/dev/null || fail "the flood"
}

for signal in INT TERM; do
	rm -f "$TMP/t.zst" "$TMP/record.err"
	start_record --port 9 --interface nsl -o "$TMP/t.zst"
	send 10
	stop_record $signal
	says "$TMP/record.err" "10 events"
	says "$TMP/record.err" "lost 0"
	expect 0 "$analyze" report --by flow --format json "$TMP/t.zst"
	equal "complete after SIG$signal" "$(jq -c '.traces[0] | [.complete, .events]' "$TMP/out")" "[true,10]"
done
equal "the mode of a trace" "$(stat -c %a "$TMP/t.zst")" 600

# an existing file is not overwritten unless one insists
before=$(md5sum <"$TMP/t.zst")
expect 1 "$record" -d 0.1 -o "$TMP/t.zst"
says "$TMP/err" "--force"
equal "the file that was there" "$(md5sum <"$TMP/t.zst")" "$before"
expect 0 "$record" -d 0.1 --force -o "$TMP/t.zst"
[ "$(md5sum <"$TMP/t.zst")" != "$before" ] || fail "--force did not record"

# a link that somebody has laid: what it leads to is left alone, with --force or without
echo precious >"$TMP/precious"
ln -s precious "$TMP/link.zst"
for force in "" --force; do
	# shellcheck disable=SC2086 # nothing or an option
	expect 1 "$record" -d 0.1 $force -o "$TMP/link.zst"
	says "$TMP/err" "link.zst is a symbolic link"
done
equal "what the link leads to" "$(cat "$TMP/precious")" precious
ln -s missing "$TMP/dangling.zst"
expect 1 "$record" -d 0.1 --force -o "$TMP/dangling.zst"
[ ! -e "$TMP/missing" ] || fail "a link was followed"
ln -s /dev/null "$TMP/null"
expect 1 "$record" -d 0.1 -o "$TMP/null"
says "$TMP/err" "null is a symbolic link"

# -c stops at that very event; SIGUSR1 tells and goes on, and so does SIGUSR2 without --flight
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --port 9 --interface nsl -c 25 -o "$TMP/t.zst"
send 10
kill -USR1 $recorder
until_true 10 grep -q "10 events" "$TMP/record.err"
kill -USR2 $recorder
until_true 10 grep -q "without --flight" "$TMP/record.err"
send 100
wait $recorder || fail "-c: exit status $?"
expect 0 "$analyze" report --by process --format json "$TMP/t.zst"
equal "-c 25" "$(jq '.traces[0].events' "$TMP/out")" 25

# what is recorded is in the file within a second, with no more to come
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --port 9 --interface nsl -o "$TMP/t.zst"
send 7
sent=$(date +%s%N)
has_all() {
	[ "$("$analyze" report --by flow --format json "$TMP/t.zst" 2>/dev/null |
		jq '.traces[0].events')" = 7 ]
}
until_true 5 has_all
took=$((($(date +%s%N) - sent) / 1000000))
[ $took -lt 1500 ] || fail "the events were in the file only after $took ms" # the report takes its time too
stop_record

# nor do signals without end put it off
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --port 9 --interface nsl -o "$TMP/t.zst"
while kill -USR1 $recorder; do :; done 2>/dev/null &
asking=$!
at_exit "kill -KILL $asking"
send 7
until_true 5 has_all
kill -KILL $asking
stop_record

# the interval table
rm -f "$TMP/t.zst" "$TMP/record.err"
start_record --stats=0.2 --port 9 -o "$TMP/t.zst"
send 1000
until_true 10 grep -q traffic "$TMP/record.err"
stop_record

# nohup(1) is heeded
rm -f "$TMP/t.zst" "$TMP/record.err"
env --ignore-signal=HUP "$record" --port 9 --interface nsl -c 1 -o "$TMP/t.zst" 2>"$TMP/record.err" &
recorder=$!
at_exit "kill -KILL $recorder"
until_true 20 recording_or_dead
kill -HUP $recorder
send 1
wait $recorder || fail "after SIGHUP: exit status $?"
says "$TMP/record.err" "1 events"

# a fifo that nobody reads: waiting for a reader can be ended
mkfifo "$TMP/fifo"
"$record" -q -o "$TMP/fifo" &
recorder=$!
at_exit "kill -KILL $recorder"
waits_in_open() { grep -q 'wait_for_partner\|fifo_open' /proc/$recorder/stack; }
until_true 20 waits_in_open
kill -TERM $recorder
until_true 20 eval '! kill -0 $recorder 2>/dev/null'

# as many names of processes as the kernel's maps hold
rm -f "$TMP/t.zst"
expect 0 "$record" -o "$TMP/t.zst" -- "$traffic" rename 40000
equal "what send_bytes and recv_bytes hold" "$(query "$TMP/t.zst" "SELECT
	(SELECT count(*) FROM send_bytes WHERE name LIKE 'name%') ||
	' ' || (SELECT count(*) FROM recv_bytes WHERE name LIKE 'name%') AS n")" "40000 40000"

# on a terminal the status line is gone at the end, also where the reader went
script -qefc "$record -o - --port 9 --interface nsl | { head -c 1
	until grep -qF 'lost 0' $TMP/tty; do sleep 0.05; done
	ip netns exec $left $traffic flood udp 10.99.0.2 9 10 100; } >/dev/null" /dev/null \
	</dev/null >"$TMP/tty" 2>&1 || fail "on a terminal: $(cat "$TMP/tty")"
tail -c 4 "$TMP/tty" | grep -qF "$(printf '\r\033[K')" || fail "the terminal: $(od -c "$TMP/tty")"

# -q is quiet, the default name is one's own directory's
cd "$TMP" || exit 1
mkdir default && cd default || exit 1
expect 0 "$record" -q -d 0.2
equal "what -q says" "$(cat "$TMP/err")" ""
[ "$(find . -name 'netsnoop-????????-??????.zst' | wc -l)" -le 1 ] || fail "names: $(ls)"

# nothing is left behind in the kernel
if command -v bpftool >/dev/null; then
	until_true 10 eval '! bpftool prog show | grep -q netsnoop'
fi
