// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A disk that fails, for LD_PRELOAD. It is about regular files whose name ends with
 * $FAULTY_FILE:
 *
 *   FAULTY_AFTER=BYTES   the write(2) that would go beyond is cut there, the next gives EIO
 *   FAULTY_SYNC=1        fdatasync(2) gives EIO
 *   FAULTY_LOG=FILE      gets a line for each fdatasync(2) that succeeded, when it has:
 *                        the time (ns since 1970) and the size that the file had when it began
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool is_ours(int fd)
{
	const char *wanted = getenv("FAULTY_FILE");
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (!wanted || n < (ssize_t)strlen(wanted))
		return false;
	path[n] = '\0';
	return !strcmp(path + n - strlen(wanted), wanted);
}

ssize_t write(int fd, const void *data, size_t bytes)
{
	static ssize_t (*next)(int, const void *, size_t);
	static uint64_t written;
	const char *after = getenv("FAULTY_AFTER");
	ssize_t n;

	if (!next)
		next = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	if (!after || !is_ours(fd))
		return next(fd, data, bytes);
	if (written >= strtoull(after, NULL, 10)) {
		errno = EIO;
		return -1;
	}
	if (written + bytes > strtoull(after, NULL, 10))
		bytes = strtoull(after, NULL, 10) - written;
	n = next(fd, data, bytes);
	written += n > 0 ? (uint64_t)n : 0;
	return n;
}

static void note(uint64_t size)
{
	struct timespec now;
	int fd = open(getenv("FAULTY_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	clock_gettime(CLOCK_REALTIME, &now);
	if (fd < 0 || dprintf(fd, "%" PRIu64 " %" PRIu64 "\n",
			      (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, size) < 0)
		abort();
	close(fd);
}

int fdatasync(int fd)
{
	static int (*next)(int);
	struct stat status;
	int r;

	if (!next)
		next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
	if (!is_ours(fd) || fstat(fd, &status))
		return next(fd);
	if (getenv("FAULTY_SYNC")) {
		errno = EIO;
		return -1;
	}
	r = next(fd);
	if (!r && getenv("FAULTY_LOG"))
		note((uint64_t)status.st_size);
	return r;
}
