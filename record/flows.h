/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's table of flows, which never makes room by itself: takes out what
 * is over, so that new flows find a place.
 */
#ifndef NETSNOOP_RECORD_FLOWS_H
#define NETSNOOP_RECORD_FLOWS_H

#include <stddef.h>
#include <stdint.h>

struct flows;

struct flows_maps { /* descriptors, see bpf/slot.h */
	int flows, slots, free_slots;
	int net_events, ring; /* see grace.h */
};

/* How many slots there have to be: some wait for programs to leave them. */
static inline uint32_t flows_slots(uint32_t max_flows)
{
	return max_flows + max_flows / 4;
}

/* Make all slots free, before there are any packets. 0 or what bpf(2) gives. */
int flows_fill(const struct flows_maps *maps, uint32_t max_flows);

/*
 * The map `flows` holds max_flows, and the others have flows_slots(). 0, -ENOMEM, or
 * what pthread_create(3) gives.
 */
int flows_open(const struct flows_maps *maps, uint32_t max_flows, struct flows **ret_flows);

/*
 * Take out flows that ended 5 s ago or have been idle for a minute, and sooner,
 * the oldest first, when the table fills up. Does so now and then only; how
 * often depends on given_out, the number of flow ids that the kernel has ever
 * given out. The ids that were taken out are at *ret_gone, until the next call.
 * 0, -ENOMEM, or what bpf(2) or mmap(2) gives.
 */
int flows_collect(struct flows *flows, uint64_t at_ns, uint64_t given_out,
		  const uint64_t **ret_gone, size_t *ret_n_gone);

/* NULL is fine. */
void flows_close(struct flows *flows);

#endif
