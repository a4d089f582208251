/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "analyze/lane_cache.h"

#include <stdlib.h>
#include <string.h>

#define NO_FLOW UINT32_MAX

struct process_key_of_chunk { /* followed by the name */
	uint64_t start_ns;
	uint32_t trace, pid;
};

struct lane_key_of_chunk { /* without padding */
	uint64_t cgroup_id;
	uint32_t flow, process, has, ifindex;
	uint16_t vlan_id, flags;
	uint8_t is_send, owner_source, link_header_bytes, counts_elsewhere;
};

void lane_cache_free(struct lane_cache *cache)
{
	intern_free(&cache->processes);
	intern_free(&cache->lanes);
	free(cache->found);
	free(cache->chunk_flows);
	free(cache->chunk_processes);
	*cache = (struct lane_cache){ 0 };
}

static int number_process(struct lane_cache *cache, uint32_t trace,
			  const struct nst_process *process, uint32_t *ret_number)
{
	struct process_key_of_chunk key = { process->start_ns, trace, process->pid };
	uint8_t bytes[sizeof(key) + NST_COMM_MAX];
	size_t len = process->comm.len_bytes < NST_COMM_MAX ? process->comm.len_bytes
							    : NST_COMM_MAX;
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
	for (size_t i = 0; i < dictionaries->n_flows && !err; i++) {
		if (!dims_find_flow(dims, trace, &dictionaries->flows[i], &cache->chunk_flows[i]))
			cache->chunk_flows[i] = NO_FLOW;
	}
	for (size_t i = 0; i < dictionaries->n_processes && !err; i++)
		err = number_process(cache, trace, &dictionaries->processes[i],
				     &cache->chunk_processes[i]);
	return err;
}

void lane_cache_add_flow(struct lane_cache *cache, const struct nst_lane *lane, uint32_t flow)
{
	cache->chunk_flows[lane->flow] = flow;
}

int lane_cache_get(struct lane_cache *cache, const struct nst_lane *lane, bool counts_elsewhere,
		   struct cached_lane **ret_found)
{
	const struct lane_key_of_chunk key = {
		.cgroup_id = lane->cgroup_id,
		.flow = cache->chunk_flows[lane->flow],
		.process = lane->has & NST_HAS_OWNER ? cache->chunk_processes[lane->process] : 0,
		.has = lane->has,
		.ifindex = lane->ifindex,
		.vlan_id = lane->vlan_id,
		.flags = lane->flags,
		.is_send = lane->is_send,
		.owner_source = lane->owner_source,
		.link_header_bytes = lane->link_header_bytes,
		.counts_elsewhere = counts_elsewhere,
	};
	uint32_t number;
	bool is_new;
	int err;

	if (key.flow == NO_FLOW) {
		*ret_found = NULL;
		return 0;
	}
	err = intern_get(&cache->lanes, &key, sizeof(key), &number, &is_new);

	if (!err)
		err = array_reserve(&cache->found, &cache->n_found_allocated, (size_t)number + 1,
				    sizeof(*cache->found));
	if (!err)
		*ret_found = &cache->found[number];
	return err;
}
