/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The events of one chunk, summed by lane of the chunk: each event costs a few additions,
 * and nothing but the chunk is read, so that any thread can do it. What belongs to the
 * whole (rollup.h) is then done once for each lane, and not for each event.
 */
#ifndef NETSNOOP_ANALYZE_SLICES_H
#define NETSNOOP_ANALYZE_SLICES_H

#include "format/trace.h"

/* Where a trace stands on the axis of seconds and periods. */
struct rollup_axis {
	uint32_t trace;
	uint64_t start_ns; /* seconds count from here */
	int64_t origin_ns; /* periods count from here, on the trace's clock */
};

/* The second and the period of a time, and in *ret_border_ns where the first of them ends. */
void axis_locate(const struct rollup_axis *axis, uint64_t interval_ns, uint64_t time_ns,
		 uint64_t *ret_second, int64_t *ret_period, uint64_t *ret_border_ns);

struct slice_row { /* a lane in a period */
	uint64_t packets, bytes;
	uint64_t payload_bytes, wire_bytes, wire_packets;
	uint32_t lane; /* of the chunk */
	uint32_t events, payload_events;
	uint32_t first, last; /* numbers of its events */
	uint32_t unused;      /* a row is a line of the cache */
};

struct slice_before { /* what a row was before the second began */
	uint64_t bytes;
	uint32_t events;
};

struct slice_bytes { /* a lane in a second */
	uint64_t bytes;
	uint32_t row; /* among the slice's */
};

struct slice_second {
	uint64_t second;
	size_t first, n; /* of bytes */
};

struct slice { /* a period, or the part of it that lies in the chunk */
	int64_t period;
	size_t first_row, n_rows; /* in the order in which they have their first events */
	size_t first_second, n_seconds;
};

struct slices {		      /* of one chunk after the other; zeros are new ones */
	uint64_t interval_ns; /* of the periods; 0: there is one */
	struct slice *list;
	struct slice_row *rows;
	struct slice_before *before; /* by row */
	struct slice_second *seconds;
	struct slice_bytes *bytes;
	uint32_t *row_of; /* by lane of the chunk: 1 more than its row of the slice; then zeros */
	size_t n, n_rows, n_seconds, n_bytes;
	size_t n_allocated, n_rows_allocated, n_before_allocated, n_seconds_allocated,
		n_bytes_allocated, n_row_of_allocated;
};

void slices_free(struct slices *slices);

/* Sum events[from..to) of a chunk whose lanes are below n_lanes. 0 or -ENOMEM. */
int slices_sum(struct slices *slices, const struct rollup_axis *axis, uint64_t interval_ns,
	       const struct nst_events *events, size_t from, size_t to, size_t n_lanes);

/* The first of events[from..to) at or after time_ns, else to. */
size_t events_find(const struct nst_events *events, size_t from, size_t to, uint64_t time_ns);

#endif
