/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One ring of records, mapped: either the kernel's ring buffer, whose position counts bytes
 * and whose records have a length, or one of bpf/ring.h, of short records alone, which are
 * counted.
 */
#ifndef NETSNOOP_RECORD_RING_H
#define NETSNOOP_RECORD_RING_H

#include "bpf/events.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct drain_source; /* of drain.h */

struct ring {
	unsigned long *consumed; /* our position */
	const unsigned long *produced;
	const char *data;
	size_t room;		/* bytes, or short records; a power of two */
	unsigned long position; /* what consumed will be */
	unsigned long end;	/* produced, when last looked at */
	unsigned int held;	/* records between the two */
	bool is_short;
};

/* All rings of short records, in two maps. */
struct short_rings {
	struct short_ring *rings; /* by CPU */
	struct short_record *records;
	size_t rings_bytes, records_bytes, slots;
	const uint32_t *cpus; /* of the rings */
};

/* 0 or what mmap(2) gives. */
int ring_map(struct ring *ring, int fd, size_t bytes);
void ring_unmap(struct ring *ring); /* one that was not mapped is fine */

int short_rings_map(const struct drain_source *from, struct short_rings *shorts);
void short_rings_unmap(struct short_rings *shorts);
void short_ring_set(struct ring *ring, const struct short_rings *shorts, size_t i);

static inline size_t ring_entry_bytes(uint32_t length)
{
	return (BPF_RINGBUF_HDR_SZ + length + 7) / 8 * 8;
}

static inline uint32_t ring_length(const struct ring *ring, const void *record)
{
	if (ring->is_short)
		return sizeof(struct short_record);
	return *(const uint32_t *)((const char *)record - BPF_RINGBUF_HDR_SZ);
}

/* Past this record, which is the first. */
static inline void ring_pass(struct ring *ring, const void *record)
{
	ring->position += ring->is_short ? 1 : ring_entry_bytes(ring_length(ring, record));
}

/* The kernel sets the length last, after the record itself; and there may be nothing in it. */
static inline const char *ring_entry(const struct ring *ring, uint32_t *ret_length)
{
	const char *entry = ring->data + (ring->position & (ring->room - 1));

	*ret_length = __atomic_load_n((const uint32_t *)entry, __ATOMIC_ACQUIRE);
	return entry;
}

static inline const void *short_ring_first(const struct ring *ring)
{
	const struct short_record *records = (const void *)ring->data;

	return &records[ring->position & (ring->room - 1)];
}

/* The next record up to end, or NULL: none. Those being written are passed over. */
static inline const void *ring_next(struct ring *ring)
{
	const uint32_t no_record = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;

	while (ring->position != ring->end) {
		const char *entry;
		uint32_t length;

		if (ring->is_short)
			return short_ring_first(ring);
		entry = ring_entry(ring, &length);
		if (!(length & no_record))
			return entry + BPF_RINGBUF_HDR_SZ;
		ring->position += ring_entry_bytes(length & ~no_record);
	}
	return NULL;
}

/* The next record of a ring, or NULL: none, or the next one is still being written. */
static inline const void *ring_first(struct ring *ring)
{
	while (ring->position != ring->end ||
	       ring->position != (ring->end = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE))) {
		const char *entry;
		uint32_t length;

		if (ring->is_short)
			return short_ring_first(ring);
		entry = ring_entry(ring, &length);
		if (length & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		if (!(length & BPF_RINGBUF_DISCARD_BIT))
			return entry + BPF_RINGBUF_HDR_SZ;
		ring->position += ring_entry_bytes(length & ~BPF_RINGBUF_DISCARD_BIT);
	}
	return NULL;
}

#endif
