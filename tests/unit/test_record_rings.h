/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that look like the kernel's rings: a page with the consumer's position, a page
 * with the producer's, the data twice in a row. For a few rings of a test.
 */
#ifndef NETSNOOP_TESTS_RECORD_RINGS_H
#define NETSNOOP_TESTS_RECORD_RINGS_H

#include "record/drain.h"

#include "tests/unit/test.h"

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#define RINGS_MAX 4

struct rings {
	size_t n, bytes, page_bytes;
	int fds[RINGS_MAX];
	char *at[RINGS_MAX]; /* mapped whole, for the producer */
};

static inline unsigned long *consumed_of(const struct rings *rings, size_t ring)
{
	return (unsigned long *)rings->at[ring];
}

static inline unsigned long *produced_of(const struct rings *rings, size_t ring)
{
	return (unsigned long *)(rings->at[ring] + rings->page_bytes);
}

static inline struct drain *rings_open(struct rings *rings, size_t n, size_t bytes)
{
	const struct drain_source source = { .fds = rings->fds, .n = n, .ring_bytes = bytes };
	struct drain *drain = NULL;
	size_t len;

	*rings = (struct rings){ n, bytes, (size_t)sysconf(_SC_PAGESIZE), { 0 }, { NULL } };
	len = 2 * rings->page_bytes + 2 * bytes;
	for (size_t i = 0; i < n; i++) {
		rings->fds[i] = memfd_create("ring", 0);
		CHECK_INT(ftruncate(rings->fds[i], (off_t)len), 0);
		rings->at[i] =
			mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, rings->fds[i], 0);
	}
	CHECK_INT(drain_open(&source, &drain), 0);
	return drain;
}

static inline void rings_close(struct rings *rings, struct drain *drain)
{
	drain_close(drain);
	for (size_t i = 0; i < rings->n; i++) {
		munmap(rings->at[i], 2 * rings->page_bytes + 2 * rings->bytes);
		close(rings->fds[i]);
	}
}

/* Both copies of the data, as the kernel's double mapping shows them. */
static inline void ring_store(const struct rings *rings, size_t ring, unsigned long position,
			      const void *from, size_t len)
{
	char *data = rings->at[ring] + 2 * rings->page_bytes;

	for (size_t i = 0; i < len; i++) {
		size_t at = (position + i) % rings->bytes;

		data[at] = data[at + rings->bytes] = ((const char *)from)[i];
	}
}

static inline size_t ring_entry_bytes(size_t len)
{
	return (BPF_RINGBUF_HDR_SZ + len + 7) / 8 * 8;
}

/* A record, with BPF_RINGBUF_BUSY_BIT or the like. */
static inline void ring_put(const struct rings *rings, size_t ring, const void *record,
			    uint32_t len, uint32_t flag)
{
	const uint32_t header[2] = { len | flag, 0 };
	unsigned long *produced = produced_of(rings, ring);

	CHECK(*produced + ring_entry_bytes(len) - *consumed_of(rings, ring) <= rings->bytes);
	ring_store(rings, ring, *produced, header, sizeof(header));
	ring_store(rings, ring, *produced + sizeof(header), record, len);
	*produced += ring_entry_bytes(len);
}

#endif
