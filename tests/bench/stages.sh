#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# stages.sh BUILD: where a packet's time goes in the kernel's programs. They are built to end
# at one stage after the other (bpf/stage.h), and measured by turns, as hooks.sh does;
# each stage costs what it adds to the one before. Of the passes the least counts: a
# difference of two medians would be mostly what else the machine did. FLOWS= (1), PASSES= (7).
cd "$(dirname "$0")/../.." || exit 1
build=$1 flows=${FLOWS:-1} passes=${PASSES:-7}
. tests/bench/result.sh
TMP=$(mktemp -d) || exit 1
trap 'rm -rf "$TMP"' EXIT
trap 'exit 1' INT TERM HUP

# mean STAGE RECORD: the mean of both hooks, net of an empty program, to that stage
mean() {
	RESULTS='' RECORD=$2 FLOWS=$flows ROUNDS=3 MS=100 tests/bench/hooks.sh "$build" >"$TMP/out" ||
		{ cat "$TMP/out" >&2; exit 1; }
	sed -n 's/^build 1 .* the mean of both hooks is \([-0-9.]*\) ns net$/\1/p' "$TMP/out" >>"$TMP/$1"
}

pass=0
while [ $pass -lt "$passes" ]; do
	for stage in 1 2 3 4 5 6 7; do
		mean $stage "$build/tests/stage$stage/netsnoop-record"
	done
	mean 8 "$build/netsnoop-record"
	pass=$((pass + 1))
done

before=0 stage=0
for what in "clock, what the CPU has for itself" "headers, device" "flow" "owner" \
	"filters, bytes by process" "lane, record" "totals"; do
	stage=$((stage + 1))
	now=$(sort -g "$TMP/$stage" | head -n 1)
	adds=$(echo "$now $before" | awk '{ printf "%.1f", $1 - $2 }')
	printf '%-40s %8.1f ns %8.1f in all\n' "$what" "$adds" "$now"
	result section=stages key="stage_${stage}_${flows}" what="$what, $flows flow(s)" value="$adds" \
		unit=ns n="$passes" better=lower note="$now ns to its end" \
		command="make bench: the programs built to end at each stage; bpf_stats"
	before=$now
done
whole=$(sort -g "$TMP/8" | head -n 1)
printf '%-40s %8s    %8.1f in all\n' "with the short way" "" "$whole"
result section=stages key="stages_${flows}_again" unit=ns n="$passes" better=lower value="$whole" \
	what="all of it, where a packet like the one before takes the short way, $flows flow(s)" \
	command="make bench: the programs built to end at each stage; bpf_stats"
