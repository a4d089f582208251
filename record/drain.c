// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/drain.h"

#include "record/ring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define HELD_MAX 256 /* records after which a ring gets its room back */
#define HINT_AHEAD 8 /* records, in which memory is fetched */

struct drain {
	size_t n;
	struct short_rings shorts;
	unsigned int percent; /* of the fullest, before the last drain */
	/* Rings that have something to give now, a heap: no ring is older than its parent. */
	struct head {
		uint64_t time_ns; /* of the next record */
		struct ring *ring;
	} * heads;
	size_t n_heads;
	drain_hint hint; /* NULL: nobody asks */
	void *hint_context;
	struct ring rings[];
};

static int map_rings(struct drain *drain, const struct drain_source *from)
{
	int err = 0;

	for (size_t i = 0; !err && i < from->n; i++)
		err = ring_map(&drain->rings[i], from->fds[i], from->ring_bytes);
	if (err || !from->short_slots)
		return err;
	err = short_rings_map(from, &drain->shorts);
	for (size_t i = 0; !err && i < from->n_shorts; i++)
		short_ring_set(&drain->rings[from->n + i], &drain->shorts, i);
	return err;
}

int drain_open(const struct drain_source *from, struct drain **ret_drain)
{
	size_t n = from->n + from->n_shorts;
	struct drain *drain = calloc(1, sizeof(*drain) + n * sizeof(drain->rings[0]));
	int err;

	if (!drain)
		return -ENOMEM;
	drain->n = n;
	drain->heads = calloc(n ?: 1, sizeof(*drain->heads));
	err = drain->heads ? map_rings(drain, from) : -ENOMEM;
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
		ring_unmap(&drain->rings[i]);
	short_rings_unmap(&drain->shorts);
	free(drain->heads);
	free(drain);
}

/* Every record begins with the moment that it is of. */
static uint64_t time_of(const void *record)
{
	return *(const uint64_t *)record;
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
		const void *record = ring_first(&drain->rings[i]);

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

void drain_expect(struct drain *drain, drain_hint hint, void *context)
{
	drain->hint = hint;
	drain->hint_context = context;
}

static void give_hint(const struct drain *drain, const struct ring *ring)
{
	struct ring ahead = *ring;

	ahead.position += HINT_AHEAD;
	drain->hint(drain->hint_context, short_ring_first(&ahead));
}

/* Take the records of the ring at the top up to until_ns. 0, or what sink returned. */
static int take_run(struct drain *drain, uint64_t until_ns, drain_sink sink, void *context)
{
	struct head *head = &drain->heads[0];
	struct ring *ring = head->ring;
	const void *record = ring_first(ring);
	int err;

	do {
		if (ring->is_short && drain->hint)
			give_hint(drain, ring);
		err = sink(context, record, ring_length(ring, record));
		ring_pass(ring, record);
		if (++ring->held == HELD_MAX)
			give_back(ring);
		record = ring_first(ring);
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
		unsigned long percent = used * 100 / ring->room;

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

/* In one ring, also behind what is being written there. */
static const void *look_at(const struct ring *ring, drain_wish wish, void *context)
{
	struct ring ahead = *ring;
	const void *record;

	ahead.end = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE);
	while ((record = ring_next(&ahead))) {
		if (wish(context, record, ring_length(&ahead, record)))
			return record;
		ring_pass(&ahead, record);
	}
	return NULL;
}

const void *drain_look(const struct drain *drain, drain_wish wish, void *context)
{
	const void *record = NULL;

	for (size_t i = 0; !record && i < drain->n; i++)
		record = drain->rings[i].is_short ? NULL : look_at(&drain->rings[i], wish, context);
	return record;
}
