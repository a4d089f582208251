/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows about processes on their way into the trace, with what they refer to. */
#ifndef NETSNOOP_RECORD_PROCESS_ROWS_H
#define NETSNOOP_RECORD_PROCESS_ROWS_H

#include "record/keyset.h"

#include <stdint.h>

struct nst_process_event;
struct nst_writer;

struct process_rows { /* all zero: none */
	struct process_row **rows;
	size_t n, room;
	size_t bytes;	   /* of their strings */
	uint64_t since_ns; /* when the first of them came */
	struct setting_row *users, *cgroups;
	size_t n_users, n_cgroups;
	uint64_t lost;		 /* too many waited for room in the trace */
	struct keyset users_met; /* uid + 1 */
};

/* Add a row, with copies of its strings; names the user of a uid met for the first time. */
int process_rows_add(struct process_rows *rows, const struct nst_process_event *event);

/* Add the path of a cgroup. */
int process_rows_add_cgroup(struct process_rows *rows, uint64_t id, const char *path);

/* Has it waited for long enough, or is it enough for a chunk? */
bool process_rows_are_due(const struct process_rows *rows, uint64_t at_ns);

/* Write all there is. 0, -ENOMEM, or what the writer gives; with -EAGAIN the rest waits. */
int process_rows_write(struct process_rows *rows, struct nst_writer *writer);

void process_rows_free(struct process_rows *rows);

#endif
