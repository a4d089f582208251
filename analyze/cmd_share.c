/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/publish.h"
#include "analyze/say.h"
#include "common/units.h"

#include <errno.h>
#include <string.h>

#define SMALLEST_BYTES 4096

static int apply_pid(void *settings, const char *value)
{
	return selection_add_pid(&((struct publishing *)settings)->selection, value);
}

static int apply_comm(void *settings, const char *value)
{
	return selection_add_comm(&((struct publishing *)settings)->selection, value);
}

static int apply_host(void *settings, const char *value)
{
	return selection_add_host(&((struct publishing *)settings)->selection, value);
}

static int apply_port(void *settings, const char *value)
{
	return selection_add_port(&((struct publishing *)settings)->selection, value);
}

static int apply_max_size(void *settings, const char *value)
{
	struct publishing *publishing = settings;
	int err = parse_size(value, SMALLEST_BYTES, INT64_MAX, &publishing->max_bytes);

	if (err)
		say("--max-size %s: not a size from 4k on, such as 10M", value);
	return err ? -EINVAL : 0;
}

static const struct option_spec options[] = {
	{ "output", 'o', "TRACE", "the trace to make (- is standard output)", apply_output },
	{ "force", 0, NULL, "overwrite it if it exists", publish_apply_force },
	{ "from", 0, "TIME",
	  "only from here on: RFC 3339, or +SECONDS from the start, or\n"
	  "-SECONDS from the end",
	  apply_from },
	{ "to", 0, "TIME", "only what is before", apply_to },
	{ "pid", 0, "PID", "only flows of this process", apply_pid },
	{ "comm", 0, "NAME", "only flows of processes with this name", apply_comm },
	{ "host", 0, "ADDRESS[/BITS]", "only flows with this address at one end", apply_host },
	{ "port", 0, "PORT[-PORT]", "only flows with this port at one end", apply_port },
	{ "max-size", 0, "BYTES",
	  "make it no larger, as in 10M: with coarser times, then with\n"
	  "the last part of the span alone",
	  apply_max_size },
	{ "utc", 0, NULL, "--from and --to without an offset are UTC", apply_utc },
	PUBLISH_OPTIONS,
	LIMITS_OF_READING,
	LIMITS_OF_TABLES,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

/* Who reads the trace is to know that it is not of everything. */
static void name_filters(struct publishing *publishing, char *text, size_t room)
{
	const struct selection *selection = &publishing->selection;

	snprintf(text, room, "%s%s%s%s", selection->n_pids ? " --pid *" : "",
		 selection->n_comms ? " --comm *" : "", selection->n_hosts ? " --host *" : "",
		 selection->n_ports ? " --port *" : "");
	publishing->options.filters = *text ? text + 1 : NULL;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct publishing publishing = { .settings = { .command = command }, .has_summary = true };
	int first, status = STATUS_FAILED;
	int result = command_parse(&publishing.settings, argc, argv, &first);
	struct input input;
	char filters[64];

	if (result)
		status = command_parse_status(result);
	else if (settings_window(&publishing.settings, &publishing.selection.window))
		status = STATUS_USAGE;
	else if (argc - first != 1)
		status = say_usage(command->name, "share: which trace? (one)");
	else if (!publishing.settings.output)
		status = say_usage(command->name, "share: --output TRACE: what to make?");
	else if (!input_open(argv[first], &input)) {
		name_filters(&publishing, filters, sizeof(filters));
		status = publish(&publishing, &input);
		input_close(&input);
	}
	publishing_free(&publishing);
	return status;
}

const struct command command_share = {
	.name = "share",
	.operands = "-o TRACE TRACE|-",
	.summary = "make a trace to publish, and a summary to paste",
	.description =
		"Make a trace that can be published of a private one (- is standard input): of\n"
		"what is asked for, with other names, checked. Print a summary in Markdown, and\n"
		"to standard error what became of each field.\n",
	.options = options,
	.run = run,
};
