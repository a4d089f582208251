#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The clock is set while we record (that of the recorder alone, by a preloaded
# library): the report says so, and events on both sides have their own time of day.
. tests/lib.sh
need_live
make_pair

CLOCK_JUMP=$TMP/jump
export CLOCK_JUMP
plain=$record
record=$TMP/record
printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$(realpath "$BUILD/tests/clock_shim.so")" \
	"$(realpath "$plain")" >"$record"
chmod +x "$record"

# one_datagram PORT: of 100 bytes of its own
one_datagram() {
	ip netns exec "$left" "$traffic" flood udp 10.99.0.2 "$1" 1 100 >"$TMP/sent" || fail "the client"
}
time_of() { # time_of PORT: of the first event to it, in whole seconds since 1970
	date -d "$(query "$TMP/t.zst" "SELECT min(time) FROM net_event WHERE dport = $1 AND is_send")" +%s
}
has_step() {
	one_datagram 7003 # for a chunk, which has a sample of both clocks
	[ "$("$analyze" sql --format csv "$TMP/t.zst" "SELECT count(*) FROM clock_step" 2>/dev/null |
		tail -n 1 | tr -d '\r')" = 1 ]
}

start_record -o "$TMP/t.zst"
before=$(date +%s)
one_datagram 7001
touch "$TMP/jump"
until_true 20 has_step
one_datagram 7002
after=$(date +%s)
stop_record

expect 0 "$analyze" report --format json "$TMP/t.zst"
equal "steps of the clock" "$(jq '.traces[0].clock_steps | length' "$TMP/out")" 1
equal "the step" "$(jq '.traces[0].clock_steps[0].step_ns / 1e9 | round' "$TMP/out")" 3603
expect 0 "$analyze" report "$TMP/t.zst"
says "$TMP/out" "clock     the clock was set forward by 1h 0m "
expect 0 "$analyze" info "$TMP/t.zst"
says "$TMP/out" "set forward at "
for port in 7001 7002; do
	time=$(time_of $port)
	[ $port = 7001 ] || time=$((time - 3603))
	[ "$time" -ge "$before" ] && [ "$time" -le "$after" ] ||
		fail "the event to $port was at $time, should be from $before to $after"
done
# the span is what has passed, whatever the clock said
[ "$(query "$TMP/t.zst" "SELECT (to_ns - from_ns) / 1000000000 FROM span")" -lt 100 ] ||
	fail "the span takes in the step"
