#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the fuzzers have found worth keeping still breaks nothing.
. tests/lib.sh

for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	target=${target#fuzz_}
	expect 0 "$BUILD/tests/replay_$target" tests/fuzz/corpus/"$target"/*
done
# these take whole files, as the reader does
for target in recover report; do
	expect 0 "$BUILD/tests/replay_$target" tests/fuzz/corpus/reader/*
done
