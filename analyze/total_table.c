/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/total_table.h"

#include "analyze/database.h"
#include "analyze/rebind.h"
#include "analyze/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { /* columns, as in schema.sql */
	FROM,
	TO,
	LANE_ID_COLUMN,
	EVENTS,
	PACKETS,
	BYTES,
	PAYLOAD_BYTES,
	WIRE_BYTES,
	HAS_PROTOCOL,
};
#define DECLARATION                                                               \
	"CREATE TABLE total (from_ns INTEGER, to_ns INTEGER, lane_id INTEGER, "   \
	"events INTEGER, packets INTEGER, bytes INTEGER, payload_bytes INTEGER, " \
	"wire_bytes INTEGER, has_protocol INTEGER)"

struct total_vtab {
	sqlite3_vtab base;
	struct event_source *source;
};

struct total_cursor {
	sqlite3_vtab_cursor base;
	struct event_source *source;
	struct nst_reader *reader;
	struct totals totals; /* of the chunk */
	struct rebind rebind;
	uint32_t *lanes;
	size_t n_lanes_allocated;
	size_t row; /* of totals */
	int fd;
	bool is_at_end;
	int64_t rowid;
};

static int connect_table(sqlite3 *db, void *source, int argc, const char *const *argv,
			 sqlite3_vtab **ret_vtab, char **ret_error)
{
	struct total_vtab *vtab;
	int code = sqlite3_declare_vtab(db, DECLARATION);

	(void)argc;
	(void)argv;
	(void)ret_error;
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

static int disconnect_table(sqlite3_vtab *vtab)
{
	free(vtab);
	return SQLITE_OK;
}

/* There is one way: from the start of the file. */
static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	(void)vtab;
	info->estimatedCost = 1e6;
	info->estimatedRows = 1000000;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret_cursor)
{
	struct total_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	cursor->source = ((struct total_vtab *)vtab)->source;
	cursor->fd = -1;
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static void end_reading(struct total_cursor *cursor)
{
	nst_reader_close(cursor->reader);
	cursor->reader = NULL;
	if (cursor->fd >= 0)
		close(cursor->fd);
	cursor->fd = -1;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct total_cursor *cursor = (struct total_cursor *)base;

	end_reading(cursor);
	totals_free(&cursor->totals);
	rebind_free(&cursor->rebind);
	free(cursor->lanes);
	free(cursor);
	return SQLITE_OK;
}

/* The rows of the chunk that the reader went to, if they were summed. 0 or -ENOMEM. */
static int read_chunk(struct total_cursor *cursor, const struct nst_chunk *chunk)
{
	const struct event_source *source = cursor->source;
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(cursor->reader, &n);
	const uint8_t *uuid = traces[chunk->trace].header.uuid;
	struct charging charging = charging_of(source->foretelling, uuid, source->view);
	uint32_t trace;
	int err;

	cursor->totals.n = 0;
	/* of another input, or a recording that goes on */
	if (chunk->type == NST_CHUNK_EVENTS || !dims_find_trace(source->dims, uuid, &trace) ||
	    trace < source->first_trace ||
	    chunk->sequence >= source->dims->traces[trace].end_sequence)
		return 0;
	err = totals_read(&cursor->totals, cursor->reader);
	if (err || !cursor->totals.n)
		return err;
	return rebind_map(&cursor->rebind, &charging, source->dims, trace,
			  &cursor->totals.dictionaries, &cursor->totals.events, &cursor->lanes,
			  &cursor->n_lanes_allocated, &n);
}

static int next_row(sqlite3_vtab_cursor *base)
{
	struct total_cursor *cursor = (struct total_cursor *)base;
	const struct nst_chunk *chunk;
	int more = 1;

	cursor->rowid++;
	cursor->row++;
	while (cursor->row >= cursor->totals.n && more > 0) {
		more = nst_reader_next(cursor->reader, &chunk);
		cursor->row = 0;
		cursor->totals.n = 0;
		if (more > 0 && read_chunk(cursor, chunk))
			return SQLITE_NOMEM;
	}
	cursor->is_at_end = more <= 0;
	if (more == -ENOMEM)
		return SQLITE_NOMEM;
	if (more < 0)
		cursor->source->is_damaged = true; /* was said when it was read before */
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc,
		  sqlite3_value **argv)
{
	struct total_cursor *cursor = (struct total_cursor *)base;

	(void)plan;
	(void)unused;
	(void)argc;
	(void)argv;
	end_reading(cursor);
	cursor->rowid = 0;
	cursor->row = 0;
	cursor->totals.n = 0;
	cursor->totals.bytes = cursor->totals.packets = 0;
	if (input_reopen(cursor->source->input, &cursor->fd))
		return SQLITE_CANTOPEN;
	if (nst_reader_open(cursor->fd, &cursor->reader))
		return SQLITE_NOMEM;
	/* no event is before the beginning of time: events are hopped over */
	nst_reader_set_window(cursor->reader, 0, 0);
	return next_row(base);
}

static int at_end(sqlite3_vtab_cursor *base)
{
	return ((struct total_cursor *)base)->is_at_end;
}

static int64_t value_of(const struct total_cursor *cursor, int column)
{
	const struct nst_total *total = cursor->totals.rows[cursor->row];
	uint32_t lane = cursor->lanes[cursor->totals.events.lane[cursor->row]];

	switch (column) {
	case FROM:
		return (int64_t)total->from_ns;
	case TO:
		return (int64_t)total->to_ns;
	case LANE_ID_COLUMN:
		return LANE_ID(cursor->source->dims, lane);
	case EVENTS:
		return (int64_t)total->events;
	case PACKETS:
		return (int64_t)total->packets;
	case BYTES:
		return (int64_t)total->bytes;
	case PAYLOAD_BYTES:
		return (int64_t)total->payload_bytes;
	case WIRE_BYTES:
		return (int64_t)total->wire_bytes;
	default:
		return !!(total->has & NST_TOTAL_HAS_PROTOCOL);
	}
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
	sqlite3_result_int64(context, value_of((struct total_cursor *)base, number));
	return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = ((struct total_cursor *)base)->rowid;
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
	.xNext = next_row,
	.xEof = at_end,
	.xColumn = column,
	.xRowid = rowid,
};

int total_table_create(sqlite3 *db, const char *name, struct event_source *source)
{
	char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE %s USING netsnoop_total", name);
	int err;

	if (!sql)
		return -ENOMEM;
	err = sqlite3_create_module(db, "netsnoop_total", &module, source) == SQLITE_OK
		      ? db_run(db, sql)
		      : db_error(db, "virtual table");
	sqlite3_free(sql);
	return err;
}
