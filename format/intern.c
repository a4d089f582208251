/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "intern.h"

#include "hash.h"

#include <errno.h>
#include <stdlib.h>

#define ROWS NST_CHUNK_EVENTS_MAX
#define SLOTS (2 * ROWS)

/* Row + 1 by hash, open addressing; the slots in use, so that clearing costs what was used. */
struct index {
	uint32_t slots[SLOTS];
	uint32_t used[ROWS];
	uint32_t n_rows;
	uint64_t seed;
};

struct process_key {
	uint64_t start_ns;
	uint32_t pid;
	uint32_t comm_len;
	char comm[NST_COMM_MAX + 1];
};

struct nst_intern {
	struct index process_index, flow_index, lane_index;
	size_t comm_bytes;
	struct process_key process_keys[ROWS];
	struct nst_flow_key flow_keys[ROWS];
	struct nst_lane_key lane_keys[ROWS];
	struct nst_process processes[ROWS];
	struct nst_flow flows[ROWS];
	struct nst_lane lanes[ROWS];
};

int nst_intern_new(struct nst_intern **ret_intern)
{
	struct nst_intern *intern = calloc(1, sizeof(*intern));

	if (!intern)
		return -ENOMEM;
	intern->process_index.seed = intern->flow_index.seed = intern->lane_index.seed =
		nst_hash_seed();
	*ret_intern = intern;
	return 0;
}

void nst_intern_free(struct nst_intern *intern)
{
	free(intern);
}

static void index_clear(struct index *index)
{
	for (uint32_t row = 0; row < index->n_rows; row++)
		index->slots[index->used[row]] = 0;
	index->n_rows = 0;
}

void nst_intern_clear(struct nst_intern *intern)
{
	index_clear(&intern->process_index);
	index_clear(&intern->flow_index);
	index_clear(&intern->lane_index);
	intern->comm_bytes = 0;
}

/* The row of a key, found or (is_new) to be filled in at the end of keys. */
static inline uint32_t index_row(struct index *index, const void *key, size_t key_len,
				 const void *keys, size_t key_size, bool *ret_is_new)
{
	uint32_t slot = nst_hash_bytes(key, key_len, index->seed) & (SLOTS - 1), row;

	for (; index->slots[slot]; slot = (slot + 1) & (SLOTS - 1)) {
		row = index->slots[slot] - 1;
		if (!memcmp((const uint8_t *)keys + row * key_size, key, key_len)) {
			*ret_is_new = false;
			return row;
		}
	}
	row = index->n_rows++;
	index->slots[slot] = row + 1;
	index->used[row] = slot;
	*ret_is_new = true;
	return row;
}

uint32_t nst_intern_process(struct nst_intern *intern, uint32_t pid, uint64_t start_ns,
			    const char *comm, uint8_t comm_len)
{
	struct process_key key = { .start_ns = start_ns, .pid = pid, .comm_len = comm_len };
	size_t key_len = offsetof(struct process_key, comm) + comm_len;
	bool is_new;
	uint32_t row;

	memcpy(key.comm, comm, comm_len);
	row = index_row(&intern->process_index, &key, key_len, intern->process_keys, sizeof(key),
			&is_new);
	if (is_new) {
		struct process_key *kept = &intern->process_keys[row];

		memcpy(kept, &key, key_len);
		intern->processes[row] = (struct nst_process){
			.start_ns = start_ns,
			.pid = pid,
			.comm = { kept->comm, comm_len },
		};
		intern->comm_bytes += comm_len;
	}
	return row;
}

uint32_t nst_intern_flow(struct nst_intern *intern, const struct nst_flow_key *key)
{
	bool is_new;
	uint32_t row = index_row(&intern->flow_index, key, sizeof(*key), intern->flow_keys,
				 sizeof(*key), &is_new);

	if (is_new) {
		struct nst_flow_key *kept = &intern->flow_keys[row];

		*kept = *key;
		intern->flows[row] = (struct nst_flow){
			.id = key->id,
			.has = key->has,
			.netns = key->netns,
			.ethertype = key->ethertype,
			.local_port = key->local_port,
			.remote_port = key->remote_port,
			.protocol = key->protocol,
			.local_addr = { kept->local_addr, key->addr_len },
			.remote_addr = { kept->remote_addr, key->addr_len },
		};
	}
	return row;
}

uint32_t nst_intern_lane(struct nst_intern *intern, const struct nst_lane_key *key)
{
	bool is_new;
	uint32_t row = index_row(&intern->lane_index, key, sizeof(*key), intern->lane_keys,
				 sizeof(*key), &is_new);

	if (is_new) {
		intern->lane_keys[row] = *key;
		intern->lanes[row] = (struct nst_lane){
			.cgroup_id = key->cgroup_id,
			.has = key->has,
			.flow = key->flow,
			.process = key->process,
			.ifindex = key->ifindex,
			.vlan_id = key->vlan_id,
			.flags = key->flags,
			.is_send = key->is_send,
			.owner_source = key->owner_source,
			.link_header_bytes = key->link_header_bytes,
		};
	}
	return row;
}

void nst_intern_rows(const struct nst_intern *intern, struct nst_dictionaries *ret_dictionaries)
{
	*ret_dictionaries = (struct nst_dictionaries){
		.n_processes = intern->process_index.n_rows,
		.n_flows = intern->flow_index.n_rows,
		.n_lanes = intern->lane_index.n_rows,
		.processes = intern->processes,
		.flows = intern->flows,
		.lanes = intern->lanes,
	};
}

size_t nst_intern_comm_bytes(const struct nst_intern *intern)
{
	return intern->comm_bytes;
}
