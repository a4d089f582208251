/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The processes that are alive, and those that ended a moment ago, by (pid, start). */
#ifndef NETSNOOP_RECORD_PROCESS_TABLE_H
#define NETSNOOP_RECORD_PROCESS_TABLE_H

#include "format/trace.h"
#include "record/image.h"

#define PROCESS_COMM_BYTES 16

struct process_name {
	char bytes[PROCESS_COMM_BYTES];
	uint8_t len;
};

struct process {
	struct process *next;	   /* in its bucket */
	struct process *next_dead; /* that ended after it */
	/* As of its last image: SNAPSHOT, FORK or EXEC; the strings are those below. */
	struct nst_process_event event;
	struct image *image;
	struct process_name first_name; /* of the image */
	struct process_name name;	/* of now */
	uint64_t rename_ns;		/* 0: not since the image */
	uint64_t exit_ns;
	uint32_t exit_code;
	bool is_dead;
	bool has_exit;	 /* its end was told of */
	bool is_asked;	 /* /proc was asked for its ids */
	bool is_written; /* a row of it is in the trace */
};

typedef void (*process_sink)(void *context, uint32_t pid, uint64_t start_ns);

struct process_table { /* all zero: empty */
	struct process **buckets;
	size_t n_buckets, n;
	struct process *first_dead, *last_dead;
	size_t n_dead;
	process_sink forgotten; /* told of each that is forgotten; NULL: nobody asks */
	void *context;
};

/* NULL: there is none. */
struct process *process_table_find(const struct process_table *table, uint32_t pid,
				   uint64_t start_ns);

/* Add one that is not there, with an image of its own that is empty. NULL: no memory. */
struct process *process_table_add(struct process_table *table, uint32_t pid, uint64_t start_ns);

/* It has ended. It stays until process_table_forget(). */
void process_table_end(struct process_table *table, struct process *process, uint64_t at_ns);

/*
 * Forget those that ended before before_ns, and of the others the first ones
 * until there are at most dead_max. How many of the latter.
 */
size_t process_table_forget(struct process_table *table, uint64_t before_ns, size_t dead_max);

void process_table_free(struct process_table *table);

#endif
