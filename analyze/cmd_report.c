/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"
#include "analyze/command.h"
#include "analyze/grouping.h"
#include "analyze/measure.h"
#include "analyze/out.h"
#include "analyze/report.h"
#include "analyze/reroll.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"
#include "analyze/view.h"
#include "common/units.h"

#include <errno.h>

static const struct option_spec options[] = {
	{ "by", 0, "WHAT",
	  "process, protocol, flow, program, user, cgroup, container, interface,\n"
	  "netns, remote or port; without it the first three",
	  apply_by },
	{ "wide", 'w', NULL,
	  "tables by process show program, arguments, user, control group,\n"
	  "parent and exit as well (json and csv always do)",
	  apply_wide },
	{ "interval", 'i', "DURATION", "a row for each DURATION and key, \"time\" first",
	  apply_interval },
	{ "limit", 'n', "ROWS",
	  "this many rows (of an interval); a table sums the rest in one\n"
	  "(default: 20 on a terminal, else all)",
	  apply_limit },
	{ "sort", 's', "COLUMN",
	  "numbers from the greatest down, text from A to Z\n(default: bytes, both directions)",
	  apply_sort },
	{ "from", 0, "TIME",
	  "only events from TIME on: 2026-01-02T03:04:05Z,\n"
	  "+SECONDS from the start or -SECONDS from the end",
	  apply_from },
	{ "to", 0, "TIME", "only events before TIME", apply_to },
	{ "utc", 0, NULL, "tables show UTC instead of local time", apply_utc },
	{ "bytes", 'b', NULL, "tables show exact numbers instead of units", apply_bytes },
	{ "format", 'f', "FORMAT", "table, json or csv (csv needs --by)", apply_format_table },
	{ "owner", 0, "WHICH",
	  "a socket that changed hands: consumed (who used it,\n"
	  "the default), held (who had it then) or recorded",
	  apply_owner },
	LIMITS_OF_READING,
	LIMITS_OF_TABLES,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static void say_interval(const struct rollup *rollup)
{
	char text[UNITS_MAX];

	if (rollup->interval_ns != rollup->settings.interval_ns)
		say("too many rows for this interval: it was widened to %s",
		    format_duration(rollup->interval_ns, text));
}

/* Traces into the empty database in memory, but for the measures. */
static int read_traces(sqlite3 *db, const struct settings *settings, struct window window,
		       struct input *inputs, size_t n_inputs, struct measures **ret_measures,
		       bool *ret_damaged)
{
	struct rollup_settings rollup = { settings->interval_ns, 0,
					  settings->groupings ? settings->groupings
							      : GROUPINGS_USUAL };
	struct collector collector;
	int err = collector_init(&collector, db, rollup, window);

	collector.view = settings->owner_view;
	collector.for_report = true;
	if (!err)
		err = db_run(db, "BEGIN");
	if (!err)
		err = collector_foretell(&collector, inputs, n_inputs);
	collector.rollup.settings.max_rows = limits_interval_rows(); /* a pipe's size is known */
	for (size_t i = 0; i < n_inputs && !err; i++)
		err = collector_read(&collector, &inputs[i]);
	if (!err)
		err = collector_store_report(&collector);
	if (!err)
		err = db_run(db, "COMMIT");
	if (!err)
		err = measures_make(&collector, ret_measures);
	if (!err)
		err = measure_table_create(db, *ret_measures);
	if (!err) {
		say_interval(&collector.rollup);
		*ret_damaged |= collector.damaged;
	}
	collector_free(&collector);
	return err;
}

static int open_data(const struct settings *settings, struct window window, struct input *inputs,
		     size_t n_inputs, sqlite3 **ret_db, struct measures **ret_measures,
		     bool *ret_damaged)
{
	sqlite3 *db = NULL;
	int err;

	if (inputs[0].is_database) {
		err = view_check(inputs[0].name, settings);
		if (err)
			return err;
	}
	if (inputs[0].is_database && !settings->interval_ns && !window_is_given(&window))
		return db_open(inputs[0].name, false, ret_db);
	err = db_create(NULL, &db);
	if (!err && inputs[0].is_database)
		err = reroll_database(db, inputs[0].name, settings->interval_ns,
				      limits_interval_rows(), window, say_interval);
	else if (!err)
		err = read_traces(db, settings, window, inputs, n_inputs, ret_measures,
				  ret_damaged);
	if (err) {
		sqlite3_close(db);
		return err;
	}
	*ret_db = db;
	return 0;
}

static int report(const struct settings *settings, struct window window, struct input *inputs,
		  size_t n_inputs, bool damaged)
{
	struct measures *measures = NULL;
	sqlite3 *db = NULL;
	int err = open_data(settings, window, inputs, n_inputs, &db, &measures, &damaged);
	int status = STATUS_FAILED;
	FILE *out = err ? NULL : out_open();

	if (out) {
		err = report_print(out, db, settings);
		status = err == -EINVAL ? STATUS_USAGE
			 : err		? STATUS_FAILED
			 : damaged	? STATUS_DAMAGED
					: STATUS_DONE;
		status = out_close(out, status);
	}
	sqlite3_close(db);
	measures_free(measures);
	return status;
}

/* A database stands alone: 0, or what is to be exited with. */
static int check_databases(const struct input *inputs, size_t n_inputs)
{
	for (size_t i = 0; i < n_inputs && n_inputs > 1; i++)
		if (inputs[i].is_database)
			return say_usage(command_report.name,
					 "%s is a database: report on it alone, or load the "
					 "traces into it",
					 inputs[i].name);
	return 0;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	struct sandbox_needs needs = { 0 };
	struct window window;
	struct input *inputs = NULL;
	int first, status;
	size_t n_inputs;
	int result = command_parse(&settings, argc, argv, &first);

	if (result)
		return command_parse_status(result);
	if (settings_window(&settings, &window))
		return STATUS_USAGE;
	if (first == argc)
		return say_usage(command->name, "report: which trace or database?");
	if (settings.format == FORMAT_CSV && !settings.groupings)
		return say_usage(command->name,
				 "--format csv needs --by: one table has one set of columns");
	if (inputs_open(argv + first, (size_t)(argc - first), &inputs, &n_inputs))
		return STATUS_FAILED;
	status = n_inputs < (size_t)(argc - first) ? STATUS_FAILED
						   : check_databases(inputs, n_inputs);
	if (!status) {
		needs.database = inputs[0].is_database ? inputs[0].name : NULL;
		db_prepare_files();
		status = sandbox_enter(&needs) ? STATUS_FAILED : STATUS_DONE;
	}
	if (!status) {
		bool had_stubs = inputs_drop_stubs(inputs, &n_inputs);

		status = report(&settings, window, inputs, n_inputs, had_stubs);
	}
	inputs_close(inputs, n_inputs);
	return status;
}

const struct command command_report = {
	.name = "report",
	.operands = "TRACE...|DB|-",
	.summary = "throughput by process, protocol and flow",
	.description = "Throughput by process, protocol and flow, of traces (- is standard input)\n"
		       "or of a database that load wrote.\n",
	.options = options,
	.run = run,
};
