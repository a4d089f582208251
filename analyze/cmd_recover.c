/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/command.h"
#include "analyze/recover.h"
#include "analyze/recover_output.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static int apply_force(void *settings, const char *value)
{
	(void)value;
	((struct settings *)settings)->force = true;
	return 0;
}

static const struct option_spec options[] = {
	{ "output", 'o', "TRACE", "the trace to make (- is standard output)", apply_output },
	{ "force", 0, NULL, "overwrite it if it exists", apply_force },
	LIMITS_OF_READING,
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

static void say_recovered(const char *name, const struct recovered *recovered)
{
	char duration[UNITS_MAX];

	say("%s: recovered %" PRIu64 " events in %" PRIu64 " chunks", name, recovered->events,
	    recovered->chunks);
	if (recovered->missing_chunks)
		say("%s: missing: %" PRIu64 " events in %" PRIu64 " chunks, %s", name,
		    recovered->missing_events, recovered->missing_chunks,
		    format_duration(recovered->missing_ns, duration));
	else
		say("%s: nothing is missing%s", name, recovered->cut ? " in front of the cut" : "");
	if (recovered->cut)
		say("%s: the recording was cut: what came behind is not known", name);
}

static int say_failed(const struct input *input, const char *output, int err, bool is_output)
{
	if (err == -EPIPE && is_output)
		return STATUS_DONE;
	if (err == -ENODATA)
		say("%s: nothing to recover: no chunk of it is whole", input->name);
	else if (err == -ESTALE)
		say("%s: changed while it was read", input->name);
	else
		say("%s: %s", is_output ? output : input->name, strerror(-err));
	return STATUS_FAILED;
}

static int recover_verified(const struct verified *verified, struct recover_output *output)
{
	struct recovered recovered;
	bool is_output = false;
	int err = recover(verified, output->fd, &recovered, &is_output);
	int status = err ? say_failed(verified->input, output->name, err, is_output) : STATUS_DONE;

	if (recover_output_close(output, !err))
		return STATUS_FAILED;
	if (!err)
		say_recovered(output->name, &recovered);
	return status;
}

/* The output was opened before anything of the input was read. */
static int recover_input(struct input *input, struct recover_output *output)
{
	struct verified verified = { 0 };
	bool is_usable = !sandbox_enter(NULL) && !input_spool(input) && !verify(input, &verified) &&
			 verified.status != STATUS_FAILED;
	int status = STATUS_FAILED;

	if (is_usable)
		status = recover_verified(&verified, output);
	else
		recover_output_close(output, false);
	verified_free(&verified);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct settings settings = { .command = command };
	int first, status = STATUS_FAILED;
	int result = command_parse(&settings, argc, argv, &first);
	struct recover_output output;
	struct input input;

	if (result)
		return command_parse_status(result);
	if (argc - first != 1)
		return say_usage(command->name, "recover: which trace? (one)");
	if (!settings.output)
		return say_usage(command->name, "recover: --output TRACE: what to make?");
	if (input_open(argv[first], &input))
		return STATUS_FAILED;
	if (input.is_database)
		say("%s: a database, not a trace", input.name);
	else if (!recover_output_open(settings.output, settings.force, &output))
		status = recover_input(&input, &output);
	input_close(&input);
	return status;
}

const struct command command_recover = {
	.name = "recover",
	.operands = "-o TRACE TRACE|-",
	.summary = "make a whole trace of what is whole in a broken one",
	.description =
		"Copy every whole chunk of a cut or damaged trace (- is standard input), in\n"
		"order, into a new one that counts what is missing and has an end.\n",
	.options = options,
	.run = run,
};
