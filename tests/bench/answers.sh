# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=sh disable=SC2154
#
# Are the reports right? Their numbers beside those that others find in the same events.
# Sourced, behind tests/lib.sh.

# our_answers TRACE ALL DIRECTORY: the numbers of the three reports, or (ALL is false) those
# that are plain sums, to DIRECTORY/process.tsv and so on
our_answers() {
	mkdir -p "$3"
	"$analyze" report --format json "$1" >"$TMP/report.json" || fail "no report on $1"
	for by in process protocol flow; do
		jq -r --arg by $by --argjson all "$2" -f tests/bench/answers.jq "$TMP/report.json" |
			sort >"$3/$by.tsv"
	done
}

# same_answers DIRECTORY DIRECTORY WHOSE: the same in both
same_answers() {
	for by in process protocol flow; do
		[ -s "$1/$by.tsv" ] || fail "no answer by $by"
		sort "$2/$by.tsv" | diff "$1/$by.tsv" - >"$TMP/diff" ||
			fail "by $by, ours and $3 differ: $(head -n 6 "$TMP/diff")"
	done
}

# same_as_sqlite TRACE: all numbers are those of plain SQL over every event, which load
# copied one by one; ours are left in $TMP/ours
same_as_sqlite() {
	"$analyze" load -o "$TMP/answers.db" "$1" || fail "no database of $1"
	mkdir "$TMP/sqlite"
	for by in process protocol flow; do
		sqlite3 "$TMP/answers.db" ".parameter set @by '$by'" ".read tests/bench/answers.sql" \
			>"$TMP/sqlite/$by.tsv" || fail "SQLite gives no answer by $by"
	done
	rm "$TMP/answers.db"
	our_answers "$1" true "$TMP/ours"
	same_answers "$TMP/ours" "$TMP/sqlite" "SQLite's over the raw events"
}
