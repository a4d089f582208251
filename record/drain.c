// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/drain.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define HELD_MAX 256 /* records after which a ring gets its room back */

/* A ring as the kernel maps it: a page of ours, a page of its own, the data twice in a row. */
struct ring {
	unsigned long *consumed; /* bytes, our position */
	const unsigned long *produced;
	const char *data;
	size_t bytes;
	unsigned long position; /* what consumed will be */
	unsigned long end;	/* produced, when last looked at */
	unsigned int held;	/* records between the two */
};

struct drain {
	size_t page_bytes;
	size_t n;
	unsigned int percent; /* of the fullest, before the last drain */
	/* Rings that have something to give now, a heap: no ring is older than its parent. */
	struct head {
		uint64_t time_ns; /* of the next record */
		struct ring *ring;
	} * heads;
	size_t n_heads;
	struct ring rings[];
};

static int map_ring(struct ring *ring, int fd, size_t bytes, size_t page_bytes)
{
	char *kernels;

	ring->consumed = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->consumed == MAP_FAILED) {
		ring->consumed = NULL;
		return -errno;
	}
	kernels = mmap(NULL, page_bytes + 2 * bytes, PROT_READ, MAP_SHARED, fd, (off_t)page_bytes);
	if (kernels == MAP_FAILED)
		return -errno;
	ring->produced = (const unsigned long *)kernels;
	ring->data = kernels + page_bytes;
	ring->bytes = bytes;
	ring->position = *ring->consumed;
	return 0;
}

static void unmap_ring(struct ring *ring, size_t page_bytes)
{
	if (ring->consumed)
		munmap(ring->consumed, page_bytes);
	if (ring->produced)
		munmap((void *)ring->produced, page_bytes + 2 * ring->bytes);
}

int drain_open(const int *fds, size_t n, size_t ring_bytes, struct drain **ret_drain)
{
	struct drain *drain = calloc(1, sizeof(*drain) + n * sizeof(drain->rings[0]));
	int err = 0;

	if (!drain)
		return -ENOMEM;
	drain->heads = calloc(n ?: 1, sizeof(*drain->heads));
	if (!drain->heads)
		err = -ENOMEM;
	drain->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	drain->n = n;
	for (size_t i = 0; !err && i < n; i++)
		err = map_ring(&drain->rings[i], fds[i], ring_bytes, drain->page_bytes);
	if (err) {
		drain_close(drain);
		return err;
	}
	*ret_drain = drain;
	return 0;
}

void drain_close(struct drain *drain)
{
	if (!drain)
		return;
	for (size_t i = 0; i < drain->n; i++)
		unmap_ring(&drain->rings[i], drain->page_bytes);
	free(drain->heads);
	free(drain);
}

static size_t entry_bytes(uint32_t length)
{
	return (BPF_RINGBUF_HDR_SZ + length + 7) / 8 * 8;
}

/* Every record begins with the moment that it is of. */
static uint64_t time_of(const void *record)
{
	return *(const uint64_t *)record;
}

static uint32_t length_of(const void *record)
{
	return *(const uint32_t *)((const char *)record - BPF_RINGBUF_HDR_SZ);
}

/*
 * The next record of a ring, or NULL: none, or the next one is still being
 * written. The kernel sets the length last, after the record itself.
 */
static const void *first_of(struct ring *ring)
{
	while (ring->position != ring->end ||
	       ring->position != (ring->end = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE))) {
		const char *entry = ring->data + (ring->position & (ring->bytes - 1));
		uint32_t length = __atomic_load_n((const uint32_t *)entry, __ATOMIC_ACQUIRE);

		if (length & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		if (!(length & BPF_RINGBUF_DISCARD_BIT))
			return entry + BPF_RINGBUF_HDR_SZ;
		ring->position += entry_bytes(length & ~BPF_RINGBUF_DISCARD_BIT);
	}
	return NULL;
}

/* The ring at the top has become younger: down with it. */
static void sift(struct drain *drain)
{
	struct head *heads = drain->heads, head = heads[0];
	size_t at = 0, child;

	while ((child = 2 * at + 1) < drain->n_heads) {
		if (child + 1 < drain->n_heads && heads[child + 1].time_ns < heads[child].time_ns)
			child++;
		if (head.time_ns <= heads[child].time_ns)
			break;
		heads[at] = heads[child];
		at = child;
	}
	heads[at] = head;
}

static void add_head(struct drain *drain, struct ring *ring, uint64_t time_ns)
{
	struct head *heads = drain->heads;
	size_t at = drain->n_heads++;

	for (; at && time_ns < heads[(at - 1) / 2].time_ns; at = (at - 1) / 2)
		heads[at] = heads[(at - 1) / 2];
	heads[at] = (struct head){ time_ns, ring };
}

static void find_heads(struct drain *drain, uint64_t until_ns)
{
	drain->n_heads = 0;
	for (size_t i = 0; i < drain->n; i++) {
		const void *record = first_of(&drain->rings[i]);

		if (record && time_of(record) <= until_ns)
			add_head(drain, &drain->rings[i], time_of(record));
	}
}

/* Up to when the ring at the top may give without looking at the others. */
static uint64_t second_ns(const struct drain *drain, uint64_t until_ns)
{
	for (size_t i = 1; i < 3 && i < drain->n_heads; i++)
		if (drain->heads[i].time_ns < until_ns)
			until_ns = drain->heads[i].time_ns;
	return until_ns;
}

static void give_back(struct ring *ring)
{
	if (ring->position != *ring->consumed)
		__atomic_store_n(ring->consumed, ring->position, __ATOMIC_RELEASE);
	ring->held = 0;
}

/* Take the records of the ring at the top up to until_ns. 0, or what sink returned. */
static int take_run(struct drain *drain, uint64_t until_ns, drain_sink sink, void *context)
{
	struct head *head = &drain->heads[0];
	struct ring *ring = head->ring;
	const void *record = first_of(ring);
	int err;

	do {
		uint32_t length = length_of(record);

		err = sink(context, record, length);
		ring->position += entry_bytes(length);
		if (++ring->held == HELD_MAX)
			give_back(ring);
		record = first_of(ring);
	} while (!err && record && time_of(record) <= until_ns);
	head->time_ns = record ? time_of(record) : UINT64_MAX;
	if (!record)
		*head = drain->heads[--drain->n_heads];
	return err;
}

static unsigned int fullest_percent(const struct drain *drain)
{
	unsigned long most = 0;

	for (size_t i = 0; i < drain->n; i++) {
		const struct ring *ring = &drain->rings[i];
		unsigned long used =
			__atomic_load_n(ring->produced, __ATOMIC_ACQUIRE) - *ring->consumed;
		unsigned long percent = used * 100 / ring->bytes;

		if (percent > most)
			most = percent;
	}
	return (unsigned int)most;
}

unsigned int drain_percent(const struct drain *drain)
{
	unsigned int now = fullest_percent(drain);

	return now > drain->percent ? now : drain->percent;
}

int drain_until(struct drain *drain, uint64_t until_ns, drain_sink sink, void *context)
{
	int err = 0;

	drain->percent = fullest_percent(drain);
	find_heads(drain, until_ns);
	while (!err && drain->n_heads && drain->heads[0].time_ns <= until_ns) {
		err = take_run(drain, second_ns(drain, until_ns), sink, context);
		if (drain->n_heads)
			sift(drain);
	}
	for (size_t i = 0; i < drain->n; i++)
		give_back(&drain->rings[i]);
	return err;
}

/* In one ring, whatever is being written there. */
static const void *look_at(const struct ring *ring, drain_wish wish, void *context)
{
	unsigned long end = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE), at = ring->position;

	while (at != end) {
		const char *entry = ring->data + (at & (ring->bytes - 1));
		uint32_t length = __atomic_load_n((const uint32_t *)entry, __ATOMIC_ACQUIRE);
		const uint32_t no_record = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;

		if (!(length & no_record) && wish(context, entry + BPF_RINGBUF_HDR_SZ, length))
			return entry + BPF_RINGBUF_HDR_SZ;
		at += entry_bytes(length & ~no_record);
	}
	return NULL;
}

const void *drain_look(const struct drain *drain, drain_wish wish, void *context)
{
	const void *record = NULL;

	for (size_t i = 0; !record && i < drain->n; i++)
		record = look_at(&drain->rings[i], wish, context);
	return record;
}
