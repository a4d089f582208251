/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Markdown that says nothing but what it should, whatever stands in a name: it is in code
 * spans, where nothing has a meaning but what ends them or a cell, and that is replaced.
 */
#include "analyze/publish.h"

#include "analyze/collect.h"
#include "analyze/measure.h"
#include "analyze/say.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX "10"

struct page {
	FILE *out;
	FILE *values; /* what is from the trace, or from who asked for it, a line each */
};

/* A bar would end a cell, and what is put in front of it is shown elsewhere. */
static void put_code(const struct page *page, const char *text)
{
	char *inert = table_text(text, strlen(text));

	fputc('`', page->out);
	for (const char *at = inert ? inert : ""; *at; at++)
		if (*at == '|')
			fputs("¦", page->out);
		else
			fputc(*at == '`' ? '\'' : *at, page->out);
	fputc('`', page->out);
	free(inert);
}

static void put_value(const struct page *page, const char *text)
{
	put_code(page, text);
	fprintf(page->values, "%s\n", text);
}

/* An address and a port are two things that may stay, whatever else is called by both at once. */
static void put_end(const struct page *page, const char *text)
{
	put_code(page, text);
	for (const char *at = text; *at; at++)
		fputc(*at == ' ' ? '\n' : *at, page->values);
	fputc('\n', page->values);
}

/* A cell: text as code, numbers of bytes with a unit, others as they are. */
static void put_cell(const struct page *page, sqlite3_stmt *row, int column)
{
	char text[UNITS_MAX];
	const char *name = sqlite3_column_name(row, column);
	size_t len = strlen(name);

	fputs(" ", page->out);
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		fputs("-", page->out);
	else if (sqlite3_column_type(row, column) != SQLITE_INTEGER && !strcmp(name, "protocol"))
		put_code(page, (const char *)sqlite3_column_text(row, column) ?: "");
	else if (!strcmp(name, "local") || !strcmp(name, "remote"))
		put_end(page, (const char *)sqlite3_column_text(row, column) ?: "");
	else if (sqlite3_column_type(row, column) != SQLITE_INTEGER)
		put_value(page, (const char *)sqlite3_column_text(row, column) ?: "");
	else if (len > 5 && !strcmp(name + len - 5, "bytes"))
		fputs(format_bytes((uint64_t)sqlite3_column_int64(row, column), text), page->out);
	else
		fprintf(page->out, "%" PRId64, (int64_t)sqlite3_column_int64(row, column));
	fputs(" |", page->out);
}

static int put_table(const struct page *page, sqlite3 *db, const char *heading, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(db, sql, &row), n;

	if (err)
		return err;
	n = sqlite3_column_count(row);
	fprintf(page->out, "\n### %s\n\n|", heading);
	for (int i = 0; i < n; i++)
		fprintf(page->out, " %s |", sqlite3_column_name(row, i));
	fputs("\n|", page->out);
	for (int i = 0; i < n; i++)
		fputs(" --- |", page->out);
	fputc('\n', page->out);
	while (sqlite3_step(row) == SQLITE_ROW) {
		fputc('|', page->out);
		for (int i = 0; i < n; i++)
			put_cell(page, row, i);
		fputc('\n', page->out);
	}
	if (sqlite3_finalize(row) != SQLITE_OK)
		err = db_error(db, "summary");
	return err;
}

/* A line of a list: what, and its value, unless there is none. */
static int put_lines(const struct page *page, sqlite3 *db, const char *sql,
		     void (*put)(const struct page *page, const char *text))
{
	sqlite3_stmt *row = NULL;
	int err = db_prepare(db, sql, &row);

	while (!err && sqlite3_step(row) == SQLITE_ROW) {
		const char *value = (const char *)sqlite3_column_text(row, 1);

		if (!value || !*value)
			continue;
		fprintf(page->out, "- %s: ", (const char *)sqlite3_column_text(row, 0));
		put(page, value);
		fputc('\n', page->out);
	}
	if (sqlite3_finalize(row) != SQLITE_OK && !err)
		err = db_error(db, "summary");
	return err;
}

#define TIME_OF(column) "strftime('%Y-%m-%d %H:%M:%f UTC', " column " / 1e9, 'unixepoch')"

static const char environment_sql[] =
	"SELECT key, value FROM environment WHERE key IN ('tool', 'kernel', 'machine', 'cpus', "
	"'detail', 'filters', 'hooks', 'part') ORDER BY trace_id, rowid";

static const char span_sql[] = "SELECT 'start', " TIME_OF(
	"from_realtime_ns") " FROM span UNION ALL "
			    "SELECT 'span', printf('%.3f s', (to_ns - from_ns) / 1e9) FROM span UNION ALL "
			    "SELECT 'events', events FROM trace UNION ALL "
			    "SELECT 'state', CASE WHEN complete THEN 'complete' WHEN has_end THEN 'damaged' "
			    "ELSE 'cut: it has no end' END FROM trace UNION ALL "
			    "SELECT 'lost', coalesce((SELECT group_concat(events || ' ' || cause, ', ') FROM lost), "
			    "'nothing')";

static const char processes_sql[] =
	"SELECT p.comm AS process, p.pid, m.send_bytes AS 'sent bytes', "
	"m.recv_bytes AS 'received bytes', m.send_packets AS 'sent packets', "
	"m.recv_packets AS 'received packets' FROM measure m "
	"JOIN process p ON p.process_id = m.key_id WHERE m.grouping = 'process' "
	"ORDER BY m.send_bytes + m.recv_bytes DESC, p.comm, p.pid LIMIT " ROWS_MAX;

static const char flows_sql[] =
	"SELECT r.name AS protocol, "
	"coalesce(c.local_addr, '') || coalesce(' ' || c.local_port, '') AS local, "
	"coalesce(c.remote_addr, '') || coalesce(' ' || c.remote_port, '') AS remote, "
	"p.comm AS process, m.send_bytes AS 'sent bytes', m.recv_bytes AS 'received bytes' "
	"FROM measure m JOIN conversation c ON c.conversation_id = m.key_id "
	"JOIN protocol r ON r.protocol_id = c.protocol_id "
	"JOIN process p ON p.process_id = c.process_id WHERE m.grouping = 'conversation' "
	"ORDER BY m.send_bytes + m.recv_bytes DESC, 2, 3 LIMIT " ROWS_MAX;

/* What was given up to make it small. */
static void put_notes(FILE *out, const struct publishing *publishing)
{
	char text[UNITS_MAX];

	if (publishing->grain_ns)
		fprintf(out, "- times of events: multiples of %s\n",
			format_duration(publishing->grain_ns, text));
	if (publishing->is_shortened)
		fputs("- of the recording: the last part alone\n", out);
}

static int put_all(const struct page *page, sqlite3 *db, const struct publishing *publishing,
		   const char *title)
{
	int err;

	fputs("## Netsnoop trace", page->out);
	if (title) {
		fputc(' ', page->out);
		put_code(page, title); /* which goes with the file anyway */
	}
	fputs("\n\n", page->out);
	err = put_lines(page, db, environment_sql, put_value)
		      ?: put_lines(page, db, span_sql, put_code);
	put_notes(page->out, publishing);
	if (!err)
		err = put_table(page, db, "Processes that moved most", processes_sql);
	return err ?: put_table(page, db, "Flows that moved most", flows_sql);
}

/* As a report reads it, into a database in memory. */
static int collect(sqlite3 *db, struct input *input, struct measures **ret_measures)
{
	const struct rollup_settings settings = { 0, INT32_MAX, GROUPINGS_USUAL };
	struct collector collector;
	int err = collector_init(&collector, db, settings, (struct window){ 0 });

	collector.for_report = true;
	if (!err)
		err = db_run(db, "BEGIN");
	if (!err)
		err = collector_foretell(&collector, input, 1);
	if (!err)
		err = collector_read(&collector, input);
	if (!err)
		err = collector_store_report(&collector);
	if (!err)
		err = db_run(db, "COMMIT");
	if (!err)
		err = measures_make(&collector, ret_measures);
	if (!err)
		err = measure_table_create(db, *ret_measures);
	collector_free(&collector);
	return err;
}

static int write_page(sqlite3 *db, const struct publishing *publishing, const char *title,
		      struct summary *ret_summary)
{
	struct summary summary = { 0 };
	size_t text_bytes, values_bytes;
	struct page page = { .out = open_memstream(&summary.text, &text_bytes),
			     .values = open_memstream(&summary.values, &values_bytes) };
	int err = page.out && page.values ? put_all(&page, db, publishing, title) : -ENOMEM;

	if (page.out && fclose(page.out) && !err)
		err = -ENOMEM;
	if (page.values && fclose(page.values) && !err)
		err = -ENOMEM;
	if (err)
		summary_free(&summary);
	else
		*ret_summary = summary;
	return err;
}

int summary_make(const struct publishing *publishing, int fd, const char *path,
		 const struct input *made_of, struct summary *ret_summary)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct input input = { .name = path ?: "standard output",
			       .fd = fd,
			       .spool_fd = -1,
			       .can_seek = true,
			       .made_of = made_of };
	struct measures *measures = NULL;
	sqlite3 *db = NULL;
	int err = input_rewind(&input) ?: db_create(NULL, &db);

	if (!err)
		err = collect(db, &input, &measures);
	if (!err)
		err = write_page(db, publishing, slash ? slash + 1 : path, ret_summary);
	sqlite3_close(db);
	measures_free(measures);
	return err;
}

void summary_free(struct summary *summary)
{
	free(summary->text);
	free(summary->values);
	*summary = (struct summary){ 0 };
}
