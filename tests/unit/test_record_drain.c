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
	const struct drain_source source = { .fds = fds, .n = RINGS, .ring_bytes = RING_BYTES };
	struct drain *drain = NULL;
	size_t bytes;

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	bytes = 2 * page_bytes + 2 * RING_BYTES;
	for (int i = 0; i < RINGS; i++) {
		fds[i] = memfd_create("ring", 0);
		CHECK_INT(ftruncate(fds[i], (off_t)bytes), 0);
		rings[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
	}
	CHECK_INT(drain_open(&source, &drain), 0);
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

/* ---- rings of short records ---- */

#define SLOTS 128
#define CPUS 3

static const uint32_t short_cpus[] = { 0, 2 };
static int short_fds[2]; /* the rings', the records' */
static struct short_ring *short_rings;
static struct short_record *short_records;

static void *map_file(const char *name, size_t bytes, int *ret_fd)
{
	*ret_fd = memfd_create(name, 0);
	CHECK_INT(ftruncate(*ret_fd, (off_t)bytes), 0);
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *ret_fd, 0);
}

/* CPUs 0 and 2 have such a ring, and there is one of the kernel's. */
static struct drain *set_up_shorts(void)
{
	struct drain_source source = { .fds = fds,
				       .n = 1,
				       .ring_bytes = RING_BYTES,
				       .short_slots = SLOTS,
				       .n_cpus = CPUS,
				       .short_cpus = short_cpus,
				       .n_shorts = 2 };
	struct drain *drain = set_up();

	drain_close(drain);
	short_rings = map_file("rings", page_bytes, &short_fds[0]);
	short_records = map_file("records", 2 * page_bytes, &short_fds[1]);
	short_rings[2].first = SLOTS;
	source.short_rings = short_fds[0];
	source.short_records = short_fds[1];
	CHECK_INT(drain_open(&source, &drain), 0);
	return drain;
}

static void tear_down_shorts(struct drain *drain)
{
	munmap(short_rings, page_bytes);
	munmap(short_records, 2 * page_bytes);
	close(short_fds[0]);
	close(short_fds[1]);
	tear_down(drain);
}

static void produce_short(int cpu, uint64_t timestamp)
{
	struct short_ring *ring = &short_rings[cpu];

	CHECK(ring->produced - ring->taken < SLOTS);
	short_records[ring->first + ring->produced % SLOTS].timestamp = timestamp;
	ring->produced++;
}

/* A drain_sink: *context is how many short ones there were. */
static int take_either(void *context, const void *record, uint32_t length_bytes)
{
	if (length_bytes == sizeof(struct short_record))
		++*(int *)context;
	else
		CHECK_INT(length_bytes, sizeof(struct record));
	seen[n_seen++] = *(const uint64_t *)record;
	return 0;
}

static void merges_short_ones(void)
{
	struct drain *drain = set_up_shorts();
	int n_short = 0;

	for (uint64_t time = 1; time <= 30; time += 3) {
		produce_short(2, time);
		produce_short(0, time + 1);
		produce(0, time + 2, 0);
	}
	CHECK_INT(drain_until(drain, 29, take_either, &n_short), 0);
	CHECK_INT(n_seen, 29);
	CHECK_INT(n_short, 20);
	for (size_t i = 0; i < n_seen; i++)
		CHECK_INT(seen[i], i + 1);
	CHECK_INT(short_rings[0].taken, 10);
	CHECK_INT(short_rings[2].taken, 10);
	CHECK_INT(drain_percent(drain), 100 * ENTRY_BYTES * 10 / RING_BYTES);
	tear_down_shorts(drain);
}

static void goes_round_short_ones(void)
{
	struct drain *drain = set_up_shorts();
	int n_short = 0;

	for (uint64_t time = 1; time <= 1000; time++) {
		produce_short(2, time);
		if (time % 100 == 0)
			CHECK_INT(drain_until(drain, UINT64_MAX, take_either, &n_short), 0);
	}
	CHECK_INT(n_seen, 1000);
	CHECK_INT(seen[999], 1000);
	CHECK_INT(short_rings[2].taken, 1000);
	tear_down_shorts(drain);
}

/* A drain_wish: the record of *context's time. */
static bool is_of_time(void *context, const void *record, uint32_t length_bytes)
{
	(void)length_bytes;
	return *(const uint64_t *)record == *(const uint64_t *)context;
}

static void looks_ahead(void)
{
	struct drain *drain = set_up_shorts();
	const struct record *found;

	produce(0, 1, BPF_RINGBUF_BUSY_BIT);
	produce(0, 2, 0);
	produce_short(2, 3);
	produce_short(2, 4);
	found = drain_look(drain, is_of_time, &(uint64_t){ 2 });
	CHECK(found && found->timestamp == 2);
	found = drain_look(drain, is_of_time, &(uint64_t){ 4 });
	CHECK(found && found->timestamp == 4);
	CHECK(!drain_look(drain, is_of_time, &(uint64_t){ 5 }));
	CHECK_INT(short_rings[2].taken, 0);
	CHECK_INT(*consumed(0), 0);
	tear_down_shorts(drain);
}

int main(void)
{
	RUN(merges_by_time);
	RUN(leaves_what_is_newer);
	RUN(waits_for_what_is_being_written);
	RUN(passes_over_what_was_discarded);
	RUN(goes_round);
	RUN(ends_with_the_sink);
	RUN(merges_short_ones);
	RUN(goes_round_short_ones);
	RUN(looks_ahead);
	return test_result();
}
