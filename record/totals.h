/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was counted, as it stands at the end of a trace. */
#ifndef NETSNOOP_RECORD_TOTALS_H
#define NETSNOOP_RECORD_TOTALS_H

#include "record/counts.h"

struct kernel;
struct nst_writer;
struct processes;

struct totals {
	const struct kernel *kernel;
	const struct counts *by_cpu;
	struct counts counts; /* their sum */
	uint64_t owners_lost;
	const struct processes *processes;
};

/* 0, -ENOMEM, or what reading the maps or writing gives. */
int totals_write(const struct totals *totals, struct nst_writer *writer);

#endif
