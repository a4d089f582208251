// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/drain.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define RUN_MAX 256 /* records after which a ring gets its room back */

/* A ring as the kernel maps it: a page of ours, a page of its own, the data twice in a row. */
struct ring {
	unsigned long *consumed; /* bytes, our position */
	const unsigned long *produced;
	const char *data;
	size_t bytes;
	unsigned long position; /* what consumed will be after the run */
	unsigned long end;	/* produced, when last looked at */
};

struct drain {
	size_t page_bytes;
	size_t n;
	unsigned int percent; /* of the fullest, before the last drain */
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

/* The ring with the oldest record, and the age of the oldest of all others. */
static struct ring *oldest(struct drain *drain, uint64_t *ret_next_ns)
{
	struct ring *found = NULL;
	uint64_t found_ns = UINT64_MAX, next_ns = UINT64_MAX;

	for (size_t i = 0; i < drain->n; i++) {
		const void *record = first_of(&drain->rings[i]);

		if (!record)
			continue;
		if (!found || time_of(record) < found_ns) {
			next_ns = found_ns;
			found_ns = time_of(record);
			found = &drain->rings[i];
		} else if (time_of(record) < next_ns) {
			next_ns = time_of(record);
		}
	}
	*ret_next_ns = next_ns;
	return found;
}

/* Take records up to until_ns, and at most RUN_MAX. How many, or what sink returned. */
static int take_run(struct ring *ring, uint64_t until_ns, drain_sink sink, void *context,
		    size_t *ret_taken)
{
	const void *record;
	size_t taken = 0;
	int err = 0;

	while (!err && taken < RUN_MAX && (record = first_of(ring)) &&
	       time_of(record) <= until_ns) {
		err = sink(context, record);
		ring->position += entry_bytes(length_of(record));
		taken++;
	}
	__atomic_store_n(ring->consumed, ring->position, __ATOMIC_RELEASE);
	*ret_taken = taken;
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
	while (!err) {
		uint64_t next_ns;
		struct ring *ring = oldest(drain, &next_ns);
		size_t taken;

		if (!ring)
			break;
		if (next_ns > until_ns)
			next_ns = until_ns;
		err = take_run(ring, next_ns, sink, context, &taken);
		if (!taken)
			break;
	}
	return err;
}
