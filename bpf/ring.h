/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rings of records: one a CPU for whole ones and, because room in one of the kernel's
 * ring buffers costs 30 ns, one for short ones in plain memory, which costs 6.
 *
 * What holds here:
 * - Room for it is all that a record can fail for, and that is counted.
 * - A ring of short ones has one writer at a time, whom nothing interrupts that writes: both
 *   packet hooks run with bottom halves off. (Not so on PREEMPT_RT: there are none there.)
 * - Both are read up to `produced`, which is written behind the record: stores of x86
 *   are seen in order.
 * - Nobody is woken for a record (3.2 us an event against 0.28): the recorder looks at the
 *   rings on a timer.
 */
#ifndef NETSNOOP_BPF_RING_H
#define NETSNOOP_BPF_RING_H

#include "bpf/kernel.h"

#include "bpf/events.h"

#include <bpf/bpf_helpers.h>

/* A ring a CPU; the recorder makes them and sets their size. */
struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} net_events SEC(".maps");

const volatile __u32 short_slots = 1; /* of a ring of short ones; a power of two */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct short_ring);
} short_rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct short_record);
} short_records SEC(".maps");

static __always_inline void count_full(const struct record *record, struct interval *interval)
{
	interval->count[INTERVAL_RING_FULL_EVENTS]++;
	interval->count[INTERVAL_RING_FULL_BYTES] += record->bytes;
}

static __always_inline void *reserve(__u64 bytes)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&net_events, &cpu);

	return ring ? bpf_ringbuf_reserve(ring, bytes, 0) : NULL;
}

static __always_inline void shorten(const struct record *record, struct short_record *to)
{
	to->timestamp = record->timestamp;
	to->lane = record->lane;
	to->lane_turn = record->lane_turn;
	to->bytes = record->bytes;
	to->tid = record->tid;
	to->segments = record->segments;
	to->header_bytes = record->header_bytes;
	to->tcp_flags = record->tcp_flags;
	to->flags = record->flags & RECORD_FLAGS_OF_PACKET;
}

static __always_inline bool put_into_kernels(const struct record *record)
{
	struct short_record *slot = reserve(sizeof(*slot));

	if (!slot)
		return false;
	shorten(record, slot);
	bpf_ringbuf_submit(slot, BPF_RB_NO_WAKEUP);
	return true;
}

/* The reader's line is only looked at when the ring seems to be full. */
static __always_inline bool has_room(struct short_ring *ring)
{
	if (ring->produced - ring->consumed < short_slots)
		return true;
	ring->consumed = *(volatile __u64 *)&ring->taken;
	return ring->produced - ring->consumed < short_slots;
}

static __always_inline bool put_short(const struct record *record)
{
	__u32 cpu = bpf_get_smp_processor_id(), index;
	struct short_ring *ring = bpf_map_lookup_elem(&short_rings, &cpu);
	struct short_record *slot;

	if (!ring || !ring->is_there)
		return put_into_kernels(record);
	if (!has_room(ring))
		return false;
	index = ring->first + (ring->produced & (short_slots - 1));
	slot = bpf_map_lookup_elem(&short_records, &index);
	if (!slot)
		return false;
	shorten(record, slot);
	barrier();
	*(volatile __u64 *)&ring->produced = ring->produced + 1;
	return true;
}

#endif
