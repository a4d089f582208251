/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/collect.h"
#include "analyze/command.h"
#include "analyze/info.h"
#include "analyze/out.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"

static const struct option_spec options[] = {
	{ "utc", 0, NULL, "UTC instead of local time", apply_utc },
	LIMITS_OF_READING,
	LIMITS_OF_TABLES,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static void count_chunk(void *counts, const struct nst_chunk *chunk)
{
	info_count(counts, chunk);
}

static int info(const struct settings *settings, struct input *input)
{
	struct rollup_settings rollup = { 0 };
	struct window window = { 0 };
	struct collector collector;
	struct info_counts counts = { 0 };
	sqlite3 *db = NULL;
	int status = STATUS_FAILED;
	FILE *out = NULL;
	int err;

	db_prepare_files();
	if (sandbox_enter(NULL) || db_create(NULL, &db))
		return STATUS_FAILED;
	err = collector_init(&collector, db, rollup, window);
	collector.on_chunk = count_chunk;
	collector.on_chunk_context = &counts;
	if (!err)
		err = db_run(db, "BEGIN");
	if (!err)
		err = collector_read(&collector, input);
	if (!err)
		err = collector_store(&collector);
	if (!err)
		err = db_run(db, "COMMIT");
	foretelling_count(&collector.foretelling, &counts.owner_rows, &counts.rebound_flows);
	if (!err)
		out = out_open();
	if (out) {
		err = info_print(out, db, &counts, settings->utc);
		status = err ? STATUS_FAILED : collector.damaged ? STATUS_DAMAGED : STATUS_DONE;
		status = out_close(out, status);
	}
	sqlite3_close(db);
	collector_free(&collector);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	struct input input;
	int first, status = STATUS_FAILED;
	int result = command_parse(&settings, argc, argv, &first);

	if (result)
		return command_parse_status(result);
	if (argc - first != 1)
		return say_usage(command->name, "info: which trace? (one)");
	if (input_open(argv[first], &input))
		return STATUS_FAILED;
	if (input.is_database)
		say("%s: a database, not a trace: use report or sql", input.name);
	else
		status = info(&settings, &input);
	input_close(&input);
	return status;
}

const struct command command_info = {
	.name = "info",
	.operands = "TRACE|-",
	.summary = "what a trace says about itself",
	.description =
		"Header, environment, chunks, sizes, compression, loss and checks of a trace\n"
		"(- is standard input).\n",
	.options = options,
	.run = run,
};
