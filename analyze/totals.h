/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rows of TOTAL of a chunk in the shape of a chunk of events, one a row, each
 * with a lane of its own: whatever charges lanes charges them, by the same rules.
 */
#ifndef NETSNOOP_ANALYZE_TOTALS_H
#define NETSNOOP_ANALYZE_TOTALS_H

#include "format/trace.h"

struct totals { /* what is kept from chunk to chunk; zeros are a new one */
	size_t n;
	const struct nst_total **rows; /* by from_ns */
	struct nst_events events;      /* at from_ns; lane i is of rows[i] */
	struct nst_dictionaries dictionaries;
	struct nst_process *processes;
	struct nst_flow *flows;
	struct nst_lane *lanes;
	const struct nst_flow **tuples; /* by id */
	uint64_t *timestamps;
	uint32_t *numbers;
	size_t n_rows_allocated, n_processes_allocated, n_flows_allocated, n_lanes_allocated;
	size_t n_tuples_allocated, n_timestamps_allocated, n_numbers_allocated;
	uint64_t bytes, packets; /* of all rows so far, or more */
	uint64_t n_left_out;	 /* rows */
};

/*
 * Take the rows of the chunk that the reader went to, valid until it goes on; none if
 * it has none or they are damaged. Rows of impossible times are left out and counted, and
 * so are those by which all together came to more than any network carries.
 * 0 or -ENOMEM.
 */
int totals_read(struct totals *totals, struct nst_reader *reader);
void totals_free(struct totals *totals);

#endif
