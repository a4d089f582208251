/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* --stats: what each process sent and received since the last table. */
#ifndef NETSNOOP_RECORD_STATS_H
#define NETSNOOP_RECORD_STATS_H

#include "record/counts.h"

struct stats {
	struct throughput *before; /* as throughput_read() gave it */
	size_t n_before;
};

/*
 * Print the difference between rows (as throughput_read() gives them) and the
 * rows of the last call, in interval_ns, and keep rows, which are ours now.
 */
void stats_print(struct stats *stats, struct throughput *rows, size_t n_rows, uint64_t interval_ns);

/*
 * rows less what stands in before under the same key, without those that did
 * not change, by bytes; in place. Returns how many are left.
 */
size_t stats_difference(struct throughput *rows, size_t n_rows, const struct throughput *before,
			size_t n_before);

void stats_free(struct stats *stats);

#endif
