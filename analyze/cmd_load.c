/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Traces into a database file. A new one is built beside its name and renamed
 * into place, so that no half-made one is ever seen; an existing one is added
 * to in one transaction.
 */
#include "analyze/collect.h"
#include "analyze/command.h"
#include "analyze/event_table.h"
#include "analyze/known.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"
#include "analyze/total_table.h"
#include "analyze/unfinished.h"
#include "analyze/view.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct option_spec options[] = {
	{ "output", 'o', "FILE.db", "the database: a new one, or one to add to", apply_output },
	{ "no-events", 0, NULL,
	  "only what reports need; no tables of events and\ntotals, so no windows and intervals later",
	  apply_no_events },
	{ "owner", 0, "WHICH",
	  "a socket that changed hands: consumed (who used it,\n"
	  "the default), held (who had it then) or recorded",
	  apply_owner },
	LIMITS_OF_READING,
	LIMITS_OF_TABLES,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static void show_progress(uint64_t events)
{
	static struct timespec last;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == last.tv_sec)
		return;
	last = now;
	fprintf(stderr, "\r%" PRIu64 " events read ", events);
}

/* Rows of event and total for the traces that this input brought. */
static int load_events(struct collector *collector, const struct input *input, uint32_t first_trace)
{
	struct trace_source source = { .dims = &collector->dims,
				       .input = input,
				       .first_trace = first_trace,
				       .foretelling = &collector->foretelling,
				       .view = collector->view };
	sqlite3 *db = collector->db;
	int err = event_table_create(db, "temp.trace_event", &source);

	if (!err)
		err = total_table_create(db, "temp.trace_total", &source);
	if (!err)
		err = db_run(db, "INSERT INTO main.event SELECT * FROM temp.trace_event; "
				 "INSERT INTO main.total SELECT * FROM temp.trace_total");
	if (!err)
		err = db_run(db, "DROP TABLE temp.trace_event; DROP TABLE temp.trace_total");
	if (!err)
		err = db_insert_once(db, "UPDATE trace SET has_events = 1 WHERE trace_id >= ?", "i",
				     TRACE_ID(&collector->dims, first_trace));
	return err;
}

static int load_all(struct collector *collector, struct input *inputs, size_t n_inputs,
		    bool with_events)
{
	uint32_t *first_traces = calloc(n_inputs, sizeof(*first_traces));
	int err = first_traces ? collector_foretell(collector, inputs, n_inputs) : -ENOMEM;

	for (size_t i = 0; i < n_inputs && !err; i++) {
		first_traces[i] = (uint32_t)collector->dims.n_traces;
		err = collector_read(collector, &inputs[i]);
	}
	if (!err)
		err = collector_store(collector);
	for (size_t i = 0; i < n_inputs && with_events && !err; i++)
		err = load_events(collector, &inputs[i], first_traces[i]);
	free(first_traces);
	return err;
}

static int load_into(sqlite3 *db, const struct settings *settings, struct input *inputs,
		     size_t n_inputs, bool *ret_damaged)
{
	struct rollup_settings rollup = { 0 };
	struct window window = { 0 };
	struct collector collector;
	int err = collector_init(&collector, db, rollup, window);

	collector.check_known = true;
	if (isatty(STDERR_FILENO))
		collector.progress = show_progress;
	*ret_damaged |= inputs_drop_stubs(inputs, &n_inputs);
	if (!err)
		err = view_settle(db, settings, &collector.view);
	if (!err)
		err = known_read(db, &collector.dims);
	collector.tally.known_processes = collector.dims.processes.n;
	if (!err)
		err = load_all(&collector, inputs, n_inputs, !settings->no_events);
	if (!err)
		err = db_run(db, "COMMIT");
	if (collector.progress)
		fputs("\r\033[K", stderr);
	if (!err)
		*ret_damaged |= collector.damaged;
	else if (err == -ENOMEM)
		say("out of memory");
	collector_free(&collector);
	return err;
}

/*
 * The transaction begins before the sandbox, and with a change, so that SQLite has opened the
 * journal; in the sandbox it only has to be removed.
 */
static int add_to(const struct settings *settings, struct input *inputs, size_t n_inputs,
		  bool *ret_damaged)
{
	const struct sandbox_needs needs = { .updated = settings->output };
	sqlite3 *db = NULL;
	int err;

	sandbox_close_inherited();
	err = db_open(settings->output, true, &db);
	if (err)
		return err;
	err = db_begin(db);
	if (!err)
		err = sandbox_enter(&needs);
	if (!err)
		err = load_into(db, settings, inputs, n_inputs, ret_damaged);
	/* closing a connection rolls back what was not committed */
	sqlite3_close(db);
	/* but after a failed write only the next one does: no journal is to be left */
	if (err && !db_open(settings->output, true, &db))
		sqlite3_close(db);
	return err;
}

static int build_in(int fd, const char *path, const struct settings *settings, struct input *inputs,
		    size_t n_inputs, bool *ret_damaged)
{
	const struct sandbox_needs needs = { .output = path };
	sqlite3 *db = NULL;
	int err = db_create(path, &db);

	if (!err)
		err = db_begin(db);
	if (!err)
		err = sandbox_enter(&needs);
	if (!err)
		err = load_into(db, settings, inputs, n_inputs, ret_damaged);
	if (sqlite3_close(db) != SQLITE_OK && !err)
		err = -EIO;
	if (err)
		return err;
	if (fsync(fd) || rename(path, settings->output))
		err = -errno;
	if (err)
		say("%s: %s", settings->output, strerror(-err));
	return err;
}

static int build_new(const struct settings *settings, struct input *inputs, size_t n_inputs,
		     bool *ret_damaged)
{
	char path[4096];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s.tmp-%d", settings->output, (int)getpid()) >=
	    (int)sizeof(path)) {
		say("%s: the name is too long", settings->output);
		return -ENAMETOOLONG;
	}
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = -errno;
		say("%s: %s", path, strerror(errno));
		return err;
	}
	unfinished_file(path);
	err = build_in(fd, path, settings, inputs, n_inputs, ret_damaged);
	if (err)
		unlink(path);
	unfinished_done(path);
	close(fd);
	return err;
}

/* One to add to is an input as well. */
static void expect_database(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	limits_expect(fd, true);
	close(fd);
}

static int load(const struct settings *settings, struct input *inputs, size_t n_inputs)
{
	struct stat status;
	bool damaged = false;
	int err;

	for (size_t i = 0; i < n_inputs; i++) {
		if (inputs[i].is_database) {
			say("%s: a database, not a trace", inputs[i].name);
			return STATUS_FAILED;
		}
	}
	expect_database(settings->output);
	err = stat(settings->output, &status) ? build_new(settings, inputs, n_inputs, &damaged)
					      : add_to(settings, inputs, n_inputs, &damaged);
	return err ? STATUS_FAILED : damaged ? STATUS_DAMAGED : STATUS_DONE;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	struct input *inputs;
	int first, status = STATUS_FAILED;
	size_t n_inputs;
	int result = command_parse(&settings, argc, argv, &first);

	if (result)
		return command_parse_status(result);
	if (!settings.output)
		return say_usage(command->name, "load: -o FILE.db says where to");
	if (!strcmp(settings.output, "-"))
		return say_usage(command->name,
				 "load: -o -: a database goes to a file (./- is one, too)");
	if (first == argc)
		return say_usage(command->name, "load: which trace?");
	if (inputs_open(argv + first, (size_t)(argc - first), &inputs, &n_inputs))
		return STATUS_FAILED;
	if (n_inputs == (size_t)(argc - first))
		status = load(&settings, inputs, n_inputs);
	inputs_close(inputs, n_inputs);
	return status;
}

const struct command command_load = {
	.name = "load",
	.operands = "-o FILE.db TRACE...",
	.summary = "put traces into a SQLite database",
	.description =
		"Put traces into a SQLite database, for report, sql and any other client.\n"
		"An existing database is added to; a trace that it has is not loaded again.\n",
	.options = options,
	.run = run,
};
