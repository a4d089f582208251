/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "intern.h"

#include "hash.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ROWS NST_CHUNK_EVENTS_MAX
/* Powers of two: the flows and lanes of a host with 16,000 flows, and a chunk of new ones. */
#define ENTRIES 65536
#define PROCESSES 65536

/*
 * Entry + 1 by hash, open addressing, in as few pages as what is in it needs: it is looked
 * into all over, and more pages than the processor knows by heart cost more than hashing.
 */
struct index {
	uint32_t *slots, *hashes; /* the latter by entry */
	uint32_t mask, max, n;
	uint64_t seed;
};
#define SLOTS_MIN 1024

/* The row of an entry, if it has one in the chunk of that number. */
struct place {
	uint64_t chunk;
	uint32_t row;
};

struct process_key {
	uint64_t start_ns;
	uint32_t pid;
	uint32_t comm_len;
	char comm[NST_COMM_MAX + 1];
};

struct nst_intern {
	struct index process_index, flow_index, lane_index;
	uint64_t chunk;
	uint32_t generation;
	size_t comm_bytes;
	size_t n_processes, n_flows, n_lanes; /* rows */
	struct process_key process_keys[PROCESSES];
	struct nst_flow_key flow_keys[ENTRIES];
	struct nst_lane_key lane_keys[ENTRIES];
	struct place process_places[PROCESSES], flow_places[ENTRIES], lane_places[ENTRIES];
	struct nst_process processes[ROWS];
	struct nst_flow flows[ROWS];
	struct nst_lane lanes[ROWS];
	uint32_t process_slots[2 * PROCESSES], flow_slots[2 * ENTRIES], lane_slots[2 * ENTRIES];
	uint32_t process_hashes[PROCESSES], flow_hashes[ENTRIES], lane_hashes[ENTRIES];
};

/* A number that no other intern of this process has, nor this one again. */
static uint32_t new_generation(void)
{
	static atomic_uint_least32_t last;

	return atomic_fetch_add(&last, 1) + 1;
}

#define INDEX_OF(intern, what, entries)                     \
	((struct index){ .slots = (intern)->what##_slots,   \
			 .hashes = (intern)->what##_hashes, \
			 .mask = SLOTS_MIN - 1,             \
			 .max = (entries),                  \
			 .seed = nst_hash_seed() })

int nst_intern_new(struct nst_intern **ret_intern)
{
	struct nst_intern *intern = calloc(1, sizeof(*intern));

	if (!intern)
		return -ENOMEM;
	intern->process_index = INDEX_OF(intern, process, PROCESSES);
	intern->flow_index = INDEX_OF(intern, flow, ENTRIES);
	intern->lane_index = INDEX_OF(intern, lane, ENTRIES);
	intern->generation = new_generation();
	intern->chunk = 1; /* no place is of chunk 0 */
	*ret_intern = intern;
	return 0;
}

void nst_intern_free(struct nst_intern *intern)
{
	free(intern);
}

static void index_clear(struct index *index)
{
	memset(index->slots, 0, (index->mask + 1) * sizeof(*index->slots));
	index->mask = SLOTS_MIN - 1;
	index->n = 0;
}

static void index_put(struct index *index, uint32_t hash, uint32_t entry)
{
	uint32_t slot = hash & index->mask;

	while (index->slots[slot])
		slot = (slot + 1) & index->mask;
	index->slots[slot] = entry + 1;
}

/* Twice as many slots, of which there are as many as twice all entries. */
static void index_grow(struct index *index)
{
	memset(index->slots, 0, (index->mask + 1) * sizeof(*index->slots));
	index->mask = 2 * index->mask + 1;
	for (uint32_t entry = 0; entry < index->n; entry++)
		index_put(index, index->hashes[entry], entry);
}

static bool is_short_of_room(const struct index *index)
{
	return index->max - index->n < ROWS;
}

void nst_intern_clear(struct nst_intern *intern)
{
	intern->chunk++;
	intern->n_processes = intern->n_flows = intern->n_lanes = 0;
	intern->comm_bytes = 0;
	if (!is_short_of_room(&intern->process_index) && !is_short_of_room(&intern->flow_index) &&
	    !is_short_of_room(&intern->lane_index))
		return;
	index_clear(&intern->process_index);
	index_clear(&intern->flow_index);
	index_clear(&intern->lane_index);
	intern->generation = new_generation();
}

/* The entry of a key, found or (is_new) to be filled in at the end of keys. */
static __attribute__((always_inline)) inline uint32_t index_entry(struct index *index,
								  const void *key, size_t key_len,
								  const void *keys, size_t key_size,
								  bool *ret_is_new)
{
	uint32_t hash = (uint32_t)nst_hash_bytes(key, key_len, index->seed), entry;

	for (uint32_t slot = hash & index->mask; index->slots[slot];
	     slot = (slot + 1) & index->mask) {
		entry = index->slots[slot] - 1;
		if (!memcmp((const uint8_t *)keys + entry * key_size, key, key_len)) {
			*ret_is_new = false;
			return entry;
		}
	}
	if (2 * index->n > index->mask)
		index_grow(index);
	entry = index->n++;
	index->hashes[entry] = hash;
	index_put(index, hash, entry);
	*ret_is_new = true;
	return entry;
}

/* An entry of before may have been forgotten, and its place with it. */
#define ENTRY_OF(intern, what, key, key_len)                                                      \
	({                                                                                        \
		bool is_new_;                                                                     \
		uint32_t entry_ =                                                                 \
			index_entry(&(intern)->what##_index, key, key_len, (intern)->what##_keys, \
				    sizeof((intern)->what##_keys[0]), &is_new_);                  \
                                                                                                  \
		if (is_new_) {                                                                    \
			memcpy(&(intern)->what##_keys[entry_], key, key_len);                     \
			(intern)->what##_places[entry_].chunk = 0;                                \
		}                                                                                 \
		entry_;                                                                           \
	})

uint32_t nst_intern_process(struct nst_intern *intern, uint32_t pid, uint64_t start_ns,
			    const char *comm, uint8_t comm_len)
{
	size_t key_len = offsetof(struct process_key, comm) + comm_len;
	struct process_key key; /* of which no more than that is set */

	key.start_ns = start_ns;
	key.pid = pid;
	key.comm_len = comm_len;
	memcpy(key.comm, comm, comm_len);
	return ENTRY_OF(intern, process, &key, key_len);
}

uint32_t nst_intern_flow(struct nst_intern *intern, const struct nst_flow_key *key)
{
	return ENTRY_OF(intern, flow, key, sizeof(*key));
}

uint32_t nst_intern_lane(struct nst_intern *intern, const struct nst_lane_key *key)
{
	return ENTRY_OF(intern, lane, key, sizeof(*key));
}

/* ---- Rows --------------------------------------------------------------- */

/* Has the entry got a row? If not, this is where it gets one. */
static bool has_row(struct place *place, uint64_t chunk, size_t *n_rows)
{
	if (place->chunk == chunk)
		return true;
	*place = (struct place){ chunk, (uint32_t)(*n_rows)++ };
	return false;
}

static uint32_t process_row(struct nst_intern *intern, uint32_t entry)
{
	const struct process_key *key = &intern->process_keys[entry];
	struct place *place = &intern->process_places[entry];

	if (has_row(place, intern->chunk, &intern->n_processes))
		return place->row;
	intern->processes[place->row] = (struct nst_process){
		.start_ns = key->start_ns,
		.pid = key->pid,
		.comm = { key->comm, key->comm_len },
	};
	intern->comm_bytes += key->comm_len;
	return place->row;
}

static uint32_t flow_row(struct nst_intern *intern, uint32_t entry)
{
	const struct nst_flow_key *key = &intern->flow_keys[entry];
	struct place *place = &intern->flow_places[entry];

	if (has_row(place, intern->chunk, &intern->n_flows))
		return place->row;
	intern->flows[place->row] = (struct nst_flow){
		.id = key->id,
		.has = key->has,
		.netns = key->netns,
		.ethertype = key->ethertype,
		.local_port = key->local_port,
		.remote_port = key->remote_port,
		.protocol = key->protocol,
		.local_addr = { key->local_addr, key->addr_len },
		.remote_addr = { key->remote_addr, key->addr_len },
	};
	return place->row;
}

uint32_t nst_intern_row(struct nst_intern *intern, uint32_t lane)
{
	const struct nst_lane_key *key = &intern->lane_keys[lane];
	struct place *place = &intern->lane_places[lane];

	if (has_row(place, intern->chunk, &intern->n_lanes))
		return place->row;
	intern->lanes[place->row] = (struct nst_lane){
		.cgroup_id = key->cgroup_id,
		.has = key->has,
		.flow = flow_row(intern, key->flow),
		.process = key->has & NST_HAS_OWNER ? process_row(intern, key->process) : 0,
		.ifindex = key->ifindex,
		.vlan_id = key->vlan_id,
		.flags = key->flags,
		.is_send = key->is_send,
		.owner_source = key->owner_source,
		.link_header_bytes = key->link_header_bytes,
	};
	return place->row;
}

uint32_t nst_intern_generation(const struct nst_intern *intern)
{
	return intern->generation;
}

void nst_intern_rows(const struct nst_intern *intern, struct nst_dictionaries *ret_dictionaries)
{
	*ret_dictionaries = (struct nst_dictionaries){
		.n_processes = intern->n_processes,
		.n_flows = intern->n_flows,
		.n_lanes = intern->n_lanes,
		.processes = intern->processes,
		.flows = intern->flows,
		.lanes = intern->lanes,
	};
}

size_t nst_intern_comm_bytes(const struct nst_intern *intern)
{
	return intern->comm_bytes;
}
