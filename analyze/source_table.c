// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "analyze/source_table.h"

#include "analyze/database.h"
#include "analyze/input.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct source_vtab {
	sqlite3_vtab base;
	struct trace_source *source;
};

int source_table_create(sqlite3 *db, const char *name, const char *module_name,
			const sqlite3_module *module, struct trace_source *source)
{
	char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE %s USING %s", name, module_name);
	int err;

	if (!sql)
		return -ENOMEM;
	err = sqlite3_create_module(db, module_name, module, source) == SQLITE_OK
		      ? db_run(db, sql)
		      : db_error(db, "virtual table");
	sqlite3_free(sql);
	return err;
}

int source_table_connect(sqlite3 *db, const char *declaration, struct trace_source *source,
			 sqlite3_vtab **ret_vtab)
{
	struct source_vtab *vtab;
	int code = sqlite3_declare_vtab(db, declaration);

	if (code != SQLITE_OK)
		return code;
	sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
	vtab = calloc(1, sizeof(*vtab));
	if (!vtab)
		return SQLITE_NOMEM;
	vtab->source = source;
	*ret_vtab = &vtab->base;
	return SQLITE_OK;
}

int source_table_disconnect(sqlite3_vtab *vtab)
{
	free(vtab);
	return SQLITE_OK;
}

int source_table_at_end(sqlite3_vtab_cursor *cursor)
{
	return ((struct source_cursor *)cursor)->is_at_end;
}

int source_table_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = ((struct source_cursor *)cursor)->rowid;
	return SQLITE_OK;
}

int source_cursor_open(sqlite3_vtab *vtab, size_t cursor_bytes, sqlite3_vtab_cursor **ret_cursor)
{
	struct source_cursor *cursor = calloc(1, cursor_bytes);

	if (!cursor)
		return SQLITE_NOMEM;
	cursor->source = ((struct source_vtab *)vtab)->source;
	cursor->fd = -1;
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

int source_cursor_begin(struct source_cursor *cursor)
{
	cursor->rowid = 0;
	return input_duplicate(cursor->source->input, &cursor->fd) ? SQLITE_CANTOPEN : SQLITE_OK;
}

int source_cursor_moved(struct source_cursor *cursor, int more)
{
	cursor->rowid++;
	cursor->is_at_end = more <= 0;
	if (more == -ENOMEM)
		return SQLITE_NOMEM;
	if (more < 0)
		cursor->source->is_damaged = true; /* was said when it was read before */
	return SQLITE_OK;
}

void source_cursor_end(struct source_cursor *cursor)
{
	if (cursor->fd >= 0)
		close(cursor->fd);
	cursor->fd = -1;
}

bool source_find_trace(const struct trace_source *source, const uint8_t uuid[16],
		       uint32_t *ret_trace)
{
	return dims_find_trace(source->dims, uuid, ret_trace) && *ret_trace >= source->first_trace;
}
