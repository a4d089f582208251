#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Whatever is given for a trace: a message that names it, the right exit status,
# and a report on what could be read.
. tests/lib.sh
golden=tests/golden/v1-all.zst
damage=$BUILD/tests/damage

# refused STATUS TEXT FILE
refused() {
	expect "$1" "$analyze" report "$3"
	says "$TMP/err" "$2"
	says "$TMP/err" "$3"
}

: >"$TMP/empty"
refused 1 "empty" "$TMP/empty"
expect 2 "$analyze" load -o - "$golden"
says "$TMP/err" "a database goes to a file"
refused 1 "directory" "$TMP"
refused 1 "No such file" "$TMP/missing"
refused 1 "not a netsnoop trace" Makefile
gzip -c "$golden" >"$TMP/trace.gz" 2>/dev/null && refused 1 "gzip" "$TMP/trace.gz"
zstd -q -c "$golden" >"$TMP/twice.zst"
refused 1 "compressed again" "$TMP/twice.zst"
zstd -q -dc "$golden" | zstd -q -c >"$TMP/again.zst"
refused 1 "compressed again" "$TMP/again.zst"

# beside others, one that never got further than its first header costs nothing but the status
head -c 50 "$golden" >"$TMP/begun.zst"
expect 0 "$analyze" report --by process --format csv "$golden"
mv "$TMP/out" "$TMP/alone"
expect 3 "$analyze" report --by process --format csv "$TMP/empty" "$golden" "$TMP/begun.zst"
cmp "$TMP/alone" "$TMP/out" || fail "the report is another one"
says "$TMP/err" "$TMP/begun.zst: nothing in it"
expect 1 "$analyze" report "$golden" Makefile

# the headers: file header's content begins at 9, the first chunk's at 146
"$damage" "$golden" put $((9 + 16)) 4 0x80 >"$TMP/incompat.zst"
refused 1 "incompat" "$TMP/incompat.zst"
"$damage" "$golden" put $((9 + 12)) 2 77 >"$TMP/minor.zst"
expect 0 "$analyze" report "$TMP/minor.zst"
"$damage" "$golden" put $((146 + 52)) 4 0xffffffff >"$TMP/4gib.zst"
expect 3 "$analyze" report "$TMP/4gib.zst"
says "$TMP/err" "4294967295"

# cat of a trace with itself counts nothing twice, and is no damage
cat "$golden" "$golden" >"$TMP/twice"
expect 0 "$analyze" report --format json --by process "$golden"
jq -S '.rows' "$TMP/out" >"$TMP/once"
expect 0 "$analyze" report --format json --by process "$TMP/twice"
jq -S '.rows' "$TMP/out" | diff "$TMP/once" - || fail "a chunk was counted twice"

# Cuts and flipped bytes, all over the file. The library's own tests take every
# byte; here STEP=1 does.
size=$(stat -c %s "$golden")
index=$(grep -obUaP '\x5e\x2a\x4d\x18' "$golden" | tail -n 1 | cut -d: -f1)
all=$(jq '.traces[0].events' "$TMP/out")
step=${STEP:-29}
at=0 reported=0 least=$all
while [ $at -lt "$size" ]; do
	for how in cut flip; do
		"$damage" "$golden" $how $at >"$TMP/bad.zst"
		status=0
		"$analyze" report --format json --by process "$TMP/bad.zst" >"$TMP/out" 2>"$TMP/err" ||
			status=$?
		[ $status -eq 0 ] || says "$TMP/err" "$TMP/bad.zst"
		case $how,$status in
		cut,1) # too little is left to be a trace
			[ $at -lt 400 ] || fail "cut at $at: refused: $(cat "$TMP/err")" ;;
		cut,0) # only the index is missing
			[ $at -ge "$index" ] || fail "cut at $at: called complete" ;;
		flip,0) # in the index, which is a hint
			[ $at -ge "$index" ] || fail "byte $at flipped: not noticed" ;;
		cut,3 | flip,3) reported=$((reported + 1)) ;;
		*) fail "$how at $at: exit status $status: $(cat "$TMP/err")" ;;
		esac
		[ $how = flip ] || continue
		events=$(jq '.traces[0].events' "$TMP/out")
		[ "$events" -ge $least ] || least=$events
	done
	at=$((at + step))
done
[ $reported -gt 50 ] || fail "only $reported damaged traces were reported on"
[ $((all - least)) -le 5 ] || fail "one byte cost $((all - least)) events, more than any chunk holds"
