/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/publish.h"

#include "analyze/database.h"
#include "analyze/out.h"
#include "analyze/publish_outputs.h"
#include "analyze/publish_size.h"
#include "analyze/sandbox.h"
#include "analyze/say.h"
#include "common/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	struct publish_outputs to;
	struct anonymized *made; /* by the last attempt */
	struct publish_size size;
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
		say("%s: %s", is_output ? making->to.trace.name : input, strerror(-err));
	return STATUS_FAILED;
}

/* Nothing leaves that does not pass. */
static int prove(struct making *making)
{
	struct anonymized *made = making->made;
	int err = anonymize_check(made, making->to.fd);

	if (!err)
		err = anonymize_search(made, making->to.fd, making->publishing->summary.values);
	if (err && made->fault[0])
		say("%s: not made, because the check of it failed: %s", making->to.trace.name,
		    made->fault);
	else if (err)
		say("%s: not made, because it could not be checked: %s", making->to.trace.name,
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
	if (!err && (lseek(making->to.fd, 0, SEEK_SET) < 0 || ftruncate(making->to.fd, 0)))
		err = -errno;
	is_output = err && err != -ENOMEM;
	if (!err) {
		making->made->selection = selection_is_given(selection) ? selection : NULL;
		making->made->grain_ns = publishing->grain_ns;
		err = anonymize(making->made, making->input, making->to.fd, &is_output);
	}
	if (!err && fstat(making->to.fd, &status))
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

static void say_too_large(const struct making *making)
{
	say("%s: cannot be made as small as %" PRIu64 " bytes: what does not go by time takes more",
	    making->to.trace.name, making->publishing->max_bytes);
}

static int find_selected(struct making *making)
{
	struct selection *selection = &making->publishing->selection;
	int err;

	if (!selection_is_given(selection))
		return input_rewind(making->input) ? STATUS_FAILED : STATUS_DONE;
	err = selection_find(selection, making->input);
	if (err)
		return say_failed(making, err, false);
	if (!selection_has_span(selection) && making->publishing->is_shortened)
		say_too_large(making);
	else if (!selection_has_span(selection))
		say("%s: nothing of it is between --from and --to", making->input->name);
	else if (selection_is_by_flow(selection) && !selection->is_found &&
		 !making->publishing->is_shortened)
		say("%s: it has no packet%s that --pid, --comm, --host and --port ask for",
		    making->input->name,
		    window_is_given(&selection->window) ? " between --from and --to" : "");
	else
		return STATUS_DONE;
	return STATUS_FAILED;
}

static int say_not_smaller(const struct making *making, int err)
{
	const struct publishing *publishing = making->publishing;

	if (err == -ERANGE)
		say("%s: cannot be made as small as %" PRIu64 " bytes: its last moment, with what "
		    "does not go by time, takes %" PRIu64,
		    making->to.trace.name, publishing->max_bytes, publishing->file_bytes);
	else if (err == -ELOOP)
		say("%s: not made: in %u attempts at a shorter span it became no smaller than %" PRIu64
		    " bytes, and %" PRIu64 " are asked for",
		    making->to.trace.name, making->size.n_shortened - 1, publishing->file_bytes,
		    publishing->max_bytes);
	else
		return say_failed(making, err, false);
	return STATUS_FAILED;
}

static void begin_span(struct making *making, int64_t begin_ns)
{
	making->publishing->selection.window.from = (struct moment){ MOMENT_REALTIME, begin_ns };
	making->publishing->is_shortened = true;
}

/* The last part of the span, which is where most recordings are stopped for a reason. */
static int shorten(struct making *making)
{
	struct publishing *publishing = making->publishing;
	struct selection *selection = &publishing->selection;
	int64_t from_ns, to_ns, span_ns, begin_ns;
	int err = selection_span(selection, making->input, &from_ns, &to_ns);

	if (err)
		return say_failed(making, err, false);
	/* a trace may claim any times */
	if (__builtin_sub_overflow(to_ns, from_ns, &span_ns) || span_ns <= 0) {
		say("%s: its times make no span that could be shortened", making->input->name);
		return STATUS_FAILED;
	}
	making->size.max_bytes = publishing->max_bytes;
	err = publish_size_smaller(&making->size, selection, making->input, publishing->file_bytes,
				   from_ns, to_ns, &begin_ns);
	if (err)
		return say_not_smaller(making, err);
	begin_span(making, begin_ns);
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

/* False: it is as large as it has to be. */
static bool make_larger(struct making *making)
{
	int64_t begin_ns;

	if (!publish_size_larger(&making->size, making->publishing->file_bytes, &begin_ns))
		return false;
	begin_span(making, begin_ns);
	return true;
}

/* Again and again, until it is small enough. */
static int make_to_size(struct making *making)
{
	int status;

	do {
		status = find_selected(making);
		if (!status)
			status = attempt(making);
		if (!status && is_too_large(making->publishing))
			status = make_smaller(making);
		else if (!status && !make_larger(making))
			break;
	} while (!status);
	publish_size_free(&making->size);
	return status;
}

static int make(struct making *making)
{
	struct publishing *publishing = making->publishing;
	int status = make_to_size(making);

	if (!status && publishing->has_summary &&
	    summary_make(publishing, making->to.fd, making->to.trace.path, making->input,
			 &publishing->summary))
		status = STATUS_FAILED;
	return status ? status : prove(making);
}

/* ---- All of it -------------------------------------------------------- */

static int make_confined(struct making *making)
{
	if (making->publishing->has_summary) /* which a database is for */
		db_prepare_files();
	if (sandbox_enter(NULL) || input_spool(making->input))
		return STATUS_FAILED;
	return make(making);
}

static void say_made(const struct making *making, FILE *out)
{
	const struct publishing *publishing = making->publishing;
	const struct anonymized *made = making->made;
	char text[UNITS_MAX];
	/* one of them may be pasted, or piped */
	bool is_apart = publishing->has_summary || !strcmp(publishing->settings.output, "-");

	anonymize_account(is_apart ? stderr : out, made);
	if (making->to.new_key.path)
		say("%s: a new key; who has it can find out what stands for what", publishing->key);
	if (made->unknown)
		say("%s: dropped what this version does not know: %" PRIu64 " kinds of it",
		    making->to.trace.name, made->unknown);
	if (made->is_cut)
		say("%s: without an end, like what it was made of", making->to.trace.name);
	if (made->n_without_flow)
		say("%s: left out %" PRIu64 " totals of no flow: nobody knows whose they are",
		    making->to.trace.name, made->n_without_flow);
	if (publishing->grain_ns)
		say("%s: times of events are multiples of %s, to make it small enough",
		    making->to.trace.name, format_duration(publishing->grain_ns, text));
	if (publishing->is_shortened)
		say("%s: only the last part of the span is in it, to make it small enough",
		    making->to.trace.name);
	say("%s: %" PRIu64 " events in %" PRIu64
	    " chunks, each field as its rule says; nothing that was changed is found in it",
	    making->to.trace.name, made->rows[NST_TABLE_EVENT], made->chunks);
	if (publishing->summary.text)
		fputs(publishing->summary.text,
		      strcmp(publishing->settings.output, "-") ? out : stderr);
}

static int with_key(struct publishing *publishing, struct input *input,
		    const struct anonymize_key *key, bool is_new)
{
	struct making making = { .publishing = publishing, .key = key, .input = input };
	FILE *out = out_open();
	int status;

	if (!out)
		return STATUS_FAILED;
	status = publish_outputs_open(publishing, input, is_new ? key : NULL, &making.to);
	if (!status)
		status = make_confined(&making);
	status = publish_outputs_close(&making.to, making.made, status);
	if (!status)
		say_made(&making, out);
	if (!status && making.made->is_cut)
		status = STATUS_DAMAGED;
	forget_made(&making);
	return out_close(out, status);
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
	err = publishing->key ? anonymize_key_file(publishing->key, &key, &is_new)
			      : anonymize_key_random(&key);
	if (err)
		return STATUS_FAILED;
	status = with_key(publishing, input, &key, is_new);
	anonymize_key_forget(&key);
	return status;
}

void publishing_free(struct publishing *publishing)
{
	selection_free(&publishing->selection);
	free(publishing->known);
	summary_free(&publishing->summary);
}
