/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was counted, as it stands at the end of a trace. */
#ifndef NETSNOOP_RECORD_COUNTERS_H
#define NETSNOOP_RECORD_COUNTERS_H

#include "record/counts.h"

struct kernel;
struct nst_writer;
struct processes;

struct counters_source {
	const struct kernel *kernel;
	const struct counts *by_cpu;
	struct counts counts; /* their sum */
	uint64_t owners_lost;
	uint64_t totals_merged;
	uint64_t level_lowered;
	const struct processes *processes;
	bool throughput; /* with the byte maps, which are of the whole recording */
};

/* 0, -ENOMEM, or what reading the maps or writing gives. */
int counters_write(const struct counters_source *totals, struct nst_writer *writer);

#endif
