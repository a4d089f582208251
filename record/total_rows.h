/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is to be written of totals: rows of TOTAL with the TUPLE of their flows, LOSS and
 * DETAIL, which wait, merged, while there is no room to write; and the SUM of all.
 */
#ifndef NETSNOOP_RECORD_TOTAL_ROWS_H
#define NETSNOOP_RECORD_TOTAL_ROWS_H

#include "format/trace.h"

struct total_rows;

/* 0 or -ENOMEM. */
int total_rows_open(size_t n_cpus, struct total_rows **ret_rows);

/*
 * Of one key, in one interval: all of it, and what of it no event tells. tuple is its
 * flow's, if it has one. What is too much to be kept by flow or by owner is kept without. 0 or -ENOMEM.
 */
int total_rows_add(struct total_rows *rows, const struct nst_total *all,
		   const struct nst_total *untold, const struct nst_flow *tuple);

/*
 * Of events that were to be told and are not; the SUM has them already. is_full: there is
 * room for a few rows more and no others. 0 or -ENOMEM.
 */
int total_rows_add_lost(struct total_rows *rows, const struct nst_total *total,
			const struct nst_flow *tuple, bool is_full);

/* Events were lost; rows of the same CPU and cause that wait become one. No events: nothing. */
void total_rows_lose(struct total_rows *rows, const struct nst_loss_interval *loss);

/* What is recorded from then on. */
void total_rows_detail(struct total_rows *rows, uint64_t time_ns, enum nst_detail detail);

/* Write what waits. 0, or what writing gives; what was not written waits on. */
int total_rows_write(struct total_rows *rows, struct nst_writer *writer);

/* The same, and then the SUM, in which nothing is left. Can be called again if it fails. */
int total_rows_end(struct total_rows *rows, struct nst_writer *writer, uint64_t from_ns,
		   uint64_t to_ns);

/* No SUM is wanted of what has been added. */
void total_rows_forget_sums(struct total_rows *rows);

/* Was there a TOTAL that is written now? */
bool total_rows_are_written(const struct total_rows *rows);

/* Events whose flow or owner was given up for want of room. */
uint64_t total_rows_merged(const struct total_rows *rows);

/* Is there something to write? */
bool total_rows_wait(const struct total_rows *rows);

/* NULL is fine. */
void total_rows_close(struct total_rows *rows);

#endif
