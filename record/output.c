// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/output.h"

#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MODE 0600

static int open_standard_output(struct output *output)
{
	if (isatty(STDOUT_FILENO)) {
		say("--output -: standard output is a terminal, and a trace is not text: use a "
		    "pipe or a file");
		return -EINVAL;
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

static bool is_regular(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISREG(status.st_mode);
}

/* A fifo waits here for its reader: who gives up waiting must be able to end it. */
static int open_interruptible(const char *path, int flags)
{
	sigset_t ending, before;
	int fd, err;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_UNBLOCK, &ending, &before);
	fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	err = fd < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err ? err : fd;
}

/*
 * A device or a fifo that exists is fine: nothing in it is overwritten. Nor is what a link leads
 * to, which somebody else may have put there for a file that only the recorder may write to.
 */
static int open_existing(const char *path, bool force, int *ret_fd)
{
	int fd = open_interruptible(path, O_NOFOLLOW);

	if (fd == -ELOOP) {
		fd = open_interruptible(path, 0);
		if (fd >= 0 && is_regular(fd)) {
			close(fd);
			return -ELOOP;
		}
	}
	if (fd < 0)
		return fd;
	if (!force && is_regular(fd)) {
		close(fd);
		return -EEXIST;
	}
	*ret_fd = fd;
	return 0;
}

static int open_file(const char *path, bool force, struct output *output)
{
	int err = 0;

	output->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	output->created = output->fd >= 0;
	if (output->fd < 0)
		err = errno == EEXIST ? open_existing(path, force, &output->fd) : -errno;
	if (err == -EEXIST)
		say("%s exists; --force overwrites it", path);
	else if (err == -ELOOP)
		say("%s is a symbolic link to a file: name the file itself", path);
	else if (err)
		say("%s: %s", path, strerror(-err));
	return err;
}

int output_open(const char *path, bool force, struct output *ret_output)
{
	struct output output = { .fd = -1 };
	int err;

	if (path && !strcmp(path, "-")) {
		err = open_standard_output(&output);
	} else {
		output.path = path ? strdup(path) : output_default_name();
		output.name = output.path ? strdup(output.path) : NULL;
		err = output.name ? open_file(output.path, force, &output) : -ENOMEM;
	}
	if (err) {
		free(output.path);
		free(output.name);
		return err;
	}
	*ret_output = output;
	return 0;
}

/* What is no file is not ours to delete. */
static int make_way(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(status.st_mode))
		return -EEXIST;
	return unlink(path) ? -errno : 0;
}

int output_open_new(const char *path, bool force, struct output *ret_output)
{
	struct output output = { .fd = -1, .path = strdup(path), .name = strdup(path) };
	int err = output.path && output.name ? 0 : -ENOMEM;

	if (!err && force)
		err = make_way(path);
	if (!err) {
		output.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
		err = output.fd < 0 ? -errno : 0;
	}
	if (err) {
		say("%s: %s", path, strerror(-err));
		free(output.path);
		free(output.name);
		return err;
	}
	output.created = true;
	*ret_output = output;
	return 0;
}

int output_begin(struct output *output)
{
	if (output->created || !output->path || !is_regular(output->fd))
		return 0;
	if (ftruncate(output->fd, 0)) {
		int err = -errno;

		say("%s: %s", output->name, strerror(-err));
		return err;
	}
	return 0;
}

void output_discard(struct output *output)
{
	if (output->created && unlink(output->path))
		say("%s: %s", output->name, strerror(errno));
}

int output_close(struct output *output)
{
	int err = close(output->fd) ? -errno : 0;

	if (err)
		say("%s: %s", output->name, strerror(-err));
	free(output->path);
	free(output->name);
	*output = (struct output){ .fd = -1 };
	return err;
}
