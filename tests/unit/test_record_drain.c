// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The rings are files here that look like the kernel's: a page with the
 * consumer's position, a page with the producer's, the data twice in a row.
 */
#include "bpf/events.h"
#include "record/drain.h"

#include "tests/unit/test.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#define RINGS 3
#define RING_BYTES 4096
#define ENTRY_BYTES (BPF_RINGBUF_HDR_SZ + sizeof(struct record))

static int fds[RINGS];
static char *rings[RINGS]; /* mapped whole, for the producer */
static size_t page_bytes;

static uint64_t seen[4096];
static size_t n_seen, stop_at;

static unsigned long *consumed(int ring)
{
	return (unsigned long *)rings[ring];
}

static unsigned long *produced(int ring)
{
	return (unsigned long *)(rings[ring] + page_bytes);
}

static struct drain *set_up(void)
{
	struct drain *drain = NULL;
	size_t bytes;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	bytes = 2 * page_bytes + 2 * RING_BYTES;
	for (int i = 0; i < RINGS; i++) {
		fds[i] = memfd_create("ring", 0);
		CHECK_INT(ftruncate(fds[i], (off_t)bytes), 0);
		rings[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
	}
	CHECK_INT(drain_open(fds, RINGS, RING_BYTES, &drain), 0);
	n_seen = 0;
	stop_at = SIZE_MAX;
	return drain;
}

static void tear_down(struct drain *drain)
{
	drain_close(drain);
	for (int i = 0; i < RINGS; i++) {
		munmap(rings[i], 2 * page_bytes + 2 * RING_BYTES);
		close(fds[i]);
	}
}

/* Both copies of the data, as the kernel's double mapping shows them. */
static void store(int ring, unsigned long position, const void *from, size_t bytes)
{
	char *data = rings[ring] + 2 * page_bytes;

	for (size_t i = 0; i < bytes; i++) {
		size_t at = (position + i) % RING_BYTES;

		data[at] = data[at + RING_BYTES] = ((const char *)from)[i];
	}
}

static void produce(int ring, uint64_t timestamp, uint32_t flag)
{
	struct record record = { .timestamp = timestamp };
	uint32_t header[2] = { sizeof(record) | flag, 0 };

	CHECK(*produced(ring) + ENTRY_BYTES - *consumed(ring) <= RING_BYTES);
	store(ring, *produced(ring), header, sizeof(header));
	store(ring, *produced(ring) + sizeof(header), &record, sizeof(record));
	*produced(ring) += ENTRY_BYTES;
}

static int take(void *context, const void *entry, uint32_t length_bytes)
{
	const struct record *record = entry;

	CHECK_INT(length_bytes, sizeof(*record));
	(void)context;
	seen[n_seen++] = record->timestamp;
	return n_seen == stop_at ? -EIO : 0;
}

static void merges_by_time(void)
{
	struct drain *drain = set_up();

	for (uint64_t time = 10; time < 70; time++)
		produce((int)(time * 7 / 3 % RINGS), time, 0);
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	CHECK_INT(n_seen, 60);
	for (size_t i = 0; i < n_seen; i++)
		CHECK_INT(seen[i], 10 + i);
	for (int i = 0; i < RINGS; i++)
		CHECK_INT(*consumed(i), *produced(i));
	tear_down(drain);
}

static void leaves_what_is_newer(void)
{
	struct drain *drain = set_up();

	produce(0, 10, 0);
	produce(0, 30, 0);
	produce(1, 20, 0);
	produce(1, 21, 0);
	CHECK_INT(drain_until(drain, 20, take, NULL), 0);
	CHECK_INT(n_seen, 2);
	CHECK_INT(*consumed(0), ENTRY_BYTES);
	CHECK_INT(drain_until(drain, 30, take, NULL), 0);
	CHECK_INT(n_seen, 4);
	CHECK_INT(seen[2], 21);
	CHECK_INT(seen[3], 30);
	tear_down(drain);
}

static void waits_for_what_is_being_written(void)
{
	struct drain *drain = set_up();

	produce(0, 10, BPF_RINGBUF_BUSY_BIT);
	produce(0, 11, 0);
	produce(1, 12, 0);
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	CHECK_INT(n_seen, 1);
	CHECK_INT(seen[0], 12);
	CHECK_INT(*consumed(0), 0);
	store(0, 0, &(uint32_t){ sizeof(struct record) }, sizeof(uint32_t));
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	CHECK_INT(n_seen, 3);
	CHECK_INT(seen[1], 10);
	tear_down(drain);
}

static void passes_over_what_was_discarded(void)
{
	struct drain *drain = set_up();

	produce(2, 1, BPF_RINGBUF_DISCARD_BIT);
	produce(2, 2, 0);
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	CHECK_INT(n_seen, 1);
	CHECK_INT(seen[0], 2);
	CHECK_INT(*consumed(2), *produced(2));
	tear_down(drain);
}

static void goes_round(void)
{
	struct drain *drain = set_up();

	for (uint64_t time = 1; time <= 1000; time++) {
		produce(1, time, 0);
		CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	}
	CHECK_INT(n_seen, 1000);
	CHECK_INT(seen[999], 1000);
	CHECK(*consumed(1) > 10 * RING_BYTES);
	tear_down(drain);
}

/* What the sink has seen is not given again, whatever it returned. */
static void ends_with_the_sink(void)
{
	struct drain *drain = set_up();

	for (uint64_t time = 1; time <= 10; time++)
		produce(0, time, 0);
	stop_at = 4;
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), -EIO);
	CHECK_INT(n_seen, 4);
	CHECK_INT(*consumed(0), 4 * ENTRY_BYTES);
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	CHECK_INT(n_seen, 10);
	CHECK_INT(seen[4], 5);
	tear_down(drain);
}

int main(void)
{
	RUN(merges_by_time);
	RUN(leaves_what_is_newer);
	RUN(waits_for_what_is_being_written);
	RUN(passes_over_what_was_discarded);
	RUN(goes_round);
	RUN(ends_with_the_sink);
	return test_result();
}
