/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the virtual tables over a trace have in common: each look at one reads the file
 * from its start, with a descriptor of its own.
 */
#ifndef NETSNOOP_ANALYZE_SOURCE_TABLE_H
#define NETSNOOP_ANALYZE_SOURCE_TABLE_H

#include "analyze/dimensions.h"
#include "analyze/foretell.h"
#include "analyze/rebind.h"

#include <sqlite3.h>

struct trace_source {			       /* all stay the caller's, and must outlive db */
	struct dimensions *dims;	       /* with all traces of the input */
	const struct input *input;	       /* can be read again */
	uint32_t first_trace;		       /* those before it in dims are of other inputs */
	const struct foretelling *foretelling; /* as the lanes in dims were charged; or NULL */
	enum owner_view view;
	bool is_damaged; /* set when reading failed on the way */
};

struct source_cursor { /* a table's cursor begins with it */
	sqlite3_vtab_cursor base;
	struct trace_source *source;
	struct rebind rebind;
	int fd;
	bool is_at_end;
	int64_t rowid;
};

/* Make a virtual table of the module and give it this name ("main.event"). 0 or -errno, said. */
int source_table_create(sqlite3 *db, const char *name, const char *module_name,
			const sqlite3_module *module, struct trace_source *source);

/* For a module's xConnect, after its declaration; and as its xDisconnect, xEof and xRowid. */
int source_table_connect(sqlite3 *db, const char *declaration, struct trace_source *source,
			 sqlite3_vtab **ret_vtab);
int source_table_disconnect(sqlite3_vtab *vtab);
int source_table_at_end(sqlite3_vtab_cursor *cursor);
int source_table_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_rowid);

/* A cursor of cursor_bytes, all zero behind its source_cursor. */
int source_cursor_open(sqlite3_vtab *vtab, size_t cursor_bytes, sqlite3_vtab_cursor **ret_cursor);

/* Open the file once more, for a look from the start. A code of SQLite's. */
int source_cursor_begin(struct source_cursor *cursor);

/* The next row was looked for, and more is what the reader gave. A code of SQLite's. */
int source_cursor_moved(struct source_cursor *cursor, int more);

/* Close the file; not open is fine. */
void source_cursor_end(struct source_cursor *cursor);

/* The number of a chunk's trace in dims. False: it is of an input that was read before. */
bool source_find_trace(const struct trace_source *source, const uint8_t uuid[16],
		       uint32_t *ret_trace);

#endif
