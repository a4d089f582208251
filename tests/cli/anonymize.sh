#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# anonymize: nothing of the original is left, and the reports are the same of others.
. tests/lib.sh
reader=$BUILD/tests/spec_reader

# tokens TRACE: TABLE.column=VALUE, each once, by the decoder that shares nothing with the library
tokens() {
	"$reader" "$1" >"$TMP/fields" || fail "spec_reader $1"
	awk '{ for (i = 2; i <= NF; i++) print $1 "." $i }' "$TMP/fields" | LC_ALL=C sort -u
}

# ---- Canaries: a mark in every field

"$BUILD/tests/canaries" "$TMP/canaries.zst" >"$TMP/unsorted" || fail "making the canaries"
LC_ALL=C sort -u "$TMP/unsorted" >"$TMP/marks"
tokens "$TMP/canaries.zst" >"$TMP/before"
LC_ALL=C comm -23 "$TMP/marks" "$TMP/before" >"$TMP/missing"
[ ! -s "$TMP/missing" ] || fail "marks that are not in the trace: $(cat "$TMP/missing")"
[ "$(wc -l <"$TMP/marks")" -gt 150 ] || fail "hardly any marks"
echo "netsnoop-key 1 $(printf '%064d' 7)" >"$TMP/key"
chmod 600 "$TMP/key"
expect 0 "$analyze" anonymize "$TMP/canaries.zst" -o "$TMP/anonymous.zst" --key "$TMP/key" \
	--shift-time --map "$TMP/map"
mv "$TMP/out" "$TMP/account"
tokens "$TMP/anonymous.zst" >"$TMP/after"

# These stay, and no others: what an event weighs, and what it is.
LC_ALL=C comm -12 "$TMP/marks" "$TMP/after" | sed 's/=.*//' >"$TMP/stayed"
LC_ALL=C sort >"$TMP/may-stay" <<'END'
COUNTER.cpu
COUNTER.value
EVENT.bytes
EVENT.header_bytes
EVENT.segments
INTERFACE.mtu_bytes
INTERFACE.type
INTERFACE_COUNTER.recv_bytes
INTERFACE_COUNTER.recv_dropped
INTERFACE_COUNTER.recv_packets
INTERFACE_COUNTER.send_bytes
INTERFACE_COUNTER.send_dropped
INTERFACE_COUNTER.send_packets
LOSS.bytes
LOSS.cpu
LOSS.events
PROCESS_EVENT.exit_code
SUM.bytes
SUM.ethertype
SUM.events
SUM.packets
SUM.payload_bytes
SUM.wire_bytes
THROUGHPUT.bytes
TOTAL.bytes
TOTAL.ethertype
TOTAL.events
TOTAL.packets
TOTAL.payload_bytes
TOTAL.wire_bytes
TUPLE.ethertype
END
diff "$TMP/may-stay" "$TMP/stayed" >"$TMP/diff" ||
	fail "other fields stay than should (< should, > do): $(cat "$TMP/diff")"
# nor is any other mark the value of some other field
grep -vFf "$TMP/may-stay" "$TMP/marks" | sed 's/^[^=]*=//' | LC_ALL=C sort -u >"$TMP/gone"
sed 's/^[^=]*=//' "$TMP/after" | LC_ALL=C sort -u | LC_ALL=C comm -12 - "$TMP/gone" >"$TMP/found"
[ ! -s "$TMP/found" ] || fail "marks that are elsewhere: $(cat "$TMP/found")"
# nor a part of a string, in the bytes themselves
zstd -q -dc "$TMP/anonymous.zst" >"$TMP/content"
for word in canary ca4a7 41414; do
	! grep -qaF "$word" "$TMP/content" "$TMP/anonymous.zst" || fail "'$word' is in the output"
done
grep -qaF canary "$TMP/map" || fail "the map does not name what was changed"
# and the key itself is nowhere
! grep -qaF -e 0000007 -e netsnoop-key "$TMP/content" "$TMP/map" || fail "the key is in the output"

# The account has every field; each was there, and has its rule.
[ "$(grep -c . "$TMP/account")" -gt 180 ] || fail "the account is short"
grep 'not there' "$TMP/account" | grep -v '^SUM.flow_id ' >"$TMP/idle" &&
	fail "fields without a canary: $(cat "$TMP/idle")"
says "$TMP/account" "COMMENT.text                        dropped"
equal "the mode of the trace" "$(stat -c %a "$TMP/anonymous.zst")" 600
equal "the mode of the map" "$(stat -c %a "$TMP/map")" 600

# ---- The same key, the same trace; another, another

expect 0 "$analyze" anonymize "$TMP/canaries.zst" -o "$TMP/again.zst" --key "$TMP/key" --shift-time
cmp "$TMP/anonymous.zst" "$TMP/again.zst" || fail "the same key gives another trace"
rm -f "$TMP/other-key"
expect 0 "$analyze" anonymize "$TMP/canaries.zst" -o "$TMP/other.zst" --key "$TMP/other-key" --shift-time
says "$TMP/err" "a new key"
equal "the mode of the key" "$(stat -c %a "$TMP/other-key")" 600
tokens "$TMP/other.zst" >"$TMP/other"
LC_ALL=C comm -12 "$TMP/after" "$TMP/other" >"$TMP/common"
grep -E '(comm|addr|uuid|name|path|pid)=' "$TMP/common" | grep -vE '=(null|0|1|"")$' >"$TMP/same" &&
	fail "two keys give the same: $(cat "$TMP/same")"
chmod 644 "$TMP/other-key"
expect 1 "$analyze" anonymize "$TMP/canaries.zst" -o "$TMP/none.zst" --key "$TMP/other-key"
says "$TMP/err" "chmod 600"
chmod 600 "$TMP/other-key"
if [ "$(id -u)" = 0 ]; then
	chown 4321 "$TMP/other-key"
	expect 1 "$analyze" anonymize "$TMP/canaries.zst" -o "$TMP/none.zst" --key "$TMP/other-key"
	says "$TMP/err" "of another user (4321)"
fi
echo "a key" >"$TMP/bad-key"
chmod 600 "$TMP/bad-key"
expect 1 "$analyze" anonymize "$TMP/canaries.zst" -o "$TMP/none.zst" --key "$TMP/bad-key"
says "$TMP/err" "not a key file"

# ---- The reports, before and after

# as_json MAP: the map as an object by kind
as_json() {
	jq -Rn '[inputs | split("\t") | select(length == 3)] | group_by(.[0]) |
		map({key: .[0][0], value: (map({key: .[1], value: .[2]}) | from_entries)}) |
		from_entries' "$1"
}

# same_reports TRACE [OPTION...]
same_reports() {
	trace=$1
	shift
	rm -f "$TMP/shared.zst" "$TMP/map"
	expect 0 "$analyze" anonymize "$trace" -o "$TMP/shared.zst" --map "$TMP/map" "$@"
	expect 0 "$analyze" verify "$TMP/shared.zst"
	as_json "$TMP/map" >"$TMP/map.json"
	for by in process protocol flow program user cgroup container interface netns remote port; do
		"$analyze" report --format json --by $by "$trace" >"$TMP/report" 2>/dev/null
		jq -S --argjson map "$(cat "$TMP/map.json")" -f tests/cli/anonymize.jq "$TMP/report" \
			>"$TMP/wanted" || fail "$trace by $by: mapping the report"
		expect 0 "$analyze" report --format json --by $by "$TMP/shared.zst"
		jq -S --argjson map null -f tests/cli/anonymize.jq "$TMP/out" |
			diff "$TMP/wanted" - >"$TMP/diff" || fail "$trace by $by: $(head -n 40 "$TMP/diff")"
	done
}

"$BUILD/tests/bench-mixed" 20000 "$TMP/mixed.zst" --flows 500 || fail "bench-mixed"
"$BUILD/tests/owned" late handed >"$TMP/owned.zst" || fail "making a trace"
for trace in samples/*.zst tests/golden/by-flow-runs.zst tests/golden/by-flow-totals.zst \
	tests/golden/v1-totals.zst "$TMP/mixed.zst" "$TMP/owned.zst"; do
	same_reports "$trace"
done
same_reports samples/mixed-minute.zst --keep-addresses --keep-names
same_reports "$TMP/mixed.zst" --key "$TMP/key" --keep-private --known nosuchprogram

# Two traces of one incident still fit together.
"$BUILD/tests/owned" late >"$TMP/late.zst"
"$BUILD/tests/owned" handed >"$TMP/handed.zst"
for name in late handed owned; do
	rm -f "$TMP/$name.a.zst"
	expect 0 "$analyze" anonymize "$TMP/$name.zst" -o "$TMP/$name.a.zst" --key "$TMP/key"
	expect 0 "$analyze" report --format json --by process "$TMP/$name.a.zst"
	jq -c '.rows[] | [.pid, .comm]' "$TMP/out" | sort >"$TMP/$name.names"
done
sort -u "$TMP/late.names" "$TMP/handed.names" | diff - "$TMP/owned.names" ||
	fail "the same processes have other names in another trace"

# What is kept, and what is not even then.
"$analyze" info samples/mixed-minute.zst >"$TMP/info"
says "$TMP/info" "vm"
expect 0 "$analyze" anonymize samples/mixed-minute.zst -o "$TMP/kept.zst" --keep-addresses --keep-names
expect 0 "$analyze" report --by flow "$TMP/kept.zst"
says "$TMP/out" "10.99.0.1"
expect 0 "$analyze" sql --format csv "$TMP/kept.zst" "SELECT count(*) AS n FROM net_event
	WHERE saddr LIKE 'fe80%' OR daddr LIKE 'ff02::1:ff%'"
equal "events with interfaces' identifiers" "$(sed -n 2p "$TMP/out" | tr -d '\r')" \
	"$(query samples/mixed-minute.zst "SELECT count(*) AS n FROM net_event
		WHERE saddr LIKE 'fe80%' OR daddr LIKE 'ff02::1:ff%'")"
addresses="SELECT DISTINCT saddr AS a FROM net_event WHERE saddr LIKE 'fe80%' ORDER BY 1"
query samples/mixed-minute.zst "$addresses" >"$TMP/link-local"
query "$TMP/kept.zst" "$addresses" | comm -12 - "$TMP/link-local" >"$TMP/same"
[ ! -s "$TMP/same" ] || fail "identifiers of interfaces are still there: $(cat "$TMP/same")"

# ---- What is there by chance, and what grows

chance=$BUILD/tests/chance
for word in "sizes webserver01" "rows 456789"; do
	# shellcheck disable=SC2086 # two words
	"$chance" $word >"$TMP/chance.zst" || fail "making a trace"
	rm -f "$TMP/chance.a.zst"
	expect 0 "$analyze" anonymize "$TMP/chance.zst" -o "$TMP/chance.a.zst"
	zstd -q -dc "$TMP/chance.a.zst" | grep -qaF "${word#* }" || fail "no number spells ${word#* }"
done

# a flow of two processes is of the one that had it first, whatever their numbers
"$chance" shared >"$TMP/shared-flow.zst" || fail "making a trace"
for digit in 1 2 3 4 5 6; do
	echo "netsnoop-key 1 $(printf '%064d' $digit)" >"$TMP/key-$digit"
	chmod 600 "$TMP/key-$digit"
	same_reports "$TMP/shared-flow.zst" --key "$TMP/key-$digit"
done

# 8000 short arguments have 8000 names, of which there is room for the first ones
"$chance" args >"$TMP/args.zst" || fail "making a trace"
expect 0 "$analyze" anonymize "$TMP/args.zst" -o "$TMP/args.a.zst"
expect 0 "$analyze" verify "$TMP/args.a.zst"
length=$(query "$TMP/args.a.zst" "SELECT length(args) AS n FROM process_event WHERE args IS NOT NULL")
[ "$length" -gt 65000 ] && [ "$length" -le 65536 ] || fail "arguments of $length bytes"

# ---- What goes in and out

cat samples/web-fetch.zst | "$analyze" anonymize - -o - --key "$TMP/key" >"$TMP/pipe.zst" 2>"$TMP/err" ||
	fail "from a pipe to a pipe: $(cat "$TMP/err")"
expect 0 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/file.zst" --key "$TMP/key"
cmp "$TMP/pipe.zst" "$TMP/file.zst" || fail "a pipe gives another trace"
expect 1 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/file.zst" --key "$TMP/key"
says "$TMP/err" "--force"
expect 0 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/file.zst" --key "$TMP/key" --force
cmp "$TMP/pipe.zst" "$TMP/file.zst" || fail "--force gives another trace"
cat "$TMP/late.zst" "$TMP/handed.zst" >"$TMP/two.zst"
expect 0 "$analyze" anonymize "$TMP/two.zst" -o "$TMP/two.a.zst" --key "$TMP/key"
expect 0 "$analyze" report --format json --by process "$TMP/two.a.zst"
equal "traces" "$(jq '.traces | length' "$TMP/out")" 2

mkdir "$TMP/dir"
"$BUILD/tests/damage" samples/mixed-minute.zst flip 50000 >"$TMP/damaged.zst"
expect 1 "$analyze" anonymize "$TMP/damaged.zst" -o "$TMP/dir/none.zst"
says "$TMP/err" "recover"
head -c 60000 samples/mixed-minute.zst >"$TMP/cut.zst"
expect 3 "$analyze" anonymize "$TMP/cut.zst" -o "$TMP/cut.a.zst"
says "$TMP/err" "without an end"
is_cut "$TMP/cut.a.zst"
: >"$TMP/empty"
expect 1 "$analyze" anonymize "$TMP/empty" -o "$TMP/dir/none.zst"
expect 1 "$analyze" anonymize Makefile -o "$TMP/dir/none.zst" --key "$TMP/dir/new-key"
for name in "$TMP/dir/both" "$TMP/dir/../dir/both"; do
	expect 1 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/dir/both" --map "$name" --force
	says "$TMP/err" "files of their own"
	expect 1 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/dir/both" --key "$name" --force
	says "$TMP/err" "files of their own"
done
expect 1 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/dir/none.zst" --map "$TMP/key"
expect 2 "$analyze" anonymize samples/web-fetch.zst
expect 2 "$analyze" anonymize samples/web-fetch.zst -o "$TMP/dir/none.zst" --known a,,b
equal "what failures leave" "$(ls -A "$TMP/dir")" ""

# A signal leaves nothing either, while it waits for the rest of a pipe.
holds_output() {
	find "/proc/$maker/fd" -lname "$TMP/dir/*" 2>/dev/null | grep -q .
}
mkfifo "$TMP/fifo"
for signal in TERM HUP KILL; do
	exec 9<>"$TMP/fifo"
	head -c 60000 samples/mixed-minute.zst >&9 &
	"$analyze" anonymize - -o "$TMP/dir/none.zst" <"$TMP/fifo" 9<&- 2>/dev/null &
	maker=$!
	at_exit "kill -KILL $maker"
	until_true 20 holds_output
	kill -$signal $maker
	status=0
	wait $maker || status=$?
	exec 9<&-
	[ $status -gt 128 ] || fail "SIG$signal did not end it: $status"
	equal "what SIG$signal leaves" "$(ls -A "$TMP/dir")" ""
done
