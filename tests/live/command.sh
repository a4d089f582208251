#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `netsnoop-record -- COMMAND` passes on how the command ended, and records from
# its first packet on.
. tests/lib.sh
need_live

run() { # run STATUS COMMAND...
	wanted=$1
	shift
	rm -f "$TMP/t.zst"
	expect "$wanted" "$record" -o "$TMP/t.zst" -- "$@"
}
run 0 true
run 3 sh -c 'exit 3'
run 143 sh -c 'kill -TERM $$'
# its own status, however soon the recorder learns that it cannot be run
for round in $(seq 30); do
	run 127 "$TMP/no-such-command"
done
run 126 "$TMP"
[ ! -e "$TMP/t.zst" ] || fail "a file of a command that cannot be run"
says "$TMP/err" "$TMP"
# ... and to see whether it can be run does not run it
run 0 sh -c "echo run >>$TMP/runs"
equal "how often it was run" "$(cat "$TMP/runs")" run
# however long its command line is
# shellcheck disable=SC2046 # words
run 0 true $(seq -f '%01000g' 100)
equal "bytes of the command line" "$(query "$TMP/t.zst" \
	"SELECT length(value) FROM environment WHERE key = 'command'")" 16384

run 0 ping -q -c 1 127.0.0.1
equal "echo requests" "$(query "$TMP/t.zst" "SELECT count(*) FROM net_event
	WHERE is_send AND comm = 'ping' AND protocol = 'ICMP'")" 1

# The options of the command are its own.
run 0 sh -c '[ "$1" = --help ]' sh --help

# A limit ends the command too.
began=$(date +%s)
rm -f "$TMP/t.zst"
expect 143 "$record" -d 0.3 -o "$TMP/t.zst" -- sleep 60
[ $(($(date +%s) - began)) -lt 10 ] || fail "the command was not ended"

# ... also one that is stopped.
rm -f "$TMP/t.zst"
expect 143 timeout -s KILL 20 "$record" -d 0.3 -o "$TMP/t.zst" -- sh -c 'kill -STOP $$'

# How the recorder itself was started does not matter.
rm -f "$TMP/t.zst"
expect 3 timeout -s KILL 20 env --ignore-signal=CHLD "$record" -o "$TMP/t.zst" -- sh -c 'exit 3'

# What the command prints does not get into a trace on standard output.
rm -f "$TMP/t.zst"
expect 0 "$record" -q -o - -- echo printed
equal "what the command printed" "$(cat "$TMP/err")" printed
mv "$TMP/out" "$TMP/t.zst"
expect 0 zstd -q -t "$TMP/t.zst"

# It has no descriptor more than without a recorder.
sh -c 'ls /proc/$$/fd' >"$TMP/descriptors" 2>"$TMP/err" </dev/null
run 0 sh -c 'ls /proc/$$/fd'
equal "descriptors of the command" "$(cat "$TMP/out")" "$(cat "$TMP/descriptors")"

# The recorder's own failure is told apart from any of the command's.
expect 125 "$record" -o "$TMP/no/such/directory/t.zst" -- true
expect 125 "$record" -o "$TMP/t.zst" -- true
says "$TMP/err" "--force"

# A process that merely has the number of a child that is gone is not followed,
# nor are its children. (Others may take the number first.)
[ -w /proc/sys/kernel/ns_last_pid ] || exit 0 # no CONFIG_CHECKPOINT_RESTORE
mkfifo "$TMP/hold"
rm -f "$TMP/t.zst"
"$record" -q -o "$TMP/t.zst" -- sh -c "sh -c 'echo \$\$; :' >$TMP/gone; read -r line <$TMP/hold" &
recorder=$!
at_exit "kill -KILL $recorder"
until_true 20 test -s "$TMP/gone"
gone=$(cat "$TMP/gone")
until_true 20 eval '! kill -0 "$gone" 2>/dev/null'
is_taken() {
	echo $((gone - 1)) >/proc/sys/kernel/ns_last_pid
	sh -c "[ \$\$ -ne $gone ] || ping -q -c 1 127.0.0.1 >/dev/null; [ \$\$ -eq $gone ]"
}
until_true 20 is_taken
echo >"$TMP/hold"
wait $recorder || fail "the recorder exited $?"
equal "events of a bystander" "$(query "$TMP/t.zst" "SELECT count(*) FROM net_event")" 0
