#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run.sh BUILD [CODENAME...]: boot the kernels of these releases of Debian, or of all in
# kernels.tsv, under emulation; play the core of the rig there (VM_ALL=1: all of it), and
# print a line a kernel: what it is, the share of bytes charged to the right process and
# to a wrong one, sent and received, what the devices counted and what the trace has of
# it, and whether all is as expected. What the guests said stays in BUILD/vm-CODENAME.log.
# Exit status 1 if a kernel is not as expected or cannot be had.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1
shift
wanted=" $* " failed=0
seconds=900
[ -z "${VM_ALL:-}" ] || seconds=2400

# row LOG CODENAME VERDICT LEAST-SENT LEAST-RECEIVED MOST-WRONG: the line of the table; status
# 1 if that is not reached
row() {
	awk -F '\t' -v codename="$2" -v verdict="$3" -v least1="$4" -v least0="$5" -v most="$6" '
		$1 == "kernel" { kernel = $2 }
		$1 == "totals" { said += $3; trace += $4 }
		/^bytes (sent|received):/ {
			way = $0 ~ /^bytes sent/
			sub(/^[^:]*: */, "")
			split($0, word, " ")
			right[way] = word[1]
			wrong[way] = word[4]
		}
		/scenarios, / { scenarios = $0; sub(/ .*/, "", scenarios) }
		END {
			bad = verdict != "as expected"
			if (!bad && (right[1] < least1 + 0 || right[0] < least0 + 0)) {
				verdict = "fewer right than " least1 " and " least0
				bad = 1
			}
			if (!bad && (wrong[1] > most + 0 || wrong[0] > most + 0)) {
				verdict = "more wrong than " most
				bad = 1
			}
			printf "%-28s %9s %8s %8s %8s %8s %12s %12s  %s\n", kernel ? kernel : codename,
				scenarios, right[1], wrong[1], right[0], wrong[0], said, trace, verdict
			exit bad
		}' "$1"
}

format="%-28s %9s %8s %8s %8s %8s %12s %12s  %s\n"
# shellcheck disable=SC2059 # one format for both
{
	printf "$format" "" "" "sent %" "" "recv %" "" "devices" "trace" ""
	printf "$format" kernel scenarios right wrong right wrong "said, bytes" "says" verdict
} >"$build/vm-table"
# read(1) takes two tabs for one
tr '\t' '|' <tests/vm/kernels.tsv >"$build/vm-kernels"
while IFS='|' read -r codename expected least_sent least_received most_wrong; do
	case $codename in '#'* | '') continue ;; esac
	[ "$wanted" = "  " ] || case $wanted in *" $codename "*) ;; *) continue ;; esac
	log=$build/vm-$codename.log
	verdict="as expected" status=0
	if ! kernel=$(tests/vm/fetch.sh "$codename" 2>"$log"); then
		verdict="not to be had: $(sed 's/^SKIP: //' "$log")"
	else
		echo "Booting $(basename "$kernel"/boot/vmlinuz-*)" >&2
		tests/vm/boot.sh "$kernel" "$build" $seconds \
			"tests/vm/core.sh '$expected' ${VM_ALL:+all}" >"$log" 2>&1 </dev/null || status=$?
		case $status in
		0) ;;
		124) verdict="no end within $seconds s" ;;
		*) verdict="NOT as expected, see $log" ;;
		esac
	fi
	[ $status -eq 0 ] || cat "$log"
	row "$log" "$codename" "$verdict" "$least_sent" "$least_received" "$most_wrong" \
		>>"$build/vm-table" || failed=1
done <"$build/vm-kernels"

cat "$build/vm-table"
echo
for log in "$build"/vm-*.log; do
	# shellcheck disable=SC2016 # fields of awk
	awk -F '\t' '$1 == "kernel" { kernel = $2 } $1 == "hooks" { print kernel ": " $2 }' "$log"
done
exit $failed
