/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Lanes: what the packets of a flow in one direction have in common is written into the
 * ring once, by a full record, and then named by short ones.
 *
 * What holds here:
 * - A lane is stored only when the record that announces it is in its ring.
 * - Who is charged is not compared. The number of changes of the flow is, and where a
 *   change was under way while this one looked, or by it, there is no lane: so all who have
 *   found the same number have found the same owner. One from elsewhere has no lane.
 * - Several CPUs may store a lane at a time, and none of them waits: each word is stored
 *   together with the turn, so that a lane of two of them is nobody's.
 * - No turn is given twice, until they have gone round, and those of an index count up.
 */
#ifndef NETSNOOP_BPF_LANE_H
#define NETSNOOP_BPF_LANE_H

#include "bpf/kernel.h"

#include "bpf/events.h"
#include "bpf/flow.h"

#include <bpf/bpf_helpers.h>

/* What is compared, besides the tuple, which is the slot's. */
struct lane {
	struct party *party; /* where it is stored; NULL: there is none */
	__u64 words[2];
};

static __always_inline __u32 lane_index(__u32 place, bool is_send)
{
	return (place - 1) * LANES_OF_FLOW + is_send;
}

static __always_inline void lane_of(struct flow *flow, __u32 changes, struct record *record,
				    bool is_send, struct lane *lane)
{
	__u32 place = *(volatile __u32 *)&flow->place;

	barrier();
	if (!place || *(volatile __u32 *)&flow->begun != changes)
		return;
	record->lane = lane_index(place, is_send);
	lane->party = is_send ? &flow->sender : &flow->receiver;
	lane->words[0] = record->ifindex | (__u64)record->has << 32 |
			 (__u64)(record->flags >> 8) << 48 | (__u64)record->link_header_bytes << 56;
	lane->words[1] = changes | (__u64)record->vlan_id << 32 |
			 (__u64)record->owner_source << 48 | (__u64)record->party << 56;
}

static __always_inline __u64 twice(__u32 turn)
{
	return (__u64)turn << 32 | turn;
}

/* Is it the one that is stored? Then the record has its turn. */
static __always_inline bool is_stored(const struct lane *lane, struct record *record)
{
	const struct party *party = lane->party;
	__u32 turn = *(const volatile __u32 *)&party->lane_turn;
	__u64 turns = twice(turn);

	record->lane_turn = turn;
	return turn && !((party->lane_words[0] ^ turns ^ lane->words[0]) |
			 (party->lane_words[1] ^ turns ^ lane->words[1]));
}

/* What it will be stored with: above what is there, and above all that this CPU has given. */
static __always_inline void next_turn(const struct lane *lane, struct record *record, __u32 *last)
{
	__u32 turn = *(const volatile __u32 *)&lane->party->lane_turn;

	if ((__s32)(*last - turn) > 0)
		turn = *last;
	*last = record->lane_turn = (turn / n_cpus + 1) * n_cpus + bpf_get_smp_processor_id();
}

static __always_inline void store_lane(const struct lane *lane, const struct record *record)
{
	struct party *party = lane->party;
	__u64 turns = twice(record->lane_turn);

	if ((__s32)(record->lane_turn - *(volatile __u32 *)&party->lane_turn) <= 0)
		return; /* another CPU was quicker */
	*(volatile __u64 *)&party->lane_words[0] = lane->words[0] ^ turns;
	*(volatile __u64 *)&party->lane_words[1] = lane->words[1] ^ turns;
	*(volatile __u32 *)&party->lane_turn = record->lane_turn;
}

#endif
