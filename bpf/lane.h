/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lanes: what the packets of a flow in one direction have in common is written into the
 * ring once, by a full record, and then named by short ones.
 *
 * What holds here:
 * - A lane is stored only when the record that announces it is in its ring.
 * - Several CPUs may store one at a time, and none of them waits: each word is stored
 *   together with the turn, so that a lane of two of them is nobody's.
 * - Turns of an index count up, and no two CPUs give the same one.
 * - The id of the flow is part of it: nothing has to be done when a slot is used again.
 */
#ifndef NETSNOOP_BPF_LANE_H
#define NETSNOOP_BPF_LANE_H

#include "bpf/kernel.h"

#include "bpf/events.h"
#include "bpf/flow.h"
#include "bpf/slot.h"

#include <bpf/bpf_helpers.h>

struct lane {
	__u64 turn;		 /* twice, one half each */
	__u64 words[LANE_WORDS]; /* xor turn */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* for its alignment */
	__uint(max_entries, LANES_OF_FLOW *FLOW_ENTRIES);
	__type(key, __u32);
	__type(value, struct lane);
} lanes SEC(".maps");

static __always_inline struct lane *lane_of(const struct flow *flow, struct record *record)
{
	record->lane = flow->index * LANES_OF_FLOW + record->is_send;
	return bpf_map_lookup_elem(&lanes, &record->lane);
}

/* Of what has just been stored in pieces, in pieces: see set_ip4(). */
static __always_inline __u64 lane_word(const struct record *record, __u32 i)
{
	const __u64 *words = (const void *)&record->flow_id;
	__u16 flags = record->flags & ~RECORD_FLAGS_OF_PACKET;

	if (i == 5)
		return record->pid | (__u64)record->ifindex << 32;
	if (i == 6)
		return record->has | (__u32)flags << 16 | (__u64)record->vlan_id << 32 |
		       (__u64)record->owner_source << 48 | (__u64)record->link_header_bytes << 56;
	return words[i];
}

/* Does the record belong to what is stored? Then it has its turn. */
static __always_inline bool is_of_lane(const struct lane *lane, struct record *record)
{
	__u64 turn = *(const volatile __u64 *)&lane->turn, differ = 0;

#pragma unroll
	for (__u32 i = 0; i < LANE_WORDS; i++)
		differ |= lane->words[i] ^ turn ^ lane_word(record, i);
	record->lane_turn = (__u32)turn;
	return !differ;
}

/* What is to be stored once the record is in its ring; the turn is new. */
static __always_inline void next_turn(const struct lane *lane, struct record *record)
{
	__u32 turn = (__u32) * (const volatile __u64 *)&lane->turn;

	record->lane_turn = (turn / n_cpus + 1) * n_cpus + bpf_get_smp_processor_id();
}

static __always_inline void store_lane(struct lane *lane, const struct record *record)
{
	__u64 turn = (__u64)record->lane_turn << 32 | record->lane_turn;

#pragma unroll
	for (__u32 i = 0; i < LANE_WORDS; i++)
		*(volatile __u64 *)&lane->words[i] = lane_word(record, i) ^ turn;
	*(volatile __u64 *)&lane->turn = turn;
}

#endif
