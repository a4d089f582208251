/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/report.h"

#include "analyze/database.h"
#include "analyze/owners.h"
#include "analyze/sql.h"
#include "analyze/timeline.h"
#include "common/units.h"
#include "format/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SOURCES_MAX 16 /* more than there are */

/* Columns of reports/trace.sql. */
enum {
	TRACE_ID_COLUMN,
	FILE_COLUMN,
	UUID_COLUMN,
	HOST_COLUMN,
	KERNEL_COLUMN,
	START_COLUMN,
	END_COLUMN,
	EVENTS_COLUMN,
	PACKETS_COLUMN,
	BYTES_COLUMN,
	TOTAL_EVENTS_COLUMN,
	TOTAL_BYTES_COLUMN,
	COMPLETE_COLUMN,
	HAS_END_COLUMN,
	MISSING_CHUNKS_COLUMN,
	DAMAGED_CHUNKS_COLUMN,
	MISSING_EVENTS_COLUMN,
	VIEW_COLUMN,
	SOURCES_COLUMN,
};

static int prepare_lost(sqlite3 *db, int64_t trace_id, sqlite3_stmt **ret_statement)
{
	int err = db_prepare(db,
			     "SELECT cause, events, CASE cause WHEN 'owner_ring_full' "
			     "THEN 'owner records' ELSE 'events' END "
			     "FROM lost WHERE trace_id = ? "
			     "ORDER BY events DESC, cause",
			     ret_statement);

	if (!err)
		sqlite3_bind_int64(*ret_statement, 1, trace_id);
	return err;
}

static void print_text(FILE *out, const char *label, sqlite3_stmt *row, int column)
{
	const char *value = (const char *)sqlite3_column_text(row, column);
	char *text = value ? table_text(value, (size_t)sqlite3_column_bytes(row, column)) : NULL;

	fprintf(out, "%s%s", label, text ? text : "(unknown)");
	free(text);
}

static int print_lost(FILE *out, sqlite3 *db, int64_t trace_id, bool has_bytes)
{
	const char *ring_full = nst_loss_name(NST_LOST_RING_FULL);
	sqlite3_stmt *lost = NULL;
	bool any = false;
	int err = prepare_lost(db, trace_id, &lost);

	if (err)
		return err;
	fputs("lost      ", out);
	while (sqlite3_step(lost) == SQLITE_ROW) {
		char *cause = table_text((const char *)sqlite3_column_text(lost, 0),
					 (size_t)sqlite3_column_bytes(lost, 0));

		fprintf(out, "%s%" PRId64 " %s (%s%s)", any ? ", " : "",
			(int64_t)sqlite3_column_int64(lost, 1),
			(const char *)sqlite3_column_text(lost, 2), cause ? cause : "",
			has_bytes && cause && !strcmp(cause, ring_full)
				? ", their bytes are in totals"
				: "");
		free(cause);
		any = true;
	}
	fprintf(out, "%s\n", any ? "" : "nothing");
	if (sqlite3_finalize(lost) != SQLITE_OK)
		return db_error(db, "reading losses");
	return 0;
}

static void print_count(FILE *out, sqlite3_stmt *row, int column, const char *what,
			const char **separator)
{
	int64_t count = sqlite3_column_int64(row, column);

	if (!count)
		return;
	fprintf(out, "%s%" PRId64 " %s", *separator, count, what);
	*separator = ", ";
}

static void print_state(FILE *out, sqlite3_stmt *row)
{
	const char *separator = ": ";

	if (sqlite3_column_int(row, COMPLETE_COLUMN)) {
		fputs("trace     complete\n", out);
		return;
	}
	fprintf(out, "trace     %s",
		sqlite3_column_int(row, HAS_END_COLUMN) ? "damaged" : "cut, without its end");
	print_count(out, row, MISSING_CHUNKS_COLUMN, "chunks missing", &separator);
	print_count(out, row, DAMAGED_CHUNKS_COLUMN, "chunks damaged", &separator);
	print_count(out, row, MISSING_EVENTS_COLUMN, "events missing", &separator);
	fputc('\n', out);
}

/* Tenths of a percent, rounded; the greatest makes them add up to all of it. */
static void share_out(const int64_t *bytes, int n, int64_t total, int tenths[])
{
	int greatest = 0, left = 1000;

	for (int i = 0; i < n; i++) {
		tenths[i] = (int)(1000 * (double)bytes[i] / (double)total + 0.5);
		left -= tenths[i];
		greatest = bytes[i] > bytes[greatest] ? i : greatest;
	}
	tenths[greatest] += left;
}

/* Share of bytes by owner_source, in the order of the columns. */
static void print_sources(FILE *out, sqlite3_stmt *row)
{
	const char *separator = "";
	int64_t bytes[SOURCES_MAX], total = 0;
	int tenths[SOURCES_MAX], n = sqlite3_column_count(row) - SOURCES_COLUMN;

	n = n < SOURCES_MAX ? n : SOURCES_MAX;
	for (int i = 0; i < n; i++) {
		bytes[i] = sqlite3_column_int64(row, SOURCES_COLUMN + i);
		total += bytes[i];
	}
	fputs("owners    ", out);
	if (total <= 0) {
		fputs("no bytes\n", out);
		return;
	}
	share_out(bytes, n, total, tenths);
	for (int i = 0; i < n; i++) {
		if (!bytes[i])
			continue;
		fprintf(out, "%s%s ", separator,
			sqlite3_column_name(row, SOURCES_COLUMN + i) + strlen(SOURCE_PREFIX));
		if (tenths[i])
			fprintf(out, "%d.%d %%", tenths[i] / 10, tenths[i] % 10);
		else
			fputs("<0.1 %", out);
		separator = ", ";
	}
	fprintf(out, " of bytes%s\n",
		total == sqlite3_column_int64(row, BYTES_COLUMN) ? "" : ", both ends of loopback");
}

/* Only where it is not what is usual. */
static void print_view(FILE *out, sqlite3_stmt *row)
{
	const char *name = (const char *)sqlite3_column_text(row, VIEW_COLUMN);
	enum owner_view view = OWNER_CONSUMED;

	if (name)
		owner_view_parse(name, &view);
	if (view == OWNER_HELD)
		fputs("view      held: who held the socket when the packet came\n", out);
	else if (view == OWNER_RECORDED)
		fputs("view      recorded: what the recording knew at the time\n", out);
}

/* Which part of the bytes is told by what. */
static void print_shares(FILE *out, int64_t bytes, int64_t total_bytes)
{
	int64_t parts[] = { bytes - total_bytes, total_bytes };
	int tenths[2];

	if (!total_bytes)
		return;
	share_out(parts, 2, bytes, tenths);
	fprintf(out, ": %d.%d %% by events, %d.%d %% by totals", tenths[0] / 10, tenths[0] % 10,
		tenths[1] / 10, tenths[1] % 10);
}

static void print_sums(FILE *out, sqlite3_stmt *row, bool exact)
{
	int64_t bytes = sqlite3_column_int64(row, BYTES_COLUMN);
	char text[UNITS_MAX];

	fprintf(out, "events    %" PRId64 "\npackets   %" PRId64 "\n",
		(int64_t)sqlite3_column_int64(row, EVENTS_COLUMN),
		(int64_t)sqlite3_column_int64(row, PACKETS_COLUMN));
	if (exact)
		fprintf(out, "bytes     %" PRId64, bytes);
	else
		fprintf(out, "bytes     %s", format_bytes((uint64_t)bytes, text));
	print_shares(out, bytes, sqlite3_column_int64(row, TOTAL_BYTES_COLUMN));
	fputc('\n', out);
}

static int print_trace(FILE *out, sqlite3 *db, sqlite3_stmt *row, const struct settings *settings)
{
	int64_t trace_id = sqlite3_column_int64(row, TRACE_ID_COLUMN);
	int64_t start_ns = sqlite3_column_int64(row, START_COLUMN);
	int64_t end_ns = sqlite3_column_int64(row, END_COLUMN);
	char time[TIME_TEXT_MAX], span[UNITS_MAX];
	int err;

	print_text(out, "file      ", row, FILE_COLUMN);
	print_text(out, "\nhost      ", row, HOST_COLUMN);
	print_text(out, "\nkernel    ", row, KERNEL_COLUMN);
	fprintf(out, "\nstart     %s%s\n", time_format(start_ns, settings->utc, 3, time),
		settings->utc ? " UTC" : "");
	fprintf(out, "span      %s\n",
		format_duration(end_ns > start_ns ? (uint64_t)(end_ns - start_ns) : 0, span));
	print_sums(out, row, settings->exact);
	err = print_lost(out, db, trace_id,
			 sqlite3_column_int64(row, TOTAL_EVENTS_COLUMN) &&
				 sqlite3_column_int(row, COMPLETE_COLUMN));
	if (!err)
		err = heading_print_totals(out, db, trace_id, settings);
	print_state(out, row);
	print_view(out, row);
	print_sources(out, row);
	return err ? err : heading_print_devices(out, db, trace_id, settings);
}

int heading_print(FILE *out, sqlite3 *db, const struct settings *settings)
{
	sqlite3_stmt *row = NULL;
	const char *separator = "";
	int err = db_prepare(db, sql_trace, &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		fputs(separator, out);
		separator = "\n";
		err = print_trace(out, db, row, settings);
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading traces");
	return err;
}

static int json_lost(FILE *out, sqlite3 *db, int64_t trace_id)
{
	sqlite3_stmt *lost = NULL;
	const char *separator = "";
	int err = prepare_lost(db, trace_id, &lost);

	if (err)
		return err;
	fputs(",\"lost\":{", out);
	while (sqlite3_step(lost) == SQLITE_ROW) {
		fputs(separator, out);
		json_text(out, (const char *)sqlite3_column_text(lost, 0),
			  (size_t)sqlite3_column_bytes(lost, 0));
		fprintf(out, ":%" PRId64, (int64_t)sqlite3_column_int64(lost, 1));
		separator = ",";
	}
	fputs("}", out);
	if (sqlite3_finalize(lost) != SQLITE_OK)
		return db_error(db, "reading losses");
	return 0;
}

int heading_json(FILE *out, sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	const char *separator = "\n";
	int err = db_prepare(db, sql_trace, &row);

	fputc('[', out);
	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		fprintf(out, "%s{", separator);
		separator = ",\n";
		err = json_members(out, row, FILE_COLUMN);
		if (!err)
			err = json_lost(out, db, sqlite3_column_int64(row, TRACE_ID_COLUMN));
		if (!err)
			err = heading_json_totals(out, db,
						  sqlite3_column_int64(row, TRACE_ID_COLUMN));
		fputc('}', out);
	}
	fputs("\n]", out);
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "reading traces");
	return err;
}
