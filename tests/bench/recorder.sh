#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# recorder.sh BUILD: what the recorder's own threads take of the CPU, user and system, for
# each event from the ring to the file, under a flood of 64-byte datagrams with 1,000 flows
# from one namespace to another. ROUNDS= (7) and SECONDS_EACH= (2) are heeded.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/begin.sh
. tests/bench/cpu.sh

rounds=${ROUNDS:-7} flood=$BUILD/tests/bench-flood
ip netns exec "$right" "$flood" take udp 10.99.0.2 10000 1000 >"$TMP/take" &
at_exit "kill -KILL $!"
until_true 10 grep -q ready "$TMP/take"
ip netns exec "$left" "$flood" udp 10.99.0.2 10000 1000 3600000 >/dev/null &
at_exit "kill -KILL $!"

round=0
while [ $round -lt "$rounds" ]; do
	measure "$TMP/measured" "${SECONDS_EACH:-2}"
	round=$((round + 1))
done
cut -d ' ' -f 3 "$TMP/measured" >"$TMP/ns"
lost=$(awk '{ n += $4 } END { print n }' "$TMP/measured")
rate=$(column "$TMP/measured" 2)
# shellcheck disable=SC2046 # several words
result section=recorder key=cpu_1000_flows what="the recorder's CPU time, an event, 1,000 flows" \
	unit=ns must=150 goal=80 better=lower $(of_rounds "$TMP/ns") \
	note="at $rate events/s, $(column "$TMP/measured" 1) % of one CPU; $lost lost" \
	command="netsnoop-record -o FILE"
echo "$(median <"$TMP/ns") ns of CPU an event ($(interval <"$TMP/ns")), $rate events/s, $lost lost"
