#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# profile.sh BUILD: where the CPU time goes of the recorder (a flood with 1,000 flows), of the
# three reports and of load (a made trace each), as perf(1) samples it: our functions by
# name, of all else the library, or the kernel, as a whole.
cd "$(dirname "$0")/../.." || exit 1
. tests/bench/begin.sh
command -v perf >/dev/null || skip "perf is missing"

data=$BUILD/bench/data mixed=$BUILD/tests/bench-mixed flood=$BUILD/tests/bench-flood
least=2 # % of all: what takes less is not told

# sample WHAT ARGUMENT...: perf record's
sample() {
	what=$1
	shift
	perf record -q -e cpu-clock -F 5000 -o "$TMP/$what.perf" "$@" >/dev/null 2>"$TMP/$what.err" ||
		fail "perf record: $(cat "$TMP/$what.err")"
}
# tell WHAT COMMAND: the parts of the profile of WHAT
tell() {
	perf report -i "$TMP/$1.perf" --stdio --no-children -g none -s dso,sym 2>/dev/null |
		awk '/^ *[0-9.]+%/ {
			part = $2 ~ /^netsnoop-/ ? $4 : $2 ~ /kernel/ ? "the kernel" : $2
			sub(/\.(isra|constprop|part)\..*/, "", part)
			sub(/\.so\..*/, "", part)
			sum[part] += $1
		}
		END { for (part in sum) print sum[part], part }' | sort -rg >"$TMP/$1.parts"
	[ -s "$TMP/$1.parts" ] || fail "no samples of $1"
	while read -r share part; do
		[ "${share%.*}" -ge $least ] || continue
		result section=profile_"$1" key="$part" what="$part" value="$share" unit=% \
			command="$2"
		printf '%-10s %6.2f %% %s\n' "$1" "$share" "$part"
	done <"$TMP/$1.parts"
}
# made NAME EVENTS: the path of a made trace, that of trace.sh if it has left it
made() {
	path=$data/$1.zst
	if [ -z "$(find "$path" -newer "$mixed" 2>/dev/null)" ]; then
		path=$TMP/$1.zst
		"$mixed" "$2" "$path" 2>"$TMP/mixed.err" || fail "$(cat "$TMP/mixed.err")"
	fi
	echo "$path"
}

ip netns exec "$right" "$flood" take udp 10.99.0.2 10000 1000 >"$TMP/take" &
at_exit "kill -KILL $!"
until_true 10 grep -q ready "$TMP/take"
ip netns exec "$left" "$flood" udp 10.99.0.2 10000 1000 60000 >/dev/null &
at_exit "kill -KILL $!"
flooding=$!
start_record -o "$TMP/t.zst"
sample recorder -p "$recorder" sleep 4
stop_record
kill -KILL $flooding
tell recorder "perf record -e cpu-clock -p PID_OF_THE_RECORDER"

trace=$(made 10M 10000000) || exit 1
sample report "$analyze" report --format json "$trace"
tell report "perf record -e cpu-clock netsnoop-analyze report --format json 10M.zst"

trace=$(made load 2000000) || exit 1
sample load "$analyze" load -o "$TMP/load.db" "$trace"
tell load "perf record -e cpu-clock netsnoop-analyze load -o load.db load.zst"
