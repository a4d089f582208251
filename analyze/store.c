/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"

#include "analyze/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int store_trace(struct collector *collector, uint32_t number)
{
	const struct collected *trace = &collector->traces[number];
	const struct dims_trace *dims = &collector->dims.traces[number];
	const struct nst_trace *summary = &trace->summary;
	const struct nst_header *header = &trace->header;
	char uuid[TEXT_UUID_MAX], writer[TEXT_MAX(sizeof(header->writer))];
	int64_t id = TRACE_ID(&collector->dims, number);
	uint64_t start_ns = trace->axis.start_ns;
	int err;

	text_from_bytes(header->writer, strnlen(header->writer, sizeof(header->writer)), writer);
	err = db_insert_once(
		collector->db,
		"INSERT INTO trace VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"issisiiiiiiiiiiiiisiis", id, trace->file, text_uuid(header->uuid, uuid),
		BOOT_ID(dims->boot),
		header->clock == NST_CLOCK_BOOTTIME    ? "boottime"
		: header->clock == NST_CLOCK_MONOTONIC ? "monotonic"
						       : NULL,
		(int64_t)start_ns, (int64_t)summary->end_ns,
		timeline_realtime(&dims->timeline, start_ns),
		timeline_realtime(&dims->timeline, summary->end_ns), (int64_t)summary->has_end,
		(int64_t)trace->complete, (int64_t)summary->events,
		(int64_t)summary->missing_events, (int64_t)summary->chunks,
		(int64_t)summary->missing_chunks, (int64_t)summary->damaged_chunks,
		(int64_t)summary->compressed_bytes, (int64_t)summary->raw_bytes,
		*writer ? writer : NULL, (int64_t)header->major, (int64_t)header->minor,
		owner_view_name(collector->view));
	if (err)
		return err;
	return db_insert_once(collector->db, "INSERT INTO span VALUES (?, ?, ?, ?, ?)", "iiiii", id,
			      (int64_t)trace->from_ns, (int64_t)trace->to_ns,
			      timeline_realtime(&dims->timeline, trace->from_ns),
			      timeline_realtime(&dims->timeline, trace->to_ns));
}

static int store_trace_tables(struct collector *collector, uint32_t number)
{
	const struct timeline *timeline = &collector->dims.traces[number].timeline;
	const struct nst_trace *summary = &collector->traces[number].summary;
	int64_t id = TRACE_ID(&collector->dims, number);
	sqlite3_stmt *statement = NULL;
	int err =
		db_prepare(collector->db, "INSERT INTO clock_sample VALUES (?, ?, ?)", &statement);

	for (size_t i = 0; i < timeline->n && !err; i++)
		err = db_insert(statement, "iii", id, (int64_t)timeline->samples[i].clock_ns,
				(int64_t)timeline->samples[i].realtime_ns);
	sqlite3_finalize(statement);
	for (unsigned int cause = 0; cause < NST_LOSS_SLOTS && !err; cause++) {
		const char *name = nst_loss_name(cause);
		char number_name[24];

		if (!summary->lost[cause])
			continue;
		snprintf(number_name, sizeof(number_name), "cause_%u", cause);
		err = db_insert_once(collector->db, "INSERT INTO lost VALUES (?, ?, ?)", "isi", id,
				     name ? name : number_name, (int64_t)summary->lost[cause]);
	}
	return err;
}

static int store_usage(struct collector *collector)
{
	const struct rollup *rollup = &collector->rollup;
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(collector->db,
			     "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			     &statement);

	for (uint32_t i = 0; i < rollup->usage_keys.n && !err; i++) {
		const struct rollup_key *key = rollup_usage_key(rollup, i);
		const struct lane_key *lane = dims_lane(&collector->dims, key->id);
		const struct timeline *timeline = &collector->dims.traces[lane->trace].timeline;
		const struct sums *sums = &rollup->usage[i];
		uint64_t wire_bytes = sums->wire_bytes;
		bool has_wire = sums->wire_packets && lane->has & NST_HAS_LINK_HEADER;

		wire_bytes += sums->wire_packets * lane->link_header_bytes;
		err = db_insert(statement, "iiiii??iiii", key->period,
				LANE_ID(&collector->dims, key->id), (int64_t)sums->events,
				(int64_t)sums->packets, (int64_t)sums->bytes,
				sums->payload_events != 0, (int64_t)sums->payload_bytes, has_wire,
				(int64_t)wire_bytes, timeline_realtime(timeline, sums->first_ns),
				timeline_realtime(timeline, sums->last_ns),
				(int64_t)sums->total_events, (int64_t)sums->total_bytes);
	}
	sqlite3_finalize(statement);
	return err;
}

static int store_peaks(struct collector *collector)
{
	const struct rollup *rollup = &collector->rollup;
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(collector->db,
			     "INSERT INTO peak VALUES (?, ?, ?, ?, ?) "
			     "ON CONFLICT DO UPDATE SET "
			     "send_bytes = max(send_bytes, excluded.send_bytes), "
			     "recv_bytes = max(recv_bytes, excluded.recv_bytes)",
			     &statement);

	for (uint32_t i = 0; i < rollup->peak_keys.n && !err; i++) {
		const struct rollup_key *key = rollup_peak_key(rollup, i);
		const struct peak *peak = &rollup->peaks[i];

		err = db_insert(statement, "siiii", grouping_specs[key->grouping].keyword,
				grouping_id(key->grouping, key->id), key->period,
				(int64_t)peak->highest[true], (int64_t)peak->highest[false]);
	}
	sqlite3_finalize(statement);
	return err;
}

/* Processes are known by their last names: those of their latest events. */
static int name_processes(struct collector *collector)
{
	const struct rollup *rollup = &collector->rollup;
	int err = 0;

	for (uint32_t i = 0; i < rollup->usage_keys.n && !err; i++) {
		const struct lane_key *lane =
			dims_lane(&collector->dims, rollup_usage_key(rollup, i)->id);

		if (lane->has & NST_HAS_OWNER)
			err = dims_name_process(&collector->dims, lane->process, lane->name,
						rollup->usage[i].last_ns);
	}
	return err;
}

static int store_periods(struct collector *collector)
{
	const struct rollup *rollup = &collector->rollup;
	if (!rollup->interval_ns)
		return periods_store_whole(collector->db);
	return periods_store(collector->db, rollup, collector->origin_realtime_ns);
}

int store_sums(struct collector *collector)
{
	int err = store_usage(collector);

	if (!err)
		err = store_peaks(collector);
	return err ? err : store_periods(collector);
}

/* True if the trace's environment has such a setting that is not empty. */
static int has_setting(sqlite3 *db, int64_t trace_id, const char *key, bool *ret_has)
{
	char *sql = sqlite3_mprintf("SELECT count(*) FROM environment WHERE trace_id = %lld "
				    "AND key = %Q AND value <> ''",
				    trace_id, key);
	int64_t n = 0;
	int err = sql ? db_integer(db, sql, 0, &n) : -ENOMEM;

	sqlite3_free(sql);
	if (!err)
		*ret_has = n != 0;
	return err;
}

/* What keeps all devices of a trace from being compared with what it tells. */
static const char *reconcile_reason(const struct collector *collector, uint32_t number,
				    bool is_filtered, bool has_totals)
{
	const struct nst_trace *summary = &collector->traces[number].summary;
	bool is_ring_full = summary->lost[NST_LOST_RING_FULL] != 0, is_lost = false;

	/* totals make up for what the kernel had no room for, and for nothing else */
	for (unsigned int cause = 0; cause < NST_LOSS_SLOTS; cause++)
		is_lost = is_lost || (cause != NST_LOST_OWNER_RING && cause != NST_LOST_RING_FULL &&
				      summary->lost[cause]);
	if (window_is_given(&collector->window))
		return "a window was asked for";
	if (is_filtered)
		return "filtered";
	if (summary->missing_chunks || summary->damaged_chunks || summary->lost[NST_LOST_DAMAGE])
		return "parts of the trace are missing";
	if (is_lost || (is_ring_full && !has_totals))
		return "events were lost without totals";
	if (is_ring_full && !summary->has_end)
		return "the trace is cut where totals of lost events may be missing";
	return NULL;
}

static int trace_state(const struct collector *collector, uint32_t number,
		       struct reconcile_trace *ret_state)
{
	const struct collected *trace = &collector->traces[number];
	int64_t id = TRACE_ID(&collector->dims, number);
	struct reconcile_trace state = { .is_cut = !trace->summary.has_end };
	bool is_filtered = false, has_totals = false;
	int err = has_setting(collector->db, id, "filters", &is_filtered);

	if (!err)
		err = has_setting(collector->db, id, "interval_ns", &has_totals);
	if (err)
		return err;
	state.reason = reconcile_reason(collector, number, is_filtered, has_totals);
	state.last_ns = trace->summary.last_ns > trace->totals_end_ns ? trace->summary.last_ns
								      : trace->totals_end_ns;
	*ret_state = state;
	return 0;
}

static int store_reconciliation(struct collector *collector)
{
	size_t n = collector->dims.n_traces;
	struct reconcile_trace *states = calloc(n + 1, sizeof(*states));
	int err = states ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < n && !err; i++)
		err = trace_state(collector, i, &states[i]);
	if (!err)
		err = reconcile_store(&collector->reconcile, collector->db, &collector->dims,
				      &collector->rollup, states);
	free(states);
	return err;
}

/* What is known of the traces, whatever their events are summed by. */
static int store_traces(struct collector *collector)
{
	int err = name_processes(collector);

	for (uint32_t i = 0; i < collector->dims.n_traces && !err; i++) {
		err = store_trace(collector, i);
		if (!err)
			err = store_trace_tables(collector, i);
	}
	return err ? err : store_reconciliation(collector);
}

int collector_store(struct collector *collector)
{
	int err = store_traces(collector);

	if (!err)
		err = store_dimensions(collector->db, &collector->dims);
	if (!err)
		err = members_store(&collector->dims, collector->db);
	return err ? err : store_sums(collector);
}

/* What the lines above a report tell apart. */
struct heading_key {
	uint32_t trace;
	uint8_t owner_source, is_send, is_loopback, counts_elsewhere;
};

static int store_heading_row(const struct collector *collector, int64_t id,
			     const struct heading_key *key, const struct sums *sums,
			     sqlite3_stmt *lane, sqlite3_stmt *usage)
{
	int err = db_insert(lane, "iiiiii", id, TRACE_ID(&collector->dims, key->trace),
			    (int64_t)key->owner_source, (int64_t)key->is_send,
			    (int64_t)key->is_loopback, (int64_t)key->counts_elsewhere);

	return err ? err
		   : db_insert(usage, "iiiiii", id, (int64_t)sums->events, (int64_t)sums->packets,
			       (int64_t)sums->bytes, (int64_t)sums->total_events,
			       (int64_t)sums->total_bytes);
}

static int store_heading_rows(struct collector *collector, const struct intern *keys,
			      const struct sums *sums)
{
	sqlite3_stmt *lane = NULL, *usage = NULL;
	int err = db_prepare(collector->db,
			     "INSERT INTO lane VALUES (?, ?, 0, 0, 0, 0, NULL, ?, ?, NULL, NULL, "
			     "NULL, NULL, NULL, 0, 0, ?, ?)",
			     &lane);

	if (!err)
		err = db_prepare(collector->db,
				 "INSERT INTO usage VALUES (0, ?, ?, ?, ?, NULL, NULL, 0, 0, ?, ?)",
				 &usage);
	for (uint32_t i = 0; i < keys->n && !err; i++)
		err = store_heading_row(collector, i + 1, intern_key(keys, i), &sums[i], lane,
					usage);
	sqlite3_finalize(lane);
	sqlite3_finalize(usage);
	return err;
}

/* Lanes that the heading does not tell apart are one. */
static int store_heading(struct collector *collector)
{
	const struct rollup *rollup = &collector->rollup;
	struct intern keys = { 0 };
	struct sums *sums = NULL;
	size_t n_allocated = 0;
	int err = 0;

	for (uint32_t i = 0; i < rollup->usage_keys.n && !err; i++) {
		const struct lane_key *lane =
			dims_lane(&collector->dims, rollup_usage_key(rollup, i)->id);
		const struct heading_key key = { .trace = lane->trace,
						 .owner_source = lane->owner_source,
						 .is_send = lane->is_send,
						 .is_loopback = !!(lane->flags & NST_FLAG_LOOPBACK),
						 .counts_elsewhere = lane->counts_elsewhere };
		uint32_t number;
		bool is_new;

		err = intern_get(&keys, &key, sizeof(key), &number, &is_new);
		if (!err)
			err = array_reserve(&sums, &n_allocated, (size_t)number + 1, sizeof(*sums));
		if (!err)
			sums_merge(&sums[number], &rollup->usage[i]);
	}
	if (!err)
		err = store_heading_rows(collector, &keys, sums);
	intern_free(&keys);
	free(sums);
	return err;
}

int collector_store_report(struct collector *collector)
{
	int err = store_traces(collector);

	if (!err)
		err = store_names(collector->db, &collector->dims);
	if (!err)
		err = group_keys_store(&collector->dims, collector->db);
	if (!err)
		err = store_heading(collector);
	return err ? err : store_periods(collector);
}
