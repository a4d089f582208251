#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# hooks.sh BUILD [OLDBUILD]: what each program of the recorder costs a run, in ns and
# net of an empty program beside it, with FLOWS= (1) flows of 64-byte datagrams from one
# namespace to another and events written. With OLDBUILD, an older build records
# the same packets at the same time. ROUNDS= (15) and MS= (300) are heeded, and RECORD=,
# another build's recorder in place of the first.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/begin.sh
OLD=${2:+$(cd "$2" && pwd)}

record=${RECORD:-$record}
hooks=$BUILD/tests/bench-hooks flood=$BUILD/tests/bench-flood
flows=${FLOWS:-1} rounds=${ROUNDS:-15} ms=${MS:-300}
ip netns exec "$right" "$flood" take udp 10.99.0.2 10000 "$flows" >"$TMP/take" &
at_exit "kill -KILL $!"
until_true 10 grep -qs ready "$TMP/take"
first=$("$hooks" last)
start_record -B 64M -o /dev/null --force
second=
if [ -n "$OLD" ]; then
	second=$("$hooks" last)
	record=$OLD/netsnoop-record
	rm "$TMP/record.err"
	start_record -B 64M -o /dev/null --force
fi
ip netns exec "$left" "$flood" udp 10.99.0.2 10000 "$flows" 3600000 >/dev/null &
at_exit "kill -KILL $!"
"$hooks" measure "$BUILD/tests/bench/empty.bpf.o" "$rounds" "$ms" "$first" \
	${second:+"$second"} >"$TMP/hooks" || fail "nothing was measured"
cat "$TMP/hooks"

case $flows in
1) must=120 goal=70 words="1 flow" ;;
16000) must=200 goal=160 words="16,000 flows" ;;
*) must='' goal='' words="$flows flows" ;;
esac
result section=kernel key="hooks_${flows}_flows" unit=ns n="$rounds" better=lower \
	what="a hook's program, mean of both, less an empty one's, $words" \
	value="$(sed -n 's/^build 1 .* the mean of both hooks is \([-0-9.]*\) ns net$/\1/p' "$TMP/hooks")" \
	must="$must" goal="$goal" command="netsnoop-record -o /dev/null; bpf_stats" \
	note="$(awk '/^build 1 .* runs / {
		printf "%s%s %s ns", comma, $3, $(NF - 1); comma = ", " }' "$TMP/hooks")"
