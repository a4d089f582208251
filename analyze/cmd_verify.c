/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/command.h"
#include "analyze/out.h"
#include "analyze/say.h"
#include "analyze/verify.h"

static const struct option_spec options[] = {
	{ "utc", 0, NULL, "text shows UTC instead of local time", apply_utc },
	{ "format", 'f', "FORMAT", "text or json", apply_format_text },
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

/* Which of two statuses says more of what is wrong. */
static int worse(int a, int b)
{
	return a == STATUS_FAILED || (a == STATUS_DAMAGED && b == STATUS_DONE) ? a : b;
}

static int verify_input(FILE *out, const struct settings *settings, struct input *input,
			bool *is_first)
{
	struct verified verified;
	int status;

	if (verify(input, &verified)) {
		verified_free(&verified);
		return STATUS_FAILED;
	}
	status = verified.status;
	if (settings->format == FORMAT_JSON) {
		fputs(*is_first ? "" : ",\n", out);
		verified_print_json(out, &verified);
	} else {
		fputs(*is_first ? "" : "\n", out);
		verified_print_text(out, &verified, settings->utc);
	}
	*is_first = false;
	verified_free(&verified);
	return status;
}

static int verify_name(FILE *out, const struct settings *settings, const char *name, bool *is_first)
{
	struct input input;
	int status = STATUS_FAILED;

	if (input_open(name, &input))
		return STATUS_FAILED;
	if (input.is_database)
		say("%s: a database, not a trace", input.name);
	else
		status = verify_input(out, settings, &input, is_first);
	input_close(&input);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	int first, status = STATUS_DONE;
	int result = command_parse(&settings, argc, argv, &first);
	bool is_first = true;
	FILE *out;

	if (result)
		return command_parse_status(result);
	if (settings.format == FORMAT_CSV)
		return say_usage(command->name, "--format csv: verify has text and json");
	if (argc == first)
		return say_usage(command->name, "verify: which traces?");
	out = out_open();
	if (!out)
		return STATUS_FAILED;
	if (settings.format == FORMAT_JSON)
		fputs("{\"files\":[", out);
	for (int i = first; i < argc; i++)
		status = worse(status, verify_name(out, &settings, argv[i], &is_first));
	if (settings.format == FORMAT_JSON)
		fputs("]}\n", out);
	return out_close(out, status);
}

const struct command command_verify = {
	.name = "verify",
	.operands = "TRACE...|-",
	.summary = "check everything that can be checked of a trace",
	.description =
		"Read every frame and every column of traces (- is standard input), check all\n"
		"checksums, sequences and sums, and say what is missing.\n"
		"Exit status: 0 whole, 3 cut or damaged, 1 refused.\n",
	.options = options,
	.run = run,
};
