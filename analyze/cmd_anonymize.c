/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/anonymize.h"
#include "analyze/command.h"
#include "analyze/recover_output.h"
#include "analyze/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wishes {			  /* what the command line says */
	struct settings settings; /* first: the common options write to it */
	struct anonymize_options options;
	const char *key, *map;
	char *known; /* names, each with its NUL, and another NUL */
	size_t known_bytes, known_len;
};

static int apply_force(void *settings, const char *value)
{
	(void)value;
	((struct wishes *)settings)->settings.force = true;
	return 0;
}

static int apply_key(void *settings, const char *value)
{
	((struct wishes *)settings)->key = value;
	return 0;
}

static int apply_map(void *settings, const char *value)
{
	((struct wishes *)settings)->map = value;
	return 0;
}

static int apply_keep_addresses(void *settings, const char *value)
{
	(void)value;
	((struct wishes *)settings)->options.keep_addresses = true;
	return 0;
}

static int apply_keep_names(void *settings, const char *value)
{
	(void)value;
	((struct wishes *)settings)->options.keep_names = true;
	return 0;
}

static int apply_keep_private(void *settings, const char *value)
{
	(void)value;
	((struct wishes *)settings)->options.keep_private = true;
	return 0;
}

static int apply_shift_time(void *settings, const char *value)
{
	(void)value;
	((struct wishes *)settings)->options.shift_time = true;
	return 0;
}

/* Separated by commas; the option may stand there several times. */
static int apply_known(void *settings, const char *value)
{
	struct wishes *wishes = settings;
	size_t len = strlen(value);

	if (!len || value[0] == ',' || value[len - 1] == ',' || strstr(value, ",,")) {
		say("--known %s: not names of programs, separated by commas", value);
		return -EINVAL;
	}
	if (array_reserve(&wishes->known, &wishes->known_bytes, wishes->known_len + len + 2, 1))
		return -ENOMEM;
	for (size_t i = 0; i <= len; i++)
		wishes->known[wishes->known_len++] = value[i] == ',' ? '\0' : value[i];
	wishes->known[wishes->known_len] = '\0';
	return 0;
}

static const struct option_spec options[] = {
	{ "output", 'o', "TRACE", "the trace to make (- is standard output)", apply_output },
	{ "force", 0, NULL, "overwrite it if it exists", apply_force },
	{ "key", 0, "FILE",
	  "the key, made if it is not there: the same one gives\n"
	  "the same names in other traces (default: one of its own)",
	  apply_key },
	{ "map", 0, "FILE", "write what stands for what, to keep for oneself", apply_map },
	{ "keep-addresses", 0, NULL, "addresses stay, but for interfaces' identifiers",
	  apply_keep_addresses },
	{ "keep-names", 0, NULL, "names stay, but arguments of programs do not", apply_keep_names },
	{ "keep-private", 0, NULL, "private addresses stay private ones", apply_keep_private },
	{ "known", 0, "NAME,...", "names of programs that stay, beside the well-known ones",
	  apply_known },
	{ "shift-time", 0, NULL, "no time stays what it was; by the key, too", apply_shift_time },
	{ "help", 'h', NULL, "this text", apply_help },
	{ NULL, 0, NULL, NULL, NULL },
};

/* ---- Making it --------------------------------------------------------- */

static int say_failed(const struct input *input, const char *output, int err, bool is_output,
		      const struct anonymized *anonymized)
{
	if (err == -EUCLEAN)
		say("%s: damaged: make a whole trace of what is left with 'netsnoop-analyze recover', "
		    "and anonymize that",
		    input->name);
	else if (err == -ESTALE)
		say("%s: its traces are mixed up: split it", input->name);
	else if (err == -EEXIST && anonymized->anonymizer.has_collision)
		say("%s: two names would become one by this key: use another", input->name);
	else if (err == -ENODATA)
		say("%s: no chunk of a trace is in it", input->name);
	else
		say("%s: %s", is_output ? output : input->name, strerror(-err));
	return STATUS_FAILED;
}

/* Nothing leaves that does not pass. */
static int prove(struct anonymized *anonymized, const char *output, int fd)
{
	int err = anonymize_check(anonymized, fd);

	if (!err)
		err = anonymize_search(anonymized, fd);
	if (err && anonymized->fault[0])
		say("%s: not made, because the check of it failed: %s", output, anonymized->fault);
	else if (err)
		say("%s: not made, because it could not be checked: %s", output, strerror(-err));
	return err ? STATUS_FAILED : STATUS_DONE;
}

static int make(struct anonymized *anonymized, const struct input *input, const char *output,
		int fd)
{
	bool is_output = false;
	int err = anonymize(anonymized, input, fd, &is_output);

	if (err)
		return say_failed(input, output, err, is_output, anonymized);
	return prove(anonymized, output, fd);
}

/* ---- Where it goes ----------------------------------------------------- */

static int make_map(const char *path, const struct anonymized *anonymized)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int err = out ? anonymize_write_map(out, anonymized) : -errno;

	if (fd >= 0 && !out)
		close(fd);
	if (out && fclose(out) && !err)
		err = -errno;
	if (!err)
		return STATUS_DONE;
	say("--map %s: %s", path, strerror(-err));
	if (fd >= 0)
		unlink(path);
	return STATUS_FAILED;
}

static int to_file(const struct wishes *wishes, const struct input *input,
		   struct anonymized *anonymized)
{
	struct recover_output output;
	int status;

	if (recover_output_open(wishes->settings.output, wishes->settings.force, &output))
		return STATUS_FAILED;
	status = make(anonymized, input, output.name, output.fd);
	if (!status && wishes->map)
		status = make_map(wishes->map, anonymized);
	if (recover_output_close(&output, !status)) {
		if (!status && wishes->map)
			unlink(wishes->map);
		return STATUS_FAILED;
	}
	return status;
}

/* What is checked has to stay where it is until then. */
static int to_standard_output(const struct wishes *wishes, const struct input *input,
			      struct anonymized *anonymized)
{
	static const char name[] = "standard output";
	struct recover_output output;
	int status, err, fd;

	if (recover_output_open("-", false, &output))
		return STATUS_FAILED;
	fd = input_temporary("the trace");
	if (fd < 0)
		return STATUS_FAILED;
	status = make(anonymized, input, name, fd);
	if (!status && wishes->map)
		status = make_map(wishes->map, anonymized);
	if (!status) {
		err = lseek(fd, 0, SEEK_SET) < 0 ? -errno : input_copy(fd, output.fd);
		if (err && err != -EPIPE)
			say("%s: %s", name, strerror(-err));
		status = err && err != -EPIPE ? STATUS_FAILED : STATUS_DONE;
	}
	close(fd); /* it has no name any more */
	return status;
}

static void say_made(const struct wishes *wishes, const struct anonymized *anonymized)
{
	bool is_stream = !strcmp(wishes->settings.output, "-");
	const char *name = is_stream ? "standard output" : wishes->settings.output;

	anonymize_account(is_stream ? stderr : stdout, anonymized);
	if (anonymized->unknown)
		say("%s: dropped what this version does not know: %" PRIu64 " kinds of it", name,
		    anonymized->unknown);
	if (anonymized->is_cut)
		say("%s: without an end, like what it was made of", name);
	say("%s: %" PRIu64 " events in %" PRIu64
	    " chunks, each field as its rule says; nothing that was changed is found in it",
	    name, anonymized->rows[NST_TABLE_EVENT], anonymized->chunks);
}

static int with_key(const struct wishes *wishes, const struct input *input,
		    const struct anonymize_key *key)
{
	struct anonymized *anonymized = calloc(1, sizeof(*anonymized));
	int status = STATUS_FAILED;

	if (!anonymized ||
	    anonymizer_init(&anonymized->anonymizer, key, wishes->key != NULL, &wishes->options)) {
		say("out of memory");
	} else {
		status = strcmp(wishes->settings.output, "-")
				 ? to_file(wishes, input, anonymized)
				 : to_standard_output(wishes, input, anonymized);
		if (!status)
			say_made(wishes, anonymized);
		if (!status && (fflush(stdout) || ferror(stdout)))
			status = STATUS_FAILED;
		if (!status && anonymized->is_cut)
			status = STATUS_DAMAGED;
	}
	if (anonymized)
		anonymizer_free(&anonymized->anonymizer);
	free(anonymized);
	return status;
}

static int with_input(const struct wishes *wishes, const struct input *input)
{
	struct anonymize_key key;
	bool is_new = false;
	int err, status;

	if (input->is_database) {
		say("%s: a database, not a trace", input->name);
		return STATUS_FAILED;
	}
	err = wishes->key ? anonymize_key_file(wishes->key, &key, &is_new)
			  : anonymize_key_random(&key);
	if (err)
		return STATUS_FAILED;
	if (is_new)
		say("%s: a new key; who has it can find out what stands for what", wishes->key);
	status = with_key(wishes, input, &key);
	anonymize_key_forget(&key);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	struct wishes wishes = { .settings = { .command = command } };
	int first, status = STATUS_FAILED;
	int result = command_parse(&wishes.settings, argc, argv, &first);
	struct input input;

	wishes.options.known = wishes.known;
	if (result)
		status = command_parse_status(result);
	else if (argc - first != 1)
		status = say_usage(command->name, "anonymize: which trace? (one)");
	else if (!wishes.settings.output)
		status = say_usage(command->name, "anonymize: --output TRACE: what to make?");
	else if (!input_open(argv[first], &input)) {
		status = with_input(&wishes, &input);
		input_close(&input);
	}
	free(wishes.known);
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
