/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/command.h"
#include "analyze/dump.h"
#include "analyze/out.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"

#include <errno.h>

static const struct option_spec options[] = {
	{ "from", 0, "TIME",
	  "only events from TIME on: 2026-01-02T03:04:05Z,\n"
	  "+SECONDS from the start or -SECONDS from the end",
	  apply_from },
	{ "to", 0, "TIME", "only events before TIME", apply_to },
	{ "utc", 0, NULL, "text shows UTC instead of local time", apply_utc },
	{ "format", 'f', "FORMAT", "text, json (a line an event) or csv", apply_format_text },
	{ "owner", 0, "WHICH",
	  "a socket that changed hands: consumed (who used it,\n"
	  "the default), held (who had it then) or recorded",
	  apply_owner },
	LIMITS_OF_READING,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	struct window window;
	struct input input;
	int first, status = STATUS_FAILED;
	int result = command_parse(&settings, argc, argv, &first);
	FILE *out;

	if (result)
		return command_parse_status(result);
	if (settings_window(&settings, &window))
		return STATUS_USAGE;
	if (argc - first != 1)
		return say_usage(command->name, "dump: which trace? (one)");
	if (input_open(argv[first], &input))
		return STATUS_FAILED;
	if (input.is_database) {
		say("%s: a database: use sql with \"SELECT * FROM net_event\"", input.name);
	} else if (!sandbox_enter(NULL)) {
		out = out_open();
		if (out)
			status = out_close(out, dump(out, &input, &settings, window));
	}
	input_close(&input);
	return status;
}

const struct command command_dump = {
	.name = "dump",
	.operands = "TRACE|-",
	.summary = "print every event, in order of time",
	.description = "Print every event of a trace (- is standard input), in order of time.\n",
	.options = options,
	.run = run,
};
