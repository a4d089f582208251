/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/recover_output.h"

#include "analyze/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
static int open_nameless(const char *path, struct nameless *file)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	if (!directory)
		return -ENOMEM;
	if (!access(OWN_FILES, X_OK)) /* without it none could be given a name */
		file->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(directory);
	if (file->fd < 0) {
		file->fd = mkostemp(file->beside, O_CLOEXEC);
		file->has_name = file->fd >= 0;
	}
	return file->fd < 0 ? -errno : 0;
}

static int open_file(struct recover_output *output, bool force)
{
	struct nameless file = { .path = output->path, .fd = -1, .force = force };
	int err;

	if (asprintf(&output->beside, "%s.XXXXXX", output->path) < 0) {
		output->beside = NULL;
		return -ENOMEM;
	}
	file.beside = output->beside;
	err = open_nameless(output->path, &file);
	if (err)
		return err;
	output->fd = file.fd;
	err = namer_start(&file, &output->namer);
	if (!err)
		return 0;
	if (file.has_name)
		unlink(file.beside);
	close(file.fd);
	return err;
}

int recover_output_open(const char *path, bool force, struct recover_output *ret_output)
{
	struct recover_output output = { .name = path, .path = path, .fd = -1 };
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
		err = open_file(&output, force);
	if (err) {
		free(output.beside);
		return complain(path, err);
	}
	*ret_output = output;
	return 0;
}

int recover_output_place(struct recover_output *output)
{
	int err;

	if (!output->path)
		return 0;
	err = fsync(output->fd) ? -errno : namer_place(&output->namer);
	return err ? complain(output->path, err) : 0;
}

void recover_output_end(struct recover_output *output, bool keep)
{
	if (!output->path)
		return;
	if (!keep)
		namer_remove(&output->namer);
	namer_end(&output->namer);
	close(output->fd); /* synced before, or of no use: nothing of it is lost */
	free(output->beside);
	output->beside = NULL;
	output->fd = -1;
}

int recover_output_close(struct recover_output *output, bool is_whole)
{
	int err = is_whole ? recover_output_place(output) : 0;

	recover_output_end(output, is_whole && !err);
	return err;
}
