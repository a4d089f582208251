/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where flows are kept: a table of slots, a hash of tuples that says which slot is whose,
 * and a cache in front of that, because its look-up (45 ns) is most of what a packet of a
 * known flow would cost.
 *
 * What holds here:
 * - A slot is of one tuple from when it is taken from the free ones until the recorder
 *   gives it back. The recorder takes the tuple out of the hash, then its place from the
 *   slot, and gives it back when all programs have ended that ran at that time.
 * - Hence who has found it in the hash, or has seen the place, may go on with the slot until
 *   its program ends. For the cache the place is read first, and the tuple then: that alone
 *   makes an entry of it true, which may say anything.
 * - A slot has a place only behind its tuple's being in the hash: what finds no room there goes
 *   back at once, and nobody has seen it.
 */
#ifndef NETSNOOP_BPF_SLOT_H
#define NETSNOOP_BPF_SLOT_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_helpers.h>

#define FLOW_ENTRIES 65536

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOW_ENTRIES);
	__type(key, struct flow_key);
	__type(value, __u32);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_ENTRIES);
	__type(key, __u32);
	__type(value, struct flow);
} slots SEC(".maps");

/* The recorder fills it. Those that were used last are used again first. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, FLOW_ENTRIES);
	__type(value, __u32);
} free_slots SEC(".maps");

/* An entry is a slot's index and, above it, so much of its tuple's hash. */
#define CACHE_SETS 32768
#define CACHE_WAYS 4
#define CACHE_INDEX_MASK ((1u << 23) - 1) /* --max-flows is less */
__u32 slot_cache[CACHE_SETS * CACHE_WAYS] __attribute__((aligned(64)));

/*
 * Ports are often given one after another, and so four neighbours of either end have the
 * four sets of a cache line: what is not there is a third of a hook's time with many flows.
 */
#define NEAR 3ULL

static __always_inline __u64 hash_of(const struct flow_key *key)
{
	const __u64 *word = (const void *)key;
	__u64 local_port = word[0] >> 32, remote_port = word[0] >> 48;
	__u64 hash;

	hash = ((word[0] & ~(NEAR << 32 | NEAR << 48)) ^ word[2]) * 0x9e3779b97f4a7c15ULL;
	hash ^= (word[1] ^ word[4] ^ hash >> 32) * 0xd6e8feb86659fd93ULL;
	hash ^= word[3] * 0xa0761d6478bd642fULL ^ word[5] * 0xe7037ed1a0b428dbULL;
	hash *= 0x8ebc6af09c88c6e3ULL;
	hash ^= hash >> 32;
	hash = ((hash & ~NEAR) | ((local_port + remote_port) & NEAR)) ^ (local_port & NEAR) << 55;
	barrier_var(hash); /* or what bounds an index is merged with it, where verifiers lose it */
	return hash;
}

static __always_inline bool is_same_key(const struct flow_key *a, const struct flow_key *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]) |
		 (x[5] ^ y[5]));
}

static __always_inline bool is_at(const struct flow *flow, const struct flow_key *key)
{
	if (!*(const volatile __u32 *)&flow->place)
		return false;
	barrier();
	return is_same_key(&flow->key, key);
}

/* The flow in that slot, if it is that tuple's: most packets are of the flow of the one before. */
static __always_inline struct flow *slot_at(__u32 index, const struct flow_key *key)
{
	struct flow *flow = bpf_map_lookup_elem(&slots, &index);

	return flow && is_at(flow, key) ? flow : NULL;
}

/* Where it is cached, or would be: to be found next time. */
static __always_inline void cache_slot(__u64 hash, __u32 index)
{
	__u32 set = hash % CACHE_SETS * CACHE_WAYS;
	__u32 tag = hash >> 32 & ~CACHE_INDEX_MASK;
	__u32 way = (hash >> 16 ^ hash >> 55) & (CACHE_WAYS - 1);

	for (__u32 i = 0; i < CACHE_WAYS; i++)
		if (!slot_cache[set + i])
			way = i;
	for (__u32 i = 0; i < CACHE_WAYS; i++)
		if (!((slot_cache[set + i] ^ tag) & ~CACHE_INDEX_MASK))
			way = i;
	slot_cache[set + way] = tag | index;
}

/* The flow of a tuple, if it is cached: NULL does not mean that there is none. */
static __always_inline struct flow *cached_flow(const struct flow_key *key)
{
	__u64 hash = hash_of(key);
	__u32 set = hash % CACHE_SETS * CACHE_WAYS;
	__u32 tag = hash >> 32 & ~CACHE_INDEX_MASK;
	__u32 index = CACHE_INDEX_MASK; /* more than there are slots */

#pragma unroll
	for (__u32 i = 0; i < CACHE_WAYS; i++) {
		__u32 entry = *(const volatile __u32 *)&slot_cache[set + i];

		if (!((entry ^ tag) & ~CACHE_INDEX_MASK))
			index = entry & CACHE_INDEX_MASK;
	}
	return slot_at(index, key);
}

/* The flow of a tuple; NULL: there is none. */
static __noinline struct flow *flow_at(const struct flow_key *key)
{
	struct flow *flow = cached_flow(key);
	__u32 *place, index;

	if (flow)
		return flow;
	place = bpf_map_lookup_elem(&flows, key);
	if (!place)
		return NULL;
	index = *place;
	flow = bpf_map_lookup_elem(&slots, &index);
	if (!flow || !is_same_key(&flow->key, key))
		return NULL;
	cache_slot(hash_of(key), index);
	return flow;
}

/* Give the tuple a slot; two CPUs may do so at once, and get the same. NULL: there is no room. */
static __noinline struct flow *take_slot(const struct flow_key *key, __u64 id, __u64 now_ns)
{
	__u32 index, receive_turn, send_turn;
	struct flow *flow;

	if (bpf_map_pop_elem(&free_slots, &index))
		return NULL;
	flow = bpf_map_lookup_elem(&slots, &index);
	if (!flow)
		return NULL;
	receive_turn = flow->receiver.lane_turn;
	send_turn = flow->sender.lane_turn;
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->receiver.lane_turn = receive_turn; /* they count up for ever */
	flow->sender.lane_turn = send_turn;
	flow->key = *key;
	flow->id = id;
	flow->first_ns = flow->seen_ns = now_ns;
	if (!bpf_map_update_elem(&flows, key, &index, BPF_NOEXIST)) {
		*(volatile __u32 *)&flow->place = index + 1;
		return flow;
	}
	bpf_map_push_elem(&free_slots, &index, BPF_ANY);
	return flow_at(key);
}

#endif
