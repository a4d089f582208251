/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table event of schema.sql over a trace itself: a virtual table that
 * reads the file each time it is looked at. Bounds on timestamp and lane_id
 * skip whole chunks.
 */
#ifndef NETSNOOP_ANALYZE_EVENT_TABLE_H
#define NETSNOOP_ANALYZE_EVENT_TABLE_H

#include "analyze/dimensions.h"
#include "analyze/foretell.h"

#include <sqlite3.h>

struct event_source {			       /* all stay the caller's, and must outlive db */
	struct dimensions *dims;	       /* with all traces of the input */
	const struct input *input;	       /* can be read again */
	uint32_t first_trace;		       /* those before it in dims are of other inputs */
	const struct foretelling *foretelling; /* as the lanes in dims were charged; or NULL */
	enum owner_view view;
	bool is_damaged; /* set when reading failed on the way */
};

/* Create the virtual table as name ("main.event"). 0 or -errno, said. */
int event_table_create(sqlite3 *db, const char *name, struct event_source *source);

#endif
