/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lanes of earlier chunks: most lanes of a chunk were in the one before, and
 * are then found by one look-up in place of those of everything that they are made of.
 */
#ifndef NETSNOOP_ANALYZE_LANE_CACHE_H
#define NETSNOOP_ANALYZE_LANE_CACHE_H

#include "analyze/dimensions.h"

/*
 * A lane as chunks have it, but for the numbers of its flow (in dims) and its process (in
 * lane_cache.processes). Packed, and not as members, because what is written in pieces and
 * read as a whole right after keeps the CPU waiting.
 */
struct lane_identity {
	uint64_t cgroup_id, flow_process, has_ifindex, others;
};

struct cached_lane { /* a line of the cache */
	struct lane_identity identity;
	uint64_t from_ns, until_ns; /* of the times for which the number holds; 0, 0: of none */
	uint32_t lane;		    /* in dims */
	uint32_t unused[3];
};

struct lane_slot { /* open addressing; at most half of them are taken */
	uint32_t hash;
	uint32_t number; /* 1 more; 0: free */
};

/* What a lane is looked up by, once for both steps. */
struct lane_query {
	struct lane_identity identity;
	uint32_t hash;
};
#define LANES_FETCHED 16 /* on their way from memory at a time */

struct lane_cache {		 /* zeros are an empty one */
	struct intern processes; /* those of lanes: not more than these */
	struct cached_lane *lanes;
	struct lane_slot *slots;
	size_t n_lanes, n_lanes_allocated, n_slots;
	uint32_t trace; /* of the chunk */
	const struct nst_dictionaries *dictionaries;
	/* numbers of its flows, or NO_FLOW, and of its processes, as far as lanes were fetched */
	uint32_t *chunk_flows, *chunk_processes;
	size_t n_chunk_flows_allocated, n_chunk_processes_allocated;
	struct lane_query queries[LANES_FETCHED]; /* as a ring, by number of the lane */
};

void lane_cache_free(struct lane_cache *cache);

/*
 * Begin with a chunk: what of its flows is known. The dictionaries are used until the next one.
 * 0 or -ENOMEM.
 */
int lane_cache_open(struct lane_cache *cache, const struct dimensions *dims, uint32_t trace,
		    const struct nst_dictionaries *dictionaries);

/* Note the flow of a lane, which dims has by now. */
void lane_cache_add_flow(struct lane_cache *cache, const struct nst_lane *lane, uint32_t flow);

/*
 * Have the memory fetched that looking for lane number i of the chunk will take, at most
 * LANES_FETCHED - 1 ahead of it. 0 or -ENOMEM.
 */
int lane_cache_fetch(struct lane_cache *cache, uint32_t i);

/*
 * Where a lane that was fetched has its number, valid until the next call; NULL as long as its
 * flow is not known. 0 or -ENOMEM.
 */
int lane_cache_get(struct lane_cache *cache, uint32_t i, bool counts_elsewhere,
		   struct cached_lane **ret_found);

#endif
