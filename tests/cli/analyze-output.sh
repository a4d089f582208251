#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What scripts rely on: statuses, pipes, full disks, and output that other programs read.
. tests/lib.sh

trace=tests/golden/v1-all.zst

# help is asked for, misuse is not
for command in report load info dump sql; do
	expect 0 "$analyze" "$command" --help
	says "$TMP/out" "Usage: netsnoop-analyze $command"
	expect 2 "$analyze" "$command" --no-such-option
	expect 2 "$analyze" "$command"
	[ -s "$TMP/out" ] && fail "$command: misuse prints on standard output"
done
expect 0 "$analyze" --help
expect 0 "$analyze" --version
says "$TMP/out" "netsnoop-analyze "
expect 2 "$analyze"
expect 2 "$analyze" no-such-command

# inputs that are none
: >"$TMP/empty"
echo "not a trace" >"$TMP/text"
for command in report info dump; do
	expect 1 "$analyze" $command "$TMP/empty"
	says "$TMP/err" "$TMP/empty is empty"
	expect 1 "$analyze" $command "$TMP/text"
	says "$TMP/err" "$TMP/text is not a netsnoop trace"
	expect 1 "$analyze" $command "$TMP"
	says "$TMP/err" "$TMP: Is a directory"
	expect 1 "$analyze" $command "$TMP/absent"
	says "$TMP/err" "$TMP/absent: No such file or directory"
done

# a pipe gives what the file gives
for format in json csv; do
	"$analyze" report --by flow --format $format "$trace" | sed "s|$trace|-|" >"$TMP/file"
	cat "$trace" | "$analyze" report --by flow --format $format - >"$TMP/pipe" ||
		fail "report of a pipe"
	cmp "$TMP/file" "$TMP/pipe" || fail "report --format $format differs on a pipe"
done
"$analyze" dump "$trace" >"$TMP/file"
cat "$trace" | "$analyze" dump - >"$TMP/pipe" || fail "dump of a pipe"
cmp "$TMP/file" "$TMP/pipe" || fail "dump differs on a pipe"
count=$(cat "$trace" | "$analyze" sql --format csv - "SELECT count(*) FROM net_event" | tail -n 1 |
	tr -d '\r')
equal "events by SQL" "$count" "$(wc -l <"$TMP/file")"

# JSON is JSON, and its sums are those of dump
"$analyze" report --format json "$trace" >"$TMP/json" || fail "report --format json"
jq -e '.by == ["process", "protocol", "flow"]' "$TMP/json" >/dev/null || fail "by"
# all bytes of a trace: of its events, and of its totals; $1 is a condition on both
all_bytes() {
	echo $(($("$analyze" dump --format json "$trace" | jq -s "map(select($1) | .bytes) | add") + $(
		"$analyze" sql --format json "$trace" "SELECT * FROM net_total" |
			jq "[.rows[] | .is_send = (.is_send == 1) | .is_loopback = (.is_loopback == 1) |
				.counts_elsewhere = (.counts_elsewhere == 1) | select($1) | .bytes] | add // 0"
	)))
}
here='.counts_elsewhere | not'
[ "$(all_bytes "$here")" -gt "$("$analyze" dump --format json "$trace" | jq -s 'map(.bytes) | add')" ] ||
	fail "the trace has no totals"
for by in process protocol flow; do
	sum=$(jq "[.rows[] | select(.by == \"$by\") | .send_bytes + .recv_bytes] | add" "$TMP/json")
	equal "bytes by $by" "$sum" "$(all_bytes "$here")"
done
for by in program user cgroup container interface netns remote port; do
	"$analyze" report --by $by --format json "$trace" >"$TMP/json.$by" || fail "report --by $by"
	sum=$(jq "[.rows[] | .send_bytes + .recv_bytes] | add" "$TMP/json.$by")
	case $by in interface | netns) which=true ;; *) which=$here ;; esac
	equal "bytes by $by" "$sum" "$(all_bytes "$which")"
	"$analyze" report --by $by "$trace" >"$TMP/table" || fail "report --by $by"
	says "$TMP/table" "by $by"
done
expect 2 "$analyze" report --by process,user "$trace"
says "$TMP/err" "not a grouping"
"$analyze" report --by process --wide "$trace" >"$TMP/table" || fail "report --wide"
says "$TMP/table" "args"
once=$(all_bytes "($here) and (.is_send or (.is_loopback | not))")
equal "traces[].bytes" "$(jq '.traces[0].bytes' "$TMP/json")" "$once"

# the sqlite3 shell reads what load wrote
expect 0 "$analyze" load -o "$TMP/x.db" "$trace"
equal "net_event in the shell" "$(sqlite3 "$TMP/x.db" "SELECT sum(bytes) FROM net_event")" \
	"$("$analyze" dump --format json "$trace" | jq -s 'map(.bytes) | add')"
ls "$TMP"/x.db.tmp-* >/dev/null 2>&1 && fail "load left its half-made file"

# a closed standard output is no place to spool to, and printing to it fails
status=0
cat "$trace" | "$analyze" report --to -0 - >&- 2>"$TMP/err" || status=$?
equal "status of report with standard output closed" $status 1
status=0
"$analyze" report - <"$TMP/x.db" 2>"$TMP/err" || status=$?
equal "status of report on a database on standard input" $status 1
says "$TMP/err" "name it instead"

# a reader that goes away is no error, a full disk is
{ "$analyze" dump "$trace"; echo $? >"$TMP/status"; } | head -n 1 >/dev/null
equal "status of dump | head" "$(cat "$TMP/status")" 0
for command in report info dump; do
	status=0
	"$analyze" $command "$trace" >/dev/full 2>"$TMP/err" || status=$?
	equal "status of $command on a full disk" $status 1
	says "$TMP/err" "No space left on device"
done
# what a database may grow to is named, whatever is written when it is reached
for size in 64k 200k 300k 400k; do
	expect 1 "$analyze" load --max-database $size -o "$TMP/small.db" samples/mixed-minute.zst
	says "$TMP/err" "has reached $((${size%k} * 1024)) bytes; no more are allowed: --max-database"
	[ ! -e "$TMP/small.db" ] || fail "a part of a database stays"
done

# cut: what was readable is reported, and said to be cut
head -c "$(($(wc -c <"$trace") - 600))" "$trace" >"$TMP/cut.zst"
expect 3 "$analyze" report --format json "$TMP/cut.zst"
jq -e '.traces[0].complete == false' "$TMP/out" >/dev/null || fail "a cut trace passes for complete"
expect 3 "$analyze" dump "$TMP/cut.zst"
expect 3 "$analyze" info "$TMP/cut.zst"
