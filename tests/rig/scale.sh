#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# scale.sh BUILD: 10,000 connections at a time, and 5,000 processes that live for a
# moment. Prints what the recorder takes and whose the bytes are said to be. Exit
# status 1 if something is lost, more than 0.1 % of bytes or packets is nobody's, or the
# processes took longer than a minute. RIG_KEEP=DIRECTORY keeps traces and databases there.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin" RIG_MEASURE=tests/rig/measure.sh
. tests/lib.sh
. tests/rig/ground.sh
at_exit "rm -rf $TMP"
need_live

top=$TMP
make_pair
. tests/rig/networks.sh
for ns in "$left" "$right" "$inner" "$bridge"; do
	ground_make "$ns"
done

failed=0 number=0
for scenario in ${RIG_ONLY:-10000-connections 5000-processes}; do
	number=$((number + 1))
	mkdir "$top/$scenario"
	began=$(date +%s)
	TMP=$top/$scenario tests/rig/play.sh "$scenario" $((9000 + number * 20)) \
		>"$top/$scenario/log" 2>&1 </dev/null ||
		fail "$scenario: $(cat "$top/$scenario/log")"
	took=$(($(date +%s) - began))
	echo "$scenario: $took s with the judgement"
	cat "$top/$scenario/measured"
	sqlite3 -batch "$top/$scenario/t.db" "
		SELECT 'flows: ' || count(*) FROM flow;
		SELECT 'events: ' || sum(events) || ', lost ' || (SELECT coalesce(sum(events), 0) FROM lost)
		FROM trace;
		SELECT 'table of flows full: ' || value || ' events' FROM counter
		WHERE name = 'flow table full' AND value;"
	awk -F '\t' '
		$2 ~ /^[01]$/ {
			bytes = $4 + $5 + $6
			packets = $7 + $8 + $9
			printf "%s: %.3f %% of bytes right, %.3f %% wrong, %.3f %% nobody'\''s; " \
				"of packets %.3f %% nobody'\''s\n", $2 ? "sent" : "received", \
				100 * $4 / bytes, 100 * $5 / bytes, 100 * $6 / bytes, 100 * $9 / packets
			if ($6 / bytes > 0.001 || $9 / packets > 0.001 || $5 / bytes > 0.001) {
				print "FAIL: more than 0.1 %"
				failed = 1
			}
			next
		}
		{ print "FAIL: " $3; failed = 1 }
		END { exit failed }' "$top/$scenario/rows" || failed=1
	[ "$took" -le 60 ] || { echo "FAIL: longer than a minute"; failed=1; }
done
[ -z "${RIG_KEEP:-}" ] || cp -r "$top" "$RIG_KEEP"
exit $failed
