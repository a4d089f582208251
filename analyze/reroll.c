/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/reroll.h"

#include "analyze/collect.h"
#include "analyze/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 16384

static const char *const copied[] = {
	"boot",		 "trace",
	"lost",		 "environment",
	"interface",	 "netns",
	"cgroup",	 "counter",
	"clock_sample",	 "throughput",
	"process",	 "protocol",
	"conversation",	 "flow",
	"lane",		 "member",
	"consumer",	 "group_key",
	"process_event", "loss_interval",
	"detail_change", "interface_counter",
	"sum",
};

struct batch { /* events of one trace, as columns */
	uint64_t timestamp[BATCH];
	uint32_t lane[BATCH], bytes[BATCH], segments[BATCH];
	uint16_t has[BATCH], header_bytes[BATCH];
};

static int copy_rows(sqlite3_stmt *from, sqlite3_stmt *to)
{
	int code, n = sqlite3_column_count(from);

	while ((code = sqlite3_step(from)) == SQLITE_ROW) {
		for (int i = 0; i < n; i++)
			sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
		if (sqlite3_step(to) != SQLITE_DONE)
			return db_error(sqlite3_db_handle(to), "copying");
		sqlite3_reset(to);
	}
	return code == SQLITE_DONE ? 0 : db_error(sqlite3_db_handle(from), "copying");
}

static int copy_table(sqlite3 *db, sqlite3 *source, const char *table)
{
	sqlite3_stmt *from = NULL, *to = NULL;
	sqlite3_str *text = sqlite3_str_new(db);
	char *sql = sqlite3_mprintf("SELECT * FROM %s", table), *insert;
	int err = sql ? db_prepare(source, sql, &from) : -ENOMEM;

	sqlite3_str_appendf(text, "INSERT INTO %s VALUES (?", table);
	for (int i = 1; !err && i < sqlite3_column_count(from); i++)
		sqlite3_str_appendall(text, ", ?");
	sqlite3_str_appendall(text, ")");
	insert = sqlite3_str_finish(text);
	if (!err)
		err = insert ? db_prepare(db, insert, &to) : -ENOMEM;
	if (!err)
		err = copy_rows(from, to);
	sqlite3_free(sql);
	sqlite3_free(insert);
	sqlite3_finalize(from);
	sqlite3_finalize(to);
	return err;
}

/* Traces of the copy, with their clocks; ids count up from 1, as load gave them. */
static int read_traces(struct collector *collector)
{
	struct dimensions *dims = &collector->dims;
	sqlite3_stmt *row = NULL;
	int err =
		db_prepare(collector->db,
			   "SELECT trace_id, start_ns, end_ns FROM trace ORDER BY trace_id", &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		struct nst_header header = { 0 };
		uint32_t number;

		err = db_keep(row) ?: dims_add_trace(dims, &header, &number);
		if (!err)
			err = array_reserve(&collector->traces, &collector->n_traces_allocated,
					    dims->n_traces, sizeof(*collector->traces));
		if (err)
			break;
		collector->traces[number].header.start_ns = (uint64_t)sqlite3_column_int64(row, 1);
		collector->traces[number].summary.end_ns = (uint64_t)sqlite3_column_int64(row, 2);
		if (sqlite3_column_int64(row, 0) != TRACE_ID(dims, number))
			err = -EUCLEAN;
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(collector->db, "reading traces");
	return err;
}

static int read_clocks(struct collector *collector)
{
	struct dimensions *dims = &collector->dims;
	sqlite3_stmt *row = NULL;
	int err = db_prepare(collector->db,
			     "SELECT trace_id, clock_ns, realtime_ns FROM clock_sample "
			     "ORDER BY trace_id, clock_ns",
			     &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		int64_t number = sqlite3_column_int64(row, 0) - dims->first_trace_id;

		if (number < 0 || number >= (int64_t)dims->n_traces)
			err = -EUCLEAN;
		else
			err = db_keep(row)
				      ?: timeline_add(&dims->traces[number].timeline,
						      (uint64_t)sqlite3_column_int64(row, 1),
						      (uint64_t)sqlite3_column_int64(row, 2));
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(collector->db, "reading clocks");
	return err;
}

/* Lanes with what the roll-up needs of them; the flow's number only tells them apart. */
static int read_lanes(struct collector *collector)
{
	struct dimensions *dims = &collector->dims;
	sqlite3_stmt *row = NULL;
	int err = db_prepare(collector->db,
			     "SELECT lane_id, trace_id, process_id, protocol_id, conversation_id, "
			     "is_send, link_header_bytes FROM lane ORDER BY lane_id",
			     &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		struct lane_key key;
		uint32_t number;
		bool is_new;

		memset(&key, 0, sizeof(key));
		key.flow = dims->lanes.n;
		key.trace = (uint32_t)(sqlite3_column_int64(row, 1) - dims->first_trace_id);
		key.process = (uint32_t)sqlite3_column_int64(row, 2);
		key.protocol = (uint32_t)sqlite3_column_int64(row, 3) - 1;
		key.conversation = (uint32_t)sqlite3_column_int64(row, 4) - 1;
		key.is_send = sqlite3_column_int(row, 5) != 0;
		if (sqlite3_column_type(row, 6) != SQLITE_NULL) {
			key.has = NST_HAS_LINK_HEADER;
			key.link_header_bytes = (uint8_t)sqlite3_column_int(row, 6);
		}
		err = db_keep(row) ?: intern_get(&dims->lanes, &key, sizeof(key), &number, &is_new);
		if (!err && (sqlite3_column_int64(row, 0) != LANE_ID(dims, number) ||
			     key.trace >= dims->n_traces))
			err = -EUCLEAN;
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(collector->db, "reading lanes");
	return err;
}

static void resolve_window(struct collector *collector)
{
	int64_t start_ns = INT64_MAX, end_ns = INT64_MIN;

	for (size_t i = 0; i < collector->dims.n_traces; i++) {
		const struct timeline *timeline = &collector->dims.traces[i].timeline;
		const struct collected *trace = &collector->traces[i];
		int64_t start = timeline_realtime(timeline, trace->header.start_ns);
		int64_t end = timeline_realtime(timeline, trace->summary.end_ns);

		start_ns = start < start_ns ? start : start_ns;
		end_ns = end > end_ns ? end : end_ns;
	}
	if (start_ns > end_ns)
		start_ns = end_ns = 0;
	collector->bounds = window_bounds(&collector->window, start_ns, end_ns);
	collector->has_bounds = true;
}

static int set_spans(struct collector *collector)
{
	int err = 0;

	for (uint32_t i = 0; i < collector->dims.n_traces && !err; i++) {
		struct collected *trace = &collector->traces[i];
		const struct timeline *timeline = &collector->dims.traces[i].timeline;

		collector_set_axis(collector, i, trace->header.start_ns);
		collector_set_span(collector, i, trace->summary.end_ns);
		err = db_insert_once(collector->db, "INSERT INTO span VALUES (?, ?, ?, ?, ?)",
				     "iiiii", TRACE_ID(&collector->dims, i),
				     (int64_t)trace->from_ns, (int64_t)trace->to_ns,
				     timeline_realtime(timeline, trace->from_ns),
				     timeline_realtime(timeline, trace->to_ns));
	}
	return err;
}

static void take_event(sqlite3_stmt *row, struct batch *batch, size_t i)
{
	batch->timestamp[i] = (uint64_t)sqlite3_column_int64(row, 0);
	batch->bytes[i] = (uint32_t)sqlite3_column_int64(row, 2);
	batch->segments[i] = (uint32_t)sqlite3_column_int64(row, 3);
	batch->header_bytes[i] = (uint16_t)sqlite3_column_int64(row, 4);
	batch->has[i] = (sqlite3_column_type(row, 3) == SQLITE_NULL ? 0 : NST_HAS_SEGMENTS) |
			(sqlite3_column_type(row, 4) == SQLITE_NULL ? 0 : NST_HAS_HEADER_BYTES);
}

/* Events of one trace; they are in order of time, as load put them in. */
static int add_batch(struct collector *collector, uint32_t trace, const struct batch *batch,
		     size_t n)
{
	const struct clock_bounds *bounds = &collector->traces[trace].bounds;
	struct nst_events events = { .n_events = n,
				     .timestamp = batch->timestamp,
				     .lane = batch->lane,
				     .bytes = batch->bytes,
				     .segments = batch->segments,
				     .has = batch->has,
				     .header_bytes = batch->header_bytes };
	size_t from = events_find(&events, 0, n, bounds->from_ns);
	size_t to = events_find(&events, from, n, bounds->to_ns);

	return rollup_add(&collector->rollup, &collector->dims, &collector->traces[trace].axis,
			  &events, from, to, collector->lanes, collector->dims.lanes.n);
}

static int add_events(struct collector *collector, sqlite3_stmt *row, struct batch *batch)
{
	struct dimensions *dims = &collector->dims;
	uint32_t trace = 0;
	size_t n = 0;
	int err = 0;

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		int64_t lane = sqlite3_column_int64(row, 1) - dims->first_lane_id;
		bool is_later =
			n && (uint64_t)sqlite3_column_int64(row, 0) < batch->timestamp[n - 1];

		if (lane < 0 || lane >= (int64_t)dims->lanes.n)
			return -EUCLEAN;
		if (n == BATCH || is_later || dims_lane(dims, (uint32_t)lane)->trace != trace) {
			err = n ? add_batch(collector, trace, batch, n) : 0;
			n = 0;
		}
		trace = dims_lane(dims, (uint32_t)lane)->trace;
		batch->lane[n] = (uint32_t)lane;
		take_event(row, batch, n++);
	}
	if (!err && n)
		err = add_batch(collector, trace, batch, n);
	return err;
}

static int read_events(struct collector *collector, sqlite3 *source)
{
	struct batch *batch = malloc(sizeof(*batch));
	uint32_t n_lanes = collector->dims.lanes.n;
	sqlite3_stmt *row = NULL;
	int err = array_reserve(&collector->lanes, &collector->n_lanes_allocated, n_lanes,
				sizeof(*collector->lanes));

	for (uint32_t i = 0; i < n_lanes && !err; i++)
		collector->lanes[i] = i;
	if (!err && !batch)
		err = -ENOMEM;
	if (!err)
		err = db_prepare(source,
				 "SELECT timestamp, lane_id, bytes, segments, header_bytes "
				 "FROM event ORDER BY rowid",
				 &row);
	if (!err)
		err = add_events(collector, row, batch);
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(source, "reading events");
	free(batch);
	return err;
}

static int add_total(struct collector *collector, sqlite3_stmt *row)
{
	struct dimensions *dims = &collector->dims;
	int64_t number = sqlite3_column_int64(row, 2) - dims->first_lane_id;
	const struct collected *trace;
	const struct lane_key *lane;
	struct nst_total total = { .from_ns = (uint64_t)sqlite3_column_int64(row, 0),
				   .to_ns = (uint64_t)sqlite3_column_int64(row, 1),
				   .events = (uint64_t)sqlite3_column_int64(row, 3),
				   .packets = (uint64_t)sqlite3_column_int64(row, 4),
				   .bytes = (uint64_t)sqlite3_column_int64(row, 5),
				   .payload_bytes = (uint64_t)sqlite3_column_int64(row, 6),
				   .wire_bytes = (uint64_t)sqlite3_column_int64(row, 7) };

	if (number < 0 || number >= (int64_t)dims->lanes.n)
		return -EUCLEAN;
	lane = dims_lane(dims, (uint32_t)number);
	trace = &collector->traces[lane->trace];
	total.link_header_bytes = lane->link_header_bytes;
	total.has = sqlite3_column_int(row, 8) ? NST_TOTAL_HAS_PROTOCOL : 0;
	return rollup_add_total(&collector->rollup, dims, &trace->axis, (uint32_t)number, &total,
				trace->bounds.from_ns, trace->bounds.to_ns);
}

static int read_totals(struct collector *collector, sqlite3 *source)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(source,
			     "SELECT from_ns, to_ns, lane_id, events, packets, bytes, "
			     "payload_bytes, wire_bytes, has_protocol FROM total ORDER BY rowid",
			     &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW)
		err = add_total(collector, row);
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(source, "reading totals");
	return err;
}

/* What was compared was so over the whole of the trace. */
static int copy_reconciliation(struct collector *collector, sqlite3 *source)
{
	int err = copy_table(collector->db, source, "reconciliation");

	if (err || !window_is_given(&collector->window))
		return err;
	return db_run(collector->db,
		      "UPDATE reconciliation SET reconciled = 0, interface_bytes = NULL, "
		      "lost_bytes = NULL, unexplained_bytes = NULL, from_ns = NULL, to_ns = NULL, "
		      "reason = 'a window was asked for'");
}

static int reroll(struct collector *collector, sqlite3 *source)
{
	int err = db_run(collector->db, "BEGIN");

	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]) && !err; i++)
		err = copy_table(collector->db, source, copied[i]);
	if (!err)
		err = read_traces(collector);
	if (!err)
		err = read_clocks(collector);
	if (!err)
		err = read_lanes(collector);
	if (!err)
		err = members_read(&collector->dims, collector->db);
	if (err)
		return err;
	resolve_window(collector);
	err = set_spans(collector);
	if (!err)
		err = read_events(collector, source);
	if (!err)
		err = read_totals(collector, source);
	if (!err)
		err = copy_reconciliation(collector, source);
	if (!err)
		err = store_sums(collector);
	return err ? err : db_run(collector->db, "COMMIT");
}

int reroll_database(sqlite3 *db, const char *path, uint64_t interval_ns, uint32_t max_rows,
		    struct window window, void (*done)(const struct rollup *rollup))
{
	struct rollup_settings settings = { interval_ns, max_rows, 0 };
	struct collector collector;
	sqlite3 *source = NULL;
	int64_t without_events = 0;
	int err = collector_init(&collector, db, settings, window);

	if (!err)
		err = db_open(path, false, &source);
	if (!err)
		err = db_integer(source, "SELECT count(*) FROM trace WHERE NOT has_events", 0,
				 &without_events);
	if (!err && without_events) {
		say("%s: loaded with --no-events: it has no events to look at a window or an "
		    "interval; report on the trace itself",
		    path);
		err = -ENOTSUP;
	}
	if (!err)
		err = reroll(&collector, source);
	if (err == -EUCLEAN)
		say("%s: the ids of its tables are not those that load gave them", path);
	else if (err == -ENOMEM)
		say("%s: out of memory", path);
	if (!err && done)
		done(&collector.rollup);
	sqlite3_close(source);
	collector_free(&collector);
	return err;
}
