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
#define END_OF_STAGE(stage) END_OF_STAGE_WITH(stage, )
#define END_OF_STAGE_WITH(stage, value)    \
	do {                               \
		if (LAST_STAGE == (stage)) \
			return value;      \
	} while (0)

enum stage {
	STAGE_CLOCK = 1, /* and what the CPU has for itself */
	STAGE_HEADERS,
	STAGE_FLOW,
	STAGE_OWNER,
	STAGE_COUNT,
	STAGE_RECORD,
};

#endif
