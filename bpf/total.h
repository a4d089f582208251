/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Totals: what is counted of every packet, whether or not a record tells of it.
 *
 * What holds here:
 * - Of everything there are two generations, and intervals take turns with them. Which one
 *   a packet is of follows from its timestamp alone. While one is counted in, the recorder
 *   reads and empties the other, once no program can be left that began before the turn;
 *   so nothing is ever added to an element that is being taken out.
 * - Every packet is in the sums, by device and owner. By flow it is counted only if no
 *   record tells of it, which is known before.
 * - Nothing evicts. What finds no room among sums or totals goes to the spills, without flow
 *   and owner, and what finds none there to what the CPU has for each direction.
 */
#ifndef NETSNOOP_BPF_TOTAL_H
#define NETSNOOP_BPF_TOTAL_H

#include "bpf/kernel.h"

#include "bpf/count.h"
#include "bpf/events.h"

#include <bpf/bpf_helpers.h>

#define SUM_ENTRIES 16384
#define TOTAL_ENTRIES 65536
#define SPILL_ENTRIES 1024

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SUM_ENTRIES);
	__type(key, struct total_key);
	__type(value, struct total);
} sums_a SEC(".maps"), sums_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TOTAL_ENTRIES);
	__type(key, struct total_key);
	__type(value, struct total);
} totals_a SEC(".maps"), totals_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SPILL_ENTRIES);
	__type(key, struct total_key);
	__type(value, struct total);
} spills_a SEC(".maps"), spills_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct interval);
} intervals SEC(".maps");

/*
 * When the interval begins (or began) that the recorder last asked for: ns of the clock of
 * the timestamps, but for the lowest bit, which is the generation from then on.
 */
__u64 turn;

/* enum detail: what the recorder wants. */
__u32 detail;

/*
 * To be called after at_ns was read: a program that does not see a turn yet has read the
 * clock before the turn was set, and that is before it is due.
 */
static __always_inline __u32 generation_of(__u64 at_ns)
{
	__u64 last = *(volatile __u64 *)&turn;

	return (last ^ (at_ns < (last & ~1ULL))) & 1;
}

static __always_inline bool wants_records(void)
{
	return *(volatile __u32 *)&detail == DETAIL_OF_PACKETS;
}

/* Another CPU may do so, too. */
static __always_inline void add_sums(struct sums *to, const struct sums *from)
{
	__sync_fetch_and_add(&to->events, from->events);
	__sync_fetch_and_add(&to->packets, from->packets);
	__sync_fetch_and_add(&to->bytes, from->bytes);
	__sync_fetch_and_add(&to->payload_bytes, from->payload_bytes);
	__sync_fetch_and_add(&to->wire_bytes, from->wire_bytes);
}

static __always_inline void add_total(struct total *to, const struct total *from)
{
	if (from->all.events)
		add_sums(&to->all, &from->all);
	if (from->untold.events)
		add_sums(&to->untold, &from->untold);
}

/* Two CPUs may be the first to do so. How many elements it took, or -1: there is no room. */
static __always_inline int put_total(void *map, const struct run *run)
{
	struct total *total = bpf_map_lookup_elem(map, &run->key);

	if (!total) {
		if (!bpf_map_update_elem(map, &run->key, &run->total, BPF_NOEXIST))
			return 1;
		total = bpf_map_lookup_elem(map, &run->key);
	}
	if (!total)
		return -1;
	add_total(total, &run->total);
	return 0;
}

/* There was no room for it: its flow and its owner are given up. */
static __always_inline void spill(struct interval *interval, struct run *run, __u32 generation,
				  bool is_send, struct counters *count)
{
	if (run->key.has & (RECORD_HAS_FLOW_ID | RECORD_HAS_OWNER))
		count->value[COUNTER_FLOW_TABLE_FULL] +=
			run->total.all.events + run->total.untold.events;
	run->key.has &= ~(RECORD_HAS_FLOW_ID | RECORD_HAS_OWNER);
	run->key.flow_id = run->key.start_ns = 0;
	run->key.pid = 0;
	if (put_total(generation ? (void *)&spills_b : (void *)&spills_a, run) < 0)
		add_total(&interval->rest[is_send], &run->total);
}

static __always_inline void begin_run(struct run *run, const struct in_hand *hand, __u32 kind)
{
	const struct record *record = &hand->record;

	run->key = (struct total_key){ .flow_id = record->flow_id,
				       .start_ns = record->start_ns,
				       .pid = record->pid,
				       .ifindex = record->ifindex,
				       .netns = record->netns,
				       .ethertype = record->ethertype,
				       .flags = record->flags & RECORD_FLAGS_OF_TOTAL,
				       .protocol = record->protocol,
				       .is_send = record->is_send,
				       .owner_source = record->owner_source,
				       .link_header_bytes = record->link_header_bytes,
				       .has = record->has & RECORD_HAS_OF_TOTAL };
	if (kind == RUN_OF_ALL) {
		run->key.flow_id = 0;
		run->key.has &= ~RECORD_HAS_FLOW_ID;
	}
	__builtin_memset(&run->total.all, 0, sizeof(run->total.all));
	__builtin_memset(&run->total.untold, 0, sizeof(run->total.untold));
	run->total.tuple = hand->key;
	run->total.cgroup_id = record->cgroup_id;
	__builtin_memcpy(run->total.comm, record->comm, sizeof(run->total.comm));
}

static __always_inline void *map_of(__u32 generation, __u32 kind)
{
	if (kind == RUN_OF_ALL)
		return generation ? (void *)&sums_b : (void *)&sums_a;
	return generation ? (void *)&totals_b : (void *)&totals_a;
}

/* The packet in hand begins a run: what there was of the one before goes to its map. */
static __always_inline void change_run(struct interval *interval, struct own *state,
				       __u32 generation, __u32 is_send, __u32 kind)
{
	struct run *run = &interval->runs[kind][is_send & 1];
	int made;

	if (run->total.all.events || run->total.untold.events) {
		made = put_total(map_of(generation, kind), run);
		if (made < 0)
			spill(interval, run, generation, is_send & 1, &state->counters);
		else
			interval->count[kind == RUN_OF_ALL ? INTERVAL_SUMS : INTERVAL_TOTALS] +=
				made;
	}
	begin_run(run, &state->hand, kind);
}

__noinline int change_sum(__u32 generation, __u32 is_send)
{
	struct interval *interval = bpf_map_lookup_elem(&intervals, &generation);
	struct own *state = own_state();

	if (interval && state)
		change_run(interval, state, generation, is_send, RUN_OF_ALL);
	return 0;
}

__noinline int change_total(__u32 generation, __u32 is_send)
{
	struct interval *interval = bpf_map_lookup_elem(&intervals, &generation);
	struct own *state = own_state();

	if (interval && state)
		change_run(interval, state, generation, is_send, RUN_OF_UNTOLD);
	return 0;
}

/* Is it of the same sum? Of the same total it is if the flow is the same as well. */
static __always_inline bool is_of_run(const struct record *record, const struct total_key *key)
{
	const __u32 has = RECORD_HAS_OF_TOTAL & ~RECORD_HAS_FLOW_ID;

	return !((record->start_ns ^ key->start_ns) | (record->pid ^ key->pid) |
		 (record->ifindex ^ key->ifindex) | (record->netns ^ key->netns) |
		 (record->ethertype ^ key->ethertype) |
		 ((record->flags & RECORD_FLAGS_OF_TOTAL) ^ key->flags) |
		 (record->protocol ^ key->protocol) | (record->owner_source ^ key->owner_source) |
		 (record->link_header_bytes ^ key->link_header_bytes) |
		 ((record->has ^ key->has) & has));
}

/* 0: it is of none that a record has announced. */
static __always_inline __u64 lane_id(const struct record *record, bool is_told)
{
	if (!is_told || record->lane == NO_LANE)
		return 0;
	return record->lane | (__u64)record->lane_turn << 32;
}

/* Packets of one lane have one key. */
static __always_inline bool is_of_lane(const struct run *run, const struct record *record,
				       bool is_told)
{
	return run->lane && run->lane == lane_id(record, is_told);
}

static __always_inline bool is_of_flow(const struct record *record, const struct total_key *key)
{
	return record->flow_id == key->flow_id && !((record->has ^ key->has) & RECORD_HAS_FLOW_ID);
}

static __always_inline void add_packet(struct sums *sums, const struct record *record)
{
	__u32 header_bytes = record->header_bytes;
	bool has_headers = record->has & RECORD_HAS_HEADER_BYTES;

	sums->events++;
	sums->packets += record->segments;
	sums->bytes += record->bytes;
	if (has_headers && record->bytes > header_bytes)
		sums->payload_bytes += record->bytes - header_bytes;
	if (has_headers || record->segments == 1)
		sums->wire_bytes += record->bytes + (__u64)(record->segments - 1) * header_bytes +
				    (__u64)record->segments * record->link_header_bytes;
}

/*
 * Most packets are of the device and owner that the one before was, as with count_bytes().
 * True: it is not told, and the one before it in this direction was of the same total.
 */
static __always_inline bool count_total(struct own *state, struct interval *interval,
					__u32 generation, bool is_send, bool is_told)
{
	const struct record *record = &state->hand.record;
	struct run *sum = &interval->runs[RUN_OF_ALL][is_send];
	struct run *total = &interval->runs[RUN_OF_UNTOLD][is_send];
	bool is_same = true;

	if (!sum->total.all.events || !is_of_lane(sum, record, is_told)) {
		if (!sum->total.all.events || !is_of_run(record, &sum->key)) {
			change_sum(generation, is_send);
			is_same = false;
		}
		sum->lane = lane_id(record, is_told);
	}
	add_packet(&sum->total.all, record);
	if (is_told)
		return false;
	if (!total->total.untold.events || !is_of_run(record, &total->key) ||
	    !is_of_flow(record, &total->key)) {
		change_total(generation, is_send);
		is_same = false;
	}
	add_packet(&total->total.untold, record);
	return is_same;
}

#endif
