/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a program ends that is built to find out what each stage costs (make bench); the
 * others have none of it. Its events are of no use.
 */
#ifndef NETSNOOP_BPF_STAGE_H
#define NETSNOOP_BPF_STAGE_H

#ifndef LAST_STAGE
#define LAST_STAGE 0
#endif
#define END_OF_STAGE(stage)                \
	do {                               \
		if (LAST_STAGE == (stage)) \
			return;            \
	} while (0)

enum stage {
	STAGE_CLOCK = 1, /* and what the CPU has for itself */
	STAGE_HEADERS,
	STAGE_FLOW,
	STAGE_OWNER,
	STAGE_COUNT,
	STAGE_RECORD,
	STAGE_TOTALS, /* all of them, but no short way (again.h) */
};

#endif
