#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# play.sh SCENARIO PORT [OPTION...]: play one scenario, record it with these
# options and judge the recording: $TMP/rows has two lines a view (see judge.sql)
# and lines of complaint. The recorder is $RECORDER, or the built one; $RIG_MEASURE
# is run with its process id before it ends, into $TMP/measured.
. tests/lib.sh
. tests/rig/ground.sh

scenario=$1 port=$2
shift 2
rig=$BUILD/tests/rig-scenarios
record=${RECORDER:-$record}
mkfifo "$TMP/go"
exec 3<>"$TMP/go"
: >"$TMP/said"
: >"$TMP/truth"
"$rig" "$scenario" "$port" "$TMP/truth" <"$TMP/go" >"$TMP/said" 2>"$TMP/rig.err" 3>&- &
player=$!
at_exit "kill -KILL $player"
asks_or_dead() {
	grep -q record "$TMP/said" || ! kill -0 "$player" 2>/dev/null
}
until_true 20 asks_or_dead
if grep -q record "$TMP/said"; then
	"$BUILD/tests/rig-current" >"$TMP/current.tsv" 2>"$TMP/current.err" &
	current=$!
	at_exit "kill -KILL $current"
	until_true 20 grep -q counting "$TMP/current.err"
	ground_start "$port"
	start_record "$@" -o "$TMP/t.zst"
	echo >&3
fi
status=0
wait "$player" || status=$?
cat "$TMP/rig.err" >&2
[ "$status" -eq 0 ] || exit "$status"
[ -z "${RIG_MEASURE:-}" ] || "$RIG_MEASURE" "$recorder" >"$TMP/measured" ||
	fail "the recorder could not be measured"
stop_record
kill -INT "$current"
wait "$current" || fail "the count by current task failed: $(cat "$TMP/current.err")"
ground_read >"$TMP/ground.tsv"
says "$TMP/record.err" "lost 0"
[ -s "$TMP/truth" ] || fail "nobody says that it moved anything"
for name in left right inner bridge; do
	eval "ns=\$RIG_$(echo $name | tr a-z A-Z)"
	printf '%s\t%s\n' "$(ip netns exec "$ns" stat -Lc %i /proc/self/ns/net)" "$name"
done >"$TMP/netns.tsv"

# ask DATABASE OUTPUT READ...: the judge's questions, and what it may look at
ask() {
	database=$1 output=$2
	shift 2
	sqlite3 -batch -bail "$database" ".mode tabs" ".param set :port $port" \
		".param set :ways \"'$RIG_WAYS'\"" \
		".read tests/rig/truth.sql" \
		".import $TMP/truth.tsv truth" ".import $TMP/ground.tsv ground" \
		".import $TMP/netns.tsv rig_netns" ".import $TMP/current.tsv by_current" \
		".import $TMP/reported.tsv reported" "$@" >"$output" || fail "the judge fell over"
}

# What a process held and another consumed is the other's, but in the view "held".
grep -v 'held$' "$TMP/truth" >"$TMP/truth.tsv"
expect 0 "$analyze" load -o "$TMP/t.db" "$TMP/t.zst"
"$analyze" report --by process --format json "$TMP/t.zst" >"$TMP/report.json" ||
	fail "there is no report"
jq -r '.rows[] | select(.pid) | [.pid, .start, .send_payload_bytes // 0, .recv_payload_bytes // 0]
	| @tsv' "$TMP/report.json" >"$TMP/reported.tsv" || fail "the report is not what it was"
ask "$TMP/t.db" "$TMP/judged" ".read tests/rig/judge.sql"
sed "s/^/$scenario	/" "$TMP/judged" >"$TMP/rows"
# complain KIND QUESTION: a line for each difference, of many the first
complain() {
	ask "$TMP/t.db" "$TMP/complaints" ".read $2"
	awk -v start="$scenario	$1	" 'NR <= 3 { print start $0 }
		END { if (NR > 3) print start "and " NR - 3 " more of the kind" }' \
		"$TMP/complaints" >>"$TMP/rows"
}
complain ground tests/rig/ground.sql
complain reported tests/rig/reported.sql
[ ! -e "tests/rig/checks/$scenario.sql" ] || complain complaint "tests/rig/checks/$scenario.sql"

grep -q 'held$' "$TMP/truth" || exit 0
awk -F '\t' '
	{ tuple = $3 FS $4 FS $5 FS $6 FS $7 FS $8 FS $9 }
	FNR == NR { if ($13 == "held") held[tuple]; next }
	$13 == "held" { sub(/held$/, "process"); print; next }
	!(tuple in held)' "$TMP/truth" "$TMP/truth" >"$TMP/truth.tsv"
expect 0 "$analyze" load --owner held -o "$TMP/held.db" "$TMP/t.zst"
ask "$TMP/held.db" "$TMP/judged" ".read tests/rig/judge.sql"
sed "s/^/$scenario (held)	/" "$TMP/judged" >>"$TMP/rows"
