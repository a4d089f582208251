/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/recover_output.h"

#include "analyze/say.h"
#include "analyze/unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_FILES "/proc/self/fd"

static int complain(const char *name, int err)
{
	if (err == -EEXIST)
		say("%s exists; --force overwrites it", name);
	else
		say("%s: %s", name, strerror(-err));
	return err;
}

static int open_standard_output(struct recover_output *output)
{
	if (isatty(STDOUT_FILENO)) {
		say("--output -: standard output is a terminal, and a trace is not text: use a "
		    "pipe or a file");
		return -EINVAL;
	}
	signal(SIGPIPE, SIG_IGN);
	output->fd = STDOUT_FILENO;
	output->name = "standard output";
	return 0;
}

/* A device or a fifo is not replaced by a file. */
static int check_place(const char *path, bool force)
{
	struct stat status;

	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!force)
		return -EEXIST;
	return S_ISREG(status.st_mode) ? 0 : -EINVAL;
}

/* Without a name, so that nothing is left of it however this ends; 0600 in any case. */
static int open_beside(struct recover_output *output)
{
	const char *slash = strrchr(output->path, '/');
	char *directory;

	if (asprintf(&output->beside, "%s.XXXXXX", output->path) < 0) {
		output->beside = NULL;
		return -ENOMEM;
	}
	directory = slash ? strndup(output->path, (size_t)(slash - output->path) + 1) : strdup(".");
	if (!directory)
		return -ENOMEM;
	if (!access(OWN_FILES, X_OK)) /* without it none could be given a name */
		output->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(directory);
	if (output->fd < 0) {
		output->fd = mkostemp(output->beside, O_CLOEXEC);
		output->has_name = output->fd >= 0;
		if (output->has_name)
			unfinished_file(output->beside);
	}
	return output->fd < 0 ? -errno : 0;
}

int recover_output_open(const char *path, bool force, struct recover_output *ret_output)
{
	struct recover_output output = { .name = path, .path = path, .fd = -1, .force = force };
	int err;

	if (!strcmp(path, "-")) {
		output.path = NULL;
		err = open_standard_output(&output);
		if (!err)
			*ret_output = output;
		return err;
	}
	err = check_place(path, force);
	if (err == -EINVAL) {
		say("%s: not a file: with -o - the trace goes to standard output", path);
		return err;
	}
	if (!err)
		err = open_beside(&output);
	if (err) {
		free(output.beside);
		return complain(path, err);
	}
	*ret_output = output;
	return 0;
}

static int give_name(const struct recover_output *output, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), OWN_FILES "/%d", output->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* A name beside the other that nobody has. */
static int give_name_beside(struct recover_output *output)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char *end = output->beside + strlen(output->beside) - 6;
	int err = -EEXIST;

	for (int i = 0; i < 100 && err == -EEXIST; i++) {
		uint8_t random[6];

		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		for (int k = 0; k < 6; k++)
			end[k] = letters[random[k] % (sizeof(letters) - 1)];
		err = give_name(output, output->beside);
	}
	output->has_name = !err;
	if (output->has_name)
		unfinished_file(output->beside);
	return err;
}

/* Without --force nothing is replaced that has come meanwhile. */
static int put_in_place(struct recover_output *output)
{
	int err;

	if (!output->has_name && !output->force)
		return give_name(output, output->path);
	if (!output->has_name) {
		err = give_name_beside(output);
		if (err)
			return err;
	}
	if (!output->force) {
		if (!renameat2(AT_FDCWD, output->beside, AT_FDCWD, output->path, RENAME_NOREPLACE))
			return 0;
		if (errno != EINVAL) /* not every file system can */
			return -errno;
		err = check_place(output->path, false);
		if (err)
			return err;
	}
	return rename(output->beside, output->path) ? -errno : 0;
}

int recover_output_close(struct recover_output *output, bool is_whole)
{
	int err = 0;

	if (!output->path)
		return 0;
	if (is_whole && fsync(output->fd))
		err = -errno;
	if (is_whole && !err)
		err = put_in_place(output);
	if ((!is_whole || err) && output->has_name)
		unlink(output->beside);
	unfinished_done(output->beside);
	if (close(output->fd) && !err && is_whole)
		err = -errno; /* synced before: nothing of it is lost */
	free(output->beside);
	return err ? complain(output->path, err) : 0;
}
