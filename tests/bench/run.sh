#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh BUILD: all benchmarks, one after the other, and a table of what came out: our
# figures, our peers', and what is asked of ours. It is kept in BUILD/bench.json, and
# docs/bench.json and docs/performance.md are made from it. With QUICK=1 there are fewer
# rounds and fewer events, and beside each figure stands that of docs/bench.json, which stays;
# what came out is in BUILD/bench-quick.json. Exit status 1 if a benchmark failed.
cd "$(dirname "$0")/../.." || exit 1
build=$1
set -u
export LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
RESULTS=$(mktemp) || exit 1
trap 'rm -f "$RESULTS" "$RESULTS.seconds"' EXIT
trap 'exit 1' INT TERM HUP
export RESULTS
QUICK=${QUICK:+1}
[ -z "$QUICK" ] || export QUICK
json=$build/bench${QUICK:+-quick}.json log=$build/bench${QUICK:+-quick}.log
failed=0
: >"$log"

# busy: the share of the CPUs' time that others take before we begin, in %
busy() {
	for look in 1 2; do
		grep '^cpu ' /proc/stat
		[ $look = 2 ] || sleep 2
	done | awk '{ idle = -idle + $5 + $6; all = -all + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }
		END { printf "%.0f\n", 100 * (1 - idle / all) }'
}

# run NAME COMMAND...: what it says goes to the log
run() {
	name=$1
	shift
	began=$(date +%s)
	echo "== $name: $*" >>"$log"
	env "$@" >>"$log" 2>&1
	status=$?
	took=$(($(date +%s) - began))
	jq -nc --arg name "$name" --argjson seconds $took '{ ($name): $seconds }' >>"$RESULTS.seconds"
	case $status in
	0) echo "$name: $took s" ;;
	77) echo "$name: skipped: $(sed -n 's/^SKIP: //p' "$log" | tail -n 1)" ;;
	*)
		echo "$name: failed after $took s, as $log says:"
		tail -n 5 "$log" | sed 's/^/  /' ;;
	esac
	[ $status -eq 0 ] || failed=1
}

# version NAME COMMAND...: a member of an object: the first line of what it says
version() {
	name=$1
	shift
	said=missing
	! command -v "$1" >/dev/null || said=$("$@" 2>/dev/null </dev/null | sed '/^$/d' | head -n 1)
	jq -nc --arg name "$name" --arg said "$said" '{ ($name): $said }'
}
versions() {
	version netsnoop "$build/netsnoop-record" --version
	version perf perf --version
	version bpftrace bpftrace --version
	version tcpdump tcpdump --version
	version tshark tshark --version
	version nfdump nfdump -V
	version sqlite3 sqlite3 --version
	version node node --version
	version gcc "${CC:-gcc}" --version
	version clang clang --version
}

machine() {
	jq -nc --arg cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
		--argjson cpus "$(nproc)" \
		--argjson memory_mib "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" \
		--arg kernel "$(uname -rm)" \
		--arg system "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" \
		--arg virtual "$(grep -q '^flags.* hypervisor' /proc/cpuinfo && echo yes || echo no)" \
		--arg spectre_v2 "$(cat /sys/devices/system/cpu/vulnerabilities/spectre_v2 2>/dev/null)" \
		--argjson busy_percent "$busy_percent" '$ARGS.named'
}

commit() {
	git rev-parse --short HEAD 2>/dev/null || echo unknown
	[ -z "$(git status --porcelain -uno 2>/dev/null)" ] || echo "and changes"
}

# Figures are set side by side where they are of the same thing: of as many events, say.
table() {
	jq -r -L tests/bench --slurpfile known "$1" 'include "figures";
		(($known[0].results // []) | map({ key: (.section + "." + .what), value: .value }) | from_entries)
			as $before
		| .results | by_section[] | "", "\(.[0].section | section_name)\t\t\t\tmust\tgoal\t\t",
		(.[] | $before[.section + "." + .what] as $old
			| ["  " + .what, with_unit, (if .value == null then .note else range end), "",
			   shown("must"), shown("goal"), met,
			   if $old == null or .value == null or $old == 0 then ""
			   else "was \($old | short), \((100 * (.value / $old - 1)) | fixed(1)) %" end]
			| join("\t"))' "$json" |
		awk -F '\t' '{ line = sprintf("%-62s %16s  %-20s %8s %8s  %-12s %s", $1, $2, $3, $5, $6, $7, $8)
			sub(/ +$/, "", line); print line }'
}

all_began=$(date +%s)
busy_percent=$(busy)
[ "$busy_percent" -lt 5 ] ||
	echo "This machine is busy: others take $busy_percent % of its CPUs, and the figures will tell of them"
if [ -n "$QUICK" ]; then
	run kernel FLOWS=1 ROUNDS=5 tests/bench/hooks.sh "$build"
	run kernel_16000 FLOWS=16000 ROUNDS=5 tests/bench/hooks.sh "$build"
	run recorder ROUNDS=3 SECONDS_EACH=1 tests/bench/recorder.sh "$build"
else
	run kernel FLOWS=1 tests/bench/hooks.sh "$build"
	run kernel_16000 FLOWS=16000 tests/bench/hooks.sh "$build"
	run recorder tests/bench/recorder.sh "$build"
fi
[ -n "$QUICK" ] || run stages tests/bench/stages.sh "$build"
[ -n "$QUICK" ] || run stages_16000 FLOWS=16000 PASSES=5 tests/bench/stages.sh "$build"
run flood tests/bench/flood.sh "$build"
run trace tests/bench/trace.sh "$build"
[ -n "$QUICK" ] || run profile tests/bench/profile.sh "$build"
echo "$(($(date +%s) - all_began)) s in all"

jq -s --argjson machine "$(machine)" --argjson versions "$(versions | jq -sc add)" \
	--argjson seconds "$(jq -sc add "$RESULTS.seconds")" --arg commit "$(commit | paste -s -d ' ')" \
	--arg date "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
	'{ $machine, $versions, $commit, $date, $seconds, results: . }' "$RESULTS" >"$json" || exit 1
if [ -n "$QUICK" ] && [ -e docs/bench.json ]; then
	table docs/bench.json
else
	table /dev/null
fi
[ $failed -eq 0 ] || { echo "Not all of it was measured"; exit 1; }
[ -z "$QUICK" ] || exit 0
tests/bench/document.sh "$json" tests/bench/performance.md >"$build/performance.md" &&
	cp "$json" docs/bench.json && cp "$build/performance.md" docs/performance.md
