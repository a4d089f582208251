/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/publish.h"

#include "analyze/recover_output.h"
#include "analyze/say.h"
#include "common/units.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS_MAX 16 /* to make it small enough */
#define SHORTEN_BY 0.93 /* a little more than the sizes say: chunks differ */

/* ---- Options ----------------------------------------------------------- */

int publish_apply_force(void *settings, const char *value)
{
	(void)value;
	((struct publishing *)settings)->settings.force = true;
	return 0;
}

int publish_apply_key(void *settings, const char *value)
{
	((struct publishing *)settings)->key = value;
	return 0;
}

int publish_apply_map(void *settings, const char *value)
{
	((struct publishing *)settings)->map = value;
	return 0;
}

int publish_apply_keep_addresses(void *settings, const char *value)
{
	(void)value;
	((struct publishing *)settings)->options.keep_addresses = true;
	return 0;
}

int publish_apply_keep_names(void *settings, const char *value)
{
	(void)value;
	((struct publishing *)settings)->options.keep_names = true;
	return 0;
}

int publish_apply_keep_private(void *settings, const char *value)
{
	(void)value;
	((struct publishing *)settings)->options.keep_private = true;
	return 0;
}

int publish_apply_shift_time(void *settings, const char *value)
{
	(void)value;
	((struct publishing *)settings)->options.shift_time = true;
	return 0;
}

/* Separated by commas; the option may stand there several times. */
int publish_apply_known(void *settings, const char *value)
{
	struct publishing *publishing = settings;
	size_t len = strlen(value);

	if (!len || value[0] == ',' || value[len - 1] == ',' || strstr(value, ",,")) {
		say("--known %s: not names of programs, separated by commas", value);
		return -EINVAL;
	}
	if (array_reserve(&publishing->known, &publishing->known_bytes,
			  publishing->known_len + len + 2, 1))
		return -ENOMEM;
	for (size_t i = 0; i <= len; i++)
		publishing->known[publishing->known_len++] = value[i] == ',' ? '\0' : value[i];
	publishing->known[publishing->known_len] = '\0';
	return 0;
}

/* ---- Making it --------------------------------------------------------- */

struct making { /* one publishing with one key */
	struct publishing *publishing;
	const struct anonymize_key *key;
	struct input *input;
	const char *output; /* for messages */
	int fd;
	struct anonymized *made; /* by the last attempt */
};

static int say_failed(const struct making *making, int err, bool is_output)
{
	const char *input = making->input->name;

	if ((making->made && making->made->is_said) || making->publishing->selection.is_said)
		return STATUS_FAILED;
	if (err == -EUCLEAN)
		say("%s: damaged: make a whole trace of what is left with 'netsnoop-analyze recover', "
		    "and take that",
		    input);
	else if (err == -ESTALE)
		say("%s: its traces are mixed up: split it", input);
	else if (err == -EEXIST && making->made && making->made->anonymizer.has_collision)
		say("%s: two names would become one by this key: use another", input);
	else if (err == -ENODATA)
		say("%s: no chunk of a trace is in it", input);
	else
		say("%s: %s", is_output ? making->output : input, strerror(-err));
	return STATUS_FAILED;
}

/* Nothing leaves that does not pass. */
static int prove(struct making *making)
{
	struct anonymized *made = making->made;
	int err = anonymize_check(made, making->fd);

	if (!err)
		err = anonymize_search(made, making->fd);
	if (err && made->fault[0])
		say("%s: not made, because the check of it failed: %s", making->output,
		    made->fault);
	else if (err)
		say("%s: not made, because it could not be checked: %s", making->output,
		    strerror(-err));
	return err ? STATUS_FAILED : STATUS_DONE;
}

static void forget_made(struct making *making)
{
	if (making->made)
		anonymizer_free(&making->made->anonymizer);
	free(making->made);
	making->made = NULL;
}

/* Once, from the beginning; how large it became. */
static int attempt(struct making *making)
{
	struct publishing *publishing = making->publishing;
	const struct selection *selection = &publishing->selection;
	bool is_output = false, is_part = selection_is_given(selection) || publishing->grain_ns;
	struct stat status;
	char *part = is_part ? selection_text(selection, publishing->grain_ns) : NULL;
	int err;

	forget_made(making);
	publishing->options.part = part;
	making->made = is_part && !part ? NULL : calloc(1, sizeof(*making->made));
	err = making->made ? anonymizer_init(&making->made->anonymizer, making->key,
					     publishing->key != NULL, &publishing->options)
			   : -ENOMEM;
	if (!err && (lseek(making->fd, 0, SEEK_SET) < 0 || ftruncate(making->fd, 0)))
		err = -errno;
	is_output = err && err != -ENOMEM;
	if (!err) {
		making->made->selection = selection_is_given(selection) ? selection : NULL;
		making->made->grain_ns = publishing->grain_ns;
		err = anonymize(making->made, making->input, making->fd, &is_output);
	}
	if (!err && fstat(making->fd, &status))
		err = -errno;
	if (making->made)
		making->made->anonymizer.options.part = NULL;
	publishing->options.part = NULL;
	free(part);
	if (err)
		return say_failed(making, err, is_output);
	publishing->file_bytes = (uint64_t)status.st_size;
	return STATUS_DONE;
}

/* ---- Small enough ------------------------------------------------------ */

static int find_selected(struct making *making)
{
	struct selection *selection = &making->publishing->selection;
	int err;

	if (!selection_is_given(selection)) /* then a pipe is read once */
		return making->input->can_seek && input_rewind(making->input) ? STATUS_FAILED
									      : STATUS_DONE;
	err = selection_find(selection, making->input);
	if (err)
		return say_failed(making, err, false);
	if (selection_has_span(selection))
		return STATUS_DONE;
	say("%s: nothing of it is between --from and --to", making->input->name);
	return STATUS_FAILED;
}

/* The last part of the span, which is where most recordings are stopped for a reason. */
static int shorten(struct making *making)
{
	struct publishing *publishing = making->publishing;
	struct selection *selection = &publishing->selection;
	double part = SHORTEN_BY * (double)publishing->max_bytes / (double)publishing->file_bytes;
	int64_t from_ns, to_ns, span_ns;
	int err = selection_span(selection, making->input, &from_ns, &to_ns);

	if (err)
		return say_failed(making, err, false);
	/* a trace may claim any times */
	if (__builtin_sub_overflow(to_ns, from_ns, &span_ns) || span_ns <= 0) {
		say("%s: its times make no span that could be shortened", making->input->name);
		return STATUS_FAILED;
	}
	selection->window.from =
		(struct moment){ MOMENT_REALTIME, to_ns - (int64_t)((double)span_ns * part) };
	publishing->is_shortened = true;
	return STATUS_DONE;
}

/* Times are half of a trace, and what they say of small parts of a second is little. */
static int make_smaller(struct making *making)
{
	static const uint64_t grains[] = { 10000, 1000000, 100000000 };
	struct publishing *publishing = making->publishing;

	for (size_t i = 0; i < sizeof(grains) / sizeof(grains[0]); i++)
		if (publishing->grain_ns < grains[i]) {
			publishing->grain_ns = grains[i];
			return STATUS_DONE;
		}
	return shorten(making);
}

static bool is_too_large(const struct publishing *publishing)
{
	return publishing->max_bytes && publishing->file_bytes > publishing->max_bytes;
}

static int make(struct making *making)
{
	struct publishing *publishing = making->publishing;
	int status = STATUS_DONE;

	for (int i = 0; i < ATTEMPTS_MAX; i++) {
		status = find_selected(making);
		if (!status)
			status = attempt(making);
		if (status || !is_too_large(publishing))
			break;
		status = make_smaller(making);
		if (status)
			break;
	}
	if (!status && is_too_large(publishing)) {
		say("%s: cannot be made as small as %" PRIu64 " bytes: what does not go by time "
		    "takes more",
		    making->output, publishing->max_bytes);
		status = STATUS_FAILED;
	}
	if (!status)
		status = prove(making);
	if (!status && publishing->has_summary &&
	    summary_make(publishing, making->fd, making->output, &publishing->summary))
		status = STATUS_FAILED;
	return status;
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

static int to_file(struct making *making)
{
	const struct publishing *publishing = making->publishing;
	struct recover_output output;
	int status;

	if (recover_output_open(publishing->settings.output, publishing->settings.force, &output))
		return STATUS_FAILED;
	making->output = output.name;
	making->fd = output.fd;
	status = make(making);
	if (!status && publishing->map)
		status = make_map(publishing->map, making->made);
	if (recover_output_close(&output, !status)) {
		if (!status && publishing->map)
			unlink(publishing->map);
		return STATUS_FAILED;
	}
	return status;
}

/* What is checked has to stay where it is until then. */
static int to_standard_output(struct making *making)
{
	const struct publishing *publishing = making->publishing;
	struct recover_output output;
	int status, err;

	if (recover_output_open("-", false, &output))
		return STATUS_FAILED;
	making->output = output.name;
	making->fd = input_temporary("the trace");
	if (making->fd < 0)
		return STATUS_FAILED;
	status = make(making);
	if (!status && publishing->map)
		status = make_map(publishing->map, making->made);
	if (!status) {
		err = lseek(making->fd, 0, SEEK_SET) < 0 ? -errno
							 : input_copy(making->fd, output.fd);
		if (err && err != -EPIPE)
			say("%s: %s", output.name, strerror(-err));
		status = err && err != -EPIPE ? STATUS_FAILED : STATUS_DONE;
	}
	close(making->fd); /* it has no name any more */
	return status;
}

static void say_made(const struct making *making)
{
	const struct publishing *publishing = making->publishing;
	const struct anonymized *made = making->made;
	char text[UNITS_MAX];
	/* one of them may be pasted, or piped */
	bool is_apart = publishing->has_summary || !strcmp(publishing->settings.output, "-");

	anonymize_account(is_apart ? stderr : stdout, made);
	if (made->unknown)
		say("%s: dropped what this version does not know: %" PRIu64 " kinds of it",
		    making->output, made->unknown);
	if (made->is_cut)
		say("%s: without an end, like what it was made of", making->output);
	if (publishing->grain_ns)
		say("%s: times of events are multiples of %s, to make it small enough",
		    making->output, format_duration(publishing->grain_ns, text));
	if (publishing->is_shortened)
		say("%s: only the last part of the span is in it, to make it small enough",
		    making->output);
	say("%s: %" PRIu64 " events in %" PRIu64
	    " chunks, each field as its rule says; nothing that was changed is found in it",
	    making->output, made->rows[NST_TABLE_EVENT], made->chunks);
	if (publishing->summary)
		fputs(publishing->summary,
		      strcmp(publishing->settings.output, "-") ? stdout : stderr);
}

static int with_key(struct publishing *publishing, struct input *input,
		    const struct anonymize_key *key)
{
	struct making making = { .publishing = publishing, .key = key, .input = input, .fd = -1 };
	int status = strcmp(publishing->settings.output, "-") ? to_file(&making)
							      : to_standard_output(&making);

	if (!status)
		say_made(&making);
	if (!status && (fflush(stdout) || ferror(stdout)))
		status = STATUS_FAILED;
	if (!status && making.made->is_cut)
		status = STATUS_DAMAGED;
	forget_made(&making);
	return status;
}

int publish(struct publishing *publishing, struct input *input)
{
	struct anonymize_key key;
	bool is_new = false;
	int err, status;

	publishing->options.known = publishing->known;
	if (input->is_database) {
		say("%s: a database, not a trace", input->name);
		return STATUS_FAILED;
	}
	if ((selection_is_given(&publishing->selection) || publishing->max_bytes) &&
	    input_spool(input))
		return STATUS_FAILED;
	err = publishing->key ? anonymize_key_file(publishing->key, &key, &is_new)
			      : anonymize_key_random(&key);
	if (err)
		return STATUS_FAILED;
	if (is_new)
		say("%s: a new key; who has it can find out what stands for what", publishing->key);
	status = with_key(publishing, input, &key);
	anonymize_key_forget(&key);
	return status;
}

void publishing_free(struct publishing *publishing)
{
	selection_free(&publishing->selection);
	free(publishing->known);
	free(publishing->summary);
}
