/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the head of a report says beside sums: detail, the table of flows, the clock. */
#include "analyze/report.h"

#include "analyze/database.h"
#include "analyze/timeline.h"
#include "common/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 3 /* of many of a kind; JSON and info have all */

static int prepare_of(sqlite3 *db, const char *sql, int64_t trace_id, sqlite3_stmt **ret_statement)
{
	int err = db_prepare(db, sql, ret_statement);

	if (!err)
		sqlite3_bind_int64(*ret_statement, 1, trace_id);
	return err;
}

static int finish(sqlite3 *db, sqlite3_stmt *row, int err)
{
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading the head of the report");
	return err;
}

static void print_more(FILE *out, int n)
{
	if (n > SHOWN)
		fprintf(out, ", and %d more", n - SHOWN);
}

/* The setting, and whether totals alone were written at some time. */
static const char setting_sql[] =
	"SELECT e.value, (SELECT count(*) FROM detail d WHERE d.trace_id = t.trace_id "
	"AND d.detail = 'flows') FROM trace t LEFT JOIN environment e "
	"ON e.trace_id = t.trace_id AND e.key = 'detail' WHERE t.trace_id = ?";

static const char flows_sql[] =
	"SELECT time, duration_ns FROM (SELECT d.detail, d.time, "
	"coalesce(lead(d.time_ns) OVER (ORDER BY d.time_ns), t.end_ns) - d.time_ns AS duration_ns "
	"FROM detail d JOIN trace t USING (trace_id) WHERE d.trace_id = ?) "
	"WHERE detail = 'flows'";

/* Nothing where every packet had its event, as is usual. */
static int print_detail(FILE *out, sqlite3 *db, int64_t trace_id, const struct settings *settings)
{
	sqlite3_stmt *row = NULL;
	bool any_flows = false, is_auto = false, all_flows = false;
	int n = 0, err = prepare_of(db, setting_sql, trace_id, &row);

	if (!err && sqlite3_step(row) == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(row, 0);

		all_flows = value && !strcmp(value, "flows");
		is_auto = value && !strcmp(value, "auto");
		any_flows = sqlite3_column_int(row, 1) != 0;
	}
	err = finish(db, row, err);
	if (!err && all_flows)
		fputs("detail    flows: totals alone, no events\n", out);
	if (err || all_flows || !any_flows)
		return err;
	fprintf(out, "detail    %stotals alone", is_auto ? "auto: " : "");
	err = prepare_of(db, flows_sql, trace_id, &row);
	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		char time[TIME_TEXT_MAX], span[UNITS_MAX];
		int64_t duration_ns = sqlite3_column_int64(row, 1);

		if (n++ < SHOWN)
			fprintf(out, "%s %s for %s", n > 1 ? "," : " from",
				time_format(sqlite3_column_int64(row, 0), settings->utc, 3, time),
				format_duration(duration_ns > 0 ? (uint64_t)duration_ns : 0, span));
	}
	print_more(out, n);
	fputc('\n', out);
	return finish(db, row, err);
}

static const char full_sql[] = "SELECT " DB_SUM("value") " FROM counter WHERE trace_id = ? "
							 "AND name = 'flow_table_full'";

static int print_full(FILE *out, sqlite3 *db, int64_t trace_id)
{
	sqlite3_stmt *row = NULL;
	int err = prepare_of(db, full_sql, trace_id, &row);

	if (!err && sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int64(row, 0))
		fprintf(out,
			"totals    without flow and process where the table of flows was full "
			"(flow_table_full %" PRId64 "): only bytes by interface are exact\n",
			(int64_t)sqlite3_column_int64(row, 0));
	return finish(db, row, err);
}

static const char steps_sql[] =
	"SELECT c.realtime_ns AS time, c.step_ns FROM clock_step c "
	"JOIN span s USING (trace_id) JOIN trace t USING (trace_id) WHERE c.trace_id = ? "
	"AND c.clock_ns >= s.from_ns AND (c.clock_ns <= s.to_ns OR s.to_ns >= t.end_ns) "
	"ORDER BY c.clock_ns";

static int print_steps(FILE *out, sqlite3 *db, int64_t trace_id, const struct settings *settings)
{
	sqlite3_stmt *row = NULL;
	int n = 0, err = prepare_of(db, steps_sql, trace_id, &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		int64_t step_ns = sqlite3_column_int64(row, 1);
		char time[TIME_TEXT_MAX], size[UNITS_MAX];

		if (n++ < SHOWN)
			fprintf(out, "%s %s by %s at %s",
				n == 1 ? "clock     the clock was set" : ",",
				step_ns < 0 ? "back" : "forward",
				format_duration(
					step_ns < 0 ? -(uint64_t)step_ns : (uint64_t)step_ns, size),
				time_format(sqlite3_column_int64(row, 0), settings->utc, 3, time));
	}
	print_more(out, n);
	if (n)
		fputc('\n', out);
	return finish(db, row, err);
}

int heading_print_totals(FILE *out, sqlite3 *db, int64_t trace_id, const struct settings *settings)
{
	int err = print_detail(out, db, trace_id, settings);

	if (!err)
		err = print_full(out, db, trace_id);
	return err ? err : print_steps(out, db, trace_id, settings);
}

/* "name":[rows as objects], by the columns' names. */
static int json_rows(FILE *out, sqlite3 *db, const char *name, const char *sql, int64_t trace_id)
{
	sqlite3_stmt *row = NULL;
	const char *separator = "";
	int err = prepare_of(db, sql, trace_id, &row);

	fprintf(out, ",\"%s\":[", name);
	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		fprintf(out, "%s{", separator);
		separator = ",";
		err = json_members(out, row, 0);
		fputc('}', out);
	}
	fputc(']', out);
	return finish(db, row, err);
}

int heading_json_totals(FILE *out, sqlite3 *db, int64_t trace_id)
{
	sqlite3_stmt *row = NULL;
	int err = prepare_of(
		db,
		"SELECT (SELECT value FROM environment e WHERE e.trace_id = t.trace_id "
		"AND key = 'detail') AS detail, (SELECT " DB_SUM(
			"value") " FROM counter c "
				 "WHERE c.trace_id = t.trace_id AND name = 'flow_table_full') "
				 "AS flow_table_full FROM trace t WHERE t.trace_id = ?",
		trace_id, &row);

	if (!err && sqlite3_step(row) == SQLITE_ROW) {
		fputc(',', out);
		err = json_members(out, row, 0);
	}
	err = finish(db, row, err);
	if (!err)
		err = json_rows(out, db, "detail_changes",
				"SELECT time, detail FROM detail WHERE trace_id = ? "
				"ORDER BY time_ns",
				trace_id);
	if (!err)
		err = json_rows(out, db, "clock_steps", steps_sql, trace_id);
	if (!err)
		err = json_rows(out, db, "interfaces",
				"SELECT netns, ifindex, interface AS name, kind, is_send, unit, "
				"interface_bytes, attributed_bytes, kernel_bytes, forwarded_bytes, "
				"unknown_bytes, lost_bytes, unexplained_bytes, reconciled, reason "
				"FROM reconciliation WHERE trace_id = ? "
				"ORDER BY netns, ifindex, is_send DESC",
				trace_id);
	return err;
}
