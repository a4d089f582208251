#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Owners that became known behind the events: the same from report, sql, dump and a
# database, from a file, a pipe and several traces in one, and in three views.
. tests/lib.sh
owned=$BUILD/tests/owned
trace=$TMP/both.zst

"$owned" late handed >"$trace" || fail "making a trace"
"$owned" late >"$TMP/late.zst" || fail "making a trace"
"$owned" handed >"$TMP/handed.zst" || fail "making a trace"
cat "$TMP/late.zst" "$TMP/handed.zst" >"$TMP/cat.zst"

query="SELECT coalesce(comm, '-') AS c, sum(bytes) AS b FROM net_event GROUP BY 1 ORDER BY 1"
sums='map("\(.c)=\(.b)") | join(" ")'

# reported WANT ARGUMENT...: the bytes that report says the owners received
reported() {
	want=$1
	shift
	expect 0 "$analyze" report --format json --by process "$@"
	equal "report $*" "$(jq -r '[.rows[] | {c: (.comm // "-"), b: .recv_bytes}] | sort_by(.c) |
		map("\(.c)=\(.b)") | join(" ")' "$TMP/out")" "$want"
}

for view in consumed held recorded; do
	case $view in
	consumed) want='child=20000 late=30000 web=10000' ;;
	held) want='child=10000 late=30000 web=20000' ;;
	recorded) want='-=30000 child=5000 web=25000' ;;
	esac
	reported "$want" --owner $view "$trace"
	reported "$want" --owner $view "$TMP/cat.zst"
	reported "$want" --owner $view "$TMP/handed.zst" "$TMP/late.zst" "$TMP/cat.zst"
	expect 0 "$analyze" sql --owner $view --format json "$trace" "$query"
	equal "sql --owner $view" "$(jq -r ".rows | $sums" "$TMP/out")" "$want"
	expect 0 "$analyze" dump --owner $view --format json "$trace"
	equal "dump --owner $view" "$(jq -rs 'group_by(.comm) | map({c: (.[0].comm // "-"),
		b: (map(.bytes) | add)}) | sort_by(.c) | map("\(.c)=\(.b)") | join(" ")' "$TMP/out")" \
		"$want"
	expect 0 "$analyze" load --owner $view -o "$TMP/$view.db" "$trace"
	reported "$want" "$TMP/$view.db"
	equal "net_event of load --owner $view" \
		"$(sqlite3 -separator = "$TMP/$view.db" "$query" | tr '\n' ' ')" "$want "
done

# a window cuts off events, not what is known of them
reported 'child=15000 late=15000' --from +0.015 "$trace"
reported 'child=2000 late=12000 web=10000' --to +0.012 "$trace"

# a pipe knows as much as a file, but for dump, which does not wait for its end
cat "$trace" | "$analyze" report --format csv --by process - >"$TMP/pipe" || fail "report of a pipe"
"$analyze" report --format csv --by process "$trace" | cmp - "$TMP/pipe" || fail "report of a pipe"
for view in recorded consumed; do
	"$analyze" dump --format csv --owner $view "$trace" >"$TMP/$view"
done
# and neither knows the devices before its end: counts_elsewhere is the last column
sed 's/,0\r$/,\r/' "$TMP/recorded" >"$TMP/expected"
cat "$trace" | "$analyze" dump --format csv - | cmp - "$TMP/expected" || fail "dump of a pipe"
cat "$trace" | "$analyze" dump --format csv --owner consumed - | cmp - "$TMP/consumed" ||
	fail "dump of a pipe that is waited for"

expect 0 "$analyze" info "$trace"
says "$TMP/out" "4 records; flows charged by them to others than was recorded: 2"
expect 1 "$analyze" report --owner consumed "$TMP/held.db"
says "$TMP/err" "was loaded with --owner held"
expect 2 "$analyze" report --owner nobody "$trace"
says "$TMP/err" "consumed, held, recorded"
