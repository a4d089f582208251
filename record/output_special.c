// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/output_special.h"

#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_FILES "/proc/self/fd/"
#define FIRST_FREE_FD 3

/* ---- Descriptors ------------------------------------------------------- */

static const struct {
	const char *path;
	int number;
} streams[] = {
	{ "/dev/stdin", STDIN_FILENO },
	{ "/dev/stdout", STDOUT_FILENO },
	{ "/dev/stderr", STDERR_FILENO },
};

static const char *const directories[] = { "/dev/fd/", OWN_FILES };

static int read_number(const char *digits)
{
	size_t n = strspn(digits, "0123456789");

	return n && n < 10 && !digits[n] ? atoi(digits) : -1;
}

int output_special_number(const char *path)
{
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++)
		if (!strcmp(path, streams[i].path))
			return streams[i].number;
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (!strncmp(path, directories[i], strlen(directories[i])))
			return read_number(path + strlen(directories[i]));
	return -1;
}

/* What this program has opened itself is closed by exec, and not for the user to name. */
int output_special_check(int number)
{
	int of_fd = fcntl(number, F_GETFD), of_file = fcntl(number, F_GETFL);

	if (of_fd < 0 || of_file < 0 || of_fd & FD_CLOEXEC || (of_file & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	return 0;
}

static int refuse_block_device(const char *path)
{
	say("%s is a block device, and a trace would overwrite what is on it: name a file", path);
	return -EINVAL;
}

static int refuse_terminal(const char *path)
{
	say("%s is a terminal, and a trace is not text: name a file", path);
	return -EINVAL;
}

int output_special_take(const char *path, int number, int *ret_fd)
{
	struct stat status;
	int err = output_special_check(number), fd;

	if (!err && fstat(number, &status))
		err = -errno;
	if (!err && S_ISBLK(status.st_mode))
		return refuse_block_device(path);
	if (!err && isatty(number))
		return refuse_terminal(path);
	fd = err ? -1 : fcntl(number, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (!err && fd < 0)
		err = -errno;
	if (err) {
		say("%s: %s", path, strerror(-err));
		return err;
	}
	*ret_fd = fd;
	return 0;
}

/* ---- Paths ------------------------------------------------------------- */

/* Nothing is opened by this: a device could act on it, and a fifo waits. */
static int find(const char *path, struct stat *ret_directory, struct stat *ret_status, int *ret_fd)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
	int directory_fd = -1, fd = -1, err;

	if (!directory)
		return -ENOMEM;
	directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory_fd >= 0)
		fd = openat(directory_fd, slash ? slash + 1 : path,
			    O_PATH | O_NOFOLLOW | O_CLOEXEC);
	err = fd < 0 || fstat(directory_fd, ret_directory) || fstat(fd, ret_status) ? -errno : 0;
	if (directory_fd >= 0)
		close(directory_fd);
	free(directory);
	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

/* A user may wait with a fifo of his own behind a name at which a trace is expected. */
static bool is_trusted(const struct stat *status, const struct stat *directory)
{
	return !status->st_uid || status->st_uid == geteuid() ||
	       !(directory->st_mode & (S_IWGRP | S_IWOTH));
}

/* 0: it can be written to. */
static int check(const char *path, const struct stat *status, const struct stat *directory)
{
	if (S_ISLNK(status->st_mode)) {
		say("%s is a symbolic link, which is not followed: name the file itself", path);
		return -ELOOP;
	}
	if (S_ISBLK(status->st_mode))
		return refuse_block_device(path);
	if (S_ISDIR(status->st_mode)) {
		say("%s: %s", path, strerror(EISDIR));
		return -EISDIR;
	}
	if (!S_ISFIFO(status->st_mode) && !S_ISCHR(status->st_mode)) {
		say("%s exists, and is neither a fifo nor a character device", path);
		return -EEXIST;
	}
	if (!is_trusted(status, directory)) {
		say("%s belongs to another user, and is in a directory that others can write to: "
		    "who means it opens it himself (--output - >FILE)",
		    path);
		return -EACCES;
	}
	return 0;
}

/* A fifo waits here for its reader: who gives up waiting must be able to end it. */
static int open_interruptible(const char *path)
{
	sigset_t ending, before;
	int fd, err;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_UNBLOCK, &ending, &before);
	fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	err = fd < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err ? err : fd;
}

/* The very file that was looked at, whatever has its name by now. */
static int open_found(const char *path, int found_fd, int *ret_fd)
{
	char link[sizeof(OWN_FILES) + 16];
	int fd;

	snprintf(link, sizeof(link), OWN_FILES "%d", found_fd);
	fd = open_interruptible(link);
	if (fd < 0) {
		say("%s: %s", path, strerror(-fd));
		return fd;
	}
	if (isatty(fd)) {
		close(fd);
		return refuse_terminal(path);
	}
	*ret_fd = fd;
	return 0;
}

int output_special_open(const char *path, int *ret_fd)
{
	struct stat status, directory;
	int found_fd, err = find(path, &directory, &status, &found_fd);

	if (err) {
		say("%s: %s", path, strerror(-err));
		return err;
	}
	err = check(path, &status, &directory);
	if (!err)
		err = open_found(path, found_fd, ret_fd);
	close(found_fd);
	return err;
}
