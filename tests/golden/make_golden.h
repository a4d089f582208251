/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef NETSNOOP_TESTS_MAKE_GOLDEN_H
#define NETSNOOP_TESTS_MAKE_GOLDEN_H

#include "format/trace.h"

/* Write the trace of by-flow-totals.zst, or of by-flow-runs.zst. 0 or what the library gives. */
int golden_totals(int fd);
int golden_runs(int fd);

#endif
