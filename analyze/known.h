/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a database to be added to holds already. */
#ifndef NETSNOOP_ANALYZE_KNOWN_H
#define NETSNOOP_ANALYZE_KNOWN_H

#include "analyze/dimensions.h"

#include <sqlite3.h>

/*
 * Number the boots, processes, protocols and conversations of the database as
 * its ids have them, and let traces, flows and lanes go on behind its own.
 * dims is fresh from dims_init(). 0, or -errno: said, but for -ENOMEM.
 */
int known_read(sqlite3 *db, struct dimensions *dims);

/*
 * True in *ret_is_known if the database has a trace with this uuid, and then
 * whether all of it. 0 or -EIO, said.
 */
int known_trace(sqlite3 *db, const uint8_t uuid[16], bool *ret_is_known, bool *ret_is_complete);

#endif
