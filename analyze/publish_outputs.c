/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/publish_outputs.h"

#include "analyze/say.h"
#include "analyze/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_map(const char *path, struct recover_output *ret_map)
{
	struct stat status;

	if (!lstat(path, &status) || !strcmp(path, "-")) {
		say("--map %s: %s", path,
		    strcmp(path, "-") ? strerror(EEXIST) : "it goes to a file");
		return STATUS_FAILED;
	}
	return recover_output_open(path, false, ret_map) ? STATUS_FAILED : STATUS_DONE;
}

/* The directory, as whatever it may be called; true if it is there. */
static bool find_directory(const char *path, struct stat *ret_status)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	bool is_there = directory && !stat(directory, ret_status);

	free(directory);
	return is_there;
}

static bool is_same_file(const char *a, const char *b)
{
	const char *a_slash = strrchr(a, '/'), *b_slash = strrchr(b, '/');
	struct stat of_a, of_b;

	return !strcmp(a_slash ? a_slash + 1 : a, b_slash ? b_slash + 1 : b) &&
	       find_directory(a, &of_a) && find_directory(b, &of_b) && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

/* One would take the other's place. */
static int check_places(const struct publishing *publishing)
{
	const char *const paths[] = { publishing->settings.output, publishing->key,
				      publishing->map };

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < i; k++)
			if (paths[i] && paths[k] && is_same_file(paths[i], paths[k])) {
				say("%s: the trace, the key and the map are files of their own",
				    paths[i]);
				return STATUS_FAILED;
			}
	return STATUS_DONE;
}

/* --force is for what was made before, not for what there is no other of. */
static int check_original(const char *output, const struct input *input)
{
	struct stat of_output, of_input;

	if (!strcmp(output, "-") || lstat(output, &of_output) || fstat(input->fd, &of_input) ||
	    of_output.st_dev != of_input.st_dev || of_output.st_ino != of_input.st_ino)
		return STATUS_DONE;
	say("%s: what it is to be made of; give it another name", output);
	return STATUS_FAILED;
}

/* What goes to a pipe is checked first, and has to stay somewhere until then. */
static int open_making(struct publish_outputs *to)
{
	to->fd = to->trace.path ? to->trace.fd : scratch_file();
	if (to->fd >= 0)
		return STATUS_DONE;
	say("%s: no temporary file for the trace: %s", scratch_directory(), strerror(-to->fd));
	return STATUS_FAILED;
}

/* The key is there before anything that was made by it. */
static int open_key(const char *path, const struct anonymize_key *key,
		    struct recover_output *ret_output)
{
	struct recover_output output;
	int err = recover_output_open(path, false, &output);

	if (err)
		return STATUS_FAILED;
	err = anonymize_key_write(key, output.fd);
	if (err) {
		say("--key %s: %s", path, strerror(-err));
		recover_output_close(&output, false);
		return STATUS_FAILED;
	}
	*ret_output = output;
	return STATUS_DONE;
}

int publish_outputs_open(const struct publishing *publishing, const struct input *input,
			 const struct anonymize_key *new_key, struct publish_outputs *to)
{
	const struct settings *settings = &publishing->settings;

	*to = (struct publish_outputs){ .fd = -1 };
	if (check_places(publishing) || check_original(settings->output, input) ||
	    recover_output_open(settings->output, settings->force, &to->trace) || open_making(to))
		return STATUS_FAILED;
	if (publishing->map && open_map(publishing->map, &to->map))
		return STATUS_FAILED;
	if (new_key && open_key(publishing->key, new_key, &to->new_key))
		return STATUS_FAILED;
	return STATUS_DONE;
}

static int write_map(const struct publish_outputs *to, const struct anonymized *made)
{
	int fd = fcntl(to->map.fd, F_DUPFD_CLOEXEC, 0);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	int err = out ? anonymize_write_map(out, made) : -errno;

	if (fd >= 0 && !out)
		close(fd);
	if (out && fclose(out) && !err)
		err = -errno;
	if (err)
		say("--map %s: %s", to->map.path, strerror(-err));
	return err ? STATUS_FAILED : STATUS_DONE;
}

static int copy_to_standard_output(const struct publish_outputs *to)
{
	int err = lseek(to->fd, 0, SEEK_SET) < 0 ? -errno
						 : input_copy(to->fd, to->trace.fd, UINT64_MAX);

	if (!err || err == -EPIPE)
		return STATUS_DONE;
	say("%s: %s", to->trace.name, strerror(-err));
	return STATUS_FAILED;
}

/* Key and list before the trace: who has the one is to have the others. */
int publish_outputs_close(struct publish_outputs *to, const struct anonymized *made, int status)
{
	struct recover_output *files[] = { &to->new_key, &to->map, &to->trace };
	const size_t n = sizeof(files) / sizeof(files[0]);

	if (!status && to->map.path)
		status = write_map(to, made);
	for (size_t i = 0; i < n && !status; i++)
		if (recover_output_place(files[i]))
			status = STATUS_FAILED;
	if (!to->trace.path && !status)
		status = copy_to_standard_output(to);
	if (!to->trace.path && to->fd >= 0)
		close(to->fd); /* it has no name any more */
	for (size_t i = 0; i < n; i++)
		recover_output_end(files[i], !status);
	return status;
}
