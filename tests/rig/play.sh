#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# play.sh SCENARIO PORT: play one scenario, record it and judge the recording;
# the verdict is $TMP/row, one line for each direction (see judge.sql).
. tests/lib.sh

rig=$BUILD/tests/rig-scenarios
mkfifo "$TMP/go"
exec 3<>"$TMP/go"
: >"$TMP/said"
: >"$TMP/truth.tsv"
"$rig" "$1" "$2" "$TMP/truth.tsv" <"$TMP/go" >"$TMP/said" 2>"$TMP/rig.err" 3>&- &
player=$!
at_exit "kill -KILL $player"
asks_or_dead() {
	grep -q record "$TMP/said" || ! kill -0 "$player" 2>/dev/null
}
until_true 20 asks_or_dead
if grep -q record "$TMP/said"; then
	start_record -o "$TMP/t.zst"
	echo >&3
fi
status=0
wait "$player" || status=$?
cat "$TMP/rig.err" >&2
[ "$status" -eq 0 ] || exit "$status"
stop_record
says "$TMP/record.err" "lost 0"
[ -s "$TMP/truth.tsv" ] || fail "nobody says that it moved anything"

expect 0 "$analyze" load -o "$TMP/t.db" "$TMP/t.zst"
sqlite3 -batch -bail "$TMP/t.db" ".mode tabs" ".read tests/rig/truth.sql" \
	".import $TMP/truth.tsv truth" ".read tests/rig/judge.sql" >"$TMP/judged" ||
	fail "the judge fell over"
sed "s/^/$1	/" "$TMP/judged" >"$TMP/row"
