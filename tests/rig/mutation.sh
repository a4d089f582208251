#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# mutation.sh BUILD: break attribution on purpose (mutation.sed), and see the rig turn red
# for that reason and for every scenario asked.
cd "$(dirname "$0")/../.." || exit 1
BUILD=$(cd "$1" && pwd) || exit 1
TMP=$(mktemp -d) || exit 1
export BUILD TMP LC_ALL=C.UTF-8 PATH="$PATH:/usr/sbin:/sbin"
. tests/lib.sh
at_exit "rm -rf $TMP"
need_live

mutated=bpf/netsnoop.bpf.c
mkdir "$TMP/tree"
cp -R Makefile bpf common format record "$TMP/tree" || fail "cannot copy the tree"
sed -f tests/rig/mutation.sed "$mutated" >"$TMP/tree/$mutated"
changed=$(diff "$mutated" "$TMP/tree/$mutated" | grep -c '^>')
equal "the number of lines that mutation.sed changes" "$changed" 1
MAKEFLAGS='' make -C "$TMP/tree" O="$TMP/build" "$TMP/build/netsnoop-record" >"$TMP/log" 2>&1 ||
	fail "the mutation does not build: $(cat "$TMP/log")"

set -- tcp udp-one-way udp-connected
status=0
RECORDER=$TMP/build/netsnoop-record tests/rig/run.sh "$BUILD" "$@" >"$TMP/table" 2>&1 || status=$?
cat "$TMP/table"
equal "the exit status of the rig with a recorder that charges the current task" "$status" 1
equal "the number of scenarios that turn red" \
	"$(grep -c '^  *recv .*FAIL: fewer right than expected' "$TMP/table")" $#
echo "With the owner of receipts taken from the current task, $# of $# scenarios fail, as they should."
