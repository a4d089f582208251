#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# hooks.sh BUILD [OLDBUILD]: what each program of the recorder costs a run, in ns and
# net of an empty program beside it, with one flow of 64-byte datagrams from one
# namespace to another and events written. With OLDBUILD, an older build records
# the same packets at the same time. ROUNDS= (15) and MS= (300) are heeded.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
OLD=${2:+$(cd "$2" && pwd)}
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
at_exit "rm -rf $TMP"
need_live
make_pair

hooks=$BUILD/tests/bench-hooks
ip netns exec "$right" "$hooks" sink 10.99.0.2 9000 >"$TMP/sink" &
at_exit "kill -KILL $!"
until_true 10 grep -q ready "$TMP/sink"
first=$("$hooks" last)
start_record -B 64M -o /dev/null --force
second=
if [ -n "$OLD" ]; then
	second=$("$hooks" last)
	record=$OLD/netsnoop-record
	rm "$TMP/record.err"
	start_record -B 64M -o /dev/null --force
fi
ip netns exec "$left" "$traffic" flood udp 10.99.0.2 9000 1000000000 64 >/dev/null &
at_exit "kill -KILL $!"
"$hooks" measure "$BUILD/tests/bench/empty.bpf.o" "${ROUNDS:-15}" "${MS:-300}" "$first" \
	${second:+"$second"}
