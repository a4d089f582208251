/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words for the file's numbers. */
#include "trace.h"

static const char *const owner_sources[NST_OWNER_SOURCES] = {
	[NST_OWNER_UNKNOWN] = "unknown", [NST_OWNER_SOCKET] = "socket",
	[NST_OWNER_FLOW] = "flow",	 [NST_OWNER_LISTENER] = "listener",
	[NST_OWNER_SHARED] = "shared",	 [NST_OWNER_SEEDED] = "seeded",
	[NST_OWNER_KERNEL] = "kernel",	 [NST_OWNER_FORWARDED] = "forwarded",
	[NST_OWNER_CURRENT] = "current",
};

static const char *const losses[NST_LOSSES] = {
	[NST_LOST_RING_FULL] = "ring_full",
	[NST_LOST_RECORDER] = "recorder",
	[NST_LOST_OWNER_RING] = "owner_ring_full",
	[NST_LOST_FLOW_TABLE] = "flow_table_full",
	[NST_LOST_DAMAGE] = "damaged",
};

const char *nst_owner_source_name(unsigned int source)
{
	return source < NST_OWNER_SOURCES ? owner_sources[source] : NULL;
}

const char *nst_loss_name(unsigned int loss)
{
	return loss < NST_LOSSES ? losses[loss] : NULL;
}
