/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table total of schema.sql over a trace itself: a virtual table that reads
 * the file each time it is looked at, hopping over its events.
 */
#ifndef NETSNOOP_ANALYZE_TOTAL_TABLE_H
#define NETSNOOP_ANALYZE_TOTAL_TABLE_H

#include "analyze/source_table.h"

/* Create the virtual table as name ("main.total"). 0 or -errno, said. */
int total_table_create(sqlite3 *db, const char *name, struct trace_source *source);

#endif
