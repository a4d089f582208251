/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lanes of earlier chunks: most lanes of a chunk were in the one before, and
 * are then found by one look-up in place of those of everything that they are made of.
 */
#ifndef NETSNOOP_ANALYZE_LANE_CACHE_H
#define NETSNOOP_ANALYZE_LANE_CACHE_H

#include "analyze/dimensions.h"

struct lane_cache { /* zeros are an empty one */
	struct intern processes, lanes;
	struct cached_lane *found; /* by number in lanes */
	size_t n_found_allocated;
	/* of the chunk: numbers of its flows, or NO_FLOW, and of its processes */
	uint32_t *chunk_flows, *chunk_processes;
	size_t n_chunk_flows_allocated, n_chunk_processes_allocated;
};

struct cached_lane {
	uint64_t from_ns, until_ns; /* of the times for which the number holds; 0, 0: of none */
	uint32_t lane;		    /* in dims */
};

void lane_cache_free(struct lane_cache *cache);

/* Begin with a chunk: what of its flows and processes is known. 0 or -ENOMEM. */
int lane_cache_open(struct lane_cache *cache, const struct dimensions *dims, uint32_t trace,
		    const struct nst_dictionaries *dictionaries);

/* Note the flow of a lane, which dims has by now. */
void lane_cache_add_flow(struct lane_cache *cache, const struct nst_lane *lane, uint32_t flow);

/*
 * Where a lane of the chunk has its number, valid until the next call; NULL as long as its
 * flow is not known. 0 or -ENOMEM.
 */
int lane_cache_get(struct lane_cache *cache, const struct nst_lane *lane, bool counts_elsewhere,
		   struct cached_lane **ret_found);

#endif
