// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/keeper.h"

#include "record/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 1000

/* Standard output may be a pipe whose reader waits for its end. */
static int close_others(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (i != fd && dup2(null, i) < 0)
			return -errno;
	if (fd > STDERR_FILENO + 1 && syscall(SYS_close_range, STDERR_FILENO + 1, fd - 1, 0))
		return -errno;
	return syscall(SYS_close_range, fd > STDERR_FILENO ? fd + 1 : STDERR_FILENO + 1, ~0U, 0)
		       ? -errno
		       : 0;
}

/* What a terminal or a service manager sends is for the recorder, which ends this one. */
static void ignore_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static int settle(uint64_t capabilities, const struct user *user, pid_t recorder)
{
	int err = privileges_keep(capabilities, user);

	/* becoming another user would take this back */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		err = -errno;
	if (err)
		return err;
	return getppid() == recorder ? 0 : -ESRCH; /* ended just before that */
}

int keeper_open(const char *name, uint64_t capabilities, const struct user *user,
		void (*serve)(int fd), struct keeper *ret_keeper)
{
	pid_t recorder = getpid(), pid;
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	pid = fork();
	err = pid < 0 ? -errno : 0;
	if (!pid) {
		prctl(PR_SET_NAME, name, 0, 0, 0);
		ignore_signals();
		err = close_others(fds[1]) ?: settle(capabilities, user, recorder);
		if (!err)
			serve(fds[1]);
		_exit(-err);
	}
	close(fds[1]);
	if (err) {
		close(fds[0]);
		return err;
	}
	*ret_keeper = (struct keeper){ .pid = pid, .fd = fds[0] };
	return 0;
}

static void close_socket(struct keeper *keeper)
{
	if (keeper->fd >= 0)
		close(keeper->fd);
	keeper->fd = -1;
}

static bool reap(struct keeper *keeper, int *ret_status)
{
	if (!keeper->pid || waitpid(keeper->pid, ret_status, WNOHANG) != keeper->pid)
		return false;
	close_socket(keeper);
	keeper->pid = 0;
	return true;
}

void keeper_lose(struct keeper *keeper)
{
	close_socket(keeper);
	keeper->is_lost = true;
	if (keeper->pid)
		kill(keeper->pid, SIGKILL);
}

bool keeper_has_ended(struct keeper *keeper, char *how, size_t room)
{
	int status;

	if (!reap(keeper, &status) || keeper->is_lost)
		return false;
	if (WIFSIGNALED(status))
		snprintf(how, room, "was killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(how, room, "could not begin (%s)", strerror(WEXITSTATUS(status)));
	else
		snprintf(how, room, "has ended");
	return true;
}

void keeper_close(struct keeper *keeper)
{
	struct pollfd ending = { .events = POLLIN };
	int status;

	if (!keeper->pid)
		return;
	close_socket(keeper);
	kill(keeper->pid, SIGKILL);
	ending.fd = (int)syscall(SYS_pidfd_open, keeper->pid, 0);
	poll(&ending, 1, PATIENCE_MS);
	if (ending.fd >= 0)
		close(ending.fd);
	reap(keeper, &status);
	*keeper = (struct keeper){ 0 };
}
