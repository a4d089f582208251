#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A changed file rebuilds whatever was made from it, and nothing else.
. tests/lib.sh

san=0
[ "$(basename "$BUILD")" = san ] && san=1
plan() {
	make -n V=1 O="${BUILD#"$PWD"/}" SAN=$san "$@" all >"$TMP/plan" || fail "make -n $*"
}

plan
grep -qE ' -o |gen skeleton' "$TMP/plan" && fail "a finished build is built again: $(cat "$TMP/plan")"

plan -W bpf/events.h
for made in bpf/netsnoop.bpf.o bpf/netsnoop.skel.h record/main.o netsnoop-record; do
	says "$TMP/plan" "$made"
done
grep -q ' -o [^ ]*netsnoop-analyze' "$TMP/plan" && fail "the analyzer does not know bpf/events.h"

plan -W format/trace.h
for made in libnetsnoop.a record/translate.o analyze/main.o netsnoop-record netsnoop-analyze; do
	says "$TMP/plan" "$made"
done
grep -q ' -o [^ ]*netsnoop.bpf.o' "$TMP/plan" && fail "the BPF object does not know format/trace.h"

plan -W analyze/reports/process.sql
says "$TMP/plan" "analyze/sql.o"
says "$TMP/plan" "netsnoop-analyze"
