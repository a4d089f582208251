/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filters by process id mean the processes that have the ids now. */
#ifndef NETSNOOP_RECORD_ARM_PROCESSES_H
#define NETSNOOP_RECORD_ARM_PROCESSES_H

#include "record/filters.h"

struct netsnoop_bpf;

/*
 * Tie the entries of --pid to the very processes there are, so that a later one
 * with the same number is another, and with FOLLOW_ALL add their descendants.
 * Once forks are seen. Every failure has been told to the user.
 */
int arm_processes(struct netsnoop_bpf *programs, const struct filters *filters);

#endif
