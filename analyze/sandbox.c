/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/sandbox.h"

#include "analyze/sandbox_kernel.h"
#include "analyze/say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Where a database's header says that it has a log in place of a journal. */
#define WRITE_VERSION_AT 18
#define VERSION_WAL 2

#define FDS_MAX 65536 /* where /proc is not there to tell */

/* What stands beside a database: its name and a suffix. 0 or -errno. */
static int allow_beside(int ruleset, const char *path, const char *suffix)
{
	char beside[PATH_MAX + 16];

	if (snprintf(beside, sizeof(beside), "%s%s", path, suffix) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	return landlock_allow(ruleset, beside, PLACE_WRITE);
}

static int allow_directory(int ruleset, const char *path, enum landlock_place place)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof(copy))
		return -ENAMETOOLONG;
	return landlock_allow(ruleset, dirname(strcpy(copy, path)), place);
}

/* Has a database a journal that an interrupted change has left, which is to be rolled back? */
static bool has_journal(const char *path)
{
	char journal[PATH_MAX + 16];
	struct stat status;

	snprintf(journal, sizeof(journal), "%s-journal", path);
	return !stat(journal, &status) && status.st_size > 0;
}

/* One with a log needs the log and its index, which reading makes where they are not there. */
static bool make_log(const char *path)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char name[PATH_MAX + 16];
	uint8_t version = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool has_log =
		fd >= 0 && pread(fd, &version, 1, WRITE_VERSION_AT) == 1 && version == VERSION_WAL;

	if (fd >= 0)
		close(fd);
	for (size_t i = 0; has_log && i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd); /* else SQLite says what it thinks of that */
	}
	return has_log;
}

/* SQLite keeps what belongs to a database beside what a link leads to. */
static void resolve(const char *name, char path[PATH_MAX])
{
	if (!realpath(name, path))
		snprintf(path, PATH_MAX, "%s", name);
}

static int allow_database(int ruleset, const char *name)
{
	char path[PATH_MAX];
	bool changes;
	int err = 0;

	resolve(name, path);
	changes = has_journal(path);
	if (changes)
		err = allow_directory(ruleset, path, PLACE_REMOVE);
	if (changes && !err)
		err = allow_beside(ruleset, path, "-journal");
	if (!err && make_log(path))
		err = allow_beside(ruleset, path, "-wal") ?: allow_beside(ruleset, path, "-shm");
	return err ?: landlock_allow(ruleset, path, changes ? PLACE_WRITE : PLACE_READ);
}

static int allow_updated(int ruleset, const char *name)
{
	static const char *const beside[] = { "", "-journal", "-wal", "-shm" };
	char path[PATH_MAX];
	int err;

	resolve(name, path);
	err = allow_directory(ruleset, path, PLACE_REMOVE);
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]) && !err; i++)
		err = allow_beside(ruleset, path, beside[i]);
	return err;
}

static int enter_landlock(const struct sandbox_needs *needs)
{
	int ruleset = landlock_new(), err = 0;

	if (ruleset < 0)
		return ruleset;
	if (needs->database)
		err = allow_database(ruleset, needs->database);
	if (needs->output && !err)
		err = allow_directory(ruleset, needs->output, PLACE_RENAME);
	if (needs->updated && !err)
		err = allow_updated(ruleset, needs->updated);
	if (SANDBOX_SANITIZED && !err)
		err = landlock_allow(ruleset, "/proc", PLACE_LOOK);
	if (!err)
		err = landlock_enter(ruleset);
	close(ruleset);
	return err;
}

/* That the kernel, or what the program runs in, does not offer filters. */
static bool is_absent(int err)
{
	return err == -ENOSYS || err == -EOPNOTSUPP || err == -EPERM;
}

static void close_if_inherited(int fd)
{
	if (fd > STDERR_FILENO && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		close(fd);
}

void sandbox_close_inherited(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	for (int fd = 0; !directory && fd < FDS_MAX; fd++)
		close_if_inherited(fd);
	while (directory && (entry = readdir(directory)))
		close_if_inherited(atoi(entry->d_name));
	if (directory)
		closedir(directory);
}

int sandbox_enter(const struct sandbox_needs *needs)
{
	static const struct sandbox_needs nothing;
	bool opens, changes;
	int err;

	needs = needs ?: &nothing;
	opens = needs->database || needs->updated;
	changes = opens || needs->output;
	if (!needs->updated)
		sandbox_close_inherited();
	tzset(); /* which reads a file, sooner or later */
	/* where this is forbidden, the other two are as well */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	err = enter_landlock(needs);
	if (err && err != -ENOSYS) { /* the kernel has it: a failure is none of ours */
		say("the trace would be read unconfined, since Landlock refuses its rules: %s",
		    strerror(-err));
		return err;
	}
	err = seccomp_enter(opens, changes);
	if (err && !is_absent(err)) {
		say("the trace would be read unconfined, since seccomp refuses its filter: %s",
		    strerror(-err));
		return err;
	}
	return 0;
}

void sandbox_print(FILE *out)
{
	int abi = landlock_abi(), used = landlock_abi_used();
	bool has_seccomp = seccomp_is_there();
	static const struct sandbox_needs nothing;
	int err;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	err = abi ? enter_landlock(&nothing) : 0; /* which alone tells */
	if (err)
		fprintf(out, "Landlock: the kernel has version %d; not used: %s\n", abi,
			strerror(-err));
	else if (abi)
		fprintf(out, "Landlock: the kernel has version %d; used: files%s%s%s%s\n", abi,
			used >= 3 ? ", truncation" : "", used >= 4 ? ", TCP" : "",
			used >= 5 ? ", devices" : "",
			used >= 6 ? ", signals and abstract sockets" : "");
	else
		fputs("Landlock: the kernel offers none; not used\n", out);
	fprintf(out, "seccomp: the kernel has %s; %sused\n", has_seccomp ? "filters" : "no filters",
		seccomp_enter(false, false) ? "not " : ""); /* which alone tells */
}
