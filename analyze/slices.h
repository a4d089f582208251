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

struct slice_row { /* a lane in a slice */
	uint64_t packets, bytes, payload_bytes, wire_bytes;
	uint64_t unknown_packets; /* of packets: not in wire_bytes */
	uint32_t unknown_events;  /* of events: not in payload_bytes */
	uint32_t events;
	uint32_t lane;	      /* of the chunk */
	uint32_t first, last; /* numbers of its events */
	uint32_t unused;      /* a row is a line of the cache */
};

struct slice { /* a second of a period, or the part of it that lies in the chunk */
	int64_t period;
	uint64_t second;
	size_t first_row, n_rows;
};

struct lane_sum;

struct slices {		      /* of one chunk after the other; zeros are new ones */
	uint64_t interval_ns; /* of the periods; 0: there is one */
	struct slice *list;
	struct slice_row *rows;
	size_t n, n_rows;
	size_t n_allocated, n_rows_allocated;

	/* what it takes to sum them */
	uint32_t *next;	      /* by run: its first event that was not summed */
	const uint32_t *ends; /* the runs that are summed */
	size_t n_runs;
	struct lane_sum *sums; /* by lane; zeros but while a slice is summed */
	uint32_t *row_of;      /* by lane that the slice has */
	uint8_t *is_odd;       /* by event: it does not count as nearly all do */
	uint32_t *firsts, n_firsts, *odd,
		n_odd; /* events of the slice: first of a lane; odd ones */
	size_t n_next_allocated, n_sums_allocated, n_row_of_allocated, n_is_odd_allocated;
	size_t n_firsts_allocated, n_odd_allocated;
};

void slices_free(struct slices *slices);

/*
 * Sum events of a chunk whose lanes are below n_lanes: n_runs runs, the first of them
 * events[from..ends[0]), within each of which times do not fall. Each slice takes as long as
 * there are runs. 0 or -ENOMEM.
 */
int slices_sum(struct slices *slices, const struct rollup_axis *axis, uint64_t interval_ns,
	       const struct nst_events *events, size_t from, const uint32_t *ends, size_t n_runs,
	       size_t n_lanes);

/* Into how many slices events of [first_ns, last_ns] can fall. */
uint64_t slices_count(uint64_t interval_ns, uint64_t first_ns, uint64_t last_ns);

/* The first of events[from..to) at or after time_ns, else to. */
size_t events_find(const struct nst_events *events, size_t from, size_t to, uint64_t time_ns);

#endif
