/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of totals, one for each key, which is all but times, sums, name and cgroup. */
#ifndef NETSNOOP_RECORD_TOTAL_TABLE_H
#define NETSNOOP_RECORD_TOTAL_TABLE_H

#include "format/trace.h"

#define TOTAL_COMM_BYTES 16

struct total_row {
	struct nst_total total; /* its comm refers to nothing */
	struct nst_flow tuple;	/* nor do its addresses */
	uint8_t local[16], remote[16];
	char comm[TOTAL_COMM_BYTES];
};

struct total_table { /* all zero: empty */
	struct total_row *rows;
	uint32_t *slots; /* open addressing: number of the row + 1 */
	size_t n, room, n_slots;
};

/* The row of this total's key, made without sums if it is new, or NULL: there is no memory. */
struct total_row *total_table_get(struct total_table *table, const struct nst_total *key,
				  bool *ret_is_new);

/* The row of this key, or NULL: there is none. */
struct total_row *total_table_find(const struct total_table *table, const struct nst_total *key);

/* Take out the first n rows. */
void total_table_drop(struct total_table *table, size_t n);

void total_table_free(struct total_table *table);

/* Add the sums, and let the times cover both. */
void total_add(struct nst_total *to, const struct nst_total *from);

#endif
