#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh libfuzzer|afl TARGET...: build the targets with the engine, and the sanitizers, and let each
# run for $SECONDS_EACH. What is found goes on from run to run in build/fuzz/found and
# build/fuzz-afl/found; a crash is printed with the file that makes it, and makes the status 1.
set -u
engine=$1
shift
seconds=${SECONDS_EACH:-60}
jobs=$(nproc 2>/dev/null || echo 2)
failed=0
make=${MAKE:-make}
unset MAKEFLAGS MAKELEVEL

# What one allocation, and all of the program, may take; and how long an input.
ALLOCATION_MB=256
MEMORY_MB=1024
INPUT_SECONDS=10

build() { # build DIRECTORY COMPILER
	for target in $targets; do
		programs="$programs $1/tests/fuzz_$target"
	done
	programs="$programs $1/tests/open_trace $1/tests/canaries"
	# shellcheck disable=SC2086 # lists of words
	"$make" --no-print-directory -j"$jobs" O="$1" CC="$2" SAN=1 FUZZ=1 $programs >"$1.log" 2>&1 &&
		return
	cat "$1.log"
	exit 1
}

seed() { # seed TARGET DIRECTORY PROGRAMS: what the repository has, and what else there is
	mkdir -p "$2"
	cp tests/fuzz/corpus/"$1"/* "$2"/
	case $1 in
	anonymize | reader | recover | report) ;;
	*) return ;;
	esac
	cp tests/fuzz/corpus/reader/* tests/golden/*.zst "$2"/
	"$3"/canaries "$2"/canaries.zst >/dev/null || exit 1
	for trace in "$2"/*.zst; do
		"$3"/open_trace "$trace" "${trace%.zst}.opened" || exit 1
	done
}

run_libfuzzer() {
	found=build/fuzz/found/$1
	mkdir -p "$found"
	seed "$1" build/fuzz/seeds/"$1" build/fuzz/tests
	ASAN_OPTIONS=detect_leaks=1 build/fuzz/tests/fuzz_"$1" -max_total_time="$seconds" \
		-max_len=1048576 -malloc_limit_mb=$ALLOCATION_MB -rss_limit_mb=$MEMORY_MB \
		-timeout=$INPUT_SECONDS -close_fd_mask=3 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/$1-" "$found" build/fuzz/seeds/"$1" >"build/fuzz/$1.log" 2>&1
	status=$?
	echo "$1: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$1.log") executions," \
		"$(sed -n 's/.*cov: \([0-9]*\) .*/\1/p' "build/fuzz/$1.log" | tail -n 1) edges," \
		"$(find "$found" -type f | wc -l) inputs kept"
	[ $status -eq 0 ] && return
	failed=1
	grep -E 'SUMMARY|not so|Test unit written' "build/fuzz/$1.log"
}

run_afl() {
	found=build/fuzz-afl/found/$1
	mkdir -p build/fuzz-afl/found
	seed "$1" build/fuzz-afl/seeds/"$1" build/fuzz-afl/tests
	AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 \
		AFL_AUTORESUME=1 ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0 \
		UBSAN_OPTIONS=abort_on_error=1 afl-fuzz -V "$seconds" -t $((1000 * INPUT_SECONDS)) -m none \
		-i build/fuzz-afl/seeds/"$1" -o "$found" -- build/fuzz-afl/tests/fuzz_"$1" \
		>"build/fuzz-afl/$1.log" 2>&1
	stats=$found/default/fuzzer_stats
	[ -s "$stats" ] || { failed=1 && tail -n 20 "build/fuzz-afl/$1.log" && return; }
	echo "$1: $(awk '$1 == "execs_done" { print $3 }' "$stats") executions," \
		"$(awk '$1 == "edges_found" { print $3 }' "$stats") edges," \
		"$(awk '$1 == "corpus_count" { print $3 }' "$stats") inputs kept"
	crashes=$(find "$found/default/crashes" "$found/default/hangs" -name 'id*')
	[ -z "$crashes" ] || { failed=1 && echo "$crashes"; }
}

targets=$*
programs=
case $engine in
libfuzzer) mkdir -p build/fuzz && build build/fuzz "${CLANG:-clang}" ;;
afl) mkdir -p build/fuzz-afl && build build/fuzz-afl afl-clang-fast ;;
*) exit 2 ;;
esac
for target in $targets; do
	run_"$engine" "$target"
done
exit $failed
