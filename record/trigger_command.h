/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A command that is run over and over, one at a time, to tell by its exit status whether
 * something is wrong. No shell has part in it.
 */
#ifndef NETSNOOP_RECORD_TRIGGER_COMMAND_H
#define NETSNOOP_RECORD_TRIGGER_COMMAND_H

#include <stddef.h>
#include <stdint.h>

struct trigger_command;

/* Words with blanks between them: is the first a program? 0, or -EINVAL once the user was told. */
int trigger_command_check(const char *text, const char *words);

/* 0 or -ENOMEM. */
int trigger_command_open(const char *words, const void *signal_mask,
			 struct trigger_command **ret_command);

/* Run it. One that cannot be run tells the user so, the first time. */
void trigger_command_start(struct trigger_command *command, uint64_t at_ns);

enum trigger_command_state {
	COMMAND_RESTS,
	COMMAND_RUNS,
	COMMAND_SUCCEEDED, /* just now, and rests from here on; this, too: */
	COMMAND_FAILED,	   /* result says how */
};

/* What has become of it; one that takes too long is killed, and has failed. */
enum trigger_command_state trigger_command_look(struct trigger_command *command, uint64_t at_ns,
						char *result, size_t room);

/* Kill it if it runs. NULL is fine. */
void trigger_command_close(struct trigger_command *command);

#endif
