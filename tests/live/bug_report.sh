#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# samples/bug-report.md: its commands, as they stand and one after the other, do what it says.
. tests/lib.sh
need_live

# Lines of its blocks of shell commands, each a command
sed -n '/^```sh$/,/^```$/{/^```/!p;}' samples/bug-report.md >"$TMP/commands"
[ "$(wc -l <"$TMP/commands")" -ge 5 ] || fail "the commands were not found"
PATH=$(cd "$BUILD" && pwd):$PATH
traffic=$(cd "$BUILD" && pwd)/tests/traffic
mkdir "$TMP/report"
cd "$TMP/report" || exit 1
umask 022

# The problem: as soon as it is recorded, on the loopback device, by a program of the house
cp "$traffic" "$TMP/housekeeper"
happen() {
	until_true 20 is_recording
	: >"$TMP/serve"
	"$TMP/housekeeper" serve tcp 127.0.0.1 8081 >"$TMP/serve" &
	until_true 10 grep -q ready "$TMP/serve"
	"$traffic" send tcp 127.0.0.1 8081 3000000 >"$TMP/sent"
	wait
}
is_recording() {
	grep -q "^netsnoop-record: recording to" "$TMP/err"
}

# run COMMAND: in the background too, so that the problem can happen meanwhile
run() {
	: >"$TMP/err"
	sh -c "$1" >"$TMP/out" 2>"$TMP/err" </dev/null &
	running=$!
	at_exit "kill -KILL $running"
	case $1 in netsnoop-record*-o*) (happen) || fail "nothing happened: $(cat "$TMP/err")" ;; esac
	status=0
	wait $running || status=$?
	[ $status -eq 0 ] || fail "exit status $status: $1: $(cat "$TMP/err")"
}

check() {
	case $1 in
	"netsnoop-record "*)
		equal "the mode of the trace" "$(stat -c %a private.zst)" 600
		was_recorded=yes ;;
	"netsnoop-analyze verify "*) says "$TMP/out" "private.zst: whole" ;;
	"netsnoop-analyze report private.zst")
		says "$TMP/out" "housekeeper" ;;
	"netsnoop-analyze share "*)
		says "$TMP/err" "PROCESS_EVENT.args"
		says "$TMP/err" "nothing that was changed is found in it"
		[ "$(stat -c %s public.zst)" -le 10485760 ] || fail "more than 10 MB"
		says summary.md "## Netsnoop trace"
		grep -q "housekeeper.proc-" private.map || fail "the map does not say who is who"
		zstd -q -dc public.zst >"$TMP/content" || fail "public.zst is damaged"
		! grep -qaF -e housekeeper "$TMP/content" public.zst summary.md ||
			fail "something of the original is left"
		host=$(uname -n) # a short one is in other bytes by chance
		[ ${#host} -lt 6 ] || ! grep -qaF -e "$host" "$TMP/content" public.zst ||
			fail "the host's name is left"
		! grep -qwF -e "$host" summary.md || fail "the host's name is in the summary"
		was_shared=yes ;;
	"netsnoop-analyze report public.zst")
		stands_for=$(sed -n 's/^program	housekeeper	//p' "$TMP/report/private.map")
		says "$TMP/out" "$stands_for" ;;
	"cat summary.md") says "$TMP/out" "Processes that moved most" ;;
	*) fail "a command that this test does not know: $1" ;;
	esac
}

was_recorded='' was_shared=''
while IFS= read -r command; do
	run "$command"
	check "$command"
done <"$TMP/commands"
[ "$was_recorded$was_shared" = yesyes ] || fail "nothing was recorded and shared"
