#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# flight.sh BUILD: what a recorder's own CPU time is in flight, beside one that writes a
# file, under the same flood of 64-byte datagrams from one namespace to another. In turns,
# so that a busy machine is busy for both; both record --interface nsl of that namespace
# alone. ROUNDS= (7), SECONDS_EACH= (5) and FLIGHT= (64M) are heeded.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
at_exit "rm -rf $TMP"
need_live
make_pair

rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-5} flight=${FLIGHT:-64M}
ticks_a_second=$(getconf CLK_TCK)
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 1000000000 64 >/dev/null &
at_exit "kill -KILL $!"

# ticks: of the recorder so far, user and system, all threads
ticks() {
	sed 's/.*) //' /proc/"$recorder"/stat | awk '{ print $12 + $13 }'
}
# measure ARGUMENT...: ns of the recorder's CPU an event, to $TMP/$kind
measure() {
	rm -f "$TMP"/*.zst "$TMP/record.err"
	start_record --interface nsl "$@" -o "$TMP/t.zst"
	before=$(ticks)
	sleep "$seconds"
	used=$(($(ticks) - before))
	kill -USR1 "$recorder"
	until_true 10 grep -q ' events, ' "$TMP/record.err"
	events=$(sed -n 's/.* \([0-9]*\) events, .*/\1/p' "$TMP/record.err" | head -n 1)
	span=$(sed -n 's/^netsnoop-record: \([0-9.]*\) s: .*/\1/p' "$TMP/record.err" | head -n 1)
	stop_record
	lost=$(sed -n 's/^netsnoop-record: lost \([0-9]*\).*/\1/p' "$TMP/record.err" | tail -n 1)
	awk -v used="$used" -v hz="$ticks_a_second" -v seconds="$seconds" -v events="$events" \
		-v span="$span" -v lost="$lost" 'BEGIN {
		printf "%.1f %.0f %.0f %d\n", 100 * used / hz / seconds,
			events / span, used / hz / seconds * 1e9 * span / events, lost }' >>"$TMP/$kind"
}
# median FILE COLUMN
median() {
	awk -v column="$2" '{ print $column }' "$1" | sort -n | awk '{ value[NR] = $1 } END {
		print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

round=0
while [ $round -lt "$rounds" ]; do
	kind=file
	measure
	kind=flight
	measure --flight "$flight"
	round=$((round + 1))
done
printf '%-8s %14s %14s %14s %10s   (medians of %d, %s s each)\n' \
	recorder 'CPU, % of one' 'events a s' 'ns an event' lost "$rounds" "$seconds"
for kind in file flight; do
	printf '%-8s %14s %14s %14s %10s\n' $kind "$(median "$TMP/$kind" 1)" \
		"$(median "$TMP/$kind" 2)" "$(median "$TMP/$kind" 3)" "$(median "$TMP/$kind" 4)"
done
paste "$TMP/file" "$TMP/flight" | awk '{ print $7 / $3 }' >"$TMP/ratio"
echo "flight / file, ns an event: $(median "$TMP/ratio" 1)"
