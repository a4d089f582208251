// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/output.h"

#include "record/output_special.h"
#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MODE 0600

static void release(struct output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	free(output->temporary);
	free(output->path);
	free(output->name);
	*output = (struct output){ .fd = -1 };
}

static int open_standard_output(struct output *output)
{
	if (isatty(STDOUT_FILENO)) {
		say("--output -: standard output is a terminal, and a trace is not text: use a "
		    "pipe or a file");
		return -EINVAL;
	}
	if (output_special_check(STDOUT_FILENO)) {
		say("--output -: standard output is closed, or cannot be written to");
		return -EBADF;
	}
	output->fd = STDOUT_FILENO;
	output->name = strdup("standard output");
	return output->name ? 0 : -ENOMEM;
}

char *output_default_name(void)
{
	char name[64];
	time_t now = time(NULL);
	struct tm local;

	if (!localtime_r(&now, &local) ||
	    !strftime(name, sizeof(name), "netsnoop-%Y%m%d-%H%M%S.zst", &local))
		return NULL;
	return strdup(name);
}

static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

	return fd < 0 ? -errno : fd;
}

/* What --force replaces; what is no file is not ours to delete. */
static bool is_regular(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISREG(status.st_mode);
}

static bool exists(const char *path)
{
	struct stat status;

	return !lstat(path, &status);
}

/*
 * The file that takes the place of another one: never that one, which may be somebody else's,
 * or be open to everybody. It keeps its name, and what is in it, until output_begin().
 */
static int create_beside(struct output *output)
{
	char *name;
	int fd, err;

	if (asprintf(&name, "%s.XXXXXX", output->path) < 0)
		return -ENOMEM;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		free(name);
		return err;
	}
	output->fd = fd;
	output->temporary = name;
	return 0;
}

/* What has a name that nobody gave has been laid there for the one who would not look. */
static int open_existing(struct output *output, bool force, bool is_named)
{
	int err = -EEXIST;

	if (!is_regular(output->path)) {
		if (is_named)
			return output_special_open(output->path, &output->fd);
		say("%s exists, and is no regular file", output->path);
	} else if (!force) {
		say("%s exists; --force replaces it", output->path);
	} else {
		err = create_beside(output);
		if (err)
			say("%s: %s", output->path, strerror(-err));
	}
	return err;
}

static int open_file(struct output *output, bool force, bool is_named)
{
	int fd = create(output->path);

	if (fd == -EEXIST)
		return open_existing(output, force, is_named);
	if (fd < 0) {
		say("%s: %s", output->path, strerror(-fd));
		return fd;
	}
	output->fd = fd;
	output->created = true;
	return 0;
}

static int open_path(const char *path, bool force, struct output *output)
{
	int number = path ? output_special_number(path) : -1;

	output->path = path ? strdup(path) : output_default_name();
	output->name = output->path ? strdup(output->path) : NULL;
	if (!output->name)
		return -ENOMEM;
	if (number < 0)
		return open_file(output, force, path != NULL);
	if (number == STDOUT_FILENO) {
		free(output->path);
		output->path = NULL;
	}
	return output_special_take(path, number, &output->fd);
}

int output_open(const char *path, bool force, struct output *ret_output)
{
	struct output output = { .fd = -1 };
	int err;

	if (path && !strcmp(path, "-"))
		err = open_standard_output(&output);
	else
		err = open_path(path, force, &output);
	if (err) {
		release(&output);
		return err;
	}
	*ret_output = output;
	return 0;
}

/* 0, or why not, which has not been told. */
static int replace(struct output *output)
{
	if (exists(output->path) && !is_regular(output->path))
		return -EEXIST;
	if (rename(output->temporary, output->path))
		return -errno;
	free(output->temporary);
	output->temporary = NULL;
	output->created = true;
	return 0;
}

int output_begin(struct output *output)
{
	int err = output->temporary ? replace(output) : 0;

	if (err)
		say("%s cannot be replaced: %s", output->name, strerror(-err));
	return err;
}

/* One that may not be replaced is as much in the way as one that nobody wants to replace. */
static int replace_now(struct output *output)
{
	int err = create_beside(output);

	if (err)
		return err;
	err = replace(output);
	return err == -EPERM || err == -EBUSY ? -EEXIST : err;
}

static int open_new(struct output *output, bool force)
{
	int fd = create(output->path);

	if (fd == -EEXIST && force && is_regular(output->path))
		return replace_now(output);
	if (fd < 0)
		return fd;
	output->fd = fd;
	output->created = true;
	return 0;
}

int output_open_new(const char *path, bool force, struct output *ret_output)
{
	struct output output = { .fd = -1, .path = strdup(path), .name = strdup(path) };
	int err = output.path && output.name ? open_new(&output, force) : -ENOMEM;

	if (err == -EEXIST && force)
		say("%s exists, and cannot be replaced", path);
	else if (err)
		say("%s: %s", path, strerror(-err));
	if (err) {
		output_discard(&output);
		release(&output);
		return err;
	}
	*ret_output = output;
	return 0;
}

/* Another recorder may have replaced it since. */
static bool is_still_there(const struct output *output)
{
	struct stat ours, there;

	return !fstat(output->fd, &ours) && !lstat(output->path, &there) &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void output_discard(struct output *output)
{
	int r = 0;

	if (output->temporary)
		r = unlink(output->temporary);
	else if (output->created && is_still_there(output))
		r = unlink(output->path);
	if (r)
		say("%s: %s", output->name, strerror(errno));
}

int output_close(struct output *output)
{
	int err = close(output->fd) ? -errno : 0;

	if (err)
		say("%s: %s", output->name, strerror(-err));
	output->fd = -1;
	release(output);
	return err;
}
