/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/measure.h"

#include "analyze/database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The columns of the view, in its order. */
#define DECLARATION                                                                       \
	"CREATE TABLE measure (grouping TEXT, key_id INTEGER, period_id INTEGER, "        \
	"send_bytes INTEGER, recv_bytes INTEGER, send_packets INTEGER, "                  \
	"recv_packets INTEGER, send_payload_bytes INTEGER, recv_payload_bytes INTEGER, "  \
	"send_wire_bytes INTEGER, recv_wire_bytes INTEGER, first INTEGER, last INTEGER, " \
	"sources_socket INTEGER, sources_flow INTEGER, sources_listener INTEGER, "        \
	"sources_shared INTEGER, sources_seeded INTEGER, sources_kernel INTEGER, "        \
	"sources_forwarded INTEGER, sources_current INTEGER, sources_unknown INTEGER, "   \
	"time INTEGER, send_bps INTEGER, recv_bps INTEGER, send_peak_bps INTEGER, "       \
	"recv_peak_bps INTEGER)"

struct measure_vtab {
	sqlite3_vtab base;
	const struct measures *measures;
};

struct measure_cursor {
	sqlite3_vtab_cursor base;
	const struct measures *measures;
	size_t row, end;
};

static int connect_table(sqlite3 *db, void *measures, int argc, const char *const *argv,
			 sqlite3_vtab **ret_vtab, char **ret_error)
{
	struct measure_vtab *vtab;
	int code = sqlite3_declare_vtab(db, DECLARATION);

	(void)argc;
	(void)argv;
	(void)ret_error;
	if (code != SQLITE_OK)
		return code;
	vtab = calloc(1, sizeof(*vtab));
	if (!vtab)
		return SQLITE_NOMEM;
	vtab->measures = measures;
	*ret_vtab = &vtab->base;
	return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *vtab)
{
	free(vtab);
	return SQLITE_OK;
}

/* All rows, or those of one grouping. */
static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	size_t n = ((struct measure_vtab *)vtab)->measures->n;

	info->estimatedCost = (double)n + 1;
	info->estimatedRows = (sqlite3_int64)n + 1;
	for (int i = 0; i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *constraint = &info->aConstraint[i];

		if (!constraint->usable || constraint->iColumn != 0 ||
		    constraint->op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->idxNum = 1;
		info->estimatedCost /= 2;
		break;
	}
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret_cursor)
{
	struct measure_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	cursor->measures = ((struct measure_vtab *)vtab)->measures;
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static bool is_of(const struct measure *row, const char *keyword)
{
	return keyword && !strcmp(grouping_specs[row->grouping].keyword, keyword);
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc,
		  sqlite3_value **argv)
{
	struct measure_cursor *cursor = (struct measure_cursor *)base;
	const char *keyword = plan ? (const char *)sqlite3_value_text(argv[0]) : NULL;
	const struct measures *measures = cursor->measures;

	(void)unused;
	(void)argc;
	cursor->row = 0;
	cursor->end = measures->n;
	if (!plan)
		return SQLITE_OK;
	while (cursor->row < measures->n && !is_of(&measures->rows[cursor->row], keyword))
		cursor->row++;
	cursor->end = cursor->row;
	while (cursor->end < measures->n && is_of(&measures->rows[cursor->end], keyword))
		cursor->end++;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor)
{
	((struct measure_cursor *)cursor)->row++;
	return SQLITE_OK;
}

static int at_end(sqlite3_vtab_cursor *base)
{
	const struct measure_cursor *cursor = (struct measure_cursor *)base;

	return cursor->row >= cursor->end;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
	const struct measure_cursor *cursor = (struct measure_cursor *)base;
	const struct measure *row = &cursor->measures->rows[cursor->row];

	if (number == 0)
		sqlite3_result_text(context, grouping_specs[row->grouping].keyword, -1,
				    SQLITE_STATIC);
	else if (row->seen & ~row->known & 1u << (number - 1))
		sqlite3_result_null(context);
	else
		sqlite3_result_int64(context, row->values[number - 1]);
	return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = (sqlite3_int64)((struct measure_cursor *)cursor)->row;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.iVersion = 1,
	.xCreate = connect_table,
	.xConnect = connect_table,
	.xBestIndex = best_index,
	.xDisconnect = disconnect_table,
	.xDestroy = disconnect_table,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next,
	.xEof = at_end,
	.xColumn = column,
	.xRowid = rowid,
};

int measure_table_create(sqlite3 *db, struct measures *measures)
{
	if (sqlite3_create_module(db, "netsnoop_measure", &module, measures) != SQLITE_OK)
		return db_error(db, "virtual table");
	/* what is temp is found before what is main */
	return db_run(db, "CREATE VIRTUAL TABLE temp.measure USING netsnoop_measure");
}
