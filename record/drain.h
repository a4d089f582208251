/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's rings, emptied in order of time. */
#ifndef NETSNOOP_RECORD_DRAIN_H
#define NETSNOOP_RECORD_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drain;

/*
 * Takes one record of length_bytes, which begins with its timestamp (u64, CLOCK_BOOTTIME)
 * and is valid during the call; non-zero ends the drain with it.
 */
typedef int (*drain_sink)(void *context, const void *record, uint32_t length_bytes);

struct drain_source {
	const int *fds; /* of n of the kernel's ring buffers, of ring_bytes each */
	size_t n, ring_bytes;
	/* The rings of bpf/ring.h, of which there are none if short_slots is 0. */
	int short_rings, short_records; /* descriptors */
	size_t short_slots;		/* of each */
	size_t n_cpus;			/* possible ones */
	const uint32_t *short_cpus;	/* n_shorts: those that have one */
	size_t n_shorts;
};

/*
 * Map the rings; what from leads to stays the caller's, and as it is while the drain is
 * open. -ENOMEM, or what mmap(2) gives.
 */
int drain_open(const struct drain_source *from, struct drain **ret_drain);

/*
 * Give every record up to until_ns (CLOCK_BOOTTIME) to sink, merged by time.
 * Each ring is in order of time but for the CPUs that share one, so what comes
 * out is in order as long as until_ns is a moment ago that no CPU is still
 * writing about. No record is copied or held: what is newer stays in its ring.
 * 0, or what sink returned; the record that it was called with is taken.
 */
int drain_until(struct drain *drain, uint64_t until_ns, drain_sink sink, void *context);

/*
 * From now on hint is told of each short record some time before it is taken. What stands
 * there may also be another one, or none: it is no more than a guess.
 */
typedef void (*drain_hint)(void *context, const void *record);
void drain_expect(struct drain *drain, drain_hint hint, void *context);

/*
 * The first full record for which wish says so, of those that are in the rings right now,
 * whatever time they are of; NULL: there is none. Nothing is taken. It can be called from a
 * sink, and what it gives is valid as long as the sink's record.
 */
typedef bool (*drain_wish)(void *context, const void *record, uint32_t length_bytes);
const void *drain_look(const struct drain *drain, drain_wish wish, void *context);

/*
 * How much of the fullest ring was in use, in percent: when drain_until() was last called
 * or now, whichever is more.
 */
unsigned int drain_percent(const struct drain *drain);

void drain_close(struct drain *drain);

#endif
