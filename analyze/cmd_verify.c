/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/command.h"
#include "analyze/out.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"
#include "analyze/verify.h"

static const struct option_spec options[] = {
	{ "utc", 0, NULL, "text shows UTC instead of local time", apply_utc },
	{ "format", 'f', "FORMAT", "text or json", apply_format_text },
	LIMITS_OF_READING,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

/* Which of two statuses says more of what is wrong. */
static int worse(int a, int b)
{
	return a == STATUS_FAILED || (a == STATUS_DAMAGED && b == STATUS_DONE) ? a : b;
}

static int verify_input(FILE *out, const struct settings *settings, const struct input *input,
			bool *is_first)
{
	struct verified verified;
	int status;

	if (input->is_database) {
		say("%s: a database, not a trace", input->name);
		return STATUS_FAILED;
	}
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

static int verify_all(const struct settings *settings, const struct input *inputs, size_t n_inputs,
		      int status)
{
	FILE *out = out_open();
	bool is_first = true;

	if (!out)
		return STATUS_FAILED;
	if (settings->format == FORMAT_JSON)
		fputs("{\"files\":[", out);
	for (size_t i = 0; i < n_inputs; i++)
		status = worse(status, verify_input(out, settings, &inputs[i], &is_first));
	if (settings->format == FORMAT_JSON)
		fputs("]}\n", out);
	return out_close(out, status);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	int first, status = STATUS_FAILED;
	int result = command_parse(&settings, argc, argv, &first);
	struct input *inputs;
	size_t n, n_open;

	if (result)
		return command_parse_status(result);
	if (settings.format == FORMAT_CSV)
		return say_usage(command->name, "--format csv: verify has text and json");
	if (argc == first)
		return say_usage(command->name, "verify: which traces?");
	n = (size_t)(argc - first);
	if (inputs_open(argv + first, n, &inputs, &n_open))
		return STATUS_FAILED;
	if (!sandbox_enter(NULL))
		status = verify_all(&settings, inputs, n_open,
				    n_open < n ? STATUS_FAILED : STATUS_DONE);
	inputs_close(inputs, n_open);
	return status;
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
