#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A database's schema is queries that somebody else wrote: what they take of memory and of the disk
# is bounded, and no code of SQLite's runs that a report does not need. Files with holes, and pipes.
. tests/lib.sh
golden=tests/golden/v1-all.zst
plain=${BUILD%/san}

"$analyze" load -o "$TMP/good.db" "$golden" || fail "load"
# the columns of the view measure behind the first three
measures="send_bytes recv_bytes send_packets recv_packets send_payload_bytes recv_payload_bytes
	send_wire_bytes recv_wire_bytes first last sources_socket sources_flow sources_listener
	sources_shared sources_seeded sources_kernel sources_forwarded sources_current
	sources_unknown time send_bps recv_bps send_peak_bps recv_peak_bps"

# hostile NAME FROM EXPRESSION: a database with rows of FROM in measure, EXPRESSION a measure of each
hostile() {
	columns="'protocol' AS grouping, 1 AS key_id, 1 AS period_id"
	for column in $measures; do
		columns="$columns, $3 AS $column"
	done
	cp "$TMP/good.db" "$TMP/$1.db"
	sqlite3 "$TMP/$1.db" "DROP VIEW measure; CREATE VIEW measure AS SELECT $columns FROM $2" ||
		fail "$1 was not made"
}

# matches PATTERN: what was said
matches() {
	grep -q "$1" "$TMP/err" || fail "this was not said: $1: $(cat "$TMP/err")"
}

# refused NAME MESSAGE COMMAND...: refused with one message, in little memory where that can be told
refused() {
	name=$1 message=$2
	shift 2
	"$analyze" "$@" "$TMP/$name.db" >"$TMP/out" 2>"$TMP/err"
	equal "status of $* $name" $? 1
	matches "$message"
	equal "messages of $* $name" "$(grep -c : "$TMP/err")" 1
	[ "$plain" != "$BUILD" ] && [ -x "$plain/tests/bounded" ] || return 0
	"$plain/tests/bounded" 20 256 "$plain/netsnoop-analyze" "$@" "$TMP/$name.db" >"$TMP/out" 2>"$TMP/err"
	grep "TOO MUCH" "$TMP/err" && fail "$* $name: too much time or memory"
	return 0
}

i=0 wide='' sum=0
while [ $i -lt 100 ]; do
	wide="$wide${wide:+, }printf('%$((8000000 - i))d', random()) AS a$i"
	sum="$sum+length(a$i)"
	i=$((i + 1))
done
memory="takes more memory than [0-9]* bytes; no more are allowed: --max-database allows more"
files="temporary files have reached [0-9]* bytes; no more are allowed: --max-database allows more"
endless="(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c)"
hostile wide "(SELECT $wide LIMIT 1)" "$sum"
refused wide "$memory" report --by protocol
hostile endless "$endless" n
refused endless "$files" report --by protocol
# what takes neither ends after a minute, or sooner
hostile idle "$endless" "(SELECT count(*) FROM $endless WHERE n < 0)"
expect 1 "$analyze" report --max-time 1s "$TMP/idle.db"
says "$TMP/err" "over 1 s of CPU time: --max-time allows more"
"$analyze" report "$TMP/idle.db" >"$TMP/out" 2>"$TMP/err" &
at_exit "kill -KILL $!"
until_true 20 grep -q "^Max cpu time *60 " /proc/$!/limits
kill -KILL $!
# what is kept until it is printed, and what is copied to be rolled up again
for limit in "" "--max-database 64M"; do
	# shellcheck disable=SC2086 # the option's words
	expect 1 "$analyze" sql $limit "$TMP/endless.db" "SELECT * FROM measure"
	matches "$memory"
done
[ "$(sqlite3 "$TMP/good.db" "SELECT count(*) FROM loss_interval")" -gt 0 ] || fail "no losses"
cp "$TMP/good.db" "$TMP/copied.db"
sqlite3 "$TMP/copied.db" "ALTER TABLE loss_interval RENAME TO was;
	CREATE VIEW loss_interval AS SELECT was.* FROM $endless CROSS JOIN was" || fail "copied.db"
refused copied "$memory" report --interval 1s
expect 1 "$analyze" sql --max-database 1M "$golden" "SELECT * FROM $endless ORDER BY -n"
matches "$files"

# a schema is given no code to run but that of plain SQL; nor is anybody told where memory lies
cp "$TMP/good.db" "$TMP/module.db"
sqlite3 "$TMP/module.db" "CREATE VIRTUAL TABLE text USING fts5(a); CREATE VIRTUAL TABLE box USING rtree(a, b, c);
	DROP VIEW measure; CREATE VIEW measure AS SELECT * FROM text" || fail "module.db"
expect 1 "$analyze" report "$TMP/module.db"
says "$TMP/err" "no such module: fts5"
for input in "$golden" "$TMP/module.db"; do
	expect 1 "$analyze" sql "$input" "SELECT fts3_tokenizer('simple')"
	says "$TMP/err" "not authorized"
	expect 1 "$analyze" sql "$input" "SELECT * FROM sqlite_stmt"
	says "$TMP/err" "no such table"
done
expect 1 "$analyze" sql "$TMP/module.db" "SELECT * FROM box"
says "$TMP/err" "no such module: rtree"

# a hole in a file is no claim on more
mkdir "$TMP/bad"
(cd "$TMP/bad" && "$BUILD/tests/make_bad" "$OLDPWD/$golden") || fail "make_bad"
for file in many-processes many-process-rows; do
	cp "$TMP/bad/$file" "$TMP/sparse"
	expect 1 "$analyze" report --by process "$TMP/sparse"
	matches "at most .* are allowed"
	truncate -s 64M "$TMP/sparse"
	expect 1 "$analyze" report --by process "$TMP/sparse"
	matches "at most .* are allowed" # but for the rest of a page
done

# a pipe is not copied to the disk without an end
status=0
yes | head -c 100000000 | "$analyze" report --max-unpacked 1M - >"$TMP/out" 2>"$TMP/err" || status=$?
equal "status of a pipe" $status 1
equal "what is said of it" "$(cat "$TMP/err")" "netsnoop-analyze: -: over 1048576 bytes to be copied; no more are \
allowed: --max-unpacked allows more"
cat "$golden" | "$analyze" report --max-unpacked 1M - >"$TMP/out" || fail "a pipe"
# and time goes by the size of what was copied
if cat "$golden" | ASAN_OPTIONS=detect_leaks=0 strace -o "$TMP/strace" "$analyze" report - >"$TMP/out" 2>&1; then
	equal "seconds" "$(sed -n 's/.*RLIMIT_CPU, {rlim_cur=\([^,]*\),.*/\1/p' "$TMP/strace" | tail -n 1)" 3600
fi
