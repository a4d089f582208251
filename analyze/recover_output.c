/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/recover_output.h"

#include "analyze/say.h"
#include "analyze/unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	if (!err && asprintf(&output.beside, "%s.XXXXXX", path) < 0)
		err = -ENOMEM;
	if (!err) {
		output.fd = mkostemp(output.beside, O_CLOEXEC); /* 0600 */
		err = output.fd < 0 ? -errno : 0;
	}
	if (err) {
		free(output.beside);
		return complain(path, err);
	}
	unfinished_file(output.beside);
	*ret_output = output;
	return 0;
}

/* Without --force nothing is replaced that has come meanwhile. */
static int put_in_place(const struct recover_output *output)
{
	int err;

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
	if (close(output->fd) && !err)
		err = -errno;
	if (is_whole && !err)
		err = put_in_place(output);
	if (!is_whole || err)
		unlink(output->beside);
	unfinished_file(NULL);
	free(output->beside);
	return err ? complain(output->path, err) : 0;
}
