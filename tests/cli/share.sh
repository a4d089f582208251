#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# share: what anonymize gives, of what is asked for and of nothing else, as small as it has to be.
. tests/lib.sh
reader=$BUILD/tests/spec_reader
echo "netsnoop-key 1 $(printf '%064d' 7)" >"$TMP/key"
chmod 600 "$TMP/key"
trace=samples/mixed-minute.zst

# All of it: the same trace, to the byte, and so all that is said of that one.
"$BUILD/tests/canaries" "$TMP/canaries.zst" >/dev/null || fail "making the canaries"
for from in "$TMP/canaries.zst" $trace; do
	rm -f "$TMP/a.zst" "$TMP/s.zst"
	expect 0 "$analyze" anonymize "$from" -o "$TMP/a.zst" --key "$TMP/key" --shift-time
	expect 0 "$analyze" share "$from" -o "$TMP/s.zst" --key "$TMP/key" --shift-time
	cmp "$TMP/a.zst" "$TMP/s.zst" || fail "share and anonymize differ on $from"
done
says "$TMP/out" "## Netsnoop trace \`s.zst\`"
! grep -qF "$TMP" "$TMP/out" || fail "the summary has the path"
says "$TMP/out" '- events: `14046`'
says "$TMP/out" '| `python3` |'
says "$TMP/err" "EVENT.timestamp"
says "$TMP/err" "COMMENT.text"

# the name is one's own choice, whatever words the trace has
expect 0 "$analyze" share $trace -o "$TMP/mixed-minute-public.zst"

# a new key goes to a file, and never to where the summary does
expect 1 "$analyze" share $trace -o "$TMP/none.zst" --key -
[ ! -s "$TMP/out" ] || fail "something was printed: $(head -n 2 "$TMP/out")"
says "$TMP/err" "kept in a file"
[ ! -e "$TMP/none.zst" ] || fail "there is a trace"

# as_json MAP: the map as an object by kind
as_json() {
	jq -Rn '[inputs | split("\t") | select(length == 3)] | group_by(.[0]) |
		map({key: .[0][0], value: (map({key: .[1], value: .[2]}) | from_entries)}) |
		from_entries' "$1"
}

# shared TRACE OPTION...: to $TMP/part.zst, with its map
shared() {
	from=$1
	shift
	rm -f "$TMP/part.zst" "$TMP/map"
	expect 0 "$analyze" share "$from" -o "$TMP/part.zst" --map "$TMP/map" "$@"
	as_json "$TMP/map" >"$TMP/map.json"
	expect 0 "$analyze" verify "$TMP/part.zst"
}

# rows FILTER TRACE OPTION...: rows of a report that FILTER leaves, in other names
rows() {
	filter=$1
	shift
	"$analyze" report --format json "$@" >"$TMP/report" 2>/dev/null
	jq -S --argjson map "$(cat "$TMP/map.json")" -f tests/cli/anonymize.jq "$TMP/report" |
		jq -S "[.rows[] | select($filter) | del(.start)]"
}
same_rows() { # what, and a filter of the shared report's rows; $TMP/wanted has the others
	"$analyze" report --format json "$TMP/part.zst" --by "$by" |
		jq -S --argjson map null -f tests/cli/anonymize.jq | jq -S "[.rows[] | select($2) | del(.start)]" |
		diff "$TMP/wanted" - >"$TMP/diff" || fail "$1 by $by: $(head -n 40 "$TMP/diff")"
}

# A span: the reports on it alone. When a process began is told by the first reading of both
# clocks that is there, and that is another one now.
shared $trace --from +10 --to +30
"$reader" "$TMP/part.zst" | sed -n 's/^CHUNK.* sample=\([0-9]*\),.*/\1/p' | sort -n >"$TMP/samples"
start=$("$reader" $trace | sed -n 's/^FILE.* start_ns=\([0-9]*\).*/\1/p' | head -n 1)
# the two clocks drift a little
awk -v from="$((start + 9999000000))" -v to="$((start + 30001000000))" \
	'$1 < from || $1 >= to { print; exit 1 }' "$TMP/samples" >"$TMP/outside" ||
	fail "a reading of the clock from outside of the span: $(cat "$TMP/outside")"
for by in process protocol flow remote interface port; do
	rows true $trace --from +10 --to +30 --by $by >"$TMP/wanted"
	[ "$(jq length "$TMP/wanted")" -gt 0 ] || fail "no rows"
	same_rows "a span" true
done
expect 0 "$analyze" report --format json "$TMP/part.zst"
equal "its bounds" "$(jq -r '.traces[0] | "\(.start) \(.end)"' "$TMP/out")" \
	"$("$analyze" report --format json --from +10 --to +30 $trace | jq -r '.traces[0] | "\(.start) \(.end)"')"

# A port, a name, an address, a process: its rows are what they were, and there are no others.
"$BUILD/tests/bench-mixed" 20000 "$TMP/mixed.zst" --flows 500 2>/dev/null || fail "bench-mixed"
for from in $trace "$TMP/mixed.zst"; do
	shared "$from" --port 5201 --port 443
	by=flow
	port='(.local_port == 5201 or .remote_port == 5201 or .local_port == 443 or .remote_port == 443)'
	rows "$port" "$from" --by flow >"$TMP/wanted"
	[ "$(jq length "$TMP/wanted")" -gt 0 ] || fail "no rows"
	same_rows "ports" true
done
by=process
shared $trace --comm iperf3
rows '.comm == "iperf3"' $trace --by process >"$TMP/wanted"
[ "$(jq length "$TMP/wanted")" -ge 2 ] || fail "no rows"
same_rows "a name" '.comm == "iperf3"'
# flows are there whole: what nobody is known for as well
equal "names" "$("$analyze" report --format json --by process "$TMP/part.zst" |
	jq -c '[.rows[].comm | select(. != null)] | unique')" '["iperf3"]'
expect 0 "$analyze" info "$TMP/part.zst"
says "$TMP/out" "filters: --comm *"
# where nothing was said of filters before it is as well, in each of the traces
"$BUILD/tests/chance" shared >"$TMP/one.zst"
cat "$TMP/one.zst" $trace >"$TMP/both.zst"
shared "$TMP/both.zst" --comm first --comm iperf3
equal "filters" "$("$analyze" sql --format json "$TMP/part.zst" \
	"SELECT group_concat(value) AS v FROM environment WHERE key = 'filters'" | jq -r '.rows[0].v')" \
	"--comm *,--comm *"
busiest=$("$analyze" report --format json --by process "$TMP/mixed.zst" | jq '[.rows[] | select(.pid)][0].pid')
shared "$TMP/mixed.zst" --pid "$busiest"
mapped=$(jq ".pid[\"$busiest\"] | tonumber" "$TMP/map.json")
rows ".pid == $mapped" "$TMP/mixed.zst" --by process >"$TMP/wanted"
equal "rows of the process" "$(jq length "$TMP/wanted")" 1
same_rows "a process" ".pid == $mapped"

# Nothing of those that were left out: every process, namespace, user and control group that
# is told of has to do with some flow that is there.
"$reader" "$TMP/part.zst" >"$TMP/fields"
field() { # field TABLE COLUMN: its values, each once
	awk -v table="$1" -v column="$2=" '$1 == table { for (i = 2; i <= NF; i++)
		if (index($i, column) == 1) print substr($i, length(column) + 1) }' "$TMP/fields" | sort -u
}
{ field PROCESS pid; field OWNER pid; field TOTAL pid; } | sort -u >"$TMP/owners"
field PROCESS_EVENT pid | comm -23 - "$TMP/owners" >"$TMP/others"
[ ! -s "$TMP/others" ] || fail "processes that no flow is of: $(cat "$TMP/others")"
{ field FLOW netns; field TOTAL netns; field PROCESS_EVENT netns; } | sort -u >"$TMP/netns"
field INTERFACE netns | comm -23 - "$TMP/netns" >"$TMP/others"
[ ! -s "$TMP/others" ] || fail "namespaces that no flow is in: $(cat "$TMP/others")"
{ field LANE cgroup_id; field OWNER cgroup_id; field TOTAL cgroup_id; field PROCESS_EVENT cgroup_id; } |
	sort -u >"$TMP/cgroups"
field CGROUP id | comm -23 - "$TMP/cgroups" >"$TMP/others"
[ ! -s "$TMP/others" ] || fail "control groups that nothing is in: $(cat "$TMP/others")"
field PROCESS_EVENT uid >"$TMP/uids"
field SETTING key | sed -n 's/"user\.\(.*\)"/\1/p' | sort -u | comm -23 - "$TMP/uids" >"$TMP/others"
[ ! -s "$TMP/others" ] || fail "users that no process is of: $(cat "$TMP/others")"
processes="SELECT count(DISTINCT process_id) AS n FROM process_event"
[ "$(query "$TMP/part.zst" "$processes")" -lt "$(query "$TMP/mixed.zst" "$processes")" ] ||
	fail "no process was left out"

# What stands for what is of the trace, and the part's own UUID stands for none of it.
equal "UUIDs" "$(awk '$1 == "uuid" && length($2) != 32' "$TMP/map")" ""

# Parts are traces of their own, by the same key too.
for port in 5201 8080; do
	rm -f "$TMP/$port.zst"
	expect 0 "$analyze" share $trace -o "$TMP/$port.zst" --port $port --key "$TMP/key"
done
expect 0 "$analyze" report --format json --by port "$TMP/5201.zst" "$TMP/8080.zst"
equal "traces" "$(jq '.traces | length' "$TMP/out")" 2
equal "bytes of port 8080" "$(jq '[.rows[] | select(.port == 8080) | .send_bytes] | add' "$TMP/out")" \
	"$("$analyze" report --format json --by port $trace | jq '[.rows[] | select(.port == 8080) | .send_bytes] | add')"

# Small enough, and said what that took.
for size in 90k 20k; do
	shared $trace --max-size $size
	[ "$(stat -c %s "$TMP/part.zst")" -le $((${size%k} * 1024)) ] || fail "larger than $size"
done
rm -f "$TMP/part.zst"
expect 0 "$analyze" share $trace -o "$TMP/part.zst" --max-size 20k
says "$TMP/err" "multiples of 0.1"
says "$TMP/err" "only the last part"
says "$TMP/out" "- times of events: multiples of 0.1"
says "$TMP/out" "- of the recording: the last part alone"
expect 0 "$analyze" report --format json "$TMP/part.zst"
end=$(jq -r '.traces[0].end' "$TMP/out")
equal "the end" "$end" "$("$analyze" report --format json $trace | jq -r '.traces[0].end')"

# Wherever the bytes are: all of them in the last seconds of an hour, or in the last millisecond,
# of events and of totals; in traces of several days. Small enough, and not much smaller.
fits() { # TRACE SIZE
	shared "$1" --max-size "$2"
	bytes=$(stat -c %s "$TMP/part.zst")
	[ "$bytes" -le "$2" ] || fail "$1: $bytes bytes, and not $2"
	[ "$bytes" -ge $(($2 * 7 / 10)) ] || fail "$1: $bytes bytes, where $2 could be had"
}
"$BUILD/tests/chance" burst 10000000 >"$TMP/burst.zst" || fail "chance burst"
"$BUILD/tests/chance" burst 1000 >"$TMP/sudden.zst" || fail "chance burst"
"$BUILD/tests/chance" totals >"$TMP/totals.zst" || fail "chance totals"
cat $trace samples/web-fetch.zst samples/udp-stream.zst tests/golden/by-flow-all.zst >"$TMP/days.zst"
for size in 60000 50000 40000 10000; do
	fits "$TMP/burst.zst" $size
	fits "$TMP/totals.zst" $size
	fits "$TMP/days.zst" $size
done
fits "$TMP/sudden.zst" 30000
fits "$TMP/sudden.zst" 20000
for size in 5000 10000 35000 65000 75000; do
	fits $trace $size
done
equal "the end of the last one" "$("$analyze" report --format json "$TMP/part.zst" | jq -r '.traces[0].end')" "$end"

# Of the original there is no other.
cp samples/web-fetch.zst "$TMP/only.zst"
expect 1 "$analyze" share "$TMP/only.zst" -o "$TMP/../$(basename "$TMP")/only.zst" --force
says "$TMP/err" "what it is to be made of"
cmp samples/web-fetch.zst "$TMP/only.zst" || fail "the original is another"
status=0
"$analyze" share "$TMP/only.zst" -o "$TMP/full.zst" >/dev/full 2>"$TMP/err" || status=$?
equal "the status of a full disk" $status 1
says "$TMP/err" "writing to standard output"

# Refused
mkdir "$TMP/dir"
"$BUILD/tests/chance" burst 0 >"$TMP/still.zst" || fail "chance burst"
expect 1 "$analyze" share "$TMP/still.zst" -o "$TMP/dir/x.zst" --max-size 20k
says "$TMP/err" "cannot be made as small as 20480 bytes: its last moment"
expect 1 "$analyze" share $trace -o "$TMP/dir/x.zst" --from 2030-01-01T00:00:00Z
says "$TMP/err" "nothing of it"
expect 1 "$analyze" share Makefile -o "$TMP/dir/x.zst" --port 80
says "$TMP/err" "not a netsnoop trace"
expect 2 "$analyze" share $trace
for wrong in "--pid x" "--port 5-3" "--host 1.2.3" "--max-size 1" "--from never"; do
	# shellcheck disable=SC2086 # an option and its value
	expect 2 "$analyze" share $trace -o "$TMP/dir/x.zst" $wrong
done
equal "what failures leave" "$(ls -A "$TMP/dir")" ""
cat $trace | "$analyze" share - -o - >"$TMP/pipe.zst" 2>"$TMP/pipe.err" || fail "a pipe: $(cat "$TMP/pipe.err")"
expect 0 "$analyze" verify "$TMP/pipe.zst"
says "$TMP/pipe.err" "## Netsnoop trace"
