// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/proc.h"

#include "record/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of text, as far as there is room; with a NUL behind it. Its length, or an errno. */
static int read_file(int directory_fd, const char *name, char *text, size_t room)
{
	int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	while (length < room - 1 && (n = read(fd, text + length, room - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	if (n < 0 && !length)
		n = -errno;
	close(fd);
	return n < 0 && !length ? (int)n : (int)length;
}

/* The name, second of the fields, may hold anything, also ") ". */
bool proc_is_start(const char *text, uint64_t start_ns, uint64_t ticks_a_second)
{
	const char *field = strrchr(text, ')');
	uint64_t ticks;

	for (int i = 2; field && i < 22; i++) {
		field = strchr(field, ' ');
		field = field ? field + 1 : NULL;
	}
	if (!field || sscanf(field, "%" SCNu64, &ticks) != 1)
		return false;
	return start_ns / (NS_PER_S / ticks_a_second) == ticks;
}

int proc_open(uint32_t pid, uint64_t start_ns)
{
	char path[32], text[1024];
	int fd, length;

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read_file(fd, "stat", text, sizeof(text));
	if (length > 0 && proc_is_start(text, start_ns, (uint64_t)sysconf(_SC_CLK_TCK)))
		return fd;
	close(fd);
	return -ESRCH;
}

static bool field_of(const char *text, const char *name, uint32_t *ret_value)
{
	const char *line = strstr(text, name);

	return line && sscanf(line + strlen(name), "%" SCNu32, ret_value) == 1;
}

bool proc_ids(int process_fd, uint32_t *ret_uid, uint32_t *ret_gid)
{
	char text[4096];

	return read_file(process_fd, "status", text, sizeof(text)) > 0 &&
	       field_of(text, "\nUid:", ret_uid) && field_of(text, "\nGid:", ret_gid);
}

uint32_t proc_process_of(uint32_t tid)
{
	char path[48], text[4096];
	uint32_t pid;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/status", tid);
	if (read_file(AT_FDCWD, path, text, sizeof(text)) <= 0 || !field_of(text, "\nTgid:", &pid))
		return 0;
	return pid;
}

/* Where a file has no name any more, the kernel says so behind the last one that it had. */
static size_t without_deleted(const char *path, size_t length)
{
	static const char deleted[] = " (deleted)";
	const size_t n = sizeof(deleted) - 1;

	if (length > n && !memcmp(path + length - n, deleted, n))
		return length - n;
	return length;
}

int proc_comm(int process_fd, char *comm, size_t room)
{
	int length = read_file(process_fd, "comm", comm, room);

	return length > 0 && comm[length - 1] == '\n' ? length - 1 : length;
}

int proc_exe(int process_fd, char *path, size_t room)
{
	ssize_t length = readlinkat(process_fd, "exe", path, room);

	if (length < 0)
		return -errno;
	if ((size_t)length == room)
		return -ENAMETOOLONG;
	return (int)without_deleted(path, (size_t)length);
}

int proc_args(int process_fd, char args[PROC_ARGS_MAX_BYTES])
{
	return read_file(process_fd, "cmdline", args, PROC_ARGS_MAX_BYTES);
}

int proc_cgroup(int process_fd, char *path, size_t room)
{
	char text[16384];
	int length = read_file(process_fd, "cgroup", text, sizeof(text));
	char *line = NULL;
	size_t bytes;

	if (length <= 0)
		return length ? length : -ENOENT;
	line = !strncmp(text, "0::", 3) ? text + 3 : strstr(text, "\n0::");
	if (!line)
		return -ENOENT;
	if (*line == '\n')
		line += 4;
	bytes = strcspn(line, "\n");
	if (bytes >= room)
		return -ENAMETOOLONG;
	memcpy(path, line, bytes);
	path[bytes] = '\0';
	return (int)bytes;
}
