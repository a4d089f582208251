#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Everything that can go wrong on the way to the file, under load: the exit status,
# what is said, what stands in the file, how much memory that takes.
# STALL: for how many seconds a reader takes nothing (default: 30).
. tests/lib.sh
need_live
make_pair

# Names that no other test's devices have, and no packet but those of the test.
own=l$$ other=r$$
rename() { # rename NAMESPACE DEVICE NAME
	ip netns exec "$1" sh -c "echo 1 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"
	ip -n "$1" link set "$2" down
	ip -n "$1" link set "$2" name "$3" || fail "cannot rename $2"
	ip -n "$1" link set "$3" up
}
meets() { # meets NAMESPACE DEVICE ADDRESS OTHER-NAMESPACE OTHER-DEVICE
	ip -n "$1" neighbour replace "$3" dev "$2" nud permanent \
		lladdr "$(ip netns exec "$4" cat "/sys/class/net/$5/address")"
}
rename "$left" nsl "$own"
rename "$right" nsr "$other"
meets "$left" "$own" 10.99.0.2 "$right" "$other"
meets "$right" "$other" 10.99.0.1 "$left" "$own"
until_true 10 ip netns exec "$left" ping -q -c 1 -W 1 10.99.0.2 >/dev/null

MEMORY_MAX=200000 # KiB

load() { # until end_load
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 100000000 1400 >"$TMP/flood" &
	flood=$!
	at_exit "kill -KILL $flood"
}
end_load() {
	kill -KILL "$flood"
	wait "$flood" 2>/dev/null
}

# recorder_is_gone: and until then $memory is the most that it had
recorder_is_gone() {
	memory=$(highest_memory "$recorder" | grep . || echo "$memory")
	! kill -0 "$recorder" 2>/dev/null
}

# recorder_ends STATUS [MEMORY]: by itself; MEMORY was seen before
recorder_ends() {
	memory=${2:-0}
	until_true 30 recorder_is_gone
	status=0
	wait "$recorder" || status=$?
	ended=$status
	[ "$status" -eq "$1" ] || fail "the recorder exited $status, should be $1: $(cat "$TMP/record.err")"
	[ "$memory" -gt 0 ] || fail "its memory was never seen"
	[ "$memory" -lt $MEMORY_MAX ] || fail "it had $memory KiB in memory"
}

# what its summary says
recorded() { sed -n 's/^netsnoop-record: \([0-9]*\) events.* in .*/\1/p' "$TMP/record.err"; }
not_written() { sed -n 's/^netsnoop-record:   recorder \([0-9]*\): not written/\1/p' "$TMP/record.err"; }
lost() { sed -n 's/^netsnoop-record: lost \([0-9]*\)$/\1/p' "$TMP/record.err"; }

# file_ends WHAT WHY TRACE: it ended early, the file says so, and so does the recorder
file_ends() {
	is_cut "$3"
	grep -q 'inside' "$TMP/err" && fail "$1: the trace ends inside a chunk: $(cat "$TMP/err")"
	equal "$1: events in the trace" "$(jq '.traces[0].events' "$TMP/out")" "$(recorded)"
	says "$TMP/record.err" "$3: $2: the trace is cut there, and $(not_written) events are lost"
	echo "$1: status $ended, $(recorded) events in the trace, $(lost) lost, at most $memory KiB in memory"
}

# A disk that is full
mkdir "$TMP/disk"
mount -t tmpfs -o size=2m netsnoop "$TMP/disk" || skip "cannot mount a tmpfs"
at_exit "umount $TMP/disk"
load
start_record -o "$TMP/disk/t.zst"
recorder_ends 1
file_ends "disk full" "No space left on device" "$TMP/disk/t.zst"
end_load
rm "$TMP/disk/t.zst"
expect 125 "$record" -o "$TMP/disk/t.zst" -- \
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 100000000 1400
says "$TMP/err" "$TMP/disk/t.zst: No space left on device"
is_cut "$TMP/disk/t.zst"
echo "disk full, with a command: status 125"
load

# A limit to the size of files
(
	ulimit -f 2048
	exec "$record" -o "$TMP/limit.zst" 2>"$TMP/record.err" </dev/null
) &
recorder=$!
recorder_ends 1
file_ends "RLIMIT_FSIZE" "File too large" "$TMP/limit.zst"

# A device that is always full
"$record" -o /dev/full 2>"$TMP/record.err" </dev/null &
recorder=$!
recorder_ends 1
says "$TMP/record.err" "/dev/full: No space left on device"
[ -c /dev/full ] || fail "/dev/full is gone"
echo "/dev/full: status 1, at most $memory KiB in memory"

# A disk that breaks
FAULTY_FILE=broken.zst FAULTY_AFTER=1234567 LD_PRELOAD=$BUILD/tests/faulty.so \
	"$record" -o "$TMP/broken.zst" 2>"$TMP/record.err" </dev/null &
recorder=$!
recorder_ends 1
file_ends "EIO" "Input/output error" "$TMP/broken.zst"
FAULTY_FILE=unsynced.zst FAULTY_SYNC=1 LD_PRELOAD=$BUILD/tests/faulty.so \
	"$record" --sync 3 -o "$TMP/unsynced.zst" 2>"$TMP/record.err" </dev/null &
recorder=$!
recorder_ends 1
file_ends "EIO of fdatasync" "Input/output error" "$TMP/unsynced.zst"
end_load

# A reader that goes away: under load, and while everything waits for him
mkfifo "$TMP/pipe"
record_to_pipe() {
	: >"$TMP/record.err"
	"$record" "$@" -o - >"$TMP/pipe" 2>"$TMP/record.err" </dev/null &
	recorder=$!
	at_exit "kill -KILL $recorder"
	until_true 20 recording_or_dead
}
head -c 1000000 <"$TMP/pipe" >"$TMP/head.zst" &
record_to_pipe
load
recorder_ends 0
equal "what it says" "$(wc -l <"$TMP/record.err")" 1
is_cut "$TMP/head.zst"
echo "a closed pipe: status 0, at most $memory KiB in memory"
end_load

sleep 1000 <"$TMP/pipe" &
reader=$!
at_exit "kill -KILL $reader"
record_to_pipe
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 100000 1400 >"$TMP/flood"
kill -KILL $reader
recorder_ends 0
equal "what it says" "$(wc -l <"$TMP/record.err")" 1
echo "a closed pipe that had stalled: status 0, at most $memory KiB in memory"

# all that the devices have seen
packets() {
	all=0
	for counter in "$left $own tx" "$left $own rx" "$right $other tx" "$right $other rx"; do
		# shellcheck disable=SC2086 # three words
		set -- $counter
		all=$((all + $(device_counter "$1" "$2" "$3"_packets)))
	done
	echo $all
}
packets_stay() {
	seen=$(packets)
	sleep 0.1
	[ "$seen" = "$(packets)" ]
}

# A reader that takes nothing, and somebody who does not want to wait for him
give_up() { # give_up WHAT WHY MORE-SIGNALS
	exec 9<>"$TMP/pipe"
	before=$(packets)
	record_to_pipe --interface "$own" --interface "$other"
	# small chunks, of which the pipe may have room for some
	ip netns exec "$left" ping -q -i 0.2 -c 6 10.99.0.2 >/dev/null
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 0 100000 1400 >"$TMP/flood"
	until_true 10 packets_stay
	memory=$(highest_memory $recorder)
	kill -INT $recorder
	began=$(date +%s%N)
	$3
	recorder_ends 1 "$memory"
	took=$((($(date +%s%N) - began) / 1000000))
	cat <"$TMP/pipe" >"$TMP/given_up.zst" 9<&- &
	reader=$!
	until_true 10 eval '[ -s "$TMP/given_up.zst" ]'
	exec 9<&- # the last writer, too
	wait $reader
	says "$TMP/record.err" "standard output: $2: the trace is cut there, and $(not_written) events are lost"
	expect 3 "$analyze" verify "$TMP/given_up.zst"
	expect 3 "$analyze" report --by process --format json "$TMP/given_up.zst"
	equal "$1: events in the trace" "$(jq '.traces[0].events' "$TMP/out")" "$(recorded)"
	equal "$1: recorded + lost" $(($(recorded) + $(lost))) $(($(packets) - before))
	echo "$1: status 1 after $took ms, $(recorded) recorded + $(lost) lost" \
		"= $(($(packets) - before)) in the kernel, at most $memory KiB in memory"
}
insist() {
	while kill -INT $recorder 2>/dev/null && [ $(($(date +%s%N) - began)) -lt 1900000000 ]; do
		sleep 0.1
	done
}
give_up "Ctrl-C with a stalled pipe" "nothing of the rest could be written for two seconds" :
[ $took -ge 2000 ] || fail "it had no patience"
give_up "Ctrl-C twice" "interrupted before the rest was written" insist
[ $took -lt 2000 ] || fail "it did not listen"

# stall WHAT PROGRAM UNTIL KIB: a reader that takes nothing until then. What there is no room
# for is counted, and nothing else is missing; and so much memory is given back afterwards.
gives_back() {
	ip netns exec "$left" ping -q -c 1 10.99.0.2 >/dev/null
	[ "$(awk '/^VmRSS/ { print $2 }' "/proc/$recorder/status")" -le $((memory - $1)) ]
}
stall() {
	began=$(date +%s)
	before=$(packets)
	rm -f "$TMP/go"
	{
		until [ -e "$TMP/go" ]; do sleep 0.1; done
		cat
	} <"$TMP/pipe" >"$TMP/late.zst" &
	reader=$!
	record=$2
	record_to_pipe --interface "$own" --interface "$other" -l 1
	load
	until_true 60 "$3"
	stalled=$(($(date +%s) - began))
	memory=$(highest_memory "$recorder")
	touch "$TMP/go"
	end_load
	until_true 20 gives_back "$4"
	until_true 10 packets_stay
	stop_record
	wait $reader
	[ "$memory" -lt $MEMORY_MAX ] || fail "it had $memory KiB in memory"
	expect 0 "$analyze" verify "$TMP/late.zst"
	expect 0 "$analyze" report --by process --format json "$TMP/late.zst"
	in_trace=$(jq '.traces[0].events' "$TMP/out")
	ring_full=$(jq '.traces[0].lost.ring_full // 0' "$TMP/out")
	equal "recorded + lost" $((in_trace + ring_full)) $(($(packets) - before))
	echo "$1 for $stalled s: status 0, $in_trace recorded + $ring_full lost" \
		"= $(($(packets) - before)) in the kernel, at most $memory KiB in memory"
}
is_late() { [ $(($(date +%s) - began)) -ge "${STALL:-30}" ]; }
stall "a pipe that stalled" "$record" is_late 16384

# The same where there is room for a megabyte only, until something is lost.
has_lost() {
	kill -USR1 $recorder
	grep -q ' lost [1-9]' "$TMP/record.err"
}
stall "a pipe that stalled, with a small queue," "$BUILD/tests/netsnoop-record-narrow" has_lost 0
[ "$ring_full" -gt 0 ] || fail "nothing was lost"
