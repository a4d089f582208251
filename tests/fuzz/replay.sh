#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the fuzzers have found worth keeping still breaks nothing.
. tests/lib.sh

for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	target=${target#fuzz_}
	expect 0 "$BUILD/tests/replay_$target" tests/fuzz/corpus/"$target"/*
done
# these take whole files, as the reader does, and opened ones
"$BUILD/tests/canaries" "$TMP/canaries.zst" >/dev/null || fail "making the canaries"
for trace in tests/golden/*.zst "$TMP/canaries.zst"; do
	opened=$TMP/$(basename "$trace" .zst).opened
	expect 0 "$BUILD/tests/open_trace" "$trace" "$opened"
	expect 0 "$BUILD/tests/open_trace" -c "$opened" "$TMP/closed.zst"
	"$BUILD/tests/spec_reader" "$trace" >"$TMP/whole" || fail "reading $trace"
	grep -v '^INDEX' "$TMP/whole" >"$TMP/before"
	"$BUILD/tests/spec_reader" "$TMP/closed.zst" >"$TMP/after" || fail "reading $TMP/closed.zst"
	cmp -s "$TMP/before" "$TMP/after" || fail "$trace, opened and closed, is another"
done
for target in anonymize reader recover report; do
	expect 0 "$BUILD/tests/replay_$target" tests/fuzz/corpus/reader/* tests/golden/*.zst \
		"$TMP/canaries.zst" "$TMP"/*.opened
done
