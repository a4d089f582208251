/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"
#include "analyze/command.h"
#include "analyze/event_table.h"
#include "analyze/out.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"
#include "analyze/total_table.h"
#include "analyze/view.h"

#include <errno.h>
#include <string.h>

static const struct option_spec options[] = {
	{ "format", 'f', "FORMAT", "table, json or csv", apply_format_table },
	{ "owner", 0, "WHICH",
	  "a socket that changed hands: consumed (who used it,\n"
	  "the default), held (who had it then) or recorded",
	  apply_owner },
	LIMITS_OF_READING,
	LIMITS_OF_TABLES,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

/* Blanks, semicolons and comments after a statement are no second one. */
static int prepare_one(sqlite3 *db, const char *sql, sqlite3_stmt **ret_statement)
{
	sqlite3_stmt *statement = NULL, *second = NULL;
	const char *rest = sql;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, &rest) != SQLITE_OK)
		return db_error(db, sqlite3_errcode(db) == SQLITE_AUTH
					    ? "sql: only SELECT is allowed"
					    : "sql");
	while (statement && *rest && !second) {
		const char *start = rest;

		/* what does not even parse is a second statement as well */
		if (sqlite3_prepare_v2(db, start, -1, &second, &rest) != SQLITE_OK || second) {
			say("sql: one statement at a time");
			sqlite3_finalize(second);
			sqlite3_finalize(statement);
			return -EINVAL;
		}
		if (rest == start)
			break;
	}
	if (!statement) {
		say("sql: no statement given");
		return -EINVAL;
	}
	if (!sqlite3_stmt_readonly(statement) || !sqlite3_column_count(statement)) {
		say("sql: only queries: a statement that changes something is refused");
		sqlite3_finalize(statement);
		return -EINVAL;
	}
	*ret_statement = statement;
	return 0;
}

static int print_json(FILE *out, const struct columns *columns)
{
	const char *separator = "\n";
	int code = SQLITE_DONE;

	fputs("{\"rows\":[", out);
	while (!out_failed() && (code = sqlite3_step(columns->row)) == SQLITE_ROW) {
		fprintf(out, "%s{", separator);
		separator = ",\n";
		json_row(out, columns);
		fputc('}', out);
	}
	fputs("\n]}\n", out);
	return code;
}

static int print_csv(FILE *out, const struct columns *columns)
{
	int code = SQLITE_DONE;

	csv_header(out, columns);
	while (!out_failed() && (code = sqlite3_step(columns->row)) == SQLITE_ROW)
		csv_row(out, columns);
	return code;
}

static int print_rows(FILE *out, sqlite3 *db, sqlite3_stmt *statement, enum format format)
{
	struct table_style style = { .width = terminal_width(), .unknown = "-" };
	struct columns columns;
	int code, err;

	if (format == FORMAT_TABLE)
		return table_print(out, statement, 0, &style);
	err = columns_open(&columns, statement, 0, false);
	if (err)
		return err;
	code = format == FORMAT_JSON ? print_json(out, &columns) : print_csv(out, &columns);
	columns_close(&columns);
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return db_error(db, "sql");
	return 0;
}

/* Returns the exit status. */
static int query(sqlite3 *db, const char *sql, enum format format)
{
	sqlite3_stmt *statement = NULL;
	int status = STATUS_FAILED;
	FILE *out;
	int err = prepare_one(db, sql, &statement);

	if (err == -EINVAL)
		return STATUS_USAGE;
	if (err)
		return STATUS_FAILED;
	out = out_open();
	if (out) {
		err = print_rows(out, db, statement, format);
		status = out_close(out, err ? STATUS_FAILED : STATUS_DONE);
	}
	sqlite3_finalize(statement);
	return status;
}

/*
 * The table event of a trace knows of each event whose it is. That the view net_event says so,
 * in what is a comment elsewhere, lets bounds on process and flow reach the table.
 */
static int bind_view(sqlite3 *db)
{
	sqlite3_stmt *text = NULL;
	char *sql = NULL;
	int err = db_prepare(db,
			     "SELECT 'DROP VIEW net_event; ' || replace(replace(sql, '/*+', ''), "
			     "'+*/', '') FROM sqlite_schema WHERE name = 'net_event'",
			     &text);

	if (!err && sqlite3_step(text) == SQLITE_ROW)
		sql = sqlite3_mprintf("%s", sqlite3_column_text(text, 0));
	sqlite3_finalize(text);
	if (!err)
		err = sql ? db_run(db, sql) : db_error(db, "the view net_event");
	sqlite3_free(sql);
	return err;
}

static int query_trace(const struct settings *settings, struct input *input, const char *sql)
{
	struct rollup_settings rollup = { 0 };
	struct window window = { 0 };
	struct collector collector;
	struct trace_source source = { .input = input,
				       .dims = &collector.dims,
				       .foretelling = &collector.foretelling,
				       .view = settings->owner_view };
	sqlite3 *db = NULL;
	int status = STATUS_FAILED;
	int err = db_create(NULL, &db);

	if (err)
		return STATUS_FAILED;
	err = collector_init(&collector, db, rollup, window);
	collector.view = settings->owner_view;
	if (!err)
		err = db_run(db, "DROP TABLE event; DROP TABLE total; BEGIN");
	if (!err)
		err = collector_read(&collector, input);
	if (!err)
		err = collector_store(&collector);
	if (!err)
		err = db_run(db, "COMMIT");
	if (!err)
		err = event_table_create(db, "main.event", &source);
	if (!err)
		err = bind_view(db);
	if (!err)
		err = total_table_create(db, "main.total", &source);
	if (!err)
		err = db_restrict(db);
	if (!err)
		status = query(db, sql, settings->format);
	if (status == STATUS_DONE && (collector.damaged || source.is_damaged))
		status = STATUS_DAMAGED;
	sqlite3_close(db);
	collector_free(&collector);
	return status;
}

static int query_database(const struct settings *settings, const struct input *input,
			  const char *sql)
{
	sqlite3 *db = NULL;
	int status;

	if (view_check(input->name, settings) || db_open(input->name, false, &db))
		return STATUS_FAILED;
	status = query(db, sql, settings->format);
	sqlite3_close(db);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	struct sandbox_needs needs = { 0 };
	struct input input;
	int first, status, result = command_parse(&settings, argc, argv, &first);

	if (result)
		return command_parse_status(result);
	if (argc - first != 2)
		return say_usage(command->name, "sql: a trace or database, and one statement");
	if (input_open(argv[first], &input))
		return STATUS_FAILED;
	needs.database = input.is_database ? input.name : NULL;
	db_prepare_files();
	if (sandbox_enter(&needs))
		status = STATUS_FAILED;
	else if (input.is_database)
		status = query_database(&settings, &input, argv[first + 1]);
	else
		status = query_trace(&settings, &input, argv[first + 1]);
	input_close(&input);
	return status;
}

const struct command command_sql = {
	.name = "sql",
	.operands = "TRACE|DB|- \"SELECT ...\"",
	.summary = "query a trace or a database",
	.description =
		"Run one query on the tables of a trace, without loading it, or of a database.\n"
		"Events are rows of net_event, totals of net_total. All tables and columns are\n"
		"described in\n"
		"sql --format csv TRACE \"SELECT sql FROM sqlite_schema\".\n",
	.options = options,
	.run = run,
};
