#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the recorder says when it cannot do what it is asked.
. tests/lib.sh
need_live

usage() { # usage TEXT ARGUMENT...
	text=$1
	shift
	expect 2 "$record" "$@"
	says "$TMP/err" "$text"
}
usage "--help" --no-such-option
usage "12abc" --pid 12abc -o "$TMP/t.zst"
usage "70000" --port 70000
usage "10.0.0.0/33" --host 10.0.0.0/33
usage "nonsense" --proto nonsense
usage "20000" -l 20000
usage "0" -d 0
usage "behind --" --stats 5
usage "behind --" -o "$TMP/t.zst" true
expect 0 "$record" --help
says "$TMP/out" "--output"
equal "what asked-for help says on stderr" "$(cat "$TMP/err")" ""
expect 0 "$record" --version
says "$TMP/out" "netsnoop-record"

# standard output that is a terminal
script -qec "$record -o -" /dev/null </dev/null >"$TMP/tty" 2>&1 && fail "recorded onto a terminal"
says "$TMP/tty" "terminal"

expect 1 "$record" -d 0.1 -o "$TMP/missing/t.zst"
says "$TMP/err" "$TMP/missing/t.zst"
expect 1 "$record" -d 0.1 -o "$TMP"

# a clock that is not that of the events
if unshare --time --boottime 3600 true 2>/dev/null; then
	expect 1 unshare --time --boottime -3600 "$record" -d 0.1 -o "$TMP/t.zst"
	says "$TMP/err" "time namespace"
	[ ! -e "$TMP/t.zst" ] || fail "a trace of another time was left behind"
	expect 0 unshare --time --monotonic 3600 "$record" -q -d 0.1 -o "$TMP/t.zst"
	rm "$TMP/t.zst"
fi

# without privilege: one message, and no file
mkdir -m 777 "$TMP/anyone"
chmod 711 "$TMP"
cp "$record" "$TMP/anyone/record"
expect 1 setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all \
	"$TMP/anyone/record" -d 0.1 -o "$TMP/anyone/t.zst"
grep -qiE 'root|CAP_BPF' "$TMP/err" || fail "the message does not say what is missing: $(cat "$TMP/err")"
equal "lines of the message" "$(wc -l <"$TMP/err")" 1
[ ! -e "$TMP/anyone/t.zst" ] || fail "an empty trace was left behind"

