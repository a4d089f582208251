// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/ring.h"

#include "record/drain.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* As the kernel maps it: a page of ours, a page of its own, the data twice in a row. */
int ring_map(struct ring *ring, int fd, size_t bytes)
{
	char *kernels;

	ring->consumed = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->consumed == MAP_FAILED) {
		ring->consumed = NULL;
		return -errno;
	}
	kernels = mmap(NULL, page_bytes() + 2 * bytes, PROT_READ, MAP_SHARED, fd,
		       (off_t)page_bytes());
	if (kernels == MAP_FAILED)
		return -errno;
	ring->produced = (const unsigned long *)kernels;
	ring->data = kernels + page_bytes();
	ring->room = bytes;
	ring->position = *ring->consumed;
	return 0;
}

void ring_unmap(struct ring *ring)
{
	if (ring->is_short)
		return;
	if (ring->consumed)
		munmap(ring->consumed, page_bytes());
	if (ring->produced)
		munmap((void *)ring->produced, page_bytes() + 2 * ring->room);
}

/* A map of the kernel's is mapped in whole pages. */
static int map_whole(int fd, size_t bytes, int protection, void **ret_at, size_t *ret_bytes)
{
	size_t page = page_bytes(), whole = (bytes + page - 1) / page * page;
	void *at = mmap(NULL, whole, protection, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	*ret_at = at;
	*ret_bytes = whole;
	return 0;
}

int short_rings_map(const struct drain_source *from, struct short_rings *shorts)
{
	void *at;
	int err;

	err = map_whole(from->short_rings, from->n_cpus * sizeof(*shorts->rings),
			PROT_READ | PROT_WRITE, &at, &shorts->rings_bytes);
	if (err)
		return err;
	shorts->rings = at;
	err = map_whole(from->short_records,
			from->n_shorts * from->short_slots * sizeof(*shorts->records), PROT_READ,
			&at, &shorts->records_bytes);
	if (err)
		return err;
	shorts->records = at;
	shorts->slots = from->short_slots;
	shorts->cpus = from->short_cpus;
	return 0;
}

void short_rings_unmap(struct short_rings *shorts)
{
	if (shorts->rings)
		munmap(shorts->rings, shorts->rings_bytes);
	if (shorts->records)
		munmap(shorts->records, shorts->records_bytes);
}

void short_ring_set(struct ring *ring, const struct short_rings *shorts, size_t i)
{
	struct short_ring *from = &shorts->rings[shorts->cpus[i]];

	_Static_assert(sizeof(*ring->consumed) == sizeof(from->taken), "read and written as such");
	ring->is_short = true;
	ring->consumed = (unsigned long *)&from->taken;
	ring->produced = (const unsigned long *)&from->produced;
	ring->data = (const char *)(shorts->records + from->first);
	ring->room = shorts->slots;
	ring->position = *ring->consumed;
}
