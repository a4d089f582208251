#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A made-up host's mixed traffic: every number of the reports is that of plain SQL over the
# events, and all sums add up to what the kernel would have counted.
. tests/lib.sh
. tests/bench/answers.sh

expect 0 "$BUILD/tests/bench-mixed" 60000 "$TMP/mixed.zst" --csv "$TMP/mixed.csv" --flows 1500
expect 0 "$analyze" verify "$TMP/mixed.zst"
says "$TMP/out" "60000 in them"
says "$TMP/out" "sum         equal"
equal "the events of the CSV" $(($(wc -l <"$TMP/mixed.csv") - 1)) 60000
same_as_sqlite "$TMP/mixed.zst"
[ "$(wc -l <"$TMP/ours/flow.tsv")" -gt 500 ] || fail "hardly any flows"
