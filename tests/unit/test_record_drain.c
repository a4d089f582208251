// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rings, merged by time; their memory is given back as it is taken. */
#include "bpf/events.h"
#include "record/drain.h"

#include "tests/unit/test.h"
#include "tests/unit/test_record_rings.h"

#include <errno.h>

#define RINGS 3
#define RING_BYTES 4096
#define ENTRY_BYTES (BPF_RINGBUF_HDR_SZ + sizeof(struct record))

static struct rings rings;
static uint64_t seen[4096];
static size_t n_seen, stop_at;

static unsigned long *consumed(size_t ring)
{
	return consumed_of(&rings, ring);
}

static unsigned long *produced(size_t ring)
{
	return produced_of(&rings, ring);
}

static struct drain *set_up(void)
{
	n_seen = 0;
	stop_at = SIZE_MAX;
	return rings_open(&rings, RINGS, RING_BYTES);
}

static void tear_down(struct drain *drain)
{
	rings_close(&rings, drain);
}

static void produce(int ring, uint64_t timestamp, uint32_t flag)
{
	const struct record record = { .timestamp = timestamp };

	ring_put(&rings, (size_t)ring, &record, sizeof(record), flag);
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
	for (size_t i = 0; i < RINGS; i++)
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
	ring_store(&rings, 0, 0, &(uint32_t){ sizeof(struct record) }, sizeof(uint32_t));
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

static uint64_t wanted;

static bool is_wanted(void *context, const void *entry, uint32_t length_bytes)
{
	const struct record *record = entry;

	(void)context;
	return length_bytes == sizeof(*record) && record->timestamp == wanted;
}

/* Its own, and what is behind it, in any ring. */
static int look_around(void *context, const void *entry, uint32_t length_bytes)
{
	const struct drain *drain = context;
	uint64_t own = ((const struct record *)entry)->timestamp;
	const struct record *found;

	(void)length_bytes;
	for (wanted = 10; wanted <= 50; wanted += 10) {
		found = drain_look(drain, is_wanted, NULL);
		CHECK(wanted >= own ? found && found->timestamp == wanted : !found);
	}
	wanted = 15; /* being written */
	CHECK(!drain_look(drain, is_wanted, NULL));
	wanted = 25; /* discarded */
	CHECK(!drain_look(drain, is_wanted, NULL));
	seen[n_seen++] = own;
	return 0;
}

/* What it was told of until now is there to be taken as if nobody had looked. */
static void looks_ahead(void)
{
	struct drain *drain = set_up();

	produce(0, 10, 0);
	produce(0, 20, 0);
	produce(1, 30, 0);
	produce(2, 15, BPF_RINGBUF_BUSY_BIT);
	produce(2, 25, BPF_RINGBUF_DISCARD_BIT);
	produce(2, 40, 0);
	produce(2, 50, 0);
	CHECK_INT(drain_until(drain, UINT64_MAX, look_around, drain), 0);
	CHECK_INT(n_seen, 3);
	ring_store(&rings, 2, 0, &(uint32_t){ sizeof(struct record) }, sizeof(uint32_t));
	CHECK_INT(drain_until(drain, UINT64_MAX, take, NULL), 0);
	CHECK_INT(n_seen, 6);
	CHECK_INT(seen[3], 15);
	CHECK_INT(seen[4], 40);
	CHECK_INT(seen[5], 50);
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
	RUN(looks_ahead);
	return test_result();
}
