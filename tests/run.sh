#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [NAME...]: build everything three times (gcc, clang, sanitizers) and
# what other hosts are given statically, then run every test, or those whose path holds one of the names. A line a test;
# what a failing one printed follows it. REQUIRE_LIVE=1 makes a skipped live
# test a failure. Exit status: 0 if nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 1

TIMEOUT_SECONDS=180
make=${MAKE:-make}
jobs=$(nproc 2>/dev/null || echo 2)
top=$(pwd)
scratch=$(mktemp -d) || exit 1
chmod 711 "$scratch" # some tests become nobody
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
passed=0 failed=0 skipped=0
export LC_ALL=C.UTF-8 TZ=UTC PATH="$PATH:/usr/sbin:/sbin"
unset MAKEFLAGS MAKELEVEL O SAN TMP

build() {
	echo "Building $1"
	shift
	"$make" --no-print-directory -j"$jobs" "$@" >"$scratch/build.log" 2>&1 && return
	cat "$scratch/build.log"
	echo "0 passed, 1 failed"
	exit 1
}

wanted() {
	[ $# -gt 1 ] || return 0
	name=$1
	shift
	for pattern; do
		case $name in *"$pattern"*) return 0 ;; esac
	done
	return 1
}

# Processes that the test has left, by what is in their environment alone; who has been told to stop
# gets the time to do so.
left_over() {
	echo "TMP=$TMP" >"$scratch/pattern"
	tries=50
	while found=$(grep -lzxsaF -f "$scratch/pattern" /proc/[0-9]*/environ)
	[ -n "$found" ] && [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		sleep 0.1
	done
	for file in $found; do
		process=${file#/proc/}
		process=${process%/environ}
		echo "left over: $(tr '\0' ' ' <"/proc/$process/cmdline")"
		kill -KILL "$process"
	done
}

# test_one NAME BUILD COMMAND...
test_one() {
	name=$1 build=$2
	shift 2
	TMP=$scratch/test
	mkdir "$TMP"
	began=$(date +%s.%N)
	BUILD="$top/$build" TMP="$TMP" timeout -k 5 "$TIMEOUT_SECONDS" "$@" \
		>"$scratch/log" 2>&1 </dev/null
	status=$?
	left_over >>"$scratch/log" 2>&1
	if grep -q '^left over: ' "$scratch/log"; then
		[ $status -ne 0 ] && [ $status -ne 77 ] || status=1
	fi
	took=$(echo "$began $(date +%s.%N)" | awk '{ printf "%.1f s", $2 - $1 }')
	rm -rf "$TMP"
	case "$status,${REQUIRE_LIVE:-0},$name" in
	0,*)
		passed=$((passed + 1))
		echo "ok    $name ($took)" ;;
	77,1,tests/live/*)
		failed=$((failed + 1))
		echo "FAIL  $name: skipped, but live tests are required"
		sed 's/^/      /' "$scratch/log" ;;
	77,*)
		skipped=$((skipped + 1))
		echo "SKIP  $name: $(sed -n 's/^SKIP: //p' "$scratch/log")" ;;
	*)
		failed=$((failed + 1))
		echo "FAIL  $name (status $status, $took)"
		sed 's/^/      /' "$scratch/log" ;;
	esac
}

build "with $(${CC:-cc} --version | head -n 1)" O=build tests
build "for other hosts" O=build static-tests
build "with clang" O=build/clang CC=clang tests
build "with the sanitizers" O=build/san SAN=1 tests
export ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1

for source in tests/unit/test_*.c; do
	wanted "$source" "$@" || continue
	test_one "$source" build/san "build/san/tests/$(basename "$source" .c)"
done
for script in tests/law/*.sh tests/cli/*.sh tests/golden/*.sh tests/fuzz/replay.sh; do
	wanted "$script" "$@" || continue
	test_one "$script" build/san "$script"
done
for script in tests/live/*.sh; do
	wanted "$script" "$@" || continue
	test_one "$script" build "$script"
done

if [ $skipped -gt 0 ]; then
	echo "$skipped skipped: the lines that begin with SKIP say why"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
