/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/report.h"

#include "analyze/database.h"
#include "analyze/grouping.h"
#include "analyze/out.h"
#include "analyze/say.h"
#include "analyze/sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TERMINAL_ROWS 20

static bool is_wanted(const struct settings *settings, uint32_t grouping)
{
	uint32_t wanted = settings->groupings ? settings->groupings : GROUPINGS_USUAL;

	return wanted & GROUPING_BIT(grouping);
}

/* The first column of the reports is the period's time: not one to sort by. */
static bool has_column(sqlite3_stmt *statement, const char *name)
{
	for (int i = 1; i < sqlite3_column_count(statement); i++)
		if (!strcmp(sqlite3_column_name(statement, i), name))
			return true;
	return false;
}

/* sql, with the measures in place. */
static void append_sql(sqlite3_str *text, const char *sql)
{
	static const char place[] = "$measures";
	const char *at = strstr(sql, place);

	if (!at) {
		sqlite3_str_appendall(text, sql);
		return;
	}
	sqlite3_str_append(text, sql, (int)(at - sql));
	sqlite3_str_appendall(text, sql_measures);
	sqlite3_str_appendall(text, at + strlen(place));
}

static int prepare_text(sqlite3 *db, sqlite3_str *text, sqlite3_stmt **ret_statement)
{
	char *sql = sqlite3_str_finish(text);
	int err = sql ? db_prepare(db, sql, ret_statement) : -ENOMEM;

	sqlite3_free(sql);
	return err;
}

/* All of its columns, in no order. */
static int prepare_plain(sqlite3 *db, uint32_t i, sqlite3_stmt **ret_statement)
{
	sqlite3_str *text = sqlite3_str_new(db);

	append_sql(text, grouping_specs[i].sql);
	return prepare_text(db, text, ret_statement);
}

/* What a table has room for; JSON and CSV have all. */
static const char *shown_columns(uint32_t i, const struct settings *settings)
{
	const char *columns =
		settings->wide ? grouping_specs[i].wide_columns : grouping_specs[i].table_columns;

	return columns && settings->format == FORMAT_TABLE ? columns : "*";
}

static int prepare_sorted(sqlite3 *db, uint32_t i, const struct settings *settings,
			  const char *sort, sqlite3_stmt **ret_statement)
{
	sqlite3_str *text = sqlite3_str_new(db);

	sqlite3_str_appendall(text, "SELECT ");
	append_sql(text, shown_columns(i, settings));
	sqlite3_str_appendall(text, " FROM (");
	append_sql(text, grouping_specs[i].sql);
	sqlite3_str_appendall(text, ") ORDER BY time, ");
	if (!sort || !strcmp(sort, "bytes"))
		sqlite3_str_appendall(text, "send_bytes + recv_bytes DESC");
	else
		sqlite3_str_appendf(text, "\"%w\" %s", sort,
				    column_is_text(sort) ? "ASC NULLS LAST" : "DESC");
	/* and so that the order of equal rows does not depend on the input */
	sqlite3_str_appendall(text, ", 2, 3, 4, 5, 6, 7, 8");
	return prepare_text(db, text, ret_statement);
}

/* A column that this report lacks but another one has leaves it in the usual order. */
static int prepare_report(sqlite3 *db, uint32_t i, const struct settings *settings,
			  sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement = NULL;
	const char *sort = settings->sort;
	int err = prepare_plain(db, i, &statement);

	if (err)
		return err;
	if (sort && !has_column(statement, sort))
		sort = NULL;
	sqlite3_finalize(statement);
	return prepare_sorted(db, i, settings, sort, ret_statement);
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
		for (uint32_t i = 0; i < N_GROUPINGS && !found; i++) {
			sqlite3_stmt *statement = NULL;

			if (!is_wanted(settings, i))
				continue;
			if (prepare_plain(db, i, &statement))
				return -EIO;
			if (pass)
				list_columns(statement, grouping_specs[i].name);
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
static int print_columns(FILE *out, const struct columns *columns, const char *by,
			 const struct settings *settings, const char **separator)
{
	int64_t period = INT64_MIN;
	uint64_t n_of_period = 0;
	int code = SQLITE_DONE;

	if (settings->format == FORMAT_CSV)
		csv_header(out, columns);
	while (!out_failed() &&
	       (code = step_limited(columns->row, settings, &period, &n_of_period)) == SQLITE_ROW) {
		if (settings->format == FORMAT_CSV) {
			csv_row(out, columns);
			continue;
		}
		fputs(*separator, out);
		*separator = ",\n";
		fputc('{', out);
		if (!settings->groupings)
			fprintf(out, "\"by\":\"%s\",", by);
		json_row(out, columns);
		fputc('}', out);
	}
	return code == SQLITE_DONE || code == SQLITE_ROW ? 0 : -EIO;
}

static int print_rows(FILE *out, sqlite3 *db, uint32_t i, const struct settings *settings,
		      const char **separator)
{
	const char *by = grouping_specs[i].name;
	sqlite3_stmt *statement = NULL;
	struct columns columns;
	int err = prepare_report(db, i, settings, &statement);

	if (err)
		return err;
	err = columns_open(&columns, statement, settings->interval_ns ? 0 : 1, true);
	if (!err) {
		if (print_columns(out, &columns, by, settings, separator))
			err = db_error(db, by);
		columns_close(&columns);
	}
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
	if (!settings->groupings)
		fputs("[\"process\",\"protocol\",\"flow\"]", out);
	for (uint32_t i = 0; i < N_GROUPINGS && settings->groupings; i++)
		if (is_wanted(settings, i))
			fprintf(out, "\"%s\"", grouping_specs[i].name);
	fputs(",\n\"rows\":[", out);
	for (uint32_t i = 0; i < N_GROUPINGS && !err; i++)
		if (is_wanted(settings, i))
			err = print_rows(out, db, i, settings, &separator);
	fputs("\n]}\n", out);
	return err;
}

static int print_csv(FILE *out, sqlite3 *db, const struct settings *settings)
{
	const char *separator = "";
	int err = 0;

	for (uint32_t i = 0; i < N_GROUPINGS && !err; i++)
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
	for (uint32_t i = 0; i < N_GROUPINGS && !err; i++) {
		sqlite3_stmt *statement = NULL;

		if (!is_wanted(settings, i))
			continue;
		fprintf(out, "\nby %s\n", grouping_specs[i].name);
		err = prepare_report(db, i, settings, &statement);
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
