/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lanes of a decoded chunk as they are charged. A lane whose owner changes
 * while its events last becomes several: the column of the events' lanes is
 * then rewritten, which only such chunks pay for.
 */
#ifndef NETSNOOP_ANALYZE_REBIND_H
#define NETSNOOP_ANALYZE_REBIND_H

#include "analyze/dimensions.h"
#include "analyze/lane_cache.h"
#include "analyze/split.h"

struct rebind { /* what is kept from chunk to chunk; zeros are a new one */
	struct split split;
	struct lane_cache cache; /* of one struct dimensions */
};

void rebind_free(struct rebind *rebind);

/* What was foretold of a trace; valid until the next input is foretold. */
struct charging charging_of(const struct foretelling *foretelling, const uint8_t uuid[16],
			    enum owner_view view);

/*
 * Called for every lane that has events: its number in the rewritten column,
 * the chunk's lane that it comes from, and how it is charged. The change is
 * valid during the call. 0 or -errno, which rebind_chunk() passes on.
 */
typedef int rebind_add(void *context, uint32_t lane, const struct nst_lane *from,
		       const struct lane_change *change);

/*
 * Charge the lanes of a chunk. events->lane is made to point to a column of
 * rebind's, valid until its next chunk, where it had to be rewritten; numbers of
 * lanes are then below *ret_n_lanes. 0 or -errno.
 */
int rebind_chunk(struct rebind *rebind, const struct charging *charging,
		 const struct nst_dictionaries *dictionaries, struct nst_events *events,
		 rebind_add *add, void *context, size_t *ret_n_lanes);

/*
 * The numbers in dims of the lanes of a chunk that was split, into *lanes, which grows as
 * array_reserve() has it. 0 or -errno.
 */
int rebind_map_split(struct lane_cache *cache, const struct split *split,
		     const struct charging *charging, struct dimensions *dims, uint32_t trace,
		     const struct nst_dictionaries *dictionaries, const struct nst_events *events,
		     uint32_t **lanes, size_t *n_lanes_allocated);

/* Both: split a chunk, and the numbers of its lanes. 0 or -errno. */
int rebind_map(struct rebind *rebind, const struct charging *charging, struct dimensions *dims,
	       uint32_t trace, const struct nst_dictionaries *dictionaries,
	       struct nst_events *events, uint32_t **lanes, size_t *n_lanes_allocated,
	       size_t *ret_n_lanes);

#endif
