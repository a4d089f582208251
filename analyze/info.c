/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/info.h"

#include "analyze/database.h"
#include "analyze/output.h"
#include "analyze/timeline.h"
#include "common/units.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct {
	uint16_t type;
	const char *name;
} types[INFO_TYPES] = {
	{ NST_CHUNK_EVENTS, "events" },
	{ NST_CHUNK_ENVIRONMENT, "environment" },
	{ NST_CHUNK_PROCESSES, "processes" },
	{ NST_CHUNK_OWNERS, "owners" },
	{ NST_CHUNK_TOTALS, "totals" },
	{ NST_CHUNK_INTERFACE_COUNTERS, "interface counters" },
	{ NST_CHUNK_COMMENT, "comment" },
	{ NST_CHUNK_END, "end" },
	{ 0, "unknown" },
};
#define UNKNOWN_TYPE (INFO_TYPES - 1)

void info_count(struct info_counts *counts, const struct nst_chunk *chunk)
{
	size_t i = 0;

	while (i < UNKNOWN_TYPE && types[i].type != chunk->type)
		i++;
	counts->chunks[i]++;
	counts->bytes[i] += (uint64_t)chunk->dictionaries_bytes + chunk->columns_bytes;
	counts->raw_bytes[i] += (uint64_t)chunk->dictionaries_raw_bytes + chunk->columns_raw_bytes;
	counts->events += chunk->n_events;
}

static void put_text(FILE *out, sqlite3_stmt *row, int column)
{
	const char *value = (const char *)sqlite3_column_text(row, column);
	char *text = value ? table_text(value, (size_t)sqlite3_column_bytes(row, column)) : NULL;

	fputs(text ? text : "(unknown)", out);
	free(text);
}

static void print_time(FILE *out, const char *label, sqlite3_stmt *row, int column, bool utc)
{
	char text[TIME_TEXT_MAX];

	fprintf(out, "%-14s%s%s (%" PRId64 " ns)\n", label,
		time_format(sqlite3_column_int64(row, column), utc, 9, text), utc ? " UTC" : "",
		(int64_t)sqlite3_column_int64(row, column + 1));
}

static void print_label(FILE *out, const char *label, sqlite3_stmt *row, int column)
{
	fprintf(out, "%-14s", label);
	put_text(out, row, column);
	fputc('\n', out);
}

static int print_headers(FILE *out, sqlite3 *db, bool utc)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(db,
			     "SELECT file, t.uuid, b.uuid, host, kernel, writer, "
			     "format_major || '.' || format_minor, clock, start_realtime_ns, "
			     "start_ns, end_realtime_ns, end_ns, has_end, complete, events, "
			     "missing_events, missing_chunks, damaged_chunks "
			     "FROM trace t JOIN boot b USING (boot_id) ORDER BY trace_id",
			     &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		static const char *const labels[] = { "file",	"uuid",	  "boot",   "host",
						      "kernel", "writer", "format", "clock" };

		for (int i = 0; i < 8; i++)
			print_label(out, labels[i], row, i);
		print_time(out, "start", row, 8, utc);
		print_time(out, sqlite3_column_int(row, 12) ? "end" : "last event", row, 10, utc);
		fprintf(out, "%-14s%s\n", "state",
			sqlite3_column_int(row, 13)   ? "complete"
			: sqlite3_column_int(row, 12) ? "damaged"
						      : "cut: it has no END chunk");
		fprintf(out,
			"%-14s%" PRId64 " (%" PRId64 " missing, in %" PRId64 " missing and %" PRId64
			" damaged chunks)\n\n",
			"events", (int64_t)sqlite3_column_int64(row, 14),
			(int64_t)sqlite3_column_int64(row, 15),
			(int64_t)sqlite3_column_int64(row, 16),
			(int64_t)sqlite3_column_int64(row, 17));
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "info");
	return err;
}

static void print_chunks(FILE *out, const struct info_counts *counts)
{
	uint64_t bytes = 0, raw_bytes = 0;

	fprintf(out, "%-20s %10s %14s %14s\n", "chunks", "number", "bytes", "uncompressed");
	for (size_t i = 0; i < INFO_TYPES; i++) {
		if (!counts->chunks[i])
			continue;
		bytes += counts->bytes[i];
		raw_bytes += counts->raw_bytes[i];
		fprintf(out, "  %-18s %10" PRIu64 " %14" PRIu64 " %14" PRIu64 "\n", types[i].name,
			counts->chunks[i], counts->bytes[i], counts->raw_bytes[i]);
	}
	if (bytes)
		fprintf(out, "compression   %.2f : 1\n", (double)raw_bytes / (double)bytes);
	if (counts->events)
		fprintf(out, "bytes/event   %.2f (events chunks alone)\n",
			(double)counts->bytes[0] / (double)counts->events);
	if (counts->owner_rows)
		fprintf(out,
			"owners        %" PRIu64
			" records; flows charged by them to others than was recorded: %" PRIu64
			"\n",
			counts->owner_rows, counts->rebound_flows);
	fputc('\n', out);
}

/* A heading, then "  name value" for each row, or nothing where there is none. */
static int print_pairs(FILE *out, sqlite3 *db, const char *heading, const char *sql)
{
	sqlite3_stmt *row = NULL;
	bool any = false;
	int err = db_prepare(db, sql, &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		if (!any)
			fprintf(out, "%s\n", heading);
		any = true;
		fputs("  ", out);
		put_text(out, row, 0);
		fputs(": ", out);
		put_text(out, row, 1);
		fputc('\n', out);
	}
	if (any)
		fputc('\n', out);
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "info");
	return err;
}

/* What a trace claims may be any number. */
static int64_t difference(sqlite3_stmt *row, int a, int b)
{
	return (int64_t)((uint64_t)sqlite3_column_int64(row, a) -
			 (uint64_t)sqlite3_column_int64(row, b));
}

/* The kernel's maps against the events that were read. */
static int print_cross_check(FILE *out, sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(
		db,
		"SELECT w.is_send, "
		"(SELECT " DB_SUM(
			"bytes") " FROM throughput t WHERE t.is_send = w.is_send) AS counted, "
				 "(SELECT coalesce(sum(u.bytes), 0) FROM usage u JOIN lane l USING (lane_id) "
				 " WHERE l.is_send = w.is_send AND l.trace_id IN (SELECT trace_id FROM throughput)), "
				 "(SELECT coalesce(" DB_SUM(
					 "events") ", 0) FROM lost), "
						   "(SELECT coalesce(sum(total_events), 0) FROM usage), "
						   "(SELECT count(*) FROM environment WHERE key = 'part') "
						   "FROM (SELECT 1 AS is_send UNION ALL SELECT 0) w WHERE counted IS NOT NULL",
		&row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		int64_t counted = sqlite3_column_int64(row, 1);
		int64_t events = sqlite3_column_int64(row, 2);
		const char *name = sqlite3_column_int(row, 0) ? "send_bytes" : "recv_bytes";

		fprintf(out,
			"%-14s%" PRId64 " counted in the kernel, %" PRId64 " in events%s: ", name,
			counted, events, sqlite3_column_int64(row, 4) ? " and totals" : "");
		if (counted == events)
			fputs("equal\n", out);
		else if (sqlite3_column_int64(row, 5))
			fputs("the former is of all parts of the recording\n", out);
		else
			fprintf(out, "differ by %" PRId64 " (%" PRId64 " events were lost)\n",
				difference(row, 1, 2), (int64_t)sqlite3_column_int64(row, 3));
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "info");
	return err;
}

/* All that the kernel counted, as it says at the end, against events and totals. */
static int print_sum_check(FILE *out, sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(
		db,
		"SELECT w.is_send, s.events, s.bytes, coalesce(sum(u.events), 0), "
		"coalesce(sum(u.bytes), 0) FROM (SELECT is_send, " DB_SUM("events") " AS events, " DB_SUM(
			"bytes") " AS bytes FROM sum GROUP BY is_send) s "
				 "JOIN (SELECT 1 AS is_send UNION ALL SELECT 0) w USING (is_send) "
				 "LEFT JOIN lane l ON l.is_send = w.is_send "
				 "AND l.trace_id IN (SELECT trace_id FROM sum) "
				 "LEFT JOIN usage u USING (lane_id) GROUP BY w.is_send ORDER BY w.is_send DESC",
		&row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		int64_t events = difference(row, 1, 3), bytes = difference(row, 2, 4);

		fprintf(out,
			"%-14s%" PRId64 " events and %" PRId64 " bytes %s in the kernel: ", "sums",
			(int64_t)sqlite3_column_int64(row, 1),
			(int64_t)sqlite3_column_int64(row, 2),
			sqlite3_column_int(row, 0) ? "sent" : "received");
		if (events || bytes)
			fprintf(out, "%" PRId64 " and %" PRId64 " are not in the trace\n", events,
				bytes);
		else
			fputs("all are in events and totals\n", out);
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "info");
	return err;
}

/* The devices' own counters, in bytes; "-" stands for what was not compared. */
static int print_devices(FILE *out, sqlite3 *db)
{
	struct table_style style = { .unknown = "-" };
	sqlite3_stmt *row = NULL;
	int64_t n = 0;
	int err = db_integer(db, "SELECT count(*) FROM reconciliation", 0, &n);

	if (err || !n)
		return err;
	err = db_prepare(db,
			 "SELECT coalesce(interface, 'if' || ifindex) AS device, netns, "
			 "CASE is_send WHEN 1 THEN 'sent' ELSE 'received' END AS bytes, unit, "
			 "interface_bytes AS said, attributed_bytes AS attributed, "
			 "kernel_bytes AS kernel, forwarded_bytes AS forwarded, "
			 "unknown_bytes AS unknown, lost_bytes AS lost, "
			 "unexplained_bytes AS unexplained, reason AS not_reconciled "
			 "FROM reconciliation ORDER BY trace_id, netns, ifindex, is_send DESC",
			 &row);
	if (!err)
		err = table_print(out, row, 0, &style);
	sqlite3_finalize(row);
	fputc('\n', out);
	return err;
}

#define TIME_OF(column) "strftime('%Y-%m-%dT%H:%M:%fZ', " column " / 1e9, 'unixepoch')"

/* What was recorded when, and what was lost when. */
static int print_detail(FILE *out, sqlite3 *db)
{
	int err = print_pairs(out, db, "detail",
			      "SELECT 'from ' || " TIME_OF("time") ", detail FROM detail "
								   "ORDER BY trace_id, time_ns");

	if (err)
		return err;
	return print_pairs(
		out, db, "lost, interval by interval",
		"SELECT cause || CASE cpu WHEN -1 THEN '' ELSE ' (CPU ' || cpu || ')' "
		"END, " DB_SUM("events") " || ' events, ' || " DB_SUM(
			"bytes") " || ' bytes, in ' || "
				 "count(*) || ' intervals' FROM loss_interval GROUP BY cause, cpu "
				 "ORDER BY cause, cpu");
}

int info_print(FILE *out, sqlite3 *db, const struct info_counts *counts, bool utc)
{
	int err = print_headers(out, db, utc);

	if (!err)
		err = print_pairs(out, db, "environment",
				  "SELECT key, value FROM environment ORDER BY rowid");
	if (!err)
		err = print_pairs(out, db, "interfaces",
				  "SELECT name, 'index ' || ifindex || ', namespace ' || netns || "
				  "coalesce(', ' || kind, '') || coalesce(', ' || mac, '') "
				  "FROM interface ORDER BY netns, ifindex, time_ns");
	if (err)
		return err;
	print_chunks(out, counts);
	err = print_pairs(out, db, "lost",
			  "SELECT cause, events || CASE cause WHEN 'owner_ring_full' "
			  "THEN ' owner records' ELSE ' events' END FROM lost");
	if (!err)
		err = print_detail(out, db);
	if (!err)
		err = print_pairs(
			out, db, "counters",
			"SELECT name || CASE cpu WHEN -1 THEN '' ELSE ' (CPU ' || cpu || ')' "
			"END, value FROM counter ORDER BY name, cpu");
	if (!err)
		err = print_pairs(
			out, db, "clock",
			"SELECT 'samples', count(*) || ', the time of day moved against it "
			"by ' || (max(realtime_ns - clock_ns) - min(realtime_ns - clock_ns)) "
			"|| ' ns' FROM clock_sample HAVING count(*) > 0 UNION ALL "
			"SELECT 'set ' || CASE WHEN step_ns < 0 THEN 'back' ELSE 'forward' END || "
			"' at ' || " TIME_OF(
				"realtime_ns") ", max(step_ns, -step_ns) || ' ns' FROM clock_step");
	if (!err)
		err = print_devices(out, db);
	if (!err)
		err = print_sum_check(out, db);
	return err ? err : print_cross_check(out, db);
}
