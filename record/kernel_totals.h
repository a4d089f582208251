/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's totals, interval by interval. There are two generations of them: while
 * packets are counted in one, the other is read and emptied, once it is still.
 */
#ifndef NETSNOOP_RECORD_KERNEL_TOTALS_H
#define NETSNOOP_RECORD_KERNEL_TOTALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_totals;
struct total;	  /* of bpf/events.h */
struct total_key; /* of bpf/events.h */

struct kernel_totals_maps { /* descriptors, and variables of the programs */
	int sums[2], totals[2], spills[2], intervals;
	uint32_t n_sums;      /* for how many there is room */
	int net_events, ring; /* see grace.h */
	unsigned long long *turn;
	unsigned int *detail;
};

/* What a CPU counted in an interval, or in all of them. */
struct interval_counts {
	uint64_t events;
	uint64_t ring_full_events, ring_full_bytes;
	uint64_t summed_events, summed_bytes;
};

/* 0, -ENOMEM, or what pthread_create(3) gives. */
int kernel_totals_open(const struct kernel_totals_maps *maps, size_t n_cpus, uint32_t max_flows,
		       struct kernel_totals **ret_totals);

/*
 * From at_ns on, which is even and a few ms ahead, packets are of another interval. Not
 * before the one before the last was read. False: it was set too late, so that some
 * packets of after at_ns are of the old interval.
 */
bool kernel_totals_turn(struct kernel_totals *totals, uint64_t at_ns);

/* Is the interval before the turn still? Then its records are all in the rings, too. */
bool kernel_totals_is_still(struct kernel_totals *totals);

/*
 * Takes what was added up of one key; non-zero ends it. Several calls may have the same
 * key, and the struct is valid during the call.
 */
typedef int (*total_sink)(void *context, const struct total_key *key, const struct total *total);

/*
 * Give all of the interval before the turn to sink and forget it. 0, what sink gave, or
 * what bpf(2) gives.
 */
int kernel_totals_read(struct kernel_totals *totals, total_sink sink, void *context);

/* The same of the interval after the turn (or without one), once no program runs any more. */
int kernel_totals_read_last(struct kernel_totals *totals, total_sink sink, void *context);

/*
 * What was counted of all intervals so far, and whether the one that is going on is about
 * to fill its map. 0, or what bpf(2) gives.
 */
int kernel_totals_look(struct kernel_totals *totals, struct interval_counts *ret_sum,
		       bool *ret_is_filling);

/* What a CPU counted of all intervals that were read. */
struct interval_counts kernel_totals_read_counts(const struct kernel_totals *totals, size_t cpu);

/* Totals alone from now on, or a record of each packet as well. */
void kernel_totals_set_detail(struct kernel_totals *totals, bool totals_alone);

size_t kernel_totals_cpus(const struct kernel_totals *totals);

/* NULL is fine. */
void kernel_totals_close(struct kernel_totals *totals);

#endif
