/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Another roll-up of a loaded database, from its events: for windows and intervals. */
#ifndef NETSNOOP_ANALYZE_REROLL_H
#define NETSNOOP_ANALYZE_REROLL_H

#include "analyze/rollup.h"
#include "analyze/window.h"

#include <sqlite3.h>

/*
 * Copy the dimensions of the database at path into db, which has the schema
 * and is empty, and roll its events up anew. done, if not NULL, gets to see
 * the roll-up. 0 or -errno, said.
 */
int reroll_database(sqlite3 *db, const char *path, uint64_t interval_ns, uint32_t max_rows,
		    struct window window, void (*done)(const struct rollup *rollup));

#endif
