/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sums of events by lane and period, and the highest second of each row of
 * the groupings that are asked for. Its memory grows with these, never with events
 * or seconds: periods are capped (see rollup_settings).
 *
 * An event costs a few additions (see slices.h); only a chunk's sums by lane are folded
 * into the rest.
 */
#ifndef NETSNOOP_ANALYZE_ROLLUP_H
#define NETSNOOP_ANALYZE_ROLLUP_H

#include "analyze/grouping.h"
#include "analyze/intern.h"
#include "analyze/slices.h"

struct sums {
	uint64_t events, packets, bytes;
	uint64_t payload_bytes, payload_events; /* of events with known headers */
	uint64_t wire_bytes, wire_packets;	/* less link headers; of those known */
	uint64_t first_ns, last_ns;		/* on the trace's clock */
	uint64_t total_events, total_bytes;	/* of them, what rows of totals tell */
};

/*
 * The newest seconds of a group: neighbouring chunks may overlap a little, and
 * totals stand behind the events of their time.
 */
#define PEAK_SECONDS 4
struct peak {
	uint64_t highest[2]; /* by is_send */
	struct {
		int64_t second; /* 0: none yet (see peak.c) */
		uint64_t bytes[2];
	} at[PEAK_SECONDS]; /* [0] is the newest */
};

struct rollup_settings {
	uint64_t interval_ns; /* 0: one period for everything */
	uint32_t max_rows;    /* of (period, lane), before the interval doubles */
	uint32_t groupings;   /* a set of them; 0: all */
};

/* One row of usage or of peaks: what it is of, and in which period. */
struct rollup_key {
	int64_t period;
	uint32_t id;	   /* lane; for peaks the group's number */
	uint32_t grouping; /* for peaks: enum grouping */
};

/* Where the row of a member was found last. */
struct rollup_place {
	int64_t period;
	uint32_t row; /* 1 more than its number; 0: not looked for yet */
};

/* The rows of a lane, as they were found last: all that adding to them takes. */
#define LANE_PEAKS 10
struct rollup_lane {
	int64_t period;
	uint32_t usage; /* as rollup_place.row */
	uint32_t trace;
	uint32_t peaks[LANE_PEAKS];
	uint8_t n_peaks; /* more than LANE_PEAKS: it counts in so many rows */
	bool is_send;
};

struct rollup {
	struct rollup_settings settings;
	uint64_t interval_ns; /* doubled as often as it had to be */
	struct intern usage_keys, peak_keys;
	struct sums *usage;
	struct peak *peaks;
	size_t n_usage_allocated, n_peaks_allocated;
	struct rollup_lane *lanes;	    /* as dims.lanes */
	struct rollup_place *member_places; /* as dims.members */
	size_t n_lanes, n_member_places;
	struct slices slices; /* of rollup_add() */
	uint64_t n_pieces;    /* of rows of totals, beyond a few of each */
};

void rollup_init(struct rollup *rollup, struct rollup_settings settings);
void rollup_free(struct rollup *rollup);

/*
 * Add the events from..to-1, in order of time, of a chunk whose lanes have the numbers
 * lanes[n_lanes] in dims. 0 or -ENOMEM.
 */
int rollup_add(struct rollup *rollup, struct dimensions *dims, const struct rollup_axis *axis,
	       const struct nst_events *events, size_t from, size_t to, const uint32_t *lanes,
	       size_t n_lanes);

/*
 * The second half of it: events that were summed, maybe by a shorter interval that the
 * roll-up had before. 0 or -ENOMEM.
 */
int rollup_add_slices(struct rollup *rollup, struct dimensions *dims, const struct slices *slices,
		      const struct nst_events *events, const uint32_t *lanes);

/*
 * Add sums of a lane that lie within one period, peak_bytes of them in the second
 * of the trace. 0 or -ENOMEM.
 */
int rollup_fold(struct rollup *rollup, struct dimensions *dims, uint32_t lane,
		const struct sums *sums, int64_t period, uint64_t second, uint64_t peak_bytes);

/* Add sums of one row of usage to those of another. */
void sums_merge(struct sums *into, const struct sums *from);

/* Double the interval as often as the number of rows demands. 0 or -ENOMEM. */
int rollup_widen(struct rollup *rollup);

/* ---- rollup_total.c ---- */

/*
 * Add what a row of totals says of a lane, as far as it lies in [from_ns, to_ns):
 * spread evenly over the seconds and periods that it covers, with nothing lost
 * to rounding. 0 or -ENOMEM.
 */
int rollup_add_total(struct rollup *rollup, struct dimensions *dims, const struct rollup_axis *axis,
		     uint32_t lane, const struct nst_total *total, uint64_t from_ns,
		     uint64_t to_ns);

static inline const struct rollup_key *rollup_usage_key(const struct rollup *rollup, uint32_t i)
{
	return intern_key(&rollup->usage_keys, i);
}

static inline const struct rollup_key *rollup_peak_key(const struct rollup *rollup, uint32_t i)
{
	return intern_key(&rollup->peak_keys, i);
}

/* ---- peak.c ---- */

/*
 * Bytes in a second of a trace. Seconds of an earlier trace than the newest
 * count as its own.
 */
void peak_add(struct peak *peak, uint32_t trace, uint64_t second, bool is_send, uint64_t bytes);

/* Take in the peaks of a period just after or before; exact below a second. */
void peak_merge(struct peak *into, const struct peak *from);

#endif
