/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/lane_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_PROCESS UINT32_MAX

struct process_key_of_chunk { /* followed by the name */
	uint64_t start_ns;
	uint32_t trace, pid;
};

void lane_cache_free(struct lane_cache *cache)
{
	intern_free(&cache->processes);
	free(cache->lanes);
	free(cache->slots);
	free(cache->chunk_flows);
	free(cache->chunk_processes);
	*cache = (struct lane_cache){ 0 };
}

static int number_process(struct lane_cache *cache, const struct nst_process *process,
			  uint32_t *ret_number)
{
	struct process_key_of_chunk key = { process->start_ns, cache->trace, process->pid };
	uint8_t bytes[sizeof(key) + NST_COMM_MAX];
	size_t len =
		process->comm.len_bytes < NST_COMM_MAX ? process->comm.len_bytes : NST_COMM_MAX;
	bool is_new;

	memcpy(bytes, &key, sizeof(key));
	if (len)
		memcpy(bytes + sizeof(key), process->comm.data, len);
	return intern_get(&cache->processes, bytes, sizeof(key) + len, ret_number, &is_new);
}

int lane_cache_open(struct lane_cache *cache, const struct dimensions *dims, uint32_t trace,
		    const struct nst_dictionaries *dictionaries)
{
	int err = array_reserve(&cache->chunk_flows, &cache->n_chunk_flows_allocated,
				dictionaries->n_flows, sizeof(*cache->chunk_flows));

	if (!err)
		err = array_reserve(&cache->chunk_processes, &cache->n_chunk_processes_allocated,
				    dictionaries->n_processes, sizeof(*cache->chunk_processes));
	if (err)
		return err;
	dims_find_flows(dims, trace, dictionaries->flows, dictionaries->n_flows,
			cache->chunk_flows);
	for (size_t i = 0; i < dictionaries->n_processes; i++)
		cache->chunk_processes[i] = NO_PROCESS;
	cache->trace = trace;
	cache->dictionaries = dictionaries;
	return 0;
}

void lane_cache_add_flow(struct lane_cache *cache, const struct nst_lane *lane, uint32_t flow)
{
	cache->chunk_flows[lane->flow] = flow;
}

static uint64_t pair(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

/* Only what the lane says that it has: what lanes are made of in dims (see dimensions.c). */
static struct lane_identity identity_of(const struct lane_cache *cache, const struct nst_lane *lane,
					bool counts_elsewhere)
{
	uint32_t has = lane->has;
	uint32_t process = has & NST_HAS_OWNER ? cache->chunk_processes[lane->process] : 0;
	uint32_t vlan_id = has & NST_HAS_VLAN ? lane->vlan_id : 0;
	uint32_t link_header_bytes = has & NST_HAS_LINK_HEADER ? lane->link_header_bytes : 0;
	uint32_t source = lane->owner_source < NST_OWNER_SOURCES ? lane->owner_source : 0;

	return (struct lane_identity){
		.cgroup_id = has & NST_HAS_CGROUP ? lane->cgroup_id : 0,
		.flow_process = pair(cache->chunk_flows[lane->flow], process),
		.has_ifindex = pair(has, has & NST_HAS_IFINDEX ? lane->ifindex : 0),
		.others = pair(vlan_id | (uint32_t)lane->flags << 16,
			       lane->is_send | source << 8 | link_header_bytes << 16 |
				       (uint32_t)counts_elsewhere << 24),
	};
}

static uint32_t flow_of(const struct lane_identity *identity)
{
	return (uint32_t)identity->flow_process;
}

static void set_query(struct lane_cache *cache, const struct nst_lane *lane, bool counts_elsewhere,
		      struct lane_query *query)
{
	query->identity = identity_of(cache, lane, counts_elsewhere);
	query->hash = intern_hash(&query->identity, sizeof(query->identity));
}

static size_t slot_of(const struct lane_cache *cache, const struct lane_query *query)
{
	size_t mask = cache->n_slots - 1, i = query->hash & mask;

	for (; cache->slots[i].number; i = (i + 1) & mask)
		if (cache->slots[i].hash == query->hash &&
		    !memcmp(&cache->lanes[cache->slots[i].number - 1].identity, &query->identity,
			    sizeof(query->identity)))
			break;
	return i;
}

static int grow_slots(struct lane_cache *cache)
{
	size_t n = cache->n_slots ? 2 * cache->n_slots : 64, n_allocated = 0;
	struct lane_slot *slots = NULL;

	if (2 * (cache->n_lanes + 1) <= cache->n_slots)
		return 0;
	/* not calloc(): pages that are read first and written then cost two faults each */
	if (array_reserve(&slots, &n_allocated, n, sizeof(*slots)))
		return -ENOMEM;
	for (size_t old = 0; old < cache->n_slots; old++) {
		size_t i = cache->slots[old].hash & (n - 1);

		if (!cache->slots[old].number)
			continue;
		while (slots[i].number)
			i = (i + 1) & (n - 1);
		slots[i] = cache->slots[old];
	}
	free(cache->slots);
	cache->slots = slots;
	cache->n_slots = n;
	return 0;
}

/* A process that no lane is of is none: a chunk may name any number of them. */
static int know_process(struct lane_cache *cache, const struct nst_lane *lane)
{
	if (!(lane->has & NST_HAS_OWNER) || cache->chunk_processes[lane->process] != NO_PROCESS)
		return 0;
	return number_process(cache, &cache->dictionaries->processes[lane->process],
			      &cache->chunk_processes[lane->process]);
}

int lane_cache_fetch(struct lane_cache *cache, uint32_t i)
{
	const struct nst_lane *lane = &cache->dictionaries->lanes[i];
	struct lane_query *query = &cache->queries[i % LANES_FETCHED];
	int err = know_process(cache, lane);

	if (err)
		return err;
	set_query(cache, lane, false, query);
	if (cache->n_slots)
		__builtin_prefetch(&cache->slots[query->hash & (cache->n_slots - 1)]);
	return 0;
}

int lane_cache_get(struct lane_cache *cache, uint32_t i, bool counts_elsewhere,
		   struct cached_lane **ret_found)
{
	const struct nst_lane *lane = &cache->dictionaries->lanes[i];
	struct lane_query *query = &cache->queries[i % LANES_FETCHED];
	struct lane_slot *slot;
	int err;

	/* its flow may have been met since */
	if (counts_elsewhere || flow_of(&query->identity) != cache->chunk_flows[lane->flow])
		set_query(cache, lane, counts_elsewhere, query);
	if (flow_of(&query->identity) == NO_FLOW) {
		*ret_found = NULL;
		return 0;
	}
	err = cache->n_lanes == UINT32_MAX - 1 ? -ENOMEM : grow_slots(cache);
	if (err)
		return err;
	slot = &cache->slots[slot_of(cache, query)];
	if (!slot->number) {
		err = array_reserve(&cache->lanes, &cache->n_lanes_allocated, cache->n_lanes + 1,
				    sizeof(*cache->lanes));
		if (err)
			return err;
		cache->lanes[cache->n_lanes].identity = query->identity;
		*slot = (struct lane_slot){ query->hash, (uint32_t)++cache->n_lanes };
	}
	*ret_found = &cache->lanes[slot->number - 1];
	return 0;
}
