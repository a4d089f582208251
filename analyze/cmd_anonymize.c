/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/publish.h"
#include "analyze/say.h"

static const struct option_spec options[] = {
	{ "output", 'o', "TRACE", "the trace to make (- is standard output)", apply_output },
	{ "force", 0, NULL, "overwrite it if it exists", publish_apply_force },
	PUBLISH_OPTIONS,
	LIMITS_OF_READING,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static int run(const struct command *command, int argc, char **argv)
{
	struct publishing publishing = { .settings = { .command = command } };
	int first, status = STATUS_FAILED;
	int result = command_parse(&publishing.settings, argc, argv, &first);
	struct input input;

	if (result)
		status = command_parse_status(result);
	else if (argc - first != 1)
		status = say_usage(command->name, "anonymize: which trace? (one)");
	else if (!publishing.settings.output)
		status = say_usage(command->name, "anonymize: --output TRACE: what to make?");
	else if (!input_open(argv[first], &input)) {
		status = publish(&publishing, &input);
		input_close(&input);
	}
	publishing_free(&publishing);
	return status;
}

const struct command command_anonymize = {
	.name = "anonymize",
	.operands = "-o TRACE TRACE|-",
	.summary = "make a trace that tells the same of others",
	.description =
		"Put other addresses, names and ids in place of those of a trace (- is standard\n"
		"input), check the result, and print what became of each field.\n",
	.options = options,
	.run = run,
};
