#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The golden traces still say what they said, to a decoder that was written
# from FORMAT.md alone; and what the library writes today says the same.
. tests/lib.sh

for trace in tests/golden/*.zst; do
	expect 0 "$BUILD/tests/spec_reader" "$trace"
	cmp "$TMP/out" "${trace%.zst}.expected" || fail "$trace is read differently"
	expect 0 zstd -q -t "$trace"
	expect 0 zstd -q -l "$trace"
	case $(file -b "$trace" 2>/dev/null) in
	Zstandard*|'') ;;
	*) fail "file(1) takes $trace for $(file -b "$trace")" ;;
	esac
done
for name in all totals runs; do
	expect 0 "$BUILD/tests/make_golden" $name "$TMP/new.zst"
	expect 0 "$BUILD/tests/spec_reader" "$TMP/new.zst"
	cmp "$TMP/out" tests/golden/by-flow-$name.expected || fail "the library writes another $name today"
done
expect 0 "$analyze" verify tests/golden/v1-totals.zst

# Chunks that are copied as they are, with runs or without, are read in a file that says it has them.
for trace in tests/golden/*.zst; do
	rm -f "$TMP/recovered.zst"
	"$analyze" recover -o "$TMP/recovered.zst" "$trace" >/dev/null 2>&1
	expect 0 "$BUILD/tests/spec_reader" "$TMP/recovered.zst"
	grep -q '^FILE .* incompat=1 ' "$TMP/out" || fail "$trace: recovered without the incompat bit"
	grep '^EVENT ' "$TMP/out" >"$TMP/events"
	grep '^EVENT ' "${trace%.zst}.expected" | cmp - "$TMP/events" ||
		fail "$trace: other events once it is recovered"
done
# The same events, whatever order they stand in.
for name in all totals; do
	for age in v1 by-flow; do
		"$analyze" dump tests/golden/$age-$name.zst >"$TMP/$age" 2>/dev/null
	done
	[ -s "$TMP/v1" ] && cmp "$TMP/v1" "$TMP/by-flow" || fail "$name: the two ages differ"
done
