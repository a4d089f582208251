/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What makes a flight recorder write out what it keeps: --trigger. */
#ifndef NETSNOOP_RECORD_TRIGGER_H
#define NETSNOOP_RECORD_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throughput;
struct triggers;

/*
 * Is it process:RATE, host:RATE or command:PROGRAM [ARGUMENT]..., the program being there?
 * 0, or -EINVAL once the user has been told why not.
 */
int trigger_check(const char *text);

/* Of texts that were checked. signal_mask is what the commands shall have. 0 or -ENOMEM. */
int triggers_open(const char *const *texts, size_t n_texts, const void *signal_mask,
		  struct triggers **ret_triggers);

/* Do they want to know what processes moved, and is it time to measure it? */
bool triggers_want_throughput(const struct triggers *triggers, uint64_t at_ns);

/*
 * What processes moved until at_ns, as throughput_read() gives it; rows are the triggers'
 * own from here on. cost_ns is what finding out took: it is not done too often.
 */
void triggers_measure(struct triggers *triggers, struct throughput *rows, size_t n_rows,
		      uint64_t at_ns, uint64_t cost_ns);

/* See to the commands: start them, find out how they ended, end those that take too long. */
void triggers_tick(struct triggers *triggers, uint64_t at_ns);

/* What went off since the last call, in words; NULL: nothing did. Valid until the next call. */
const char *triggers_fired(struct triggers *triggers);

/* NULL is fine. */
void triggers_close(struct triggers *triggers);

#endif
