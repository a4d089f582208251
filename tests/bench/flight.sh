#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# flight.sh BUILD: what a recorder's own CPU time is in flight, beside one that writes a
# file, under the same flood of 64-byte datagrams from one namespace to another. In turns,
# so that a busy machine is busy for both; both record --interface nsl of that namespace
# alone. ROUNDS= (7), SECONDS_EACH= (5) and FLIGHT= (64M) are heeded.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/begin.sh
. tests/bench/cpu.sh

rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-5} flight=${FLIGHT:-64M}
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9 1000000000 64 >/dev/null &
at_exit "kill -KILL $!"

round=0
while [ $round -lt "$rounds" ]; do
	measure "$TMP/file" "$seconds" --interface nsl
	measure "$TMP/flight" "$seconds" --interface nsl --flight "$flight"
	round=$((round + 1))
done
printf '%-8s %14s %14s %14s %10s   (medians of %d, %s s each)\n' \
	recorder 'CPU, % of one' 'events a s' 'ns an event' lost "$rounds" "$seconds"
for kind in file flight; do
	printf '%-8s %14s %14s %14s %10s\n' $kind "$(column "$TMP/$kind" 1)" \
		"$(column "$TMP/$kind" 2)" "$(column "$TMP/$kind" 3)" "$(column "$TMP/$kind" 4)"
done
ratio=$(paste "$TMP/file" "$TMP/flight" | awk '{ print $7 / $3 }' | median)
echo "flight / file, ns an event: $ratio"
