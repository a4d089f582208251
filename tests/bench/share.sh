#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# share.sh BUILD: an attachment of 10 MB. The trace of an incident of five minutes at 20,000
# packets a second, as the recorder writes it and always the same, is shared as it is, and with
# --max-size 10M: sizes, times, and what was given up for them.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 TZ=UTC
. tests/lib.sh
at_exit "rm -rf $TMP"

"$BUILD/tests/bench-mixed" $((300 * 20000)) "$TMP/private.zst" --rate 20000 2>"$TMP/made" ||
	fail "$(cat "$TMP/made")"
echo "the trace: $(stat -c %s "$TMP/private.zst") bytes; $(cat "$TMP/made")"

# share_it NAME OPTION...
share_it() {
	name=$1
	shift
	"$BUILD/tests/bench-timed" "$TMP/time" "$analyze" share "$@" -o "$TMP/$name.zst" \
		"$TMP/private.zst" >"$TMP/$name.md" 2>"$TMP/err" || fail "$(tail -n 3 "$TMP/err")"
	# shellcheck disable=SC2046 # three numbers
	printf '%-28s %10s bytes, %s s (%s s of CPU), %s KiB of memory\n' "share $*" \
		"$(stat -c %s "$TMP/$name.zst")" $(tail -n 1 "$TMP/time")
	sed -n "s|^netsnoop-analyze: $TMP/$name.zst: |  |p" "$TMP/err"
	sed -n 's/^- \(start\|span\|events\)/  \1/p' "$TMP/$name.md"
	"$analyze" verify "$TMP/$name.zst" >"$TMP/verify" || fail "$(cat "$TMP/verify")"
}
share_it whole
share_it small --max-size 10M
[ "$(stat -c %s "$TMP/small.zst")" -le 10485760 ] || fail "larger than 10 MB"
