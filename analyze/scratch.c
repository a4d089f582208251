/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/scratch.h"

#include "analyze/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_KEPT 4 /* files on disk at once: sorting takes two */

struct scratch { /* an sqlite3_file */
	sqlite3_file base;
	int fd;
	uint64_t len_bytes;
};

static int kept[N_KEPT]; /* descriptors of empty files that nobody has */
static size_t n_kept;
static uint64_t used_bytes; /* of all that are SQLite's */
static bool is_full;

const char *scratch_directory(void)
{
	const char *directory = getenv("TMPDIR");

	return directory && *directory ? directory : "/tmp";
}

int scratch_file(void)
{
	const char *directory = scratch_directory();
	char path[4096];
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "%s/netsnoop-XXXXXX", directory);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

/* ---- As SQLite wants it ------------------------------------------------ */

static int close_scratch(sqlite3_file *file)
{
	struct scratch *scratch = (struct scratch *)file;

	used_bytes -= scratch->len_bytes;
	if (n_kept < N_KEPT && !ftruncate(scratch->fd, 0))
		kept[n_kept++] = scratch->fd;
	else
		close(scratch->fd);
	return SQLITE_OK;
}

static int read_scratch(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
	char *bytes = to;
	int done = 0;

	while (done < len) {
		ssize_t n = pread(((struct scratch *)file)->fd, bytes + done, (size_t)(len - done),
				  at + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SQLITE_IOERR_READ;
		if (!n) {
			memset(bytes + done, 0, (size_t)(len - done));
			return SQLITE_IOERR_SHORT_READ;
		}
		done += (int)n;
	}
	return SQLITE_OK;
}

/* False where the files would become too large. */
static bool reserve(struct scratch *scratch, uint64_t end)
{
	uint64_t more = end > scratch->len_bytes ? end - scratch->len_bytes : 0;

	if (more > limits_temporary_bytes() || used_bytes > limits_temporary_bytes() - more) {
		is_full = true;
		return false;
	}
	used_bytes += more;
	scratch->len_bytes += more;
	return true;
}

bool scratch_is_full(void)
{
	return is_full;
}

static int write_scratch(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
	const char *bytes = from;
	int done = 0;

	if (!reserve((struct scratch *)file, (uint64_t)at + (uint64_t)len))
		return SQLITE_FULL;
	while (done < len) {
		ssize_t n = pwrite(((struct scratch *)file)->fd, bytes + done, (size_t)(len - done),
				   at + done);

		if (n < 0 && errno != EINTR)
			return errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
		done += n > 0 ? (int)n : 0;
	}
	return SQLITE_OK;
}

static int truncate_scratch(sqlite3_file *file, sqlite3_int64 len)
{
	struct scratch *scratch = (struct scratch *)file;

	if (ftruncate(scratch->fd, len))
		return SQLITE_IOERR_TRUNCATE;
	used_bytes -= scratch->len_bytes;
	scratch->len_bytes = (uint64_t)len;
	used_bytes += scratch->len_bytes;
	return SQLITE_OK;
}

static int measure_scratch(sqlite3_file *file, sqlite3_int64 *ret_len)
{
	struct stat status;

	if (fstat(((struct scratch *)file)->fd, &status))
		return SQLITE_IOERR_FSTAT;
	*ret_len = status.st_size;
	return SQLITE_OK;
}

/* Nobody else knows of the file, and it need not outlive anything. */
static int nothing_with_number(sqlite3_file *file, int number)
{
	(void)file;
	(void)number;
	return SQLITE_OK;
}

static int is_reserved(sqlite3_file *file, int *ret_is_reserved)
{
	(void)file;
	*ret_is_reserved = 0;
	return SQLITE_OK;
}

static int control(sqlite3_file *file, int operation, void *argument)
{
	(void)file;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *file)
{
	(void)file;
	return 4096;
}

static int characteristics(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_scratch,
	.xRead = read_scratch,
	.xWrite = write_scratch,
	.xTruncate = truncate_scratch,
	.xSync = nothing_with_number,
	.xFileSize = measure_scratch,
	.xLock = nothing_with_number,
	.xUnlock = nothing_with_number,
	.xCheckReservedLock = is_reserved,
	.xFileControl = control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

static sqlite3_vfs *usual; /* SQLite's own, for what has a name */

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
		     int *ret_flags)
{
	struct scratch *scratch = (struct scratch *)file;
	int fd;

	(void)vfs;
	if (name)
		return usual->xOpen(usual, name, file, flags, ret_flags);
	file->pMethods = NULL; /* nothing to close */
	fd = n_kept ? kept[--n_kept] : memfd_create("netsnoop", MFD_CLOEXEC);
	if (fd < 0)
		return SQLITE_CANTOPEN;
	scratch->fd = fd;
	scratch->len_bytes = 0;
	file->pMethods = &methods;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int len, char *to)
{
	ssize_t n = getrandom(to, (size_t)len, GRND_NONBLOCK);

	(void)vfs;
	return n < 0 ? 0 : (int)n;
}

void scratch_prepare(void)
{
	static sqlite3_vfs ours;

	if (usual)
		return;
	usual = sqlite3_vfs_find(NULL);
	ours = *usual;
	ours.pNext = NULL;
	ours.zName = "netsnoop";
	ours.xOpen = open_file;
	ours.xRandomness = randomness;
	if (ours.szOsFile < (int)sizeof(struct scratch))
		ours.szOsFile = sizeof(struct scratch);
	sqlite3_vfs_register(&ours, true);
	for (int fd; n_kept < N_KEPT && (fd = scratch_file()) >= 0;)
		kept[n_kept++] = fd;
}
