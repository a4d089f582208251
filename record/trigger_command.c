// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/trigger_command.h"

#include "record/clock.h"
#include "record/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLANKS " \t\n"
#define PATIENCE_S 10
#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

extern char **environ;

struct trigger_command {
	char *words; /* cut into arguments */
	char **arguments;
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	pid_t pid; /* 0: it does not run */
	uint64_t started_ns;
	bool is_killed;
	bool has_complained;
};

static bool is_program(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode) &&
	       !faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

static bool is_found(const char *name)
{
	const char *path = getenv("PATH") ?: DEFAULT_PATH;
	char file[4096];

	if (strchr(name, '/'))
		return is_program(name);
	for (;;) {
		size_t length = strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", length ? (int)length : 1,
			 length ? path : ".", name);
		if (is_program(file))
			return true;
		if (!path[length])
			return false;
		path += length + 1;
	}
}

int trigger_command_check(const char *text, const char *words)
{
	char *copy = strdup(words), *rest, *name;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	name = strtok_r(copy, BLANKS, &rest);
	if (!name) {
		say("--trigger %s: which program?", text);
		err = -EINVAL;
	} else if (!is_found(name)) {
		say("--trigger %s: %s is not a program that can be run", text, name);
		err = -EINVAL;
	}
	free(copy);
	return err;
}

/* No more arguments than every second byte begins one. */
static int split(struct trigger_command *command)
{
	size_t n = 0;
	char *rest;

	command->arguments = calloc(strlen(command->words) / 2 + 2, sizeof(*command->arguments));
	if (!command->arguments)
		return -ENOMEM;
	for (char *word = strtok_r(command->words, BLANKS, &rest); word;
	     word = strtok_r(NULL, BLANKS, &rest))
		command->arguments[n++] = word;
	return 0;
}

/* A group of its own, to be killed as a whole; what it says stands on standard error. */
static int prepare(struct trigger_command *command, const sigset_t *mask)
{
	sigset_t defaults;
	int err;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	err = posix_spawnattr_setflags(&command->attributes, POSIX_SPAWN_SETPGROUP |
								     POSIX_SPAWN_SETSIGMASK |
								     POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawnattr_setsigmask(&command->attributes, mask);
	if (!err)
		err = posix_spawnattr_setsigdefault(&command->attributes, &defaults);
	if (!err)
		err = posix_spawn_file_actions_addopen(&command->actions, STDIN_FILENO, "/dev/null",
						       O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_addopen(&command->actions, STDOUT_FILENO,
						       "/dev/null", O_WRONLY, 0);
	return -err;
}

int trigger_command_open(const char *words, const void *signal_mask,
			 struct trigger_command **ret_command)
{
	struct trigger_command *command = calloc(1, sizeof(*command));
	int err;

	if (!command)
		return -ENOMEM;
	posix_spawnattr_init(&command->attributes);
	posix_spawn_file_actions_init(&command->actions);
	command->words = strdup(words);
	err = command->words ? split(command) : -ENOMEM;
	if (!err)
		err = prepare(command, signal_mask);
	if (err) {
		trigger_command_close(command);
		return err;
	}
	*ret_command = command;
	return 0;
}

/* posix_spawn(3) shares the memory until the exec: what is kept is not copied for it. */
void trigger_command_start(struct trigger_command *command, uint64_t at_ns)
{
	int err = posix_spawnp(&command->pid, command->arguments[0], &command->actions,
			       &command->attributes, command->arguments, environ);

	command->started_ns = at_ns;
	command->is_killed = false;
	if (!err)
		return;
	command->pid = 0;
	if (!command->has_complained)
		say("--trigger command:%s: %s", command->arguments[0], strerror(err));
	command->has_complained = true;
}

static enum trigger_command_state judge(const struct trigger_command *command, int status,
					char *result, size_t room)
{
	if (command->is_killed)
		snprintf(result, room, "killed after %d seconds", PATIENCE_S);
	else if (WIFSIGNALED(status))
		snprintf(result, room, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(result, room, "exit status %d", WEXITSTATUS(status));
	return !command->is_killed && WIFEXITED(status) && !WEXITSTATUS(status) ? COMMAND_SUCCEEDED
										: COMMAND_FAILED;
}

enum trigger_command_state trigger_command_look(struct trigger_command *command, uint64_t at_ns,
						char *result, size_t room)
{
	int status;
	pid_t pid;

	if (!command->pid)
		return COMMAND_RESTS;
	pid = waitpid(command->pid, &status, WNOHANG);
	if (pid == command->pid) {
		command->pid = 0;
		return judge(command, status, result, room);
	}
	if (!command->is_killed && at_ns >= command->started_ns + PATIENCE_S * NS_PER_S) {
		kill(-command->pid, SIGKILL);
		command->is_killed = true;
	}
	return COMMAND_RUNS;
}

void trigger_command_close(struct trigger_command *command)
{
	if (!command)
		return;
	if (command->pid)
		kill(-command->pid, SIGKILL);
	posix_spawnattr_destroy(&command->attributes);
	posix_spawn_file_actions_destroy(&command->actions);
	free(command->arguments);
	free(command->words);
	free(command);
}
