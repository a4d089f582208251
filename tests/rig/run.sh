#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh [--emulate 6.2] BUILD [SCENARIO...]: play every scenario of the rig (or these), record
# each, and print whose the recording says that the bytes were: the right
# process's, a wrong one's, nobody's; and what share attribution by the current task
# would have got right. Exit status 1 if a recording is not complete to the byte, if
# it differs from what nftables counted, if a report differs from what a process says, if
# a receipt was charged to the current task, if a scenario reaches less than
# expected.tsv asks for, or if it cannot be played.
# With --emulate 6.2 the hooks that came with 6.3 are left out, and expected-6.2.tsv says
# what is enough.
# RIG_OLDER="FILE..." names the expectations of an older kernel that is no emulation.
# RIG_SLOWER=N lets scenarios take N times as long.
# RIG_KEEP=DIRECTORY keeps traces, databases and truths there; RECORDER names another
# recorder than the built one.
cd "$(dirname "$0")/../.." || exit 1
older=${RIG_OLDER:-} emulate=
case $1 in
--emulate)
	[ "$2" = 6.2 ] || { echo "run.sh: only the hooks of 6.2 can be emulated, not of $2" >&2; exit 2; }
	emulate=yes older=tests/rig/expected-6.2.tsv
	shift 2 ;;
esac
BUILD=$(cd "$1" && pwd) || exit 1
shift
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
. tests/rig/ground.sh
at_exit "rm -rf $TMP"
need_live
if [ -n "$emulate" ]; then
	export RECORDER="$BUILD/tests/netsnoop-record-emulate"
	export NETSNOOP_WITHOUT="sock_recv_length sk_data_ready bpf_rdonly_cast"
fi

rig=$BUILD/tests/rig-scenarios
top=$TMP
make_pair
. tests/rig/networks.sh
for ns in "$left" "$right" "$inner" "$bridge"; do
	ground_make "$ns"
done

"$rig" list >"$top/list" || fail "there is no list of scenarios"
: >"$top/rows"
failed=0 number=0
while read -r scenario options; do
	number=$((number + 1))
	if [ $# -gt 0 ]; then
		case " $* " in *" $scenario "*) ;; *) continue ;; esac
	fi
	mkdir "$top/$scenario"
	status=0
	# shellcheck disable=SC2086 # a list of options
	TMP=$top/$scenario tests/rig/play.sh "$scenario" $((10000 + number * 20)) $options \
		>"$top/$scenario/log" 2>&1 </dev/null || status=$?
	case $status in
	0) cat "$top/$scenario/rows" >>"$top/rows" ;;
	77) printf '%s\tskipped\t%s\n' "$scenario" \
		"$(sed -n 's/^SKIP: //p' "$top/$scenario/log")" >>"$top/rows" ;;
	*)
		failed=1
		echo "FAIL: $scenario (status $status)"
		sed 's/^/      /' "$top/$scenario/log" ;;
	esac
	[ -n "${RIG_KEEP:-}" ] || rm -rf "${top:?}/$scenario"
done <"$top/list"
[ -z "${RIG_KEEP:-}" ] || cp -r "$top" "$RIG_KEEP"

all=$(($# == 0))
# shellcheck disable=SC2086 # no file where there is none
awk -F '\t' -v all="$all" -f tests/rig/table.awk tests/rig/expected.tsv $older "$top/rows" ||
	failed=1
exit $failed
