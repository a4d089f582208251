#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh BUILD [SCENARIO...]: play every scenario of the rig (or these), record
# each, and print whose the recording says that the bytes were: the right
# process's, a wrong one's, nobody's. Exit status 1 if a recording is not complete
# to the byte, if a receipt was charged to the current task, if a scenario
# reaches less than expected.tsv asks for, or if it cannot be played.
# RIG_KEEP=DIRECTORY keeps traces, databases and truths there.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
shift
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
at_exit "rm -rf $TMP"
need_live

rig=$BUILD/tests/rig-scenarios
top=$TMP
make_pair
. tests/rig/networks.sh

: >"$top/rows"
failed=0 number=0
for scenario in $("$rig" list); do
	number=$((number + 1))
	if [ $# -gt 0 ]; then
		case " $* " in *" $scenario "*) ;; *) continue ;; esac
	fi
	mkdir "$top/$scenario"
	status=0
	TMP=$top/$scenario tests/rig/play.sh "$scenario" $((10000 + number * 20)) \
		>"$top/$scenario/log" 2>&1 || status=$?
	case $status in
	0) cat "$top/$scenario/row" >>"$top/rows" ;;
	77) printf '%s\tskipped\t%s\n' "$scenario" \
		"$(sed -n 's/^SKIP: //p' "$top/$scenario/log")" >>"$top/rows" ;;
	*)
		failed=1
		echo "FAIL: $scenario (status $status)"
		sed 's/^/      /' "$top/$scenario/log" ;;
	esac
	[ -n "${RIG_KEEP:-}" ] || rm -rf "${top:?}/$scenario"
done
[ -z "${RIG_KEEP:-}" ] || cp -r "$top" "$RIG_KEEP"

awk -F '\t' -f tests/rig/table.awk tests/rig/expected.tsv "$top/rows" || failed=1
exit $failed
