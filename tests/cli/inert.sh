#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Whatever stands in a trace, a database or on the command line: what is printed of it does nothing to a
# terminal, a spreadsheet or a parser.
. tests/lib.sh
"$BUILD/tests/hostile" >"$TMP/hostile.zst" || fail "hostile"
"$analyze" load -o "$TMP/hostile.db" "$TMP/hostile.zst" || fail "load"
groupings="process protocol flow program user cgroup container interface netns remote port"

# controls but tab and line feed (in UTF-8 too), what reorders or hides text, tags, and what is not seen
active='[\p{Cf}\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{ffa0}\x{fff0}-\x{fffb}\x{00}-\x{08}\x{0b}-\x{1f}\x{7f}-\x{9f}\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{e0000}-\x{e0fff}]'
# inert WHAT FILE: valid UTF-8 without any of them
inert() {
	iconv -f UTF-8 -t UTF-8 "$2" >/dev/null 2>&1 || fail "$1 is not UTF-8"
	if grep -qP "$active" "$2"; then
		fail "$1 is not inert: $(grep -P "$active" "$2" | head -n 3 | od -c | head -n 20)"
	fi
}

# a terminal: no combining character at the start of anything, no heap of them, columns aligned
for input in "$TMP/hostile.zst" "$TMP/hostile.db"; do
	for by in $groupings; do
		expect 0 "$analyze" report --wide --by "$by" "$input"
		inert "report --by $by" "$TMP/out"
		grep -qP '(^|[ \t])\p{Mn}|\p{Mn}{3}' "$TMP/out" && fail "report --by $by: combining characters"
		says "$TMP/out" "\\x1b" || fail "report --by $by has none of the texts"
	done
	expect 0 "$analyze" sql "$input" "SELECT comm FROM net_event"
	inert sql "$TMP/out"
	expect 0 "$analyze" sql "$input" "SELECT 1 AS \"$(printf '\033[2J')\""
	inert "a heading of sql" "$TMP/out"
	says "$TMP/out" '\x1b[2J'
done
# a name that looks like another one
for format in table csv json; do
	expect 0 "$analyze" sql --format $format "$TMP/hostile.zst" "SELECT 'ss' || char(173, 847, 1536, 4447, 4448, 6068, 6155,
		6159, 8203, 10240, 12644, 65024, 65039, 65440, 65520, 69821, 78896, 113824, 119155, 917760) || 'hd' AS name"
	tr -d '\r' <"$TMP/out" >"$TMP/name" # at the ends of CSV's lines
	inert "a name in $format" "$TMP/name"
done
for command in info dump verify; do
	expect 0 "$analyze" "$command" "$TMP/hostile.zst"
	inert "$command" "$TMP/out"
	inert "what $command says" "$TMP/err"
done
for command in anonymize "share --keep-names"; do
	# shellcheck disable=SC2086 # the command's words
	expect 0 "$analyze" $command --force -o "$TMP/public.zst" "$TMP/hostile.zst"
	inert "$command" "$TMP/out"
	inert "what $command says" "$TMP/err"
done

# a character of two columns takes two: what stands behind it is where the heading says
expect 0 "$analyze" sql "$TMP/hostile.zst" \
	"SELECT 'ab' AS name, 'X' AS mark UNION ALL SELECT char(28450), 'X' UNION ALL SELECT 'e' || char(769) || 'f', 'X'"
printf 'name  mark\nab    X\n\346\274\242    X\ne\314\201f    X\n' | diff - "$TMP/out" || fail "columns"

# cells FILE: of a CSV file, one a line, a line feed in one as \n
cells() {
	awk 'BEGIN { RS = "\001" } {
		for (i = 1; i <= length($0); i++) {
			c = substr($0, i, 1)
			if (c == "\"")
				quoted = !quoted
			else if (!quoted && (c == "," || c == "\n")) {
				print cell
				cell = ""
			} else
				cell = cell (c == "\n" ? "\\n" : c)
		}
	}' "$1"
}

# CSV: whoever opens it finds texts, never formulas; numbers stay numbers
for command in "sql --format csv $TMP/hostile.zst" "sql --format csv $TMP/hostile.db"; do
	# shellcheck disable=SC2086 # the command's words
	expect 0 "$analyze" $command "SELECT comm, args FROM process UNION ALL SELECT -1, -1.5"
	tr -d '\r' <"$TMP/out" >"$TMP/csv"
	inert "$command" "$TMP/csv"
	cells "$TMP/csv" | grep -E '^[=+@-]' | grep -vx -e -1 -e -1.5 && fail "$command has a formula"
	says "$TMP/csv" "'=1+1"
	says "$TMP/csv" "'-1+1"
	says "$TMP/csv" "-1,-1.5"
done
for by in $groupings; do
	expect 0 "$analyze" report --format csv --by "$by" "$TMP/hostile.zst"
	tr -d '\r' <"$TMP/out" >"$TMP/csv"
	inert "report --format csv --by $by" "$TMP/csv"
	cells "$TMP/csv" | grep '^[=+@-]' && fail "report --by $by has a formula"
done
expect 0 "$analyze" dump --format csv "$TMP/hostile.zst"
tr -d '\r' <"$TMP/out" >"$TMP/csv"
inert "dump --format csv" "$TMP/csv"
cells "$TMP/csv" | grep '^[=+@-]' && fail "dump has a formula"

# JSON: valid, and the texts are what they were
for by in $groupings; do
	expect 0 "$analyze" report --format json --by "$by" "$TMP/hostile.zst"
	inert "report --format json" "$TMP/out"
	jq -e '.rows | length > 0' "$TMP/out" >/dev/null || fail "report --format json --by $by"
done
"$analyze" report --format json --by process "$TMP/hostile.zst" >"$TMP/out"
equal "a text" "$(jq -r '.rows[] | select(.pid == 16).comm' "$TMP/out" | od -An -c | tr -d ' \n')" \
	'342200256txt.exe\n'
expect 0 "$analyze" dump --format json "$TMP/hostile.zst"
inert "dump --format json" "$TMP/out"
equal "lines" "$(jq -c .pid "$TMP/out" | wc -l)" 34
expect 0 "$analyze" verify --format json "$TMP/hostile.zst"
jq -e . "$TMP/out" >/dev/null || fail "verify --format json"

# the command line: names of files that are hostile, or look like options
name=$(printf 'a\033[2J\n\342\200\256b')
cp "$TMP/hostile.zst" "$TMP/$name"
for command in "info" "report" "dump" "verify" "recover -o -" "load -o $TMP/y.db"; do
	# shellcheck disable=SC2086 # the command's words
	"$analyze" $command "$TMP/$name.missing" >"$TMP/out" 2>"$TMP/err" </dev/null
	inert "$command of a missing file" "$TMP/err"
	says "$TMP/err" 'a\x1b[2J\x0a\xe2\x80\xaeb.missing'
done
expect 0 "$analyze" verify "$TMP/$name"
inert "verify of a name" "$TMP/out"
(
	cd "$TMP" || exit 1
	cp hostile.zst ./-w.zst
	cp hostile.zst ./--help
	cp hostile.db ./-w.db
	for file in -w.zst --help -w.db; do
		"$analyze" report --by process -- "$file" | grep -q "^by process\|^pid" || exit 1
	done
	"$analyze" sql -- -w.db "SELECT 1" | grep -q 1 || exit 1
	"$analyze" load -o -new.db -- -w.zst && [ -s ./-new.db ] || exit 1
	"$analyze" recover -o -new.zst -- -w.zst 2>/dev/null && [ -s ./-new.zst ]
) || fail "a name that begins with -"
expect 2 "$analyze" report "--$(printf '\033[2J')"
inert "an option" "$TMP/err"
expect 2 "$analyze" "$(printf '\033[2J')"
inert "a command" "$TMP/err"
expect 2 "$analyze" report --limit
says "$TMP/err" "--limit needs a value"
expect 2 "$analyze" report --wide=1
says "$TMP/err" "--wide takes no value"
expect 2 "$analyze" report -y
says "$TMP/err" "-y is not an option"

# sql reads, and nothing else
for query in "ATTACH '$TMP/x.db' AS x" "PRAGMA writable_schema = 1" "PRAGMA journal_mode" \
	"SELECT load_extension('x')" "SELECT writefile('$TMP/x', 'x')" "SELECT readfile('/etc/passwd')" \
	"CREATE TABLE x (y)" "DELETE FROM trace" "SELECT * FROM pragma_database_list" \
	"VACUUM INTO '$TMP/x.db'" "SELECT fts3_tokenizer('simple', x'00')" "BEGIN" "SELECT 1; SELECT 2" \
	"EXPLAIN SELECT 1; DROP TABLE trace"; do
	for input in "$TMP/hostile.zst" "$TMP/hostile.db"; do
		status=0
		"$analyze" sql "$input" "$query" >"$TMP/out" 2>"$TMP/err" || status=$?
		[ $status -eq 1 ] || [ $status -eq 2 ] || fail "$query: status $status"
	done
done
[ ! -e "$TMP/x" ] && [ ! -e "$TMP/x.db" ] || fail "sql wrote a file"

# a database that is somebody else's: its views and texts are data, and no code
cp "$TMP/hostile.db" "$TMP/evil.db"
sqlite3 "$TMP/evil.db" "UPDATE reconciliation SET reason = char(27) || '[2J', reconciled = 0" \
	"UPDATE trace SET file = char(27) || '[2J', complete = 0" "UPDATE lost SET cause = char(27)" ||
	fail "the database could not be changed"
for command in "report" "report --interval 1ms" "report --format json"; do
	# shellcheck disable=SC2086 # the command's words
	"$analyze" $command "$TMP/evil.db" >"$TMP/out" 2>"$TMP/err" </dev/null || fail "$command: $(cat "$TMP/err")"
	inert "$command of a database" "$TMP/out"
	inert "what $command says of a database" "$TMP/err"
done
sqlite3 "$TMP/evil.db" "DROP VIEW measure" \
	"CREATE VIEW measure AS SELECT load_extension('/tmp/evil.so') AS grouping"
expect 1 "$analyze" report "$TMP/evil.db"
