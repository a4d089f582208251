/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/total_table.h"

#include "analyze/totals.h"

#include <errno.h>
#include <stdlib.h>

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

struct total_cursor {
	struct source_cursor base;
	struct nst_reader *reader;
	struct totals totals; /* of the chunk */
	uint32_t *lanes;
	size_t n_lanes_allocated;
	size_t row; /* of totals */
};

static int connect_table(sqlite3 *db, void *source, int argc, const char *const *argv,
			 sqlite3_vtab **ret_vtab, char **ret_error)
{
	(void)argc;
	(void)argv;
	(void)ret_error;
	return source_table_connect(db, DECLARATION, source, ret_vtab);
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
	return source_cursor_open(vtab, sizeof(struct total_cursor), ret_cursor);
}

static void end_reading(struct total_cursor *cursor)
{
	nst_reader_close(cursor->reader);
	cursor->reader = NULL;
	source_cursor_end(&cursor->base);
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct total_cursor *cursor = (struct total_cursor *)base;

	end_reading(cursor);
	totals_free(&cursor->totals);
	rebind_free(&cursor->base.rebind);
	free(cursor->lanes);
	free(cursor);
	return SQLITE_OK;
}

/* The rows of the chunk that the reader went to, if they were summed. 0 or -ENOMEM. */
static int read_chunk(struct total_cursor *cursor, const struct nst_chunk *chunk)
{
	const struct trace_source *source = cursor->base.source;
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(cursor->reader, &n);
	const uint8_t *uuid = traces[chunk->trace].header.uuid;
	struct charging charging = charging_of(source->foretelling, uuid, source->view);
	uint32_t trace;
	int err;

	cursor->totals.n = 0;
	/* of another input, or a recording that goes on */
	if (chunk->type == NST_CHUNK_EVENTS || !source_find_trace(source, uuid, &trace) ||
	    chunk->sequence >= source->dims->traces[trace].end_sequence)
		return 0;
	err = totals_read(&cursor->totals, cursor->reader);
	if (err || !cursor->totals.n)
		return err;
	return rebind_map(&cursor->base.rebind, &charging, source->dims, trace,
			  &cursor->totals.dictionaries, &cursor->totals.events, &cursor->lanes,
			  &cursor->n_lanes_allocated, &n);
}

static int next_row(sqlite3_vtab_cursor *base)
{
	struct total_cursor *cursor = (struct total_cursor *)base;
	const struct nst_chunk *chunk;
	int more = 1;

	cursor->row++;
	while (cursor->row >= cursor->totals.n && more > 0) {
		more = nst_reader_next(cursor->reader, &chunk);
		cursor->row = 0;
		cursor->totals.n = 0;
		if (more > 0 && read_chunk(cursor, chunk))
			return SQLITE_NOMEM;
	}
	return source_cursor_moved(&cursor->base, more);
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc,
		  sqlite3_value **argv)
{
	struct total_cursor *cursor = (struct total_cursor *)base;
	int code;

	(void)plan;
	(void)unused;
	(void)argc;
	(void)argv;
	end_reading(cursor);
	cursor->row = 0;
	cursor->totals.n = 0;
	cursor->totals.bytes = cursor->totals.packets = 0;
	code = source_cursor_begin(&cursor->base);
	if (code != SQLITE_OK)
		return code;
	if (nst_reader_open(cursor->base.fd, &cursor->reader))
		return SQLITE_NOMEM;
	/* no event is before the beginning of time: events are hopped over */
	nst_reader_set_window(cursor->reader, 0, 0);
	return next_row(base);
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
		return LANE_ID(cursor->base.source->dims, lane);
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

static const sqlite3_module module = {
	.iVersion = 1,
	.xCreate = connect_table,
	.xConnect = connect_table,
	.xBestIndex = best_index,
	.xDisconnect = source_table_disconnect,
	.xDestroy = source_table_disconnect,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = filter,
	.xNext = next_row,
	.xEof = source_table_at_end,
	.xColumn = column,
	.xRowid = source_table_rowid,
};

int total_table_create(sqlite3 *db, const char *name, struct trace_source *source)
{
	return source_table_create(db, name, "netsnoop_total", &module, source);
}
