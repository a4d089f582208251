# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154
#
# What a recorder's own threads take, while traffic is going on. Sourced, after
# tests/lib.sh.

ticks_a_second=$(getconf CLK_TCK)

# ticks: of the recorder so far, user and system, all threads
ticks() {
	sed 's/.*) //' /proc/"$recorder"/stat | awk '{ print $12 + $13 }'
}

# measure FILE SECONDS ARGUMENT...: record with these arguments, and add a line to FILE: the
# recorder's CPU time in % of one CPU, the events a second, its ns an event, what it lost
measure() {
	measured=$1 seconds=$2
	shift 2
	rm -f "$TMP"/*.zst "$TMP/record.err"
	start_record "$@" -o "$TMP/t.zst"
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
			events / span, used / hz / seconds * 1e9 * span / events, lost }' >>"$measured"
}

# column FILE N: the median of the Nth number of its lines
column() {
	cut -d ' ' -f "$2" "$1" | median
}
