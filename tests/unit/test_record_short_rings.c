// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rings of short records, merged by time with one of the kernel's. */
#include "bpf/events.h"
#include "record/drain.h"

#include "tests/unit/test.h"
#include "tests/unit/test_record_rings.h"

#define RING_BYTES 4096
#define ENTRY_BYTES (BPF_RINGBUF_HDR_SZ + sizeof(struct record))
#define SLOTS 128
#define CPUS 3

static const uint32_t short_cpus[] = { 0, 2 };
static struct rings rings;
static uint64_t seen[4096];
static size_t n_seen;
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
static struct drain *set_up(void)
{
	struct drain_source source = { .fds = rings.fds,
				       .n = 1,
				       .ring_bytes = RING_BYTES,
				       .short_slots = SLOTS,
				       .n_cpus = CPUS,
				       .short_cpus = short_cpus,
				       .n_shorts = 2 };
	struct drain *drain = rings_open(&rings, 1, RING_BYTES);

	drain_close(drain);
	short_rings = map_file("rings", rings.page_bytes, &short_fds[0]);
	short_records = map_file("records", 2 * rings.page_bytes, &short_fds[1]);
	short_rings[2].first = SLOTS;
	source.short_rings = short_fds[0];
	source.short_records = short_fds[1];
	CHECK_INT(drain_open(&source, &drain), 0);
	n_seen = 0;
	return drain;
}

static void tear_down(struct drain *drain)
{
	rings_close(&rings, drain);
	munmap(short_rings, rings.page_bytes);
	munmap(short_records, 2 * rings.page_bytes);
	close(short_fds[0]);
	close(short_fds[1]);
}

static void produce(uint64_t timestamp, uint32_t flag)
{
	const struct record record = { .timestamp = timestamp };

	ring_put(&rings, 0, &record, sizeof(record), flag);
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
	struct drain *drain = set_up();
	int n_short = 0;

	for (uint64_t time = 1; time <= 30; time += 3) {
		produce_short(2, time);
		produce_short(0, time + 1);
		produce(time + 2, 0);
	}
	CHECK_INT(drain_until(drain, 29, take_either, &n_short), 0);
	CHECK_INT(n_seen, 29);
	CHECK_INT(n_short, 20);
	for (size_t i = 0; i < n_seen; i++)
		CHECK_INT(seen[i], i + 1);
	CHECK_INT(short_rings[0].taken, 10);
	CHECK_INT(short_rings[2].taken, 10);
	CHECK_INT(drain_percent(drain), 100 * ENTRY_BYTES * 10 / RING_BYTES);
	tear_down(drain);
}

static void goes_round_short_ones(void)
{
	struct drain *drain = set_up();
	int n_short = 0;

	for (uint64_t time = 1; time <= 1000; time++) {
		produce_short(2, time);
		if (time % 100 == 0)
			CHECK_INT(drain_until(drain, UINT64_MAX, take_either, &n_short), 0);
	}
	CHECK_INT(n_seen, 1000);
	CHECK_INT(seen[999], 1000);
	CHECK_INT(short_rings[2].taken, 1000);
	tear_down(drain);
}

/* A drain_wish: the record of *context's time. */
static bool is_of_time(void *context, const void *record, uint32_t length_bytes)
{
	(void)length_bytes;
	return *(const uint64_t *)record == *(const uint64_t *)context;
}

static void looks_ahead(void)
{
	struct drain *drain = set_up();
	const struct record *found;

	produce(1, BPF_RINGBUF_BUSY_BIT);
	produce(2, 0);
	produce_short(2, 3);
	produce_short(2, 4);
	found = drain_look(drain, is_of_time, &(uint64_t){ 2 });
	CHECK(found && found->timestamp == 2);
	CHECK(!drain_look(drain, is_of_time, &(uint64_t){ 1 }));
	/* short ones announce nothing, and are not what is looked for */
	CHECK(!drain_look(drain, is_of_time, &(uint64_t){ 4 }));
	CHECK_INT(short_rings[2].taken, 0);
	CHECK_INT(*consumed_of(&rings, 0), 0);
	tear_down(drain);
}

int main(void)
{
	RUN(merges_short_ones);
	RUN(goes_round_short_ones);
	RUN(looks_ahead);
	return test_result();
}
