/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/event_table.h"

#include "analyze/lane_choice.h"
#include "analyze/stream.h"

#include <errno.h>
#include <stdlib.h>

enum { /* columns, as in schema.sql */
	TIMESTAMP,
	LANE_ID_COLUMN,
	BYTES,
	SEGMENTS,
	HEADER_BYTES,
	TCP_FLAGS,
	TID,
	FLAGS,
	PID, /* these two are only here, to bound what is read, and named as nothing else is */
	FLOW,
};
#define DECLARATION                                                                \
	"CREATE TABLE event (timestamp INTEGER, lane_id INTEGER, bytes INTEGER, "  \
	"segments INTEGER, header_bytes INTEGER, tcp_flags INTEGER, tid INTEGER, " \
	"flags INTEGER, of_pid INTEGER HIDDEN, of_flow INTEGER HIDDEN)"

/* What best_index() tells filter(): which bounds there are, in this order. */
enum plan {
	PLAN_FROM = 1 << 0, /* timestamp >= or > or = argument */
	PLAN_TO = 1 << 1,   /* timestamp <= or < or = argument */
	PLAN_LANE = 1 << 2, /* lane_id = argument, and so the others */
	PLAN_PID = 1 << 3,
	PLAN_FLOW = 1 << 4,
	PLAN_OF_LANES = PLAN_LANE | PLAN_PID | PLAN_FLOW,
};

struct event_cursor {
	struct source_cursor base;
	struct stream *stream;
	struct stream_event event;
	int64_t from_ns, to_ns; /* closed */
	struct lane_choice choice;
};

static int connect_table(sqlite3 *db, void *source, int argc, const char *const *argv,
			 sqlite3_vtab **ret_vtab, char **ret_error)
{
	(void)argc;
	(void)argv;
	(void)ret_error;
	return source_table_connect(db, DECLARATION, source, ret_vtab);
}

static unsigned int plan_of(const struct sqlite3_index_constraint *constraint)
{
	if (!constraint->usable)
		return 0;
	switch (constraint->op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
	case SQLITE_INDEX_CONSTRAINT_IS:
		return constraint->iColumn == LANE_ID_COLUMN ? PLAN_LANE
		       : constraint->iColumn == PID	     ? PLAN_PID
		       : constraint->iColumn == FLOW	     ? PLAN_FLOW
							     : 0;
	case SQLITE_INDEX_CONSTRAINT_GT:
	case SQLITE_INDEX_CONSTRAINT_GE:
		return constraint->iColumn == TIMESTAMP ? PLAN_FROM : 0;
	case SQLITE_INDEX_CONSTRAINT_LT:
	case SQLITE_INDEX_CONSTRAINT_LE:
		return constraint->iColumn == TIMESTAMP ? PLAN_TO : 0;
	default:
		return 0;
	}
}

/* Of IN: SQLite would look once for each value, and think that it costs no more than one. */
static bool is_one_of_many(sqlite3_index_info *info, int constraint)
{
#if SQLITE_VERSION_NUMBER >= 3038000
	return sqlite3_vtab_in(info, constraint, -1);
#else
	(void)info;
	(void)constraint;
	return false;
#endif
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
	for (unsigned int wanted = PLAN_FROM; wanted <= PLAN_FLOW; wanted <<= 1) {
		for (int i = 0; i < info->nConstraint; i++) {
			if (plan_of(&info->aConstraint[i]) != wanted || is_one_of_many(info, i))
				continue;
			/* not omitted: SQLite checks each row once more */
			info->aConstraintUsage[i].argvIndex = ++arguments;
			info->idxNum |= (int)wanted;
			break;
		}
	}
	info->estimatedCost = info->idxNum & PLAN_OF_LANES ? 9e5 : 1e6;
	info->estimatedRows = info->idxNum & PLAN_OF_LANES ? 1000 : 1000000;
	if (info->idxNum & (PLAN_FROM | PLAN_TO)) {
		info->estimatedCost /= 2;
		info->estimatedRows /= 2;
	}
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret_cursor)
{
	return source_cursor_open(vtab, sizeof(struct event_cursor), ret_cursor);
}

static void end_reading(struct event_cursor *cursor)
{
	stream_close(cursor->stream);
	cursor->stream = NULL;
	source_cursor_end(&cursor->base);
}

static int close_cursor(sqlite3_vtab_cursor *base)
{
	struct event_cursor *cursor = (struct event_cursor *)base;

	end_reading(cursor);
	lane_choice_free(&cursor->choice);
	rebind_free(&cursor->base.rebind);
	free(cursor);
	return SQLITE_OK;
}

/* 1, or 0 if the chunk has none of the flows that are wanted. Damage is found behind this. */
static int look_at_flows(struct event_cursor *cursor, struct nst_reader *reader, uint32_t trace)
{
	const struct nst_dictionaries *dictionaries;
	bool any = true;
	int err = 0;

	if (cursor->choice.is_bounded && !nst_reader_dictionaries(reader, &dictionaries))
		err = lane_choice_look(&cursor->choice, cursor->base.source->dims, trace,
				       dictionaries, &any);
	return err ? err : any;
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
	if (!source_find_trace(cursor->base.source, traces[chunk->trace].header.uuid, &trace))
		return 0;
	/* a recording that goes on has more by now than what was summed */
	if (chunk->first_ordinal + chunk->n_events >
	    cursor->base.source->dims->traces[trace].end_ordinal)
		return 0;
	return look_at_flows(cursor, reader, trace);
}

/* The ids of the chunk's lanes. */
static int attach_lanes(void *context, struct nst_reader *reader, const struct nst_chunk *chunk,
			const struct nst_dictionaries *dictionaries, struct nst_events *events,
			void **ret_attached)
{
	struct event_cursor *cursor = context;
	const struct trace_source *source = cursor->base.source;
	size_t n, n_allocated = 0;
	const struct nst_trace *traces = nst_reader_traces(reader, &n);
	const uint8_t *uuid = traces[chunk->trace].header.uuid;
	struct charging charging = charging_of(source->foretelling, uuid, source->view);
	uint32_t trace, *lanes = NULL;
	int err;

	if (!dims_find_trace(source->dims, uuid, &trace))
		return -EINVAL;
	err = rebind_map(&cursor->base.rebind, &charging, source->dims, trace, dictionaries, events,
			 &lanes, &n_allocated, &n);
	if (err) {
		free(lanes);
		return err;
	}
	*ret_attached = lanes;
	return 0;
}

/* The number of its lane in dims. */
static uint32_t event_lane(const struct event_cursor *cursor)
{
	const uint32_t *lanes = cursor->event.attached;

	return lanes[cursor->event.lane];
}

static int next_event(sqlite3_vtab_cursor *base)
{
	struct event_cursor *cursor = (struct event_cursor *)base;
	int more;

	do {
		more = stream_next(cursor->stream, &cursor->event);
	} while (more > 0 && !lane_is_chosen(&cursor->choice, event_lane(cursor)));
	return source_cursor_moved(&cursor->base, more);
}

/* A bound that is no integer only prunes nothing: SQLite checks it anyway. */
static bool take_bound(int plan, enum plan wanted, sqlite3_value ***argv, int64_t *ret_bound)
{
	sqlite3_value *value;

	if (!(plan & (int)wanted))
		return false;
	value = *(*argv)++;
	if (sqlite3_value_type(value) != SQLITE_INTEGER)
		return false;
	*ret_bound = sqlite3_value_int64(value);
	return true;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *unused, int argc,
		  sqlite3_value **argv)
{
	static const struct stream_ops ops = { .chunk = look_at_chunk, .attach = attach_lanes };
	struct event_cursor *cursor = (struct event_cursor *)base;
	struct lane_bounds bounds = { 0 };
	int code;

	(void)unused;
	(void)argc;
	end_reading(cursor);
	cursor->from_ns = INT64_MIN;
	cursor->to_ns = INT64_MAX;
	take_bound(plan, PLAN_FROM, &argv, &cursor->from_ns);
	take_bound(plan, PLAN_TO, &argv, &cursor->to_ns);
	bounds.has_lane = take_bound(plan, PLAN_LANE, &argv, &bounds.lane_id);
	bounds.has_pid = take_bound(plan, PLAN_PID, &argv, &bounds.pid);
	bounds.has_flow = take_bound(plan, PLAN_FLOW, &argv, &bounds.flow);
	if (lane_choice_make(&cursor->choice, cursor->base.source->dims, &bounds))
		return SQLITE_NOMEM;
	code = source_cursor_begin(&cursor->base);
	if (code != SQLITE_OK)
		return code;
	if (stream_open(cursor->base.fd, &ops, cursor, &cursor->stream))
		return SQLITE_NOMEM;
	return next_event(base);
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
	const struct dimensions *dims = cursor->base.source->dims;
	const struct stream_event *event = &cursor->event;
	int64_t value = 0;
	bool has;

	switch (number) {
	case TIMESTAMP:
		sqlite3_result_int64(context, (int64_t)event->timestamp);
		break;
	case LANE_ID_COLUMN:
		sqlite3_result_int64(context, LANE_ID(dims, event_lane(cursor)));
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
	case PID:
		has = lane_pid(dims, event_lane(cursor), &value);
		result_or_null(context, has, value);
		break;
	case FLOW:
		has = lane_flow(dims, event_lane(cursor), &value);
		result_or_null(context, has, value);
		break;
	default:
		sqlite3_result_int64(context, event->flags);
	}
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
	.xNext = next_event,
	.xEof = source_table_at_end,
	.xColumn = column,
	.xRowid = source_table_rowid,
};

int event_table_create(sqlite3 *db, const char *name, struct trace_source *source)
{
	return source_table_create(db, name, "netsnoop_event", &module, source);
}
