/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/event_table.h"

#include "analyze/database.h"
#include "analyze/rebind.h"
#include "analyze/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { /* columns, as in schema.sql */
	TIMESTAMP,
	LANE_ID_COLUMN,
	BYTES,
	SEGMENTS,
	HEADER_BYTES,
	TCP_FLAGS,
	TID,
	FLAGS,
};
#define DECLARATION                                                                \
	"CREATE TABLE event (timestamp INTEGER, lane_id INTEGER, bytes INTEGER, "  \
	"segments INTEGER, header_bytes INTEGER, tcp_flags INTEGER, tid INTEGER, " \
	"flags INTEGER)"

/* What best_index() tells filter(): which bounds there are, in this order. */
enum plan {
	PLAN_FROM = 1 << 0, /* timestamp >= or > or = argument */
	PLAN_TO = 1 << 1,   /* timestamp <= or < or = argument */
	PLAN_LANE = 1 << 2, /* lane_id = argument */
};

struct event_vtab {
	sqlite3_vtab base;
	struct event_source *source;
};

struct event_cursor {
	sqlite3_vtab_cursor base;
	struct event_source *source;
	struct stream *stream;
	struct stream_event event;
	struct rebind rebind;
	int fd;
	bool is_at_end;
	int64_t rowid;
	int64_t from_ns, to_ns; /* closed */
	bool has_lane;
	int64_t lane_id;
};

static int connect_table(sqlite3 *db, void *source, int argc, const char *const *argv,
			 sqlite3_vtab **ret_vtab, char **ret_error)
{
	struct event_vtab *vtab;
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

static unsigned int plan_of(const struct sqlite3_index_constraint *constraint)
{
	if (!constraint->usable)
		return 0;
	if (constraint->iColumn == LANE_ID_COLUMN && constraint->op == SQLITE_INDEX_CONSTRAINT_EQ)
		return PLAN_LANE;
	if (constraint->iColumn != TIMESTAMP)
		return 0;
	switch (constraint->op) {
	case SQLITE_INDEX_CONSTRAINT_GT:
	case SQLITE_INDEX_CONSTRAINT_GE:
		return PLAN_FROM;
	case SQLITE_INDEX_CONSTRAINT_LT:
	case SQLITE_INDEX_CONSTRAINT_LE:
		return PLAN_TO;
	default:
		return 0;
	}
}

/*
 * Every look reads the file from its start, so a plan that looks once for each
 * of many lanes must never seem cheaper than one that looks once at all.
 */
static int best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	int arguments = 0;

	(void)vtab;
	info->idxNum = 0;
	for (unsigned int wanted = PLAN_FROM; wanted <= PLAN_LANE; wanted <<= 1) {
		for (int i = 0; i < info->nConstraint; i++) {
			if (plan_of(&info->aConstraint[i]) != wanted)
				continue;
			/* not omitted: SQLite checks each row once more */
			info->aConstraintUsage[i].argvIndex = ++arguments;
			info->idxNum |= (int)wanted;
			break;
		}
	}
	info->estimatedCost = info->idxNum & PLAN_LANE ? 9e5 : 1e6;
	info->estimatedRows = info->idxNum & PLAN_LANE ? 1000 : 1000000;
	if (info->idxNum & (PLAN_FROM | PLAN_TO)) {
		info->estimatedCost /= 2;
		info->estimatedRows /= 2;
	}
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret_cursor)
{
	struct event_cursor *cursor = calloc(1, sizeof(*cursor));

	if (!cursor)
		return SQLITE_NOMEM;
	cursor->source = ((struct event_vtab *)vtab)->source;
	cursor->fd = -1;
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static void end_reading(struct event_cursor *cursor)
{
	stream_close(cursor->stream);
	cursor->stream = NULL;
	if (cursor->fd >= 0)
		close(cursor->fd);
	cursor->fd = -1;
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct event_cursor *cursor = (struct event_cursor *)base;

	end_reading(cursor);
	rebind_free(&cursor->rebind);
	free(cursor);
	return SQLITE_OK;
}

static int look_at_chunk(void *context, struct nst_reader *reader, const struct nst_chunk *chunk)
{
	struct event_cursor *cursor = context;
	size_t n;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	uint32_t trace;

	if (chunk->type != NST_CHUNK_EVENTS || chunk->last_ns > INT64_MAX ||
	    (int64_t)chunk->last_ns < cursor->from_ns || (int64_t)chunk->first_ns > cursor->to_ns)
		return 0;
	/* a trace that another input had before is that input's */
	if (!dims_find_trace(cursor->source->dims, traces[chunk->trace].header.uuid, &trace) ||
	    trace < cursor->source->first_trace)
		return 0;
	/* a recording that goes on has more by now than what was summed */
	return chunk->first_ordinal + chunk->n_events <=
	       cursor->source->dims->traces[trace].end_ordinal;
}

/* The ids of the chunk's lanes. */
static int attach_lanes(void *context, struct nst_reader *reader, const struct nst_chunk *chunk,
			const struct nst_dictionaries *dictionaries, struct nst_events *events,
			void **ret_attached)
{
	struct event_cursor *cursor = context;
	const struct event_source *source = cursor->source;
	size_t n, n_allocated = 0;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	const uint8_t *uuid = traces[chunk->trace].header.uuid;
	struct charging charging = charging_of(source->foretelling, uuid, source->view);
	uint32_t trace, *lanes = NULL;
	int err;

	if (!dims_find_trace(source->dims, uuid, &trace))
		return -EINVAL;
	err = rebind_map(&cursor->rebind, &charging, source->dims, trace, dictionaries, events,
			 &lanes, &n_allocated, &n);
	if (err) {
		free(lanes);
		return err;
	}
	*ret_attached = lanes;
	return 0;
}

static int64_t event_lane_id(const struct event_cursor *cursor)
{
	const uint32_t *lanes = cursor->event.attached;

	return LANE_ID(cursor->source->dims, lanes[cursor->event.lane]);
}

static int next_event(sqlite3_vtab_cursor *base)
{
	struct event_cursor *cursor = (struct event_cursor *)base;
	int more;

	do {
		more = stream_next(cursor->stream, &cursor->event);
	} while (more > 0 && cursor->has_lane && event_lane_id(cursor) != cursor->lane_id);
	cursor->rowid++;
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
	static const struct stream_ops ops = { .chunk = look_at_chunk, .attach = attach_lanes };
	struct event_cursor *cursor = (struct event_cursor *)base;
	int i = 0;

	(void)unused;
	(void)argc;
	end_reading(cursor);
	cursor->rowid = 0;
	/* A bound that is no integer only prunes nothing: SQLite checks it anyway. */
	cursor->from_ns = INT64_MIN;
	cursor->to_ns = INT64_MAX;
	cursor->has_lane = false;
	if (plan & PLAN_FROM && sqlite3_value_type(argv[i++]) == SQLITE_INTEGER)
		cursor->from_ns = sqlite3_value_int64(argv[i - 1]);
	if (plan & PLAN_TO && sqlite3_value_type(argv[i++]) == SQLITE_INTEGER)
		cursor->to_ns = sqlite3_value_int64(argv[i - 1]);
	if (plan & PLAN_LANE && sqlite3_value_type(argv[i++]) == SQLITE_INTEGER) {
		cursor->has_lane = true;
		cursor->lane_id = sqlite3_value_int64(argv[i - 1]);
	}
	if (input_reopen(cursor->source->input, &cursor->fd))
		return SQLITE_CANTOPEN;
	if (stream_open(cursor->fd, &ops, cursor, &cursor->stream))
		return SQLITE_NOMEM;
	return next_event(base);
}

static int at_end(sqlite3_vtab_cursor *base)
{
	return ((struct event_cursor *)base)->is_at_end;
}

static void result_or_null(sqlite3_context *context, int has, int64_t value)
{
	if (has)
		sqlite3_result_int64(context, value);
	else
		sqlite3_result_null(context);
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
	const struct event_cursor *cursor = (struct event_cursor *)base;
	const struct stream_event *event = &cursor->event;

	switch (number) {
	case TIMESTAMP:
		sqlite3_result_int64(context, (int64_t)event->timestamp);
		break;
	case LANE_ID_COLUMN:
		sqlite3_result_int64(context, event_lane_id(cursor));
		break;
	case BYTES:
		sqlite3_result_int64(context, event->bytes);
		break;
	case SEGMENTS:
		result_or_null(context, event->has & NST_HAS_SEGMENTS, event->segments);
		break;
	case HEADER_BYTES:
		result_or_null(context, event->has & NST_HAS_HEADER_BYTES, event->header_bytes);
		break;
	case TCP_FLAGS:
		result_or_null(context, event->has & NST_HAS_TCP_FLAGS, event->tcp_flags);
		break;
	case TID:
		result_or_null(context, event->has & NST_HAS_TID, event->tid);
		break;
	default:
		sqlite3_result_int64(context, event->flags);
	}
	return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
	*ret_rowid = ((struct event_cursor *)base)->rowid;
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
	.xNext = next_event,
	.xEof = at_end,
	.xColumn = column,
	.xRowid = rowid,
};

int event_table_create(sqlite3 *db, const char *name, struct event_source *source)
{
	char *sql = sqlite3_mprintf("CREATE VIRTUAL TABLE %s USING netsnoop_event", name);
	int err;

	if (!sql)
		return -ENOMEM;
	err = sqlite3_create_module(db, "netsnoop_event", &module, source) == SQLITE_OK
		      ? db_run(db, sql)
		      : db_error(db, "virtual table");
	sqlite3_free(sql);
	return err;
}
