#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the fuzzers have found worth keeping still breaks nothing.
. tests/lib.sh

for target in chunk reader; do
	expect 0 "$BUILD/tests/replay_$target" tests/fuzz/corpus/$target/*
done
