/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chunks of events that are decoded and summed by as many threads as there are CPUs,
 * while the reading goes on. They are taken back in the order in which they were given.
 * A fixed number is on its way at a time. Where there is one CPU there is no other
 * thread, and the one that asks does the work.
 */
#ifndef NETSNOOP_ANALYZE_AHEAD_H
#define NETSNOOP_ANALYZE_AHEAD_H

#include "analyze/slices.h"
#include "analyze/split.h"

struct ahead_job {
	/* What to do. */
	struct nst_unpacker *unpacker;
	uint32_t trace; /* its number, for whoever takes the chunk back */
	struct charging charging;
	struct rollup_axis axis;
	uint64_t interval_ns;
	uint64_t from_ns, to_ns; /* of the events that are summed */
	bool in_order;		 /* not all are, or into so many slices that order pays */

	/* What came of it. */
	int err; /* as nst_unpacker_decode() has it */
	const struct nst_dictionaries *dictionaries;
	struct nst_events events; /* decoded for sums unless in_order; their lanes are split */
	struct split split;
	struct slices slices;
	size_t from, to; /* the events from_ns..to_ns */

	bool is_done;
	size_t raw_bytes; /* of the chunk, decompressed */
};

struct ahead;

/* Start the threads; fewer, or none, where the system allows no more. 0 or -ENOMEM. */
int ahead_open(struct ahead **ret_ahead);

/* End them; what is on its way is given up. NULL is fine. */
void ahead_close(struct ahead *ahead);

/*
 * A job to be filled, with a chunk that has raw_bytes decompressed; NULL: so many are on their
 * way, or such large ones, that the oldest must be taken first.
 */
struct ahead_job *ahead_begin(struct ahead *ahead, size_t raw_bytes);

/* Hand over the job of ahead_begin(). */
void ahead_submit(struct ahead *ahead);

/* The oldest job, done; NULL: none is on its way or, unless wait, it is not done yet. */
struct ahead_job *ahead_oldest(struct ahead *ahead, bool wait);

/* It was taken back, and is free for another chunk. 0 or -ENOMEM. */
int ahead_release(struct ahead *ahead);

#endif
