/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/namer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWN_FILES "/proc/self/fd"
#define FDS_MAX 256 /* more than are open by then */

enum order {
	ORDER_PLACE = 'p',
	ORDER_REMOVE = 'r',
};

/* ---- In the other process ---------------------------------------------- */

static int give_name(const struct nameless *file, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), OWN_FILES "/%d", file->fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* A name beside the other that nobody has. */
static int give_name_beside(struct nameless *file)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char *end = file->beside + strlen(file->beside) - 6;
	int err = -EEXIST;

	for (int i = 0; i < 100 && err == -EEXIST; i++) {
		uint8_t random[6];

		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		for (int k = 0; k < 6; k++)
			end[k] = letters[random[k] % (sizeof(letters) - 1)];
		err = give_name(file, file->beside);
	}
	file->has_name = !err;
	return err;
}

/* Not every file system can refuse to replace. */
static int rename_new(const struct nameless *file)
{
	struct stat status;

	if (!renameat2(AT_FDCWD, file->beside, AT_FDCWD, file->path, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL)
		return -errno;
	if (!lstat(file->path, &status))
		return -EEXIST;
	return rename(file->beside, file->path) ? -errno : 0;
}

/* Without force nothing is replaced that has come meanwhile. */
static int place(struct nameless *file)
{
	int err;

	if (!file->has_name && !file->force)
		return give_name(file, file->path);
	if (!file->has_name) {
		err = give_name_beside(file);
		if (err)
			return err;
	}
	if (!file->force)
		return rename_new(file);
	return rename(file->beside, file->path) ? -errno : 0;
}

static int take_away(const char *path)
{
	return unlink(path) ? -errno : 0;
}

/* Whoever waits for the end of a pipe is not to wait for this process. */
static void close_others(int file, int from, int to)
{
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (fd != file && fd != from && fd != to)
			close(fd);
}

static void serve(struct nameless file, int from, int to)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	bool is_placed = false;
	char order;

	/* they are for the one who gives orders, and its end is the end of them */
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		signal(ending[i], SIG_IGN);
	while (read(from, &order, 1) == 1) {
		int err = -EINVAL;

		if (order == ORDER_PLACE && !is_placed) {
			err = place(&file);
			is_placed = !err;
		} else if (order == ORDER_REMOVE) {
			err = is_placed	      ? take_away(file.path)
			      : file.has_name ? take_away(file.beside)
					      : 0;
			is_placed = file.has_name = false;
		}
		if (write(to, &err, sizeof(err)) != sizeof(err))
			break;
	}
	if (!is_placed && file.has_name)
		unlink(file.beside);
	_exit(0);
}

/* ---- In this one ------------------------------------------------------- */

int namer_start(const struct nameless *file, struct namer *ret_namer)
{
	int orders[2], answers[2], err;
	pid_t pid;

	if (pipe2(orders, O_CLOEXEC))
		return -errno;
	if (pipe2(answers, O_CLOEXEC)) {
		err = -errno;
		close(orders[0]);
		close(orders[1]);
		return err;
	}
	pid = fork();
	err = pid < 0 ? -errno : 0;
	if (!pid) {
		/* else it would wait for itself, if their numbers are larger than FDS_MAX */
		close(orders[1]);
		close(answers[0]);
		close_others(file->fd, orders[0], answers[1]);
		serve(*file, orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	if (err) {
		close(orders[1]);
		close(answers[0]);
		return err;
	}
	*ret_namer = (struct namer){ .pid = pid, .to = orders[1], .from = answers[0] };
	return 0;
}

static int give_order(const struct namer *namer, char order)
{
	int err;

	if (!namer->pid)
		return -EINVAL;
	signal(SIGPIPE, SIG_IGN); /* if it is gone */
	if (write(namer->to, &order, 1) != 1 || read(namer->from, &err, sizeof(err)) != sizeof(err))
		return -EIO;
	return err;
}

int namer_place(const struct namer *namer)
{
	return give_order(namer, ORDER_PLACE);
}

int namer_remove(const struct namer *namer)
{
	return give_order(namer, ORDER_REMOVE);
}

void namer_end(struct namer *namer)
{
	if (!namer->pid)
		return;
	close(namer->to);
	close(namer->from);
	while (waitpid(namer->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*namer = (struct namer){ 0 };
}
