/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/report.h"

#include "analyze/database.h"
#include "analyze/out.h"
#include "analyze/say.h"
#include "analyze/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TERMINAL_ROWS 20

static const struct {
	enum by by;
	const char *name;
	const char *sql;
} reports[] = {
	{ BY_ONE_PROCESS, "process", sql_process },
	{ BY_ONE_PROTOCOL, "protocol", sql_protocol },
	{ BY_ONE_FLOW, "flow", sql_flow },
};
#define N_REPORTS (sizeof(reports) / sizeof(reports[0]))

static bool is_wanted(const struct settings *settings, size_t i)
{
	return settings->by == BY_ALL || settings->by == reports[i].by;
}

static bool is_text(const char *column)
{
	static const char *const texts[] = { "comm", "protocol", "local_addr", "remote_addr" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(column, texts[i]))
			return true;
	return false;
}

/* The first column of the reports is the period's time: not one to sort by. */
static bool has_column(sqlite3_stmt *statement, const char *name)
{
	for (int i = 1; i < sqlite3_column_count(statement); i++)
		if (!strcmp(sqlite3_column_name(statement, i), name))
			return true;
	return false;
}

static int prepare_sorted(sqlite3 *db, const char *sql, const char *sort,
			  sqlite3_stmt **ret_statement)
{
	sqlite3_str *text = sqlite3_str_new(db);
	char *whole;
	int err;

	sqlite3_str_appendf(text, "SELECT * FROM (%s) ORDER BY time, ", sql);
	if (!sort || !strcmp(sort, "bytes"))
		sqlite3_str_appendall(text, "send_bytes + recv_bytes DESC");
	else
		sqlite3_str_appendf(text, "\"%w\" %s", sort,
				    is_text(sort) ? "ASC NULLS LAST" : "DESC");
	/* and so that the order of equal rows does not depend on the input */
	sqlite3_str_appendall(text, ", 2, 3, 4, 5, 6, 7, 8");
	whole = sqlite3_str_finish(text);
	if (!whole)
		return -ENOMEM;
	err = db_prepare(db, whole, ret_statement);
	sqlite3_free(whole);
	return err;
}

/* A column that this report lacks but another one has leaves it in the usual order. */
static int prepare_report(sqlite3 *db, size_t i, const char *sort, sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, reports[i].sql, &statement);

	if (err)
		return err;
	if (sort && !has_column(statement, sort))
		sort = NULL;
	sqlite3_finalize(statement);
	return prepare_sorted(db, reports[i].sql, sort, ret_statement);
}

static void list_columns(sqlite3_stmt *statement, const char *report)
{
	fprintf(stderr, "  %s:", report);
	for (int i = 1; i < sqlite3_column_count(statement); i++)
		fprintf(stderr, " %s", sqlite3_column_name(statement, i));
	fputc('\n', stderr);
}

static int check_sort(sqlite3 *db, const struct settings *settings)
{
	bool found = !settings->sort || !strcmp(settings->sort, "bytes");

	for (int pass = 0; pass < 2 && !found; pass++) {
		if (pass)
			say("--sort %s: no such column; there are bytes (of both directions) and",
			    settings->sort);
		for (size_t i = 0; i < N_REPORTS && !found; i++) {
			sqlite3_stmt *statement = NULL;

			if (!is_wanted(settings, i))
				continue;
			if (db_prepare(db, reports[i].sql, &statement))
				return -EIO;
			if (pass)
				list_columns(statement, reports[i].name);
			else
				found = has_column(statement, settings->sort);
			sqlite3_finalize(statement);
		}
	}
	return found ? 0 : -EINVAL;
}

/* Step to the next row that is within the limit of its period. */
static int step_limited(sqlite3_stmt *statement, const struct settings *settings, int64_t *period,
			uint64_t *n_of_period)
{
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		int64_t time = sqlite3_column_int64(statement, 0);

		if (time != *period)
			*n_of_period = 0;
		*period = time;
		if (!settings->has_limit || (*n_of_period)++ < settings->limit)
			return SQLITE_ROW;
	}
	return code;
}

/* Rows as JSON or CSV; *separator stands before each JSON row but the first. */
static int print_rows(FILE *out, sqlite3 *db, size_t i, const struct settings *settings,
		      const char **separator)
{
	sqlite3_stmt *statement = NULL;
	int first = settings->interval_ns ? 0 : 1, code = SQLITE_DONE;
	int64_t period = INT64_MIN;
	uint64_t n_of_period = 0;
	int err = prepare_report(db, i, settings->sort, &statement);

	if (err)
		return err;
	if (settings->format == FORMAT_CSV)
		csv_header(out, statement, first);
	while (!out_failed() &&
	       (code = step_limited(statement, settings, &period, &n_of_period)) == SQLITE_ROW) {
		if (settings->format == FORMAT_CSV) {
			csv_row(out, statement, first, true);
			continue;
		}
		fputs(*separator, out);
		*separator = ",\n";
		fputc('{', out);
		if (settings->by == BY_ALL)
			fprintf(out, "\"by\":\"%s\",", reports[i].name);
		json_members(out, statement, first, true);
		fputc('}', out);
	}
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		err = db_error(db, reports[i].name);
	sqlite3_finalize(statement);
	return err;
}

static int print_json(FILE *out, sqlite3 *db, const struct settings *settings)
{
	const char *separator = "\n";
	int err;

	fputs("{\"traces\":", out);
	err = heading_json(out, db);
	fputs(",\n\"by\":", out);
	if (settings->by == BY_ALL)
		fputs("[\"process\",\"protocol\",\"flow\"]", out);
	for (size_t i = 0; i < N_REPORTS && settings->by != BY_ALL; i++)
		if (is_wanted(settings, i))
			fprintf(out, "\"%s\"", reports[i].name);
	fputs(",\n\"rows\":[", out);
	for (size_t i = 0; i < N_REPORTS && !err; i++)
		if (is_wanted(settings, i))
			err = print_rows(out, db, i, settings, &separator);
	fputs("\n]}\n", out);
	return err;
}

static int print_csv(FILE *out, sqlite3 *db, const struct settings *settings)
{
	const char *separator = "";
	int err = 0;

	for (size_t i = 0; i < N_REPORTS && !err; i++)
		if (is_wanted(settings, i))
			err = print_rows(out, db, i, settings, &separator);
	return err;
}

static int print_table(FILE *out, sqlite3 *db, const struct settings *settings)
{
	struct table_style style = {
		.width = terminal_width(),
		.limit = settings->limit,
		.exact = settings->exact,
		.utc = settings->utc,
		.typed = true,
		.has_time = settings->interval_ns != 0,
		.unknown = "(unknown)",
	};
	int err = heading_print(out, db, settings);

	if (!settings->has_limit && style.width)
		style.limit = TERMINAL_ROWS;
	for (size_t i = 0; i < N_REPORTS && !err; i++) {
		sqlite3_stmt *statement = NULL;

		if (!is_wanted(settings, i))
			continue;
		fprintf(out, "\nby %s\n", reports[i].name);
		err = prepare_report(db, i, settings->sort, &statement);
		if (!err)
			err = table_print(out, statement, style.has_time ? 0 : 1, &style);
		sqlite3_finalize(statement);
	}
	return err;
}

int report_print(FILE *out, sqlite3 *db, const struct settings *settings)
{
	int err = check_sort(db, settings);

	if (err)
		return err;
	switch (settings->format) {
	case FORMAT_JSON:
		return print_json(out, db, settings);
	case FORMAT_CSV:
		return print_csv(out, db, settings);
	default:
		return print_table(out, db, settings);
	}
}
