/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command whose traffic is recorded. */
#ifndef NETSNOOP_RECORD_COMMAND_H
#define NETSNOOP_RECORD_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#define EXIT_RECORDER_FAILED 125
#define EXIT_NOT_RUNNABLE 126
#define EXIT_NOT_FOUND 127

struct command {
	pid_t pid;	 /* 0: none */
	int gate_fd;	 /* the child waits for a byte from here */
	int result_fd;	 /* and says here why it could not exec */
	bool not_run;	 /* it could not exec */
	bool ended;	 /* status is known */
	int exit_status; /* as the recorder's own */
};

/*
 * Can it be run? It is, up to its first instruction, by a process that ends there: whatever an exec
 * may lack (an interpreter, too) is found before anything is done for a recording. Where it may not
 * be traced nothing is known, and command_start() tells. A command that cannot be run gives a
 * negative errno, with its exit status, and the user has been told.
 */
int command_try(char **argv, struct command *ret_command, bool *ret_is_known);

/*
 * Make the process, which waits before it execs. signal_mask is what the
 * command shall have, and stdout_fd becomes its standard output. Every failure
 * has been told to the user.
 */
int command_prepare(char **argv, const void *signal_mask, int stdout_fd,
		    struct command *ret_command);

/* Let it exec. A command that cannot be run has ended, and the user been told. */
int command_start(struct command *command);

/* After SIGCHLD: has it ended? */
void command_check(struct command *command);

/*
 * End it if it has not ended yet, by SIGTERM (it goes on if it was stopped),
 * and wait for it; when signal_fd tells that the user wants an end, too, by SIGKILL.
 */
void command_end(struct command *command, int signal_fd);

#endif
