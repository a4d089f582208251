/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table event of schema.sql over a trace itself: a virtual table that
 * reads the file each time it is looked at. Bounds on timestamp, lane_id and its two
 * hidden columns, of_pid and of_flow (the flow's id in the trace), skip whole chunks.
 */
#ifndef NETSNOOP_ANALYZE_EVENT_TABLE_H
#define NETSNOOP_ANALYZE_EVENT_TABLE_H

#include "analyze/source_table.h"

/* Create the virtual table as name ("main.event"). 0 or -errno, said. */
int event_table_create(sqlite3 *db, const char *name, struct trace_source *source);

#endif
