/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of the trace's OWNER table, gathered for half a second and written in one chunk. */
#ifndef NETSNOOP_RECORD_OWNER_ROWS_H
#define NETSNOOP_RECORD_OWNER_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct nst_owner;
struct nst_writer;
struct owner_comm;

struct owner_rows { /* all zero but for writer: no rows */
	struct nst_writer *writer;
	struct nst_owner *rows;
	struct owner_comm *comms; /* that the rows point to, once they are written */
	size_t n, room;
	uint64_t since_ns; /* of the oldest of them */
	uint64_t lost;	   /* too many waited for room in the trace */
};

/* Add a row; comm is copied. 0, -ENOMEM, or what the writer gives. */
int owner_rows_add(struct owner_rows *rows, const struct nst_owner *row, const char *comm,
		   uint64_t at_ns);

/*
 * Write those that are due at at_ns, UINT64_MAX: all. 0 or what the writer gives; with
 * -EAGAIN the rest waits.
 */
int owner_rows_write(struct owner_rows *rows, uint64_t at_ns);

void owner_rows_free(struct owner_rows *rows);

#endif
