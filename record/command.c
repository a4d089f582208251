// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/command.h"

#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static ssize_t read_all(int fd, void *to, size_t bytes)
{
	ssize_t n;

	do
		n = read(fd, to, bytes);
	while (n < 0 && errno == EINTR);
	return n;
}

static int exit_status_of(int exec_errno)
{
	return exec_errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE;
}

/*
 * In the child. With somebody who traces it a process stops behind its exec, before the first
 * instruction of the program (ptrace(2), PTRACE_TRACEME), by a signal that must not be blocked.
 */
static _Noreturn void exec_and_stop(char **argv)
{
	sigset_t none;

	sigemptyset(&none);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(0); /* nobody can tell */
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	_exit(errno);
}

int command_try(char **argv, struct command *ret_command, bool *ret_is_known)
{
	pid_t pid = fork();
	int status, err;

	*ret_is_known = false;
	if (!pid)
		exec_and_stop(argv);
	do
		err = pid < 0 || waitpid(pid, &status, 0) < 0 ? errno : 0;
	while (err == EINTR);
	if (!err && WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		*ret_is_known = true;
		return 0;
	}
	err = !err && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	/* which may be for being traced (selinux_bprm_creds_for_exec(), apparmor's likewise) */
	if (!err || err == EPERM || err == EACCES)
		return 0;
	say("%s: %s", argv[0], strerror(err));
	ret_command->not_run = true;
	ret_command->exit_status = exit_status_of(err);
	return -err;
}

/* In the child. Without a byte the recording never began, and nothing is run. */
static _Noreturn void wait_and_exec(char **argv, const sigset_t *mask, int gate_fd, int result_fd)
{
	char go;
	int err;

	if (read_all(gate_fd, &go, 1) != 1)
		_exit(EXIT_RECORDER_FAILED);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	err = errno;
	/* With nobody to read it, the exit status alone has to tell. */
	if (write(result_fd, &err, sizeof(err)) < 0)
		_exit(EXIT_RECORDER_FAILED);
	_exit(exit_status_of(err));
}

int command_prepare(char **argv, const void *signal_mask, int stdout_fd,
		    struct command *ret_command)
{
	int gate[2] = { -1, -1 }, result[2] = { -1, -1 };
	pid_t pid;
	int err = 0;

	if (pipe2(gate, O_CLOEXEC) || pipe2(result, O_CLOEXEC) || (pid = fork()) < 0) {
		err = -errno;
		say("a process for the command: %s", strerror(-err));
		for (int i = 0; i < 2; i++) {
			close(gate[i]);
			close(result[i]);
		}
		return err;
	}
	if (!pid) {
		close(gate[1]);
		close(result[0]);
		if (stdout_fd != STDOUT_FILENO)
			dup2(stdout_fd, STDOUT_FILENO);
		wait_and_exec(argv, signal_mask, gate[0], result[1]);
	}
	close(gate[0]);
	close(result[1]);
	*ret_command = (struct command){ .pid = pid, .gate_fd = gate[1], .result_fd = result[0] };
	return 0;
}

static void close_pipes(struct command *command)
{
	if (command->gate_fd >= 0)
		close(command->gate_fd);
	if (command->result_fd >= 0)
		close(command->result_fd);
	command->gate_fd = command->result_fd = -1;
}

static void set_status(struct command *command, int status)
{
	command->ended = true;
	command->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int command_start(struct command *command)
{
	int status, err = 0;

	if (write(command->gate_fd, "", 1) != 1)
		err = EPIPE; /* somebody killed it */
	else if (read_all(command->result_fd, &err, sizeof(err)) != sizeof(err))
		err = 0; /* closed by its exec */
	close_pipes(command);
	command->not_run = err != 0;
	/* it is about to exit, and by its own status, not for a signal of ours */
	if (err && waitpid(command->pid, &status, 0) == command->pid)
		set_status(command, status);
	return -err;
}

void command_check(struct command *command)
{
	int status;

	if (command->pid && !command->ended &&
	    waitpid(command->pid, &status, WNOHANG) == command->pid)
		set_status(command, status);
}

/* Was it a wish to end, or our child? */
static bool wants_end(int signal_fd)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return false;
	return info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP;
}

void command_end(struct command *command, int signal_fd)
{
	struct pollfd waiting = { .fd = signal_fd, .events = POLLIN };

	if (!command->pid)
		return;
	close_pipes(command); /* one that was never started ends by itself */
	command_check(command);
	if (!command->ended) {
		kill(command->pid, SIGTERM);
		kill(command->pid, SIGCONT);
	}
	while (!command->ended) {
		if (poll(&waiting, 1, 1000) > 0 && wants_end(signal_fd))
			kill(command->pid, SIGKILL);
		command_check(command);
	}
}
